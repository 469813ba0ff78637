"""A problem: a space of decisions, what is minimised over it, and the limits that hold; all by the exact kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound, Goal, physical
from mlsysim.constraints.listing import Found, Listing
from mlsysim.constraints.space import Rows, Space, count, row, rows_of
from mlsysim.constraints.structure import conditions

#: Spaces of at most this many designs are also listed, as a check on every answer.
ENUMERABLE = 300_000
#: Options of a choice that a search for a first design starts from.
OPTIONS_STARTED = 16


@dataclass(frozen=True)
class Problem:
    """A space, what is minimised over it, and the limits that hold.

    Attributes:
        space: the decisions.
        goal: what is minimised.
        bounds: limits on quantities.
        possible: whether the graph's own physical conditions must hold.
    """

    space: Space
    goal: Goal
    bounds: tuple[Bound, ...] = ()
    possible: bool = True

    @cached_property
    def limits(self) -> tuple[Bound, ...]:
        """Every limit: those asked for, and the graph's own where they must hold."""
        return (*(physical(self.space) if self.possible else ()), *self.bounds)

    def costs(self, rows: Rows) -> Any:
        """What each row costs by the exact kernel; infinite where it breaks a condition or a limit."""
        limited = {quantity for bound in self.limits for quantity in bound.quantities}
        values = self.space.evaluate(rows, {*self.goal.quantities, *limited})
        keep = self.space.holds(rows, conditions(self.space.variant, None if self.possible else "structural"))
        for bound in self.limits:
            keep &= bound.kept(values)
        cost = self.goal.cost(values)
        return numpy.where(keep & self.space.offered(rows) & numpy.isfinite(cost), cost, numpy.inf)

    def best(self, rows: Rows) -> Found | None:
        """The best row."""
        return next(self.ranked(rows), None)

    def ranked(self, rows: Rows) -> Iterator[Found]:
        """The rows that keep every condition and limit, the best first."""
        if not count(rows):
            return
        costs = self.costs(rows)
        first = int(costs.argmin())  # mostly all that is wanted, and quicker than sorting
        if not numpy.isfinite(costs[first]):
            return
        yield Found(float(costs[first]), row(rows, first))
        for i in numpy.argsort(costs, kind="stable"):
            if i != first and numpy.isfinite(costs[i]):
                yield Found(float(costs[i]), row(rows, int(i)))

    def exact(self, choice: dict[str, int]) -> Found | None:
        """A choice by the exact kernel; None where it breaks a condition or a limit."""
        return self.best(rows_of(choice))

    @cached_property
    def everything(self) -> Listing | None:
        """Every design; None where there are too many to look at each as a check."""
        return self.listed(ENUMERABLE)

    def listed(self, most: int) -> Listing | None:
        """Every design; None where there are more than ``most``."""
        if most > ENUMERABLE and self.everything is not None:
            return self.everything
        return Listing.of(self.space, most)

    def slices(self, choice: dict[str, int]) -> Iterator[Rows]:
        """The designs that differ from a choice in one decision, or in one group that an equality ties together."""
        for rows in self._groups:
            held = {n: numpy.full(count(rows), float(v)) for n, v in choice.items() if n not in rows}
            yield {**held, **rows}

    @cached_property
    def _groups(self) -> list[Rows]:
        """The joint values of each group of decisions that move together."""
        tied = self._tied()
        groups = (tied, *(frozenset([d]) for d in self.space.decisions if d not in tied))
        return [self.space.lattice(group) for group in groups]

    def _tied(self) -> frozenset[str]:
        """The first decisions that an equality ties together, such as degrees whose product is the fleet."""
        groups = (self.space.rests_on(c) for c in conditions(self.space.variant, "structural"))
        return next((found for found in groups if len(found) > 2), frozenset())

    def starts(self) -> Iterator[dict[str, int]]:
        """Choices from which a good design may be found: the one that the space came with, and corners."""
        domains, values = self.space.domains, self.space.values
        if all(values.get(name) in domain for name, domain in domains.items()):
            yield {name: int(values[name]) for name in domains}
        for end in (0, -1):
            yield {name: domain[end] for name, domain in domains.items()}
        for choice, options in self.space.options.items():
            for number in domains[choice][:OPTIONS_STARTED]:
                offered = {**domains, **options.domains[number], choice: (number,)}
                yield {name: offered[name][-1] for name in domains}
