"""An assignment as CP-SAT solves it: one Boolean for each option, exactly one of each task, room and totals linear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mlsysim.constraints.assignment import Assignment, Options
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.solver import run, steps


@dataclass(frozen=True)
class Packed:
    """What the solver said.

    Attributes:
        status: ``optimal``, ``feasible``, ``infeasible`` or ``unknown``, of the options that it was given.
        chosen: the option of each task; None where there is none.
        bound: no assignment of these options costs less.
    """

    status: str
    chosen: Any
    bound: float | None


def solve_options(
    problem: Assignment,
    options: Options,
    effort: Effort,
    *,
    hint: Any = None,
    slack: float = 0.0,
    refused: Sequence[Any] = (),
    presolve: bool = True,
) -> Packed:
    """Choose one of the options of each task; every task has one.

    Args:
        problem, options: room, limits and what may be chosen.
        effort: what it may spend.
        hint: options to begin with.
        slack: how far from its bound a cost is near enough.
        refused: choices that must not be made again.
        presolve: whether the solver may simplify first.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    literals = [model.new_bool_var("") for _ in range(options.count)]
    for begin, end in zip(options.first[:-1], options.first[1:], strict=True):
        model.add_exactly_one(literals[begin:end])
    _room(model, problem, options, literals)
    for column, limit in zip(options.totals, problem.limits, strict=True):
        scale = steps(abs(limit), *(numpy.split(column, options.first[1:-1])))
        # Rounded down, so nothing that keeps the limit is lost; exact sums have the last word.
        weights = numpy.floor(column * scale).astype(int)
        most = int(numpy.ceil(limit * scale)) + 1
        model.add(cp_model.LinearExpr.weighted_sum(literals, weights.tolist()) <= most)
    for choice in refused:
        model.add_bool_or([literals[option].negated() for option in choice])
    least = options.least(options.cost)
    extra = options.cost - least[options.task]  # what every task must pay needs no digits
    scale = steps(0.0, *(numpy.split(extra, options.first[1:-1])))
    if extra.any():
        model.minimize(cp_model.LinearExpr.weighted_sum(literals, numpy.floor(extra * scale).astype(int).tolist()))
    if hint is not None:
        chosen = set(numpy.asarray(hint).tolist())
        for option, literal in enumerate(literals):
            model.add_hint(literal, option in chosen)
    base = float(least.sum())
    watch = effort.watch
    told = None if watch is None else lambda cost, bound: watch(base + cost / scale, base + bound / scale)
    said, solver = run(model, effort, presolve=presolve, watch=told, absolute_gap_limit=slack * scale)
    if said not in ("optimal", "feasible"):
        return Packed(said, None, None)
    taken = numpy.array([option for option, literal in enumerate(literals) if solver.boolean_value(literal)])
    return Packed(said, taken, base + (solver.best_objective_bound / scale if extra.any() else 0.0))


def _room(model: Any, problem: Assignment, options: Options, literals: list[Any]) -> None:
    """Room at every place and window where the tasks could take too much of it."""
    from ortools.sat.python import cp_model

    for place, room in enumerate(problem.rooms):
        if room is None:
            continue
        here = numpy.flatnonzero(options.place == place)
        begin, end = options.start[here], options.start[here] + options.length[here]
        for window in range(problem.windows):
            running = here[(begin <= window) & (window < end)]
            largest = numpy.zeros(options.tasks)
            largest[options.task[running]] = options.size[running]
            if largest.sum() > room:
                taken = [literals[option] for option in running]
                sizes = options.size[running].astype(int).tolist()
                model.add(cp_model.LinearExpr.weighted_sum(taken, sizes) <= room)
