"""Exact fronts: the designs of which none is better in one respect without being worse in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.constraints.effort import Effort, OutOfTimeError
from mlsysim.constraints.listing import MOST_LISTED, TIE, Listing
from mlsysim.constraints.problem import Problem
from mlsysim.constraints.search import Answer, search
from mlsysim.constraints.space import Space, row, rows_of
from mlsysim.symbolic.errors import InputError

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

    A space of few enough designs is listed. Otherwise the front of two quantities is found by the epsilon-constraint method:
    the best of the first, then of the second among equals, then again with the second strictly better.

    Args:
        space: the decisions.
        senses: each quantity, with 1 to minimise and -1 to maximise.
        bounds: limits on quantities.
        effort: what all searches together may spend; when it is spent, or at Ctrl-C, the points known are the answer.

    Raises:
        InputError: more than two quantities over a space that is too large to list.
        KeyboardInterrupt: Ctrl-C before any point is known.
    """
    effort = (effort or Effort()).begun()
    problem = Problem(replace(space, effort=effort), Goal.of(senses[0][0], senses[0][1]), tuple(bounds))
    points: list[Point] = []
    try:
        for point in _points(problem, senses, effort):
            points.append(point)
    except OutOfTimeError:
        return Front(tuple(points), complete=False)
    except KeyboardInterrupt:
        effort.clock.interrupted = True
        if not points:
            raise
        return Front(tuple(points), complete=False)
    return Front(tuple(points), complete=True)


def _points(problem: Problem, senses: Sequence[tuple[str, int]], effort: Effort) -> Iterator[Point]:
    """The points of a front, by the first quantity."""
    effort.go_on()
    if not problem.space.possible():
        return
    listing = problem.listed(MOST_LISTED)
    if listing is not None:
        yield from _undominated(problem, listing, senses)
    elif len(senses) > 2:
        raise InputError(
            "the space is too large for a front of more than two metrics",
            hint="fix some degrees in the plan, or ask for two",
        )
    else:
        yield from _stepwise(problem.space, senses, problem.bounds, effort)


def _undominated(problem: Problem, listing: Listing, senses: Sequence[tuple[str, int]]) -> Iterator[Point]:
    """The listed designs that no other dominates, in the order of the first quantity."""
    kept = numpy.flatnonzero(numpy.isfinite(listing.costs(problem.goal, problem.limits)))
    values = listing.values([quantity for quantity, _ in senses])
    columns = numpy.array([sense * values[quantity][kept] for quantity, sense in senses])
    for position in undominated(columns):
        problem.space.effort.go_on()
        at = int(kept[position])
        yield Point({q: float(values[q][at]) for q, _ in senses}, row(listing.rows, at))


def undominated(columns: Any) -> Iterator[int]:
    """Of columns of values that should all be small, those that no other is as good as in everything, by the first value.

    >>> list(undominated(numpy.array([[1.0, 2.0, 3.0], [5.0, 6.0, 4.0]])))
    [0, 2]
    """
    order = numpy.lexsort(columns[::-1])
    columns = columns[1:]  # in this order all that came before is as good in the first
    front: list[Any] = []  # of every block what it adds
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        for before in front:
            block = block[~_dominated(columns[:, block], before)]
        added = numpy.empty((len(columns), len(block)))
        count = 0
        for position in block:
            here = columns[:, [position]]
            if not _dominated(here, added[:, :count])[0]:
                added[:, count] = here[:, 0]
                count += 1
                yield int(position)
        if count:
            front.append(added[:, :count].copy())


def _dominated(columns: Any, found: Any) -> Any:
    """Which columns some column found before is as good as in everything."""
    slack = columns + TIE * numpy.abs(columns)
    as_good = numpy.ones((found.shape[1], columns.shape[1]), dtype=bool)
    for ours, others in zip(slack, found, strict=True):
        as_good &= others[:, None] <= ours
    return as_good.any(axis=0)


def _stepwise(
    space: Space, senses: Sequence[tuple[str, int]], bounds: Sequence[Bound], effort: Effort
) -> Iterator[Point]:
    """The front of two quantities, step by step.

    Raises:
        OutOfTimeError: the time is up.
    """
    (first, sense), (second, other) = senses
    limits = list(bounds)
    while True:
        best = search(space, first, sense=sense, bounds=limits, effort=effort)
        if best.status == "infeasible":
            return
        value = _proven(best, effort)
        equal = Bound(first, value + sense * TIE * abs(value), sense)
        among = search(space, second, sense=other, bounds=[*limits, equal], effort=effort)
        value = _proven(among, effort)
        values = space.evaluate(rows_of(among.choice), [first, second])
        yield Point({q: float(values[q][0]) for q in (first, second)}, among.choice)
        if value == 0:
            return
        limits = [*bounds, Bound(second, value - other * 10 * TIE * abs(value), other)]


def _proven(answer: Answer, effort: Effort) -> float:
    """The objective that a search proved.

    Raises:
        OutOfTimeError: the time ended it before.
        KeyboardInterrupt: Ctrl-C did.
    """
    effort.go_on()
    if answer.status != "optimal" or answer.objective is None:
        raise OutOfTimeError("the time is up", hint="give more with --time-limit")
    return answer.objective
