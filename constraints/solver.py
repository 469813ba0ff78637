"""A program as CP-SAT solves it: one Boolean for each row of each table."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mlsysim.constraints.compiler import RESOLUTION, Program
from mlsysim.constraints.effort import Effort, Watch

#: Seconds that the solver has even where the time is up: what it finds at once is worth having.
LEAST = 0.1
#: Seconds between two looks at a solver that runs.
A_WHILE = 1.0
#: After Ctrl-C the solver is told to stop so many times, with so many seconds between.
PATIENCE, MOMENT = 16, 0.05
#: Bounds are whole numbers of steps; a distance below this is none.
HALF_A_STEP = 0.5


@dataclass
class Outcome:
    """What the solver said, in units of the goal's cost.

    Attributes:
        status: ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.
        choice: the value of every decision, where there is a design.
        bound: no design costs less.
        error: what scaling to integers may have cost.
    """

    status: str
    choice: dict[str, int] | None
    bound: float | None
    error: float = 0.0


def solve(
    program: Program, effort: Effort, *, refused: Sequence[dict[str, int]] = (), presolve: bool = True
) -> Outcome:
    """Solve a program; Ctrl-C ends the search as its time limit does.

    Args:
        program: what is minimised, under which limits.
        effort: time, seed and threads, and who is told of every better design.
        refused: choices that must not be made again.
        presolve: whether the solver may simplify first.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    literals = {
        name: {value: model.new_bool_var(f"{name}={value}") for value in program.space.domains[name]}
        for name in program.space.decisions
    }
    for choices in literals.values():
        model.add_exactly_one(choices.values())
    for choice in refused:
        model.add_bool_or([literals[name][choice[name]].negated() for name in literals])
    chosen = [_table(model, table, literals) for table in program.tables]
    for bound in program.bounds:
        scale = steps(abs(bound.value), *(table.costs[bound.column] for table in program.tables))
        parts = [
            (bound.sign * table.costs[bound.column] * scale, rows)
            for table, rows in zip(program.tables, chosen, strict=True)
        ]
        # Costs are rounded down, so no design that keeps the limit is lost; the exact kernel has the last word.
        model.add(_weighted(parts) <= int(numpy.ceil(bound.sign * bound.limit * scale)) + len(parts))
    scale = steps(0.0, *(table.costs[column] for column in program.goals for table in program.tables))
    model.minimize(_largest(model, program, chosen, scale))
    error = len(program.tables) / scale
    watch = effort.watch
    told = None if watch is None else lambda cost, bound: watch(cost / scale, bound / scale)
    said, solver = run(model, effort, presolve=presolve, watch=told, relative_gap_limit=effort.gap)
    if said not in ("optimal", "feasible"):
        return Outcome(said, None, None)
    choice = {name: next(v for v, x in by.items() if solver.boolean_value(x)) for name, by in literals.items()}
    choice |= {name: domain[0] for name, domain in program.space.domains.items() if len(domain) == 1}
    return Outcome(said, choice, solver.best_objective_bound / scale, error)


def run(
    model: Any, effort: Effort, *, presolve: bool = True, watch: Watch | None = None, **gaps: float
) -> tuple[str, Any]:
    """Solve a model: what was proven, in a word, and the solver that knows the values.

    Args:
        model: of CP-SAT.
        effort: what it may spend; Ctrl-C ends the search, and every other one of the same clock.
        presolve: whether the solver may simplify first.
        watch: told of every better design, in integer steps.
        **gaps: ``relative_gap_limit`` or ``absolute_gap_limit``, the distance from the bound that is near enough.
    """
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    if effort.clock.interrupted:
        return "unknown", solver
    parameters = solver.parameters
    parameters.random_seed, parameters.num_workers = effort.seed, effort.workers
    if effort.clock.counts:
        parameters.max_deterministic_time = max(LEAST, effort.left)
    else:
        parameters.max_time_in_seconds = max(LEAST, effort.left)
    parameters.cp_model_presolve = presolve
    parameters.catch_sigint_signal = False  # its handler would take the place of Python's for good
    for name, gap in gaps.items():
        setattr(parameters, name, gap)
    status = _interruptible(solver, model, _callback(watch), effort)
    if status is None:
        return "unknown", solver
    if effort.clock.counts:
        effort.clock.count(solver.response_proto.deterministic_time)
    words = {cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "infeasible"}
    word = words.get(status, "unknown")
    if word == "optimal" and any(gaps.values()) and solver.objective_value - solver.best_objective_bound > HALF_A_STEP:
        word = "feasible"  # it is near enough, and called optimal for that
    return word, solver


def _interruptible(solver: Any, model: Any, callback: Any, effort: Effort) -> Any:
    """The status of a solve that runs in a thread of its own, so that Ctrl-C ends it; None where it does not end in time."""
    ended = threading.Event()
    result: list[Any] = []

    def solve() -> None:
        try:
            result.append(solver.solve(model, callback))
        except BaseException as error:
            result.append(error)
        finally:
            ended.set()

    try:
        threading.Thread(target=solve, daemon=True).start()
        while not ended.wait(A_WHILE):
            pass
    except KeyboardInterrupt:
        effort.clock.interrupted = True
        for _ in range(PATIENCE):
            solver.stop_search()
            if ended.wait(MOMENT):
                break
    if result and isinstance(result[0], BaseException):
        raise result[0]
    return result[0] if result else None


def steps(least: float, *columns: Any) -> float:
    """Integer steps for a unit of some costs: as fine as their size allows."""
    largest = max(least, sum(float(abs(column).max(initial=0)) for column in columns))
    return RESOLUTION / largest if largest else 1.0


def _table(model: Any, table: Any, literals: Any) -> list[Any]:
    """One Boolean for each row, exactly one true, tied to the values of its decisions."""
    rows = [model.new_bool_var("") for _ in range(table.size)]
    model.add_exactly_one(rows)
    for name in table.decisions:
        if name not in literals:
            continue
        by_value: dict[int, list[Any]] = {value: [] for value in literals[name]}
        for literal, value in zip(rows, table.rows[name], strict=True):
            by_value[int(value)].append(literal)
        for value, having in by_value.items():
            model.add(sum(having) == literals[name][value])
    return rows


def _largest(model: Any, program: Program, chosen: list[list[Any]], scale: float) -> Any:
    """The goal in integer steps: a sum, or a variable that is at least each of several."""
    sums = [
        _weighted([(table.costs[column] * scale, rows) for table, rows in zip(program.tables, chosen, strict=True)])
        for column in program.goals
    ]
    if len(sums) == 1:
        return sums[0]
    largest = model.new_int_var(-2 * RESOLUTION, 2 * RESOLUTION, "largest")
    for each in sums:
        model.add(largest >= each)
    return largest


def _weighted(parts: list[tuple[Any, list[Any]]]) -> Any:
    from ortools.sat.python import cp_model

    variables = [literal for _, rows in parts for literal in rows]
    weights = [int(w) for costs, _ in parts for w in numpy.floor(numpy.broadcast_to(costs, costs.shape))]
    return cp_model.LinearExpr.weighted_sum(variables, weights)


def _callback(watch: Watch | None) -> Any:
    """What the solver calls with every better design."""
    if watch is None:
        return None
    told = watch
    from ortools.sat.python import cp_model

    class Progress(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            told(self.objective_value, self.best_objective_bound)

    return Progress()
