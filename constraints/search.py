"""Searching a space: a proven optimum, or the best known with its bound and gap, and the designs that come next."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy

from mlsysim.constraints.compiler import Bound, Goal, Program, compile_program
from mlsysim.constraints.effort import Effort, OutOfTimeError
from mlsysim.constraints.incumbent import improving
from mlsysim.constraints.listing import MOST_LISTED, TIE, Found, Listing, first_of
from mlsysim.constraints.problem import ENUMERABLE, Problem
from mlsysim.constraints.solver import Outcome, solve
from mlsysim.constraints.space import Space, row
from mlsysim.constraints.ties import designs
from mlsysim.symbolic.errors import MlsysimError

#: Bounds of enumerated and solved optima may differ by this much.
AGREEMENT = 1e-8


@dataclass(frozen=True)
class Answer:
    """The result of a search.

    Attributes:
        status: ``optimal``, ``feasible`` (the gap asked for, time or Ctrl-C ended the search), ``infeasible`` or ``unknown``.
        choice: the value of every decision; empty where there is none.
        objective: the exact kernel's value at the choice, in coherent units.
        bound: no design is better than this; None where none is known.
        gap: relative distance between the two, scaling error included.
        space: joint values of the decisions that the graph's structure allows.
        rows: rows of the integer program after tightening.
        checked: whether all designs were listed as well, and agreed.
        seconds: how long it took.
        runners: the objective and the choice of the designs that come next, the best first.
        without: by decision, the best design that decides otherwise there, where an explanation was asked for.
        relaxed: by limit, the best design were that limit not there, where an explanation was asked for.
        asked: how many of ``without`` and ``relaxed`` an explanation needs.
        complete: whether everything asked for is there, and neither time nor Ctrl-C ended the search before.
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
    relaxed: Mapping[Bound, Answer] = field(default_factory=dict)
    asked: int = 0
    complete: bool = True

    @property
    def missing(self) -> int:
        """How many answers that an explanation needs are not there."""
        return self.asked - len(self.without) - len(self.relaxed)


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
    explain: bool = False,
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
        explain: whether to find the best design that decides otherwise in each decision, and that without each limit.

    Raises:
        InputError: the space is too large for its tables.
        KeyboardInterrupt: Ctrl-C before any design is known.
        MlsysimError: the solver contradicts the enumeration.
    """
    started = time.perf_counter()
    effort = (effort or Effort()).begun()
    problem = Problem(replace(space, effort=effort), Goal.of(objective, sense), tuple(bounds), possible)
    answer = _Search(problem, effort, then or "").answer(top, distinct, explain)
    return replace(answer, seconds=time.perf_counter() - started)


class _Search:
    """One search on its way: the best design known when it must end is its answer."""

    def __init__(self, problem: Problem, effort: Effort, then: str) -> None:
        self.problem, self.effort, self.then = problem, effort, then
        self.known: Found | None = None
        self.proven: Answer | None = None

    def answer(self, top: int, distinct: str | None, explain: bool) -> Answer:
        try:
            self.effort.go_on()
            self.run(top, distinct, explain)
        except OutOfTimeError:
            return self.so_far()
        except KeyboardInterrupt:
            self.effort.clock.interrupted = True
        answer = self.so_far() if self.effort.clock.interrupted else self.proven or self.so_far()
        if self.effort.clock.interrupted and answer.status == "unknown":
            raise KeyboardInterrupt
        return answer

    def so_far(self) -> Answer:
        """The answer where the search must end."""
        if self.proven is not None:
            return replace(self.proven, complete=False)
        if self.known is None:
            return Answer("unknown", {}, complete=False)
        return Answer("feasible", self.known.choice, self.problem.goal.shown(self.known.cost), complete=False)

    def run(self, top: int, distinct: str | None, explain: bool) -> None:
        problem = self.problem
        if not problem.space.possible(None if problem.possible else "structural"):
            self.proven = Answer("infeasible", {}, space=0, checked=True)
            return
        for better in improving(problem):
            self.known = better
        if self.known is None and problem.everything is not None:
            # A solver that starts from nothing takes long.
            self.known = problem.everything.best(problem.goal, problem.limits)
        program = compile_program(problem.space, problem.goal, problem.limits)
        self.proven = self.solved(problem, program, self.known)
        if self.proven.status == "unknown" or (
            self.proven.status == "feasible" and not self.effort.enough(self.proven.gap)
        ):
            return
        self.effort = self.effort.silent()
        listing = problem.everything
        if listing is not None:
            self.proven = self.checked(listing, self.proven)
        if self.proven.status != "optimal":
            return
        if top > 1:
            runners = self.elsewhere(program, distinct) if distinct else self.next_best(program, top - 1)
            for _, found in zip(range(top - 1), runners, strict=False):
                shown = (problem.goal.shown(found.cost), found.choice)
                self.proven = replace(self.proven, runners=(*self.proven.runners, shown))
        if explain:
            self.explain(program)

    def checked(self, listing: Listing, answer: Answer) -> Answer:
        """An answer that the list of all designs confirms, or replaces where the gap asked for ended the search."""
        problem = self.problem
        best = listing.best(problem.goal, problem.limits, then=self.then)
        if answer.status == "feasible" and best is not None:
            shown = problem.goal.shown(best.cost)
            answer = Answer("optimal", best.choice, shown, shown, 0.0, rows=answer.rows)
        _agree(problem, answer, best)
        return replace(answer, space=listing.count, checked=True)

    def explain(self, program: Program) -> None:
        """Add the best design that decides otherwise in each decision, and the best without each limit."""
        assert self.proven is not None
        problem, limits = self.problem, self.problem.limits
        self.proven = replace(self.proven, asked=len(program.space.decisions) + len({*limits}))
        listing = problem.listed(MOST_LISTED)
        for name, answer in self.otherwise(program, listing):
            self.proven = replace(self.proven, without={**self.proven.without, name: answer})
        for position, limit in enumerate(limits):
            others = limits[:position] + limits[position + 1 :]
            answer = self.freed(others, listing)
            if answer.status in ("optimal", "infeasible"):
                self.proven = replace(self.proven, relaxed={**self.proven.relaxed, limit: answer})

    def listed(self, listing: Listing, limits: Sequence[Bound], where: Any = None) -> Answer:
        """The best of the designs in a list that keep some limits."""
        found = listing.best(self.problem.goal, limits, then=self.then, where=where)
        if found is None:
            return Answer("infeasible", {}, checked=True)
        shown = self.problem.goal.shown(found.cost)
        return Answer("optimal", found.choice, shown, shown, 0.0, checked=True)

    def freed(self, limits: Sequence[Bound], listing: Listing | None) -> Answer:
        """The best design under some of the limits."""
        if listing is not None:
            return self.listed(listing, limits)
        goal = self.problem.goal
        return search(self.problem.space, goal, bounds=limits, effort=self.effort, possible=False, then=self.then)

    def solved(self, problem: Problem, program: Program, known: Found | None) -> Answer:
        """The best design of a program; only what is better than the known one, by the gap asked for, is looked for."""
        floor = None if known is None else known.cost - max(TIE, self.effort.gap) * abs(known.cost)
        better = program.within(floor)
        outcome = next(_designs(problem, better, self.effort, known is not None, []))
        found = problem.exact(outcome.choice) if outcome.choice else None
        if found is None or (known is not None and known.cost <= found.cost):
            found = known
        if found is None:
            return Answer(outcome.status, {}, rows=better.rows)
        self.known = found
        shown = problem.goal.shown
        nothing_better = outcome.status == "infeasible" and known is not None
        if nothing_better and self.effort.gap > TIE and floor is not None:
            gap = _gap(found.cost, floor, outcome.error)
            return Answer("feasible", found.choice, shown(found.cost), shown(floor), gap, rows=better.rows)
        if outcome.status == "optimal" or nothing_better:
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
        if problem.everything is not None:
            ranked = problem.everything.ranked(problem.goal, problem.limits)
            yield from (found for found in ranked if found.choice != best)
            return
        near = {frozenset(f.choice.items()): f.cost for s in problem.slices(best) for f in problem.ranked(s)}
        costs = sorted(cost for choice, cost in near.items() if choice != frozenset(best.items()))
        limit = None
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

    def otherwise(self, program: Program, listing: Listing | None) -> Iterator[tuple[str, Answer]]:
        """For every decision, the best design that decides otherwise."""
        best = self.best
        for name in program.space.decisions:
            if listing is not None:
                yield name, self.listed(listing, self.problem.limits, listing.rows[name] != best[name])
                continue
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
        listing, taken = self.problem.everything, self.best[name]
        if listing is not None:
            others = (value for value in program.space.domains[name] if value != taken)
            answers = [self.listed(listing, self.problem.limits, listing.rows[name] == value) for value in others]
            exact = [found for answer in answers if answer.choice and (found := self.problem.exact(answer.choice))]
            yield from sorted(exact, key=lambda found: (found.cost, found.choice[name]))
            return
        near = self.near(name)
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
