"""Tasks that each run at one place, from one window on and without interruption, where places have room for so many at once.

Costs and totals of a task come from the exact kernel, one value for each place and first window. Everything that a search
looks at stands in one table of all options, in arrays, so that thousands of tasks cost no more than a few array operations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.symbolic.errors import InputError

#: The most options of all tasks together that arrays may hold.
MOST_OPTIONS = 6_000_000


@dataclass(frozen=True, eq=False)
class Rule:
    """What limits where and when a task may run: an option keeps it where what it needs is at most this much.

    Attributes:
        needed: what each option needs, by place and first window (arrays of one row or one column stand for all).
        most: the limit.
    """

    needed: Any
    most: float


@dataclass(frozen=True, eq=False)
class Task:
    """Work that runs at one place in consecutive windows.

    Attributes:
        name: what it is called.
        size: how much room it takes while it runs.
        length: how many windows it takes.
        costs: what each place (row) and first window (column) costs.
        totals: what each adds to the quantities that are limited.
        rules: what limits its places and windows, by name.
    """

    name: str
    size: int
    length: int
    costs: Any
    totals: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def allowed(self) -> Any:
        """Which places and first windows keep its own rules."""
        keep = numpy.ones(self.costs.shape, dtype=bool)
        for rule in self.rules.values():
            keep &= rule.needed <= rule.most + ROUNDING * abs(rule.most)
        return keep


@dataclass(frozen=True, eq=False)
class Assignment:
    """A problem: tasks, places with room, and limits on totals.

    Attributes:
        tasks: each must run once.
        rooms: how much each place holds at once; None where it holds everything.
        windows: how many there are.
        bounds: limits on the sum of a quantity over all tasks.
    """

    tasks: tuple[Task, ...]
    rooms: tuple[int | None, ...]
    windows: int
    bounds: tuple[Bound, ...] = ()

    @cached_property
    def options(self) -> Options:
        """Every option of every task that keeps its own rules and fits into its place when that is empty.

        Raises:
            InputError: there are more than arrays may hold.
        """
        if sum(task.costs.size for task in self.tasks) > MOST_OPTIONS:
            raise InputError(f"there are more than {MOST_OPTIONS:,} choices of a place and a window",
                             hint="give fewer jobs, sites or windows")  # fmt: skip
        places, starts = [], []
        for task in self.tasks:
            fits = numpy.array([room is None or task.size <= room for room in self.rooms], dtype=bool)
            place, start = numpy.nonzero(task.allowed() & fits[:, None])
            places.append(place)
            starts.append(start)
        found = list(zip(self.tasks, places, starts, strict=True))
        return Options(
            task=numpy.repeat(numpy.arange(len(found)), [len(p) for _, p, _ in found]),
            place=_joined(places), start=_joined(starts),
            size=numpy.repeat([float(t.size) for t in self.tasks], [len(p) for _, p, _ in found]),
            length=numpy.repeat([t.length for t in self.tasks], [len(p) for _, p, _ in found]),
            cost=_joined([t.costs[p, s] for t, p, s in found]),
            totals=stacked(
                [_joined([b.sign * t.totals[b.quantity][p, s] for t, p, s in found]) for b in self.bounds],
                sum(len(p) for p in places),
            ),
            tasks=len(self.tasks),
        )  # fmt: skip

    @cached_property
    def limits(self) -> Any:
        """What the totals of the options may add up to at most."""
        return numpy.array([bound.sign * bound.value for bound in self.bounds], dtype=float)

    @cached_property
    def room(self) -> Any:
        """The room of every place in every window; infinite where it holds everything."""
        held = numpy.array([math.inf if room is None else float(room) for room in self.rooms])
        return numpy.broadcast_to(held[:, None], (len(self.rooms), self.windows))

    def used(self, options: Options, chosen: Any) -> Any:
        """How much of every place is taken in every window, by one option of each task."""
        change = numpy.zeros((len(self.rooms), self.windows + 1))
        where = (options.place[chosen], options.start[chosen])
        numpy.add.at(change, where, options.size[chosen])
        numpy.subtract.at(change, (where[0], where[1] + options.length[chosen]), options.size[chosen])
        return numpy.cumsum(change, axis=1)[:, :-1]

    def keeps(self, options: Options, chosen: Any) -> bool:
        """Whether one option of each task keeps room and totals; the totals to rounding, as an assert does."""
        if (self.used(options, chosen) > self.room).any():
            return False
        return all(
            math.fsum(column[chosen]) <= limit + abs(limit) * ROUNDING
            for column, limit in zip(options.totals, self.limits, strict=True)
        )


def stacked(rows: Sequence[Any], columns: int) -> Any:
    """Rows as one array, also where there are none."""
    return numpy.array(rows, dtype=float) if rows else numpy.zeros((0, columns))


def _joined(parts: Sequence[Any]) -> Any:
    return numpy.concatenate(parts) if parts else numpy.zeros(0)


@dataclass(frozen=True, eq=False)
class Options:
    """Options of all tasks, those of a task next to each other.

    Attributes:
        task, place, start: which task, where, and its first window.
        size, length: the room that it takes, and for how many windows.
        cost: what it costs.
        totals: what it adds to each limited total, by row, as something that may be so much at most.
        tasks: how many tasks there are.
    """

    task: Any
    place: Any
    start: Any
    size: Any
    length: Any
    cost: Any
    totals: Any
    tasks: int

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.task)

    @cached_property
    def first(self) -> Any:
        """Where the options of each task begin, and the end."""
        return numpy.searchsorted(self.task, numpy.arange(self.tasks + 1))

    @property
    def lacking(self) -> list[int]:
        """The tasks without any option."""
        return [int(task) for task in numpy.flatnonzero(numpy.diff(self.first) == 0)]

    def least(self, values: Any) -> Any:
        """The least of some values among the options of each task; every task has one."""
        return numpy.minimum.reduceat(values, self.first[:-1])

    def best(self, values: Any) -> Any:
        """The option of each task with the least value, the first among equals."""
        equal = numpy.flatnonzero(values == self.least(values)[self.task])
        return equal[numpy.searchsorted(self.task[equal], numpy.arange(self.tasks))]

    def only(self, keep: Any) -> Options:
        """Those whose mask is true."""
        columns = {name: getattr(self, name)[keep] for name in ("task", "place", "start", "size", "length", "cost")}
        return Options(**columns, totals=self.totals[:, keep], tasks=self.tasks)
