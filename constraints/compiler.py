"""From the graph to an integer program: sums of tables over few decisions each.

A quantity that is a sum stays linear, and one that is the largest of several sums is each of them where it must be small.
Its terms are grouped by the decisions they rest on, and each group becomes a table of the kernel over the joint values of
its decisions: one Boolean for each row, exactly one of them true. Rows that cannot be part of a better design than one
already known, or that break a limit by themselves, are dropped before the program exists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import numpy

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.constraints.space import Rows, Space, count
from mlsysim.constraints.structure import branches, conditions, terms

#: Rows that are looked at to see whether a quantity is nothing in every design.
FEW_ROWS = 4096
#: Integer steps into which the objective's incumbent (or a limit) is divided.
RESOLUTION = 10**10


@dataclass(frozen=True)
class Bound:
    """A linear limit: the sum of a quantity's terms is at most (``sign`` 1) or at least (``sign`` -1) a value.

    Attributes:
        quantity: what is limited.
        value: the limit; where ``below`` is given, its size, for rounding.
        sign: 1 for at most, -1 for at least.
        below: another quantity that is the limit, where that rests on decisions as well.
    """

    quantity: str
    value: float
    sign: int = 1
    below: str | None = None

    @classmethod
    def of(cls, limit: Limit) -> Bound:
        """One side of an assert as a limit of a search."""
        return cls(limit.metric, limit.value, limit.sign)

    @property
    def column(self) -> str:
        """The column of tables that holds what their rows add to it."""
        return self.quantity if self.below is None else f"{self.quantity} - {self.below}"

    @property
    def quantities(self) -> tuple[str, ...]:
        """What must be known to judge it."""
        return (self.quantity,) if self.below is None else (self.quantity, self.below)

    def kept(self, values: Mapping[str, Any]) -> Any:
        """Whether values of the quantities keep the limit, to rounding."""
        limit = self.value if self.below is None else values[self.below]
        return self.sign * values[self.quantity] <= self.sign * limit + ROUNDING * numpy.abs(limit)

    @property
    def limit(self) -> float:
        """What the column may be at most, or at least."""
        return self.value if self.below is None else 0.0


@dataclass(frozen=True)
class Goal:
    """What is minimised: a weighted sum of quantities. A negative weight maximises.

    Attributes:
        weights: each quantity and its weight, per coherent unit.
    """

    weights: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, objective: str | Goal, sense: int = 1) -> Goal:
        """One quantity to minimise (``sense`` 1) or maximise (-1); a goal stays what it is."""
        return objective if isinstance(objective, Goal) else cls(((objective, float(sense)),))

    @property
    def quantities(self) -> frozenset[str]:
        """The quantities that count."""
        return frozenset(quantity for quantity, _ in self.weights)

    def cost(self, values: Mapping[str, Any]) -> Any:
        """What is minimised, at values of the quantities."""
        return sum(weight * values[quantity] for quantity, weight in self.weights)

    def shown(self, cost: float) -> float:
        """The objective as a person asked for it: the quantity itself where there is only one."""
        return cost / self.weights[0][1] if len(self.weights) == 1 else cost


#: The columns of a table that hold what its rows add to the goal begin with this word.
GOAL = "goal"


@dataclass
class Table:
    """The rows of some decisions, with what each row adds to the objective and to every limit."""

    decisions: tuple[str, ...]
    rows: Rows
    costs: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many rows are left; a table without decisions has one."""
        return len(next(iter(self.costs.values())))

    def keep(self, mask: Any) -> None:
        """Drop the rows whose mask is false."""
        self.rows = {name: column[mask] for name, column in self.rows.items()}
        self.costs = {name: column[mask] for name, column in self.costs.items()}


@dataclass
class Program:
    """Tables over the decisions of a space; the goal and each limit are sums over them.

    Attributes:
        goal: what is minimised.
        goals: the columns whose largest sum the goal is.
        bounds: the linear limits.
        tables: together they cover every decision.
    """

    space: Space
    goal: Goal
    goals: tuple[str, ...]
    bounds: tuple[Bound, ...]
    tables: list[Table]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.size for table in self.tables)

    @property
    def empty(self) -> bool:
        """Whether some table has no row left, so that there is no design."""
        return any(table.size == 0 for table in self.tables)

    def within(self, cost: float | None) -> Program:
        """The same with only the rows that a design of at most this cost could have; see :func:`tighten`."""
        kept = replace(self, tables=[replace(table) for table in self.tables])
        tighten(kept, cost)
        return kept

    def without(self, name: str, value: int) -> Program:
        """The same without one value of a decision."""
        domains = {**self.space.domains, name: tuple(v for v in self.space.domains[name] if v != value)}
        kept = replace(
            self, space=replace(self.space, domains=domains), tables=[replace(table) for table in self.tables]
        )
        for table in kept.tables:
            if name in table.rows:
                table.keep(table.rows[name] != value)
        return kept


def compile_program(space: Space, goal: Goal, limits: Sequence[Bound]) -> Program:
    """Build the tables of a goal and of limits."""
    goals = _each_branch(space, goal)
    limits = [replace(b, quantity=part) for b in limits for part in _parts(space, b.quantity, b.sign)]
    whole = {
        *(quantity for each in goals.values() for quantity in each.quantities),
        *(q for bound in limits for q in (bound.quantity, bound.below) if q),
    }
    wanted = {quantity: terms(space.variant, quantity) for quantity in whole}
    groups = _grouped(space, {term for found in wanted.values() for term in found})
    tables = []
    for decisions, members in groups:
        rows = space.lattice(decisions)
        values = space.evaluate(rows, members)
        costs = {
            quantity: sum((values[term] for term in found if term in members), start=numpy.zeros(count(rows)))
            for quantity, found in wanted.items()
        }  # fmt: skip
        costs |= {bound.column: costs[bound.quantity] - costs[bound.below] for bound in limits if bound.below}
        costs |= {column: each.cost(costs) for column, each in goals.items()}
        table = Table(tuple(rows), rows, costs)
        # What has no finite value is no design: it could neither be compared nor be counted in integers.
        counted = [table.costs[column] for column in (*goals, *(bound.column for bound in limits))]
        table.keep(numpy.logical_and.reduce([numpy.isfinite(column) for column in counted]))
        tables.append(table)
    return Program(space, goal, tuple(goals), tuple(limits), tables)


def _parts(space: Space, quantity: str, sign: float) -> tuple[str, ...]:
    """The quantities that must each be at most what a quantity is; of the largest of several that is each of them.

    A branch that is nothing in every design, such as reading without a data set, is left out: another is as large.
    Where a maximum must be large and one branch can be something, that branch is what it is.
    """
    parts = branches(space.variant, quantity)
    if len(parts) > 1:
        parts = tuple(part for part in parts if not _nothing(space, part)) or parts[:1]
    return parts if sign > 0 or len(parts) == 1 else (quantity,)


def _nothing(space: Space, quantity: str) -> bool:
    """Whether a quantity is 0 whatever is decided; where that would take more than a few rows to see, it is not said to be."""
    decided = space.support(quantity)
    if math.prod(len(space.domains[name]) for name in decided) > FEW_ROWS:
        return False
    rows = space.lattice(decided)
    return not numpy.any(space.evaluate(rows, [quantity])[quantity])


def _each_branch(space: Space, goal: Goal) -> dict[str, Goal]:
    """The goals of which the largest is the goal: one for each choice of a branch of every maximum in it."""
    parts = [[(part, weight) for part in _parts(space, q, weight)] for q, weight in goal.weights]
    return {f"{GOAL} {number}": Goal(weights) for number, weights in enumerate(product(*parts))}


def physical(space: Space) -> list[Bound]:
    """The graph's conditions that can be written as a limit on a quantity; those on decisions alone shape the lattice."""
    found = []
    for condition in conditions(space.variant):
        if condition["kind"] == "structural" or not space.rests_on(condition):
            continue
        available = condition["available"]
        if isinstance(available, str) and space.support(available):
            found.append(Bound(condition["needed"], _size(space, condition["needed"], available), below=available))
            continue
        value = space.evaluate({}, [available])[available][0] if isinstance(available, str) else available
        found.append(Bound(condition["needed"], float(value)))
    return found


def _size(space: Space, needed: str, available: str) -> float:
    """How large the sides of a condition are, for rounding, where what is available is decided as well."""
    offered = [max(o.leaves[available]) for o in space.options.values() if available in o.leaves]
    if offered:
        return max(offered)
    return 0.0 if space.support(needed) else float(space.evaluate({}, [needed])[needed][0])


def _grouped(space: Space, members: set[str]) -> list[tuple[frozenset[str], list[str]]]:
    """Terms by the decisions they rest on; a term joins a larger group that covers it, and every decision has a group."""
    groups: dict[frozenset[str], list[str]] = {}
    for term in sorted(members):
        groups.setdefault(space.support(term), []).append(term)
    for condition in conditions(space.variant, "structural"):
        groups.setdefault(space.rests_on(condition) & frozenset(space.decisions), [])
    for tie in space.ties:
        groups.setdefault(frozenset(tie.over) & frozenset(space.decisions), [])
    for decision in space.decisions:
        groups.setdefault(frozenset([decision]), [])
    for decisions in tuple(groups):
        # What a decision may be can depend on an option: without it a table would hold every value of all of them.
        wider = decisions | space.ruled_by(decisions)
        if wider != decisions:
            groups.setdefault(wider, []).extend(groups.pop(decisions))
    merged: list[tuple[frozenset[str], list[str]]] = []
    for decisions in sorted(groups, key=lambda d: (-len(d), sorted(d))):
        home = next((held for wider, held in merged if decisions <= wider), None)
        if home is None:
            merged.append((decisions, list(groups[decisions])))
        else:
            home += groups[decisions]
    return [(decisions, found) for decisions, found in merged if decisions or found]


def tighten(program: Program, incumbent: float | None) -> None:
    """Drop rows that cannot be in a design better than the incumbent, or that break a limit whatever the others do.

    Args:
        program: its tables are changed.
        incumbent: the cost of a known design; None where there is none.
    """
    while True:
        program.space.effort.go_on()
        before = program.rows
        if incumbent is not None:
            slack = abs(incumbent) * ROUNDING
            for column in program.goals:
                _filter(program, column, incumbent + slack, 1)
        for bound in program.bounds:
            slack = abs(bound.value) * ROUNDING
            _filter(program, bound.column, bound.sign * bound.limit + slack, bound.sign)
        if program.rows == before or program.empty:
            return


def _filter(program: Program, quantity: str, limit: float, sign: int) -> None:
    for table in program.tables:
        least = sign * table.costs[quantity]
        for other in program.tables:
            if other is not table and other.size:
                least = least + _least_beside(program.space, table, other, sign * other.costs[quantity])
        table.keep(least <= limit)


def _least_beside(space: Space, table: Table, other: Table, costs: Any) -> Any:
    """For every row, the least that the other table can add given the decisions they share; infinite where it has none."""
    shared = [name for name in table.decisions if name in other.decisions]
    if not shared:
        return costs.min()
    key, other_key = space.codes(table.rows, shared), space.codes(other.rows, shared)
    order = numpy.argsort(other_key, kind="stable")
    starts = numpy.flatnonzero(numpy.r_[True, numpy.diff(other_key[order]) != 0])
    known, least = other_key[order][starts], numpy.minimum.reduceat(costs[order], starts)
    place = numpy.searchsorted(known, key).clip(max=len(known) - 1)
    return numpy.where(known[place] == key, least[place], numpy.inf)
