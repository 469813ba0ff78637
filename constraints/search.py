"""Solving a program with CP-SAT: a proven optimum, or the best known with its bound and gap."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mlsysim.constraints.compiler import RESOLUTION, Bound, Program, compile_program, physical, tighten
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.constraints.space import Space, count, row
from mlsysim.symbolic.errors import InputError, MlsysimError
from mlsysim.symbolic.kernels import catalogue

#: Spaces of at most this many joint values are also enumerated, as a check on every answer.
ENUMERABLE = 300_000
WORKERS = 2
#: Relative slack within which two objectives are the same.
TIE = 1e-9


@dataclass(frozen=True)
class Answer:
    """What a search found.

    Attributes:
        status: ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.
        choice: the value of every decision; empty where nothing was found.
        objective: the exact kernel's value at the choice, in coherent units.
        bound: no design is better than this.
        gap: relative distance between the two, scaling error included.
        space: joint values of the decisions that the graph's structure allows.
        rows: rows of the integer program after tightening.
        checked: whether the whole space was enumerated as well, and agreed.
        seconds: how long it took.
    """

    status: str
    choice: dict[str, int]
    objective: float | None
    bound: float | None
    gap: float | None
    space: int | None
    rows: int
    checked: bool
    seconds: float


def search(
    space: Space,
    objective: str,
    *,
    sense: int = 1,
    bounds: Sequence[Bound] = (),
    time_limit: float = 60.0,
    seed: int = 1,
) -> Answer:
    """Find the design with the least (``sense`` 1) or largest (-1) objective.

    Args:
        space: the decisions.
        objective: a quantity of the graph.
        sense: 1 to minimise, -1 to maximise.
        bounds: limits on quantities; the graph's physical conditions always hold.
        time_limit: seconds for the solver.
        seed: the same seed gives the same answer.

    Raises:
        InputError: the space is too large for its tables.
        MlsysimError: the solver contradicts the enumeration.
    """
    started = time.perf_counter()
    limits = (*physical(space), *bounds)
    if not space.possible():
        return Answer("infeasible", {}, None, None, None, 0, 0, True, time.perf_counter() - started)
    known = _incumbent(space, objective, sense, limits)
    program = compile_program(space, objective, sense, bounds)
    tighten(program, known[0] if known else None)
    everything = _enumerate(space, objective, sense, limits)
    empty = any(table.size == 0 for table in program.tables)
    outcome = (
        _Outcome("infeasible", None, None) if empty else _solve(program, limits, time_limit, seed, known is not None)
    )
    answer = _answer(program, limits, known, outcome)
    _agree(answer, everything, sense)
    return Answer(
        **{**answer, "space": everything[0] if everything else None, "checked": everything is not None},
        rows=program.rows, seconds=time.perf_counter() - started,
    )  # fmt: skip


@dataclass
class _Outcome:
    """What the solver said, in units of the objective times the sense."""

    status: str
    choice: dict[str, int] | None
    bound: float | None
    error: float = 0.0


def _incumbent(
    space: Space, objective: str, sense: int, limits: Sequence[Bound]
) -> tuple[float, dict[str, int]] | None:
    """A good design found quickly: one decision, or one group tied by a condition, at a time."""
    tied = frozenset.union(frozenset(), *(g for g in _tied(space)))
    groups = [tied, *(frozenset([d]) for d in space.decisions if d not in tied)]
    best: tuple[float, dict[str, int]] | None = None
    for start in (0, -1):
        choice = {name: domain[start] for name, domain in space.domains.items()}
        while True:
            before = best
            for group in groups:
                rows = space.lattice(group)
                held = {n: numpy.full(count(rows), float(v)) for n, v in choice.items() if n not in rows}
                found = _best(space, {**held, **rows}, objective, sense, limits)
                if found and (best is None or found[0] < best[0]):
                    best = found
                    choice = {**choice, **found[1]}
            if best == before:
                break
    return best


def _tied(space: Space) -> list[frozenset[str]]:
    """Groups of decisions that an equality ties together, such as degrees whose product is the fleet."""
    return [
        found for c in catalogue().VARIANTS[space.variant]["conditions"]
        if c["kind"] == "structural" and len(found := space.rests_on(c)) > 2
    ][:1]  # fmt: skip


def _best(
    space: Space, rows: dict[str, Any], objective: str, sense: int, limits: Sequence[Bound]
) -> tuple[float, dict[str, int]] | None:
    """The best row that keeps every condition and limit, by the exact kernel."""
    if not count(rows):
        return None
    values = space.evaluate(rows, {objective, *(b.quantity for b in limits)})
    keep = space.holds(rows)
    for bound in limits:
        keep &= bound.sign * values[bound.quantity] <= bound.sign * bound.value + abs(bound.value) * ROUNDING
    if not keep.any():
        return None
    costs = numpy.where(keep, sense * values[objective], numpy.inf)
    position = int(costs.argmin())
    return float(costs[position]), row(rows, position)


def _enumerate(space: Space, objective: str, sense: int, limits: Sequence[Bound]) -> tuple[int, float | None] | None:
    """How many joint values there are, and the best objective among them; None where there are too many."""
    try:
        # A lattice holds more rows while it grows than when every condition has been looked at.
        rows = space.lattice(space.decisions, most=4 * ENUMERABLE)
    except InputError:
        return None
    if count(rows) > ENUMERABLE:
        return None
    best = _best(space, rows, objective, sense, limits)
    return count(rows), best[0] if best else None


def _solve(program: Program, limits: Sequence[Bound], time_limit: float, seed: int, feasible: bool) -> _Outcome:
    """Solve until the exact kernel accepts the choice: rounding may let a design through that just breaks a limit."""
    refused: list[dict[str, int]] = []
    until = time.perf_counter() + time_limit
    while True:
        left = max(0.1, until - time.perf_counter())
        outcome = _run(program, left, seed, refused=refused)
        if outcome.status == "infeasible" and not feasible:
            # One release of the solver has called feasible models infeasible: confirm without presolve, on one worker.
            outcome = _run(program, left, seed, refused=refused, presolve=False, workers=1)
        if outcome.choice is None or _exact(program, limits, outcome.choice):
            return outcome
        refused.append(outcome.choice)


def _exact(program: Program, limits: Sequence[Bound], choice: dict[str, int]) -> tuple[float, dict[str, int]] | None:
    """A choice by the exact kernel; None where it breaks a condition or a limit."""
    rows = {name: numpy.array([float(value)]) for name, value in choice.items()}
    return _best(program.space, rows, program.objective, program.sense, limits)


def _run(
    program: Program,
    time_limit: float,
    seed: int,
    *,
    refused: Sequence[dict[str, int]] = (),
    presolve: bool = True,
    workers: int = WORKERS,
) -> _Outcome:
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
        scale = _scale(abs(bound.value), *(table.costs[bound.quantity] for table in program.tables))
        flip = program.sense if bound.quantity == program.objective else 1
        parts = [
            (flip * bound.sign * table.costs[bound.quantity] * scale, rows)
            for table, rows in zip(program.tables, chosen, strict=True)
        ]
        # Costs are rounded down, so no design that keeps the limit is lost; the exact kernel has the last word.
        model.add(_weighted(parts) <= int(numpy.ceil(bound.sign * bound.value * scale)) + len(parts))
    costs = [table.costs[program.objective] for table in program.tables]
    scale = _scale(0.0, *costs)
    model.minimize(_weighted([(c * scale, rows) for c, rows in zip(costs, chosen, strict=True)]))
    error = len(costs) / scale
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.random_seed, parameters.num_workers, parameters.max_time_in_seconds = seed, workers, time_limit
    parameters.cp_model_presolve = presolve
    status = solver.solve(model)
    words = {cp_model.OPTIMAL: "optimal", cp_model.FEASIBLE: "feasible", cp_model.INFEASIBLE: "infeasible"}
    said = words.get(status, "unknown")
    if said not in ("optimal", "feasible"):
        return _Outcome(said, None, None)
    choice = {name: next(v for v, x in by.items() if solver.boolean_value(x)) for name, by in literals.items()}
    choice |= {name: domain[0] for name, domain in program.space.domains.items() if len(domain) == 1}
    return _Outcome(said, choice, solver.best_objective_bound / scale, error)


def _scale(least: float, *columns: Any) -> float:
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


def _answer(
    program: Program, limits: Sequence[Bound], known: tuple[float, dict[str, int]] | None, outcome: _Outcome
) -> dict[str, Any]:
    """Re-evaluate with the exact kernel what the solver chose, and keep the better of it and the incumbent."""
    found = known
    if outcome.choice is not None:
        exact = _exact(program, limits, outcome.choice)
        if exact and (found is None or exact[0] <= found[0]):
            found = exact
    if found is None:
        return {"status": outcome.status, "choice": {}, "objective": None, "bound": None, "gap": None}
    cost, choice = found
    status = outcome.status
    bound = outcome.bound
    if status == "infeasible":
        # The tables hold only rows at least as good as the incumbent: nothing left means it is the best.
        status, bound = "optimal", cost
    if status == "unknown":
        status = "feasible"
    if bound is None:
        return {"status": status, "choice": choice, "objective": program.sense * cost, "bound": None, "gap": None}
    bound = min(bound, cost)
    gap = (cost - bound + outcome.error) / abs(cost) if cost else cost - bound
    return {"status": status, "choice": choice, "objective": program.sense * cost, "bound": program.sense * bound,
            "gap": gap}  # fmt: skip


def _agree(answer: dict[str, Any], everything: tuple[int, float | None] | None, sense: int) -> None:
    """Where the space was enumerated, the solver must say the same."""
    if everything is None or answer["status"] not in ("optimal", "infeasible"):
        return
    best = everything[1]
    objective = answer["objective"]
    same = best is None if objective is None else best is not None and abs(sense * objective - best) <= 1e-8 * abs(best)
    if not same:
        raise MlsysimError(
            f"the solver says {answer['status']} at {objective}, enumeration finds {best}", hint="please report this"
        )
