"""Searching a space: a proven optimum, or the best known with its bound and gap, and the designs that come next."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound, Goal, Program, compile_program, physical, tighten
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.constraints.solver import Outcome, solve
from mlsysim.constraints.space import Rows, Space, count, row, rows_of
from mlsysim.symbolic.errors import InputError, MlsysimError
from mlsysim.symbolic.kernels import catalogue

#: Spaces of at most this many joint values are also enumerated, as a check on every answer.
ENUMERABLE = 300_000
#: Relative slack within which two objectives are the same.
TIE = 1e-9


@dataclass(frozen=True)
class Found:
    """A design by the exact kernel: what it costs, and the value of every decision."""

    cost: float
    choice: dict[str, int]


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
        runners: the objective and the choice of the designs that come next, the best first.
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
    runners: tuple[tuple[float, dict[str, int]], ...] = ()


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
        limited = {q for bound in self.limits for q in (bound.quantity, bound.below) if q}
        values = self.space.evaluate(rows, {*self.goal.quantities, *limited})
        keep = self.space.holds(rows, None if self.possible else self._structural()) & self.space.offered(rows)
        for bound in self.limits:
            found = values[bound.quantity] - (values[bound.below] if bound.below else 0.0)
            keep &= bound.sign * found <= bound.sign * bound.limit + abs(bound.value) * ROUNDING
        return numpy.where(keep, self.goal.cost(values), numpy.inf)

    def _structural(self) -> list[Any]:
        return [c for c in catalogue().VARIANTS[self.space.variant]["conditions"] if c["kind"] == "structural"]

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
    def everything(self) -> Rows | None:
        """Every joint value of the decisions; None where there are too many to look at each."""
        try:
            # A lattice holds more rows while it grows than when every condition has been looked at.
            rows = self.space.lattice(self.space.domains, most=4 * ENUMERABLE)
        except InputError:
            return None
        return rows if count(rows) <= ENUMERABLE else None

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
        groups = (self.space.rests_on(c) for c in self._structural())
        return next((found for found in groups if len(found) > 2), frozenset())


def search(
    space: Space,
    objective: str | Goal,
    *,
    sense: int = 1,
    bounds: Sequence[Bound] = (),
    effort: Effort | None = None,
    top: int = 1,
    possible: bool = True,
) -> Answer:
    """Find the design with the least (``sense`` 1) or largest (-1) objective.

    Args:
        space: the decisions.
        objective: a quantity of the graph, or a goal.
        sense: 1 to minimise, -1 to maximise; of a quantity.
        bounds: limits on quantities.
        effort: what it may spend.
        top: how many designs are wanted, the best and those that come next.
        possible: whether the graph's physical conditions must hold.

    Raises:
        InputError: the space is too large for its tables.
        MlsysimError: the solver contradicts the enumeration.
    """
    started = time.perf_counter()
    effort = (effort or Effort()).begun()
    problem = Problem(space, Goal.of(objective, sense), tuple(bounds), possible)
    if not space.possible(None if possible else "structural"):
        return Answer("infeasible", {}, None, None, None, 0, 0, True, time.perf_counter() - started)
    known = _incumbent(problem)
    program = compile_program(space, problem.goal, problem.limits)
    tighten(program, known.cost if known else None)
    outcome = _solved(problem, program, effort, known is not None)
    answer = _answer(problem, known, outcome)
    everything = problem.everything
    if everything is not None:
        _agree(problem, answer, problem.best(everything))
    runners: tuple[tuple[float, dict[str, int]], ...] = ()
    if top > 1 and answer.choice:
        runners = tuple(
            (problem.goal.shown(f.cost), f.choice) for f in _runners(problem, answer.choice, top - 1, effort.silent())
        )
    return replace(
        answer, space=None if everything is None else count(everything), checked=everything is not None,
        rows=program.rows, seconds=time.perf_counter() - started, runners=runners,
    )  # fmt: skip


def _incumbent(problem: Problem) -> Found | None:
    """A good design found quickly, from two corners of the space."""
    best: Found | None = None
    for start in (0, -1):
        choice = {name: domain[start] for name, domain in problem.space.domains.items()}
        while True:
            before = best
            for rows in problem.slices(choice):
                found = problem.best(rows)
                if found and (best is None or found.cost < best.cost):
                    best = found
            if best is None or best == before:
                break
            choice = {**choice, **best.choice}
    return best


def _solved(problem: Problem, program: Program, effort: Effort, feasible: bool) -> Outcome:
    """Solve until the exact kernel accepts the choice: rounding may let a design through that just breaks a limit."""
    return next(_designs(problem, program, effort, feasible, []))


def _designs(
    problem: Problem, program: Program, effort: Effort, feasible: bool, refused: list[dict[str, int]]
) -> Iterator[Outcome]:
    """What the solver finds, one design after another, the best first; ends with an outcome without a choice."""
    while True:
        if any(table.size == 0 for table in program.tables):
            yield Outcome("infeasible", None, None)
            return
        outcome = solve(program, effort, refused=refused)
        if outcome.status == "infeasible" and not feasible:
            # One release of the solver has called feasible models infeasible: confirm without presolve, on one worker.
            outcome = solve(program, replace(effort, workers=1), refused=refused, presolve=False)
        if outcome.choice is None or problem.exact(outcome.choice):
            yield outcome
            if outcome.choice is None:
                return
        refused.append(outcome.choice)


def _runners(problem: Problem, best: dict[str, int], wanted: int, effort: Effort) -> list[Found]:
    """The designs after the best: all ranked where the space is small, else by solving again without those found."""
    if problem.everything is not None:
        ranked = (found for found in problem.ranked(problem.everything) if found.choice != best)
        return [found for _, found in zip(range(wanted), ranked, strict=False)]
    # Designs near the best bound the cost of the last one wanted, so that few rows are left to choose from.
    near = {frozenset(f.choice.items()): f.cost for rows in problem.slices(best) for f in problem.ranked(rows)}
    costs = sorted(cost for choice, cost in near.items() if choice != frozenset(best.items()))
    program = compile_program(problem.space, problem.goal, problem.limits)
    tighten(program, costs[wanted - 1] if len(costs) >= wanted else None)
    outcomes = _designs(problem, program, effort, True, [best])
    found = (problem.exact(o.choice) for _, o in zip(range(wanted), outcomes, strict=False) if o.choice is not None)
    return [each for each in found if each is not None]


def _answer(problem: Problem, known: Found | None, outcome: Outcome) -> Answer:
    """Re-evaluate with the exact kernel what the solver chose, and keep the better of it and the incumbent."""
    found = known
    if outcome.choice is not None:
        exact = problem.exact(outcome.choice)
        if exact and (found is None or exact.cost <= found.cost):
            found = exact
    if found is None:
        return Answer(outcome.status, {}, None, None, None, None, 0, False, 0.0)
    status, bound, cost = outcome.status, outcome.bound, found.cost
    if status == "infeasible":
        # The tables hold only rows at least as good as the incumbent: nothing left means it is the best.
        status, bound = "optimal", cost
    if status == "unknown":
        status = "feasible"
    shown = problem.goal.shown
    if bound is None:
        return Answer(status, found.choice, shown(cost), None, None, None, 0, False, 0.0)
    bound = min(bound, cost)
    gap = (cost - bound + outcome.error) / abs(cost) if cost else cost - bound
    return Answer(status, found.choice, shown(cost), shown(bound), gap, None, 0, False, 0.0)


def _agree(problem: Problem, answer: Answer, best: Found | None) -> None:
    """Where the space was enumerated, the solver must say the same."""
    if answer.status not in ("optimal", "infeasible"):
        return
    expected = None if best is None else problem.goal.shown(best.cost)
    same = expected == answer.objective
    if expected is not None and answer.objective is not None:
        same = abs(answer.objective - expected) <= 1e-8 * abs(expected)
    if not same:
        raise MlsysimError(
            f"the solver says {answer.status} at {answer.objective}, enumeration finds {expected}",
            hint="please report this",
        )
