"""Solving an assignment: a bound from prices, a good choice at those prices, and CP-SAT on what could still be better."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy

from mlsysim.constraints.assignment import Assignment, Options
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.constraints.lagrange import SAME, Prices, ascend, contradiction
from mlsysim.constraints.listing import TIE
from mlsysim.constraints.packing import Packing, improve, pack
from mlsysim.constraints.packing_model import solve_options

#: Steps of the prices, and after how many of them tasks are placed at them.
STEPS, EVERY = 400, 40
#: How often tasks are taken away and placed anew, for each task: before CP-SAT, and where there is too much for it.
ROUNDS, ALONE = 20, 200
#: The most options that go to CP-SAT; of more it proves nothing in a minute.
MOST_LITERALS = 20_000
#: How often tasks may push others away before CP-SAT is asked, for each task.
PATIENCE = 30
#: Seconds of work that an option counts as at each step of the prices.
OPTION = 1e-7


@dataclass(frozen=True)
class Assigned:
    """The result of an assignment's search.

    Attributes:
        status: ``optimal``, ``feasible``, ``infeasible`` or ``unknown``.
        chosen: the place and the first window of each task; empty where none is known.
        cost: the cost of that.
        bound: no assignment costs less.
        space: how many assignments there are that keep the tasks' own rules.
        left: options that went to CP-SAT.
        seconds: how long it took.
    """

    status: str
    chosen: tuple[tuple[int, int], ...]
    cost: float | None
    bound: float | None
    space: int
    left: int
    seconds: float

    @property
    def gap(self) -> float | None:
        """Relative distance of cost and bound; rounding to integers is part of it, as the bound was rounded down."""
        if self.cost is None or self.bound is None:
            return None
        return (self.cost - self.bound) / abs(self.cost) if self.cost else self.cost - self.bound


def assign(problem: Assignment, *, effort: Effort | None = None, any_will_do: bool = False) -> Assigned:
    """Find the assignment with the least cost.

    Args:
        problem: tasks, room and limits.
        effort: what it may spend; the same seed and workers give the same answer, unless time ends the search.
        any_will_do: whether to stop at the first assignment.

    Raises:
        InputError: there are too many options.
        KeyboardInterrupt: Ctrl-C before any assignment is known.
    """
    effort = (effort or Effort()).begun()
    if effort.clock.interrupted:
        raise KeyboardInterrupt
    search = _Search(problem, effort)
    try:
        found = search.run(any_will_do)
    except KeyboardInterrupt:
        effort.clock.interrupted = True
        found = search.result("feasible" if search.chosen else "unknown")
    if effort.clock.interrupted and found.status == "unknown":
        raise KeyboardInterrupt
    return found


class _Search:
    """One search: the options that are left, the best choice so far, and the bound."""

    def __init__(self, problem: Assignment, effort: Effort) -> None:
        # One thread finds the same choice every time, and these programs no later than two do.
        self.problem, self.effort = problem, replace(effort, workers=1)
        self.started = time.perf_counter()
        self.options = problem.options
        self.space = math.prod(numpy.diff(self.options.first).tolist())
        self.chosen: tuple[tuple[int, int], ...] = ()
        self.cost, self.bound, self.left = math.inf, -math.inf, 0

    def run(self, any_will_do: bool) -> Assigned:
        """Search."""
        self.options = within_totals(self.problem, self.options)
        if self.options.lacking:
            return self.result("infeasible")
        if not len(self.problem.tasks):
            self.cost = self.bound = 0.0
            return self.result("optimal")
        if any_will_do:
            self.try_to_pack(self.options.cost)
        if not self.chosen or not any_will_do:
            prices = self.raise_bound(any_will_do)
        if self.chosen and any_will_do:
            return self.result("feasible")
        if (
            not self.chosen
            and not self.try_to_pack(prices.reduced, PATIENCE)
            and contradiction(self.problem, self.options, STEPS, self.effort)
        ):
            return self.result("infeasible")
        if self.chosen and not self.closed:
            self.get_better(prices)
        if self.closed:
            return self.result("optimal" if self.proven else "feasible")
        if self.chosen:
            self.drop(prices)
        return self.result(self.finish())

    @property
    def closed(self) -> bool:
        """Whether cost and bound are the same, or as near as was asked for."""
        return bool(self.chosen) and self.cost - self.bound <= self.slack

    @property
    def proven(self) -> bool:
        """Whether cost and bound are the same."""
        return bool(self.chosen) and self.cost - self.bound <= TIE * abs(self.cost)

    @property
    def slack(self) -> float:
        """How far the cost may be from the bound: a share of the smaller of both, so that a better cost keeps it too."""
        size = min(abs(self.cost), abs(self.bound)) if self.cost * self.bound > 0 else 0.0
        return max(TIE * abs(self.cost) if self.chosen else 0.0, self.effort.gap * size)

    def raise_bound(self, any_will_do: bool) -> Prices:
        """Find prices, and place tasks at some of those on the way."""
        turn = 0

        def enough(prices: Prices, chosen: Any) -> bool:
            nonlocal turn
            self.bound = max(self.bound, prices.bound - prices.noise)
            if turn == 0 or self.problem.keeps(self.options, chosen):
                self.offer(chosen)
            if turn % EVERY == 0:
                self.try_to_pack(prices.reduced)
            turn += 1
            self.effort.clock.count(self.options.count * OPTION)
            return self.closed or bool(self.chosen and any_will_do) or self.effort.left <= 0

        return ascend(self.problem, self.options, STEPS, enough)

    def try_to_pack(self, values: Any, patience: int = 0) -> bool:
        """Place tasks where some values are least; whether all found room."""
        packing = pack(self.problem, self.options, values, patience)
        return packing is not None and self.offer(packing.chosen)

    def offer(self, chosen: Any) -> bool:
        """Take a choice if it keeps everything and costs less; whether it keeps everything."""
        if not self.problem.keeps(self.options, chosen):
            return False
        cost = math.fsum(self.options.cost[chosen])
        if cost < self.cost - ROUNDING * abs(self.cost) or not self.chosen:
            places, starts = self.options.place[chosen].tolist(), self.options.start[chosen].tolist()
            self.cost, self.chosen = cost, tuple(zip(places, starts, strict=True))
            if self.effort.watch is not None:
                self.effort.watch(self.cost, self.bound)
        return True

    def get_better(self, prices: Prices) -> None:
        """Improve the choice in place."""
        packing = Packing(self.problem, self.options)
        for option in self.positions():
            packing.place(int(option))
        some_left = int((prices.reduced <= self.cost - prices.bound).sum()) <= MOST_LITERALS
        rounds, share = (ROUNDS, 0.5) if some_left else (ALONE, 1.0)
        effort = replace(self.effort, until=self.effort.until - (1 - share) * self.effort.left)
        near = self.bound + self.slack
        self.offer(improve(packing, prices.reduced, rounds * self.options.tasks, effort, near))

    def positions(self) -> Any:
        """Where the choice stands among the options."""
        o = self.options
        wanted = numpy.array(self.chosen)
        return numpy.flatnonzero((o.place == wanted[o.task, 0]) & (o.start == wanted[o.task, 1]))

    def drop(self, prices: Prices) -> None:
        """Drop the options that no assignment better than the choice has: at the prices they alone cost more."""
        keep = prices.reduced <= self.cost - (prices.bound - prices.noise)
        keep[self.positions()] = True
        self.options = self.options.only(keep)

    def finish(self) -> str:
        """Let CP-SAT decide among the options that are left; what is then known."""
        self.left = self.options.count
        if self.left > MOST_LITERALS:
            return "feasible" if self.chosen else "unknown"
        refused: list[Any] = []
        while True:
            if self.effort.left <= 0:
                return "feasible" if self.chosen else "unknown"
            hint = self.positions() if self.chosen else None
            slack = self.slack if self.effort.gap else 0.0
            packed = solve_options(self.problem, self.options, self.effort, hint=hint, slack=slack, refused=refused)
            if packed.status == "infeasible":
                return self.confirmed(refused)
            if packed.bound is not None:  # what was refused keeps nothing, so the bound holds without it too
                self.bound = max(self.bound, min(packed.bound, self.cost))
            if packed.chosen is None:
                return "feasible" if self.chosen else "unknown"
            if self.offer(packed.chosen):
                self.bound = min(self.bound, self.cost)
                return packed.status if packed.status == "optimal" else "feasible"
            refused.append(packed.chosen)  # it keeps the totals as rounded, not exactly

    def confirmed(self, refused: list[Any]) -> str:
        """What an answer of infeasible is worth: nothing beside a choice, and nothing before it is confirmed."""
        if self.chosen:
            return "feasible"
        again = solve_options(self.problem, self.options, self.effort, refused=refused, presolve=False)
        if again.chosen is not None and self.offer(again.chosen):
            return "feasible"
        return "infeasible" if again.status == "infeasible" else "unknown"

    def result(self, status: str) -> Assigned:
        """The answer as it stands."""
        known = bool(self.chosen) or status == "optimal"
        bound = self.bound if math.isfinite(self.bound) else None
        if status == "optimal" and bound is not None:
            # What differs by rounding alone is the same.
            bound = self.cost if self.cost - bound <= 10 * SAME * abs(self.cost) else min(bound, self.cost)
        return Assigned(
            status, self.chosen, self.cost if known else None, bound if status != "infeasible" else None, self.space,
            self.left, time.perf_counter() - self.started,
        )  # fmt: skip


def within_totals(problem: Assignment, options: Options) -> Options:
    """The options that keep every limited total where all other tasks add the least they can."""
    while not options.lacking and options.tasks:
        keep = numpy.ones(options.count, dtype=bool)
        for column, limit in zip(options.totals, problem.limits, strict=True):
            least = options.least(column)
            keep &= column - least[options.task] + least.sum() <= limit + ROUNDING * (abs(limit) + abs(least).sum())
        if keep.all():
            break
        options = options.only(keep)
    return options


def without_costs(problem: Assignment) -> Assignment:
    """The same problem where everything costs nothing."""
    return replace(problem, tasks=tuple(replace(t, costs=numpy.zeros(t.costs.shape)) for t in problem.tasks))
