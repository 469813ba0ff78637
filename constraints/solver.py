"""A program as CP-SAT solves it: one Boolean for each row of each table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mlsysim.constraints.compiler import GOAL, RESOLUTION, Program

WORKERS = 2
#: Called with the incumbent and the bound, in units of the goal's cost, whenever the solver finds a better design.
Watch = Callable[[float, float], None]


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
    program: Program,
    time_limit: float,
    seed: int,
    *,
    refused: Sequence[dict[str, int]] = (),
    presolve: bool = True,
    workers: int = WORKERS,
    watch: Watch | None = None,
) -> Outcome:
    """Solve a program; Ctrl-C ends the search as its time limit does.

    Args:
        program: what is minimised, under which limits.
        time_limit: in seconds.
        seed: the same seed gives the same answer.
        refused: choices that must not be made again.
        presolve: whether the solver may simplify first.
        workers: threads of the solver.
        watch: told of every better design.
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
    costs = [table.costs[GOAL] for table in program.tables]
    scale = steps(0.0, *costs)
    model.minimize(_weighted([(c * scale, rows) for c, rows in zip(costs, chosen, strict=True)]))
    error = len(costs) / scale
    told = None if watch is None else lambda cost, bound: watch(cost / scale, bound / scale)
    said, solver = run(model, time_limit, seed, presolve=presolve, workers=workers, watch=told)
    if said not in ("optimal", "feasible"):
        return Outcome(said, None, None)
    choice = {name: next(v for v, x in by.items() if solver.boolean_value(x)) for name, by in literals.items()}
    choice |= {name: domain[0] for name, domain in program.space.domains.items() if len(domain) == 1}
    return Outcome(said, choice, solver.best_objective_bound / scale, error)


def run(
    model: Any,
    time_limit: float,
    seed: int,
    *,
    presolve: bool = True,
    workers: int = WORKERS,
    watch: Watch | None = None,
) -> tuple[str, Any]:
    """Solve a model: what was proven, in a word, and the solver that knows the values.

    Args:
        model: of CP-SAT.
        time_limit: in seconds.
        seed: the same seed gives the same answer.
        presolve: whether the solver may simplify first.
        workers: threads of the solver.
        watch: told of every better design, in integer steps.
    """
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed, parameters.num_workers, parameters.max_time_in_seconds = seed, workers, time_limit
    parameters.cp_model_presolve = presolve
    status = solver.solve(model, _callback(watch))
    words = {cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "infeasible"}
    return words.get(status, "unknown"), solver


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
