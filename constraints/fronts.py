"""Exact fronts: the designs of which none is better in one respect without being worse in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.constraints.effort import Effort, OutOfTimeError
from mlsysim.constraints.search import TIE, Problem, search
from mlsysim.constraints.space import Space, row, rows_of
from mlsysim.symbolic.errors import InputError

#: Designs that are listed for a front of more than two quantities.
MOST_LISTED = 3_000_000
#: Designs that are compared with the front at once.
BLOCK = 4096


@dataclass(frozen=True)
class Point:
    """A design of the front: its values by quantity, in coherent units, and the value of every decision."""

    values: dict[str, float]
    choice: dict[str, int]


@dataclass(frozen=True)
class Front:
    """The designs that nothing dominates.

    Attributes:
        points: by the first quantity, the best first.
        complete: whether every value pair of the front is there; else the time limit ended the search.
    """

    points: tuple[Point, ...]
    complete: bool


def front(
    space: Space, senses: Sequence[tuple[str, int]], *, bounds: Sequence[Bound] = (), effort: Effort | None = None
) -> Front:
    """The exact front of two or more quantities, one design for each combination of values.

    A small space is enumerated, and for more than two quantities also a larger one. Otherwise the front is found by the
    epsilon-constraint method: the best of the first, then of the second among equals, then again with the second strictly
    better.

    Args:
        space: the decisions.
        senses: each quantity, with 1 to minimise and -1 to maximise.
        bounds: limits on quantities.
        effort: what all searches together may spend.

    Raises:
        InputError: more than two quantities over a space that is too large to enumerate.
        KeyboardInterrupt: Ctrl-C before any point is known.
    """
    effort = (effort or Effort()).begun()
    problem = Problem(replace(space, until=effort.until), Goal.of(senses[0][0], senses[0][1]), tuple(bounds))
    try:
        everything = problem.everything if len(senses) == 2 else problem.listed(MOST_LISTED)
        if everything is not None:
            return Front(tuple(_undominated(problem, everything, senses)), complete=True)
    except OutOfTimeError:
        return Front((), complete=False)
    if len(senses) > 2:
        raise InputError(
            "the space is too large for a front of more than two metrics",
            hint="fix some degrees in the plan, or ask for two",
        )
    points: list[Point] = []
    try:
        for point in _stepwise(space, senses, bounds, effort):
            if point is None:
                return Front(tuple(points), complete=False)
            points.append(point)
    except KeyboardInterrupt:
        if not points:
            raise
        return Front(tuple(points), complete=False)
    return Front(tuple(points), complete=True)


def _undominated(problem: Problem, rows: Any, senses: Sequence[tuple[str, int]]) -> Iterator[Point]:
    """The rows that no other row dominates, in the order of the first quantity."""
    keep = numpy.isfinite(problem.costs(rows))
    rows = {name: column[keep] for name, column in rows.items()}
    values = problem.space.evaluate(rows, [quantity for quantity, _ in senses])
    columns = numpy.array([sense * values[quantity] for quantity, sense in senses])
    for position in undominated(columns):
        problem.space.in_time()
        yield Point({q: float(values[q][position]) for q, _ in senses}, row(rows, position))


def undominated(columns: Any) -> Iterator[int]:
    """Of columns of values that should all be small, those that no other is as good as in everything, by the first value.

    >>> list(undominated(numpy.array([[1.0, 2.0, 3.0], [5.0, 6.0, 4.0]])))
    [0, 2]
    """
    order = numpy.lexsort(columns[::-1])
    found = numpy.empty((len(columns), 0))
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        for position in block[~_dominated(columns[:, block], found)]:
            here = columns[:, [position]]
            if not _dominated(here, found)[0]:
                found = numpy.hstack([found, here])
                yield int(position)


def _dominated(columns: Any, found: Any) -> Any:
    """Which columns some column found before is as good as in everything."""
    slack = columns + TIE * numpy.abs(columns)
    return (found[:, :, None] <= slack[:, None, :]).all(axis=0).any(axis=0)


def _stepwise(
    space: Space, senses: Sequence[tuple[str, int]], bounds: Sequence[Bound], effort: Effort
) -> Iterator[Point | None]:
    """The front of two quantities, step by step; None where time is up."""
    (first, sense), (second, other) = senses
    limits = list(bounds)
    while True:
        if effort.left <= 0:
            yield None
            return
        best = search(space, first, sense=sense, bounds=limits, effort=effort)
        if not best.choice or best.objective is None:
            if best.status != "infeasible":
                yield None
            return
        equal = Bound(first, best.objective + sense * TIE * abs(best.objective), sense)
        among = search(space, second, sense=other, bounds=[*limits, equal], effort=effort)
        if "feasible" in (best.status, among.status) or among.objective is None:
            yield None
            return
        values = space.evaluate(rows_of(among.choice), [first, second])
        yield Point({q: float(values[q][0]) for q in (first, second)}, among.choice)
        limits = [*bounds, Bound(second, among.objective - other * 10 * TIE * abs(among.objective), other)]
        if among.objective == 0:
            return
