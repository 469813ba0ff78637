"""Searching a space: a proven optimum, or the best known with its bound and gap, and the designs that come next."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy

from mlsysim.constraints.compiler import Bound, Goal, Program, compile_program
from mlsysim.constraints.effort import Effort, OutOfTimeError
from mlsysim.constraints.incumbent import improving
from mlsysim.constraints.problem import ENUMERABLE, Found, Problem
from mlsysim.constraints.solver import Outcome, solve
from mlsysim.constraints.space import Space, count, row
from mlsysim.constraints.ties import designs, first_of
from mlsysim.symbolic.errors import MlsysimError

#: Relative slack within which two objectives are the same.
TIE = 1e-9
#: Bounds of enumerated and solved optima may differ by this much.
AGREEMENT = 1e-8


@dataclass(frozen=True)
class Answer:
    """What a search found.

    Attributes:
        status: ``optimal``, ``feasible`` (time or Ctrl-C ended the search), ``infeasible`` or ``unknown``.
        choice: the value of every decision; empty where nothing was found.
        objective: the exact kernel's value at the choice, in coherent units.
        bound: no design is better than this; None where nothing is known of it.
        gap: relative distance between the two, scaling error included.
        space: joint values of the decisions that the graph's structure allows.
        rows: rows of the integer program after tightening.
        checked: whether the whole space was enumerated as well, and agreed.
        seconds: how long it took.
        runners: the objective and the choice of the designs that come next, the best first.
        without: by decision, the best design that decides otherwise there, where that was asked for.
        complete: whether everything that was asked for was found before time or Ctrl-C ended the search.
    """

    status: str
    choice: dict[str, int]
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    space: int | None = None
    rows: int = 0
    checked: bool = False
    seconds: float = 0.0
    runners: tuple[tuple[float, dict[str, int]], ...] = ()
    without: Mapping[str, Answer] = field(default_factory=dict)
    complete: bool = True


def search(
    space: Space,
    objective: str | Goal,
    *,
    sense: int = 1,
    bounds: Sequence[Bound] = (),
    effort: Effort | None = None,
    top: int = 1,
    possible: bool = True,
    then: str | None = None,
    distinct: str | None = None,
    otherwise: bool = False,
) -> Answer:
    """Find the design with the least (``sense`` 1) or largest (-1) objective.

    Among equals the design with the least ``then`` is taken, then the one with the smallest values.

    Args:
        space: the decisions.
        objective: a quantity of the graph, or a goal.
        sense: 1 to minimise, -1 to maximise; of a quantity.
        bounds: limits on quantities.
        effort: what it may spend. When the time is up, or at Ctrl-C, the best design known is the answer.
        top: how many designs are wanted, the best and those that come next.
        possible: whether the graph's physical conditions must hold.
        then: a quantity that decides among equals, the less the better.
        distinct: a decision in which the designs that come next must differ; any will do where none is named.
        otherwise: whether to find, for every decision, the best design that decides otherwise.

    Raises:
        InputError: the space is too large for its tables.
        KeyboardInterrupt: Ctrl-C before any design is known.
        MlsysimError: the solver contradicts the enumeration.
    """
    started = time.perf_counter()
    effort = (effort or Effort()).begun()
    problem = Problem(replace(space, until=effort.until), Goal.of(objective, sense), tuple(bounds), possible)
    answer = _Search(problem, effort, then or "").answer(top, distinct, otherwise)
    return replace(answer, seconds=time.perf_counter() - started)


class _Search:
    """One search on its way: whatever is known of it when it must end is its answer."""

    def __init__(self, problem: Problem, effort: Effort, then: str) -> None:
        self.problem, self.effort, self.then = problem, effort, then
        self.known: Found | None = None
        self.proven: Answer | None = None

    def answer(self, top: int, distinct: str | None, otherwise: bool) -> Answer:
        try:
            self.run(top, distinct, otherwise)
        except OutOfTimeError:
            return self.so_far()
        except KeyboardInterrupt:
            if self.known is None and self.proven is None:
                raise
            return self.so_far()
        return self.proven or self.so_far()

    def so_far(self) -> Answer:
        """What is known where the search must end."""
        if self.proven is not None:
            return replace(self.proven, complete=False)
        if self.known is None:
            return Answer("unknown", {}, complete=False)
        return Answer("feasible", self.known.choice, self.problem.goal.shown(self.known.cost), complete=False)

    def run(self, top: int, distinct: str | None, otherwise: bool) -> None:
        problem = self.problem
        if not problem.space.possible(None if problem.possible else "structural"):
            self.proven = Answer("infeasible", {}, space=0, checked=True)
            return
        for better in improving(problem):
            self.known = better
        if self.known is None and problem.everything is not None:
            self.known = problem.best(problem.everything)  # a solver that starts from nothing takes long
        program = compile_program(problem.space, problem.goal, problem.limits)
        self.proven = self.solved(problem, program, self.known)
        if self.proven.status not in ("optimal", "infeasible"):
            return
        self.effort = self.effort.silent()
        everything = problem.everything
        if everything is not None:
            _agree(problem, self.proven, problem.best(everything))
            self.proven = replace(self.proven, space=count(everything), checked=True)
        if top > 1 and self.proven.choice:
            runners = self.elsewhere(program, distinct) if distinct else self.next_best(program, top - 1)
            for _, found in zip(range(top - 1), runners, strict=False):
                shown = (problem.goal.shown(found.cost), found.choice)
                self.proven = replace(self.proven, runners=(*self.proven.runners, shown))
        if otherwise and self.proven.choice:
            for name, answer in self.otherwise(program):
                self.proven = replace(self.proven, without={**self.proven.without, name: answer})

    def solved(self, problem: Problem, program: Program, known: Found | None) -> Answer:
        """The best design of a program; only what is better than the known one is looked for."""
        floor = None if known is None else known.cost - TIE * abs(known.cost)
        better = program.within(floor)
        outcome = next(_designs(problem, better, self.effort, known is not None, []))
        found = problem.exact(outcome.choice) if outcome.choice else None
        if found is None or (known is not None and known.cost <= found.cost):
            found = known
        if found is None:
            return Answer(outcome.status, {}, rows=better.rows)
        self.known = found
        shown = problem.goal.shown
        if outcome.status == "optimal" or (outcome.status == "infeasible" and known is not None):
            # Nothing better is left: the known design is the best, or one of several that are as good.
            least = [
                value for value in (floor if outcome.bound is None else outcome.bound, found.cost) if value is not None
            ]
            found, bound = self.among_equals(problem, program, found, min(least))
            gap = _gap(found.cost, bound, outcome.error)
            return Answer("optimal", found.choice, shown(found.cost), shown(bound), gap, rows=better.rows)
        if outcome.bound is None:
            return Answer("feasible", found.choice, shown(found.cost), rows=better.rows)
        bound = min(outcome.bound, found.cost)
        gap = _gap(found.cost, bound, outcome.error)
        return Answer("feasible", found.choice, shown(found.cost), shown(bound), gap, rows=better.rows)

    def among_equals(self, problem: Problem, program: Program, found: Found, bound: float) -> tuple[Found, float]:
        """Of the designs that are as good as one: the one to take, and what none of them is below."""
        equal = found.cost + TIE * abs(found.cost)
        rows = designs(program, equal, ENUMERABLE)
        if rows is not None:
            costs = problem.costs(rows)
            if not numpy.isfinite(costs.min(initial=numpy.inf)):
                return found, bound
            second = problem.space.evaluate(rows, [self.then])[self.then] if self.then else costs
            chosen = first_of(rows, costs, second, TIE)
            return Found(float(costs[chosen]), row(rows, chosen)), max(bound, float(costs.min()))
        goal = problem.goal.weights
        if len(goal) > 1 or self.then in ("", goal[0][0]):
            return found, bound
        # Too many equals to list: search among them.
        sign = 1 if goal[0][1] > 0 else -1
        limit = Bound(goal[0][0], equal / goal[0][1], sign)
        options = {"effort": self.effort.silent(), "possible": problem.possible}
        least = search(problem.space, self.then, bounds=[*problem.bounds, limit], **options)  # type: ignore[arg-type]
        return (problem.exact(least.choice) if least.choice else None) or found, bound

    def next_best(self, program: Program, wanted: int) -> Iterator[Found]:
        """The designs after the best: all ranked where few are near it, else by solving again without those found."""
        problem, best = self.problem, self.best
        rows, limit = problem.everything, None
        if rows is None:
            near = {frozenset(f.choice.items()): f.cost for s in problem.slices(best) for f in problem.ranked(s)}
            costs = sorted(cost for choice, cost in near.items() if choice != frozenset(best.items()))
            if len(costs) >= wanted:
                limit = costs[wanted - 1] + TIE * abs(costs[wanted - 1])
                rows = designs(program, limit, ENUMERABLE)
        if rows is not None:
            yield from (found for found in problem.ranked(rows) if found.choice != best)
            return
        for outcome in _designs(problem, program.within(limit), self.effort.silent(), True, [best]):
            found = problem.exact(outcome.choice) if outcome.choice else None
            if found is not None:
                yield found

    def otherwise(self, program: Program) -> Iterator[tuple[str, Answer]]:
        """For every decision, the best design that decides otherwise."""
        best = self.best
        for name in program.space.decisions:
            near = [found for value, found in self.near(name).items() if value != best[name]]
            narrowed = program.without(name, best[name])
            known = min(near, key=lambda found: found.cost, default=None)
            yield name, self.solved(replace(self.problem, space=narrowed.space), narrowed, known)

    def near(self, name: str) -> dict[int, Found]:
        """Near the best design, the best for each value of a decision."""
        near: dict[int, Found] = {}
        for rows in self.problem.slices(self.best):
            costs = self.problem.costs(rows)
            for value in numpy.unique(rows[name][numpy.isfinite(costs)]):
                place = int(numpy.where(rows[name] == value, costs, numpy.inf).argmin())
                held = near.get(int(value))
                if held is None or costs[place] < held.cost:
                    near[int(value)] = Found(float(costs[place]), row(rows, place))
        return near

    def elsewhere(self, program: Program, name: str) -> Iterator[Found]:
        """The best design of every other value of a decision, the best first."""
        best = self.best
        near = self.near(name)
        taken = best[name]
        while len(program.space.domains[name]) > 1:
            near.pop(taken, None)
            program = program.without(name, taken)
            known = min(near.values(), key=lambda found: found.cost, default=None)
            answer = self.solved(replace(self.problem, space=program.space), program, known)
            found_next = self.problem.exact(answer.choice) if answer.status == "optimal" else None
            if found_next is None:
                return
            yield found_next
            taken = found_next.choice[name]

    @property
    def best(self) -> dict[str, int]:
        return self.proven.choice if self.proven else {}


def _designs(
    problem: Problem, program: Program, effort: Effort, feasible: bool, refused: list[dict[str, int]]
) -> Iterator[Outcome]:
    """What the solver finds, one design after another, the best first; ends with an outcome without a choice.

    Rounding may let a design through that just breaks a limit: the exact kernel refuses it, and the solver goes on.
    """
    while True:
        if program.empty:
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


def _gap(cost: float, bound: float, error: float) -> float:
    """The relative distance of a cost and its bound."""
    return (cost - bound + error) / abs(cost) if cost else cost - bound


def _agree(problem: Problem, answer: Answer, best: Found | None) -> None:
    """Where the space was enumerated, the solver must say the same."""
    expected = None if best is None else problem.goal.shown(best.cost)
    same = expected == answer.objective
    if expected is not None and answer.objective is not None:
        same = abs(answer.objective - expected) <= AGREEMENT * abs(expected)
    if not same:
        raise MlsysimError(
            f"the solver says {answer.status} at {answer.objective}, enumeration finds {expected}",
            hint="please report this",
        )
