"""Every design of a space, evaluated once: whatever is asked of them is then a minimum over known rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.constraints.space import Rows, Space, count, row
from mlsysim.symbolic.errors import InputError

#: Relative slack within which two objectives are the same.
TIE = 1e-9
#: The most designs that are listed where a search would otherwise have to solve again and again.
MOST_LISTED = 3_000_000


@dataclass(frozen=True)
class Found:
    """A design by the exact kernel: what it costs, and the value of every decision."""

    cost: float
    choice: dict[str, int]


class Listing:
    """Every design that keeps the structural conditions of a space.

    Attributes:
        space: the decisions.
        rows: the value of every decision in each design.
    """

    def __init__(self, space: Space, rows: Rows) -> None:
        self.space, self.rows = space, rows
        self._values: dict[str, Any] = {}
        self._kept: dict[Bound, Any] = {}

    @classmethod
    def of(cls, space: Space, most: int) -> Listing | None:
        """Every design of a space; None where there are more than ``most``."""
        try:
            # A lattice holds more rows while it grows than when every condition has been looked at.
            rows = space.lattice(space.domains, most=4 * most)
        except InputError:
            return None
        return cls(space, rows) if count(rows) <= most else None

    @property
    def count(self) -> int:
        """How many designs there are."""
        return count(self.rows)

    def values(self, quantities: Iterable[str]) -> dict[str, Any]:
        """Quantities of every design, by the kernel."""
        wanted = tuple(quantities)
        missing = [quantity for quantity in wanted if quantity not in self._values]
        if missing:
            self._values |= self.space.evaluate(self.rows, missing)
        return {quantity: self._values[quantity] for quantity in wanted}

    def allowed(self, limits: Iterable[Bound], where: Any = None) -> Any:
        """Which designs keep some limits, of all or of those whose mask is true."""
        limits = tuple(limits)
        missing = [bound for bound in limits if bound not in self._kept]
        values = self.values(dict.fromkeys(quantity for bound in missing for quantity in bound.quantities))
        self._kept |= {bound: bound.kept(values) for bound in missing}
        keep = numpy.ones(self.count, dtype=bool) if where is None else where.copy()
        for bound in limits:
            keep &= self._kept[bound]
        return keep

    def costs(self, goal: Goal, limits: Iterable[Bound], where: Any = None) -> Any:
        """What every design costs; infinite where it breaks a limit or has no finite cost."""
        cost = goal.cost(self.values(sorted(goal.quantities)))
        return numpy.where(self.allowed(limits, where) & numpy.isfinite(cost), cost, numpy.inf)

    def best(self, goal: Goal, limits: Sequence[Bound], *, then: str = "", where: Any = None) -> Found | None:
        """The design that costs least, among equals that with the least ``then``, and then with the smallest values.

        Args:
            goal: what is minimised.
            limits: what must be kept.
            then: a quantity.
            where: a mask of the designs that are looked at; all where none is given.
        """
        costs = self.costs(goal, limits, where)
        if not numpy.isfinite(costs.min(initial=numpy.inf)):
            return None
        chosen = first_of(self.rows, costs, self.values([then])[then] if then else costs, TIE)
        return Found(float(costs[chosen]), row(self.rows, chosen))

    def ranked(self, goal: Goal, limits: Sequence[Bound]) -> Iterator[Found]:
        """The designs that keep some limits, the best first."""
        costs = self.costs(goal, limits)
        for position in numpy.argsort(costs, kind="stable"):
            if not numpy.isfinite(costs[position]):
                return
            yield Found(float(costs[position]), row(self.rows, int(position)))


def first_of(rows: Rows, costs: Any, then: Any, slack: float) -> int:
    """Which of some designs to take: of those that cost as little as any the least in a second respect, then the smallest.

    Args:
        rows: the designs.
        costs: what is to be least; infinite where a design is not allowed.
        then: what decides among equals.
        slack: relative difference within which two values are the same.
    """
    keep = numpy.arange(count(rows))
    for column in (costs, then):
        least = column[keep].min()
        keep = keep[column[keep] <= least + slack * abs(least)]
    for column in rows.values():
        keep = keep[column[keep] == column[keep].min()]
    return int(keep[0])
