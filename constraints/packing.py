"""A good assignment found quickly: tasks placed one after another at the prices of a bound, then moved while that pays."""

from __future__ import annotations

from typing import Any

import numpy

from mlsysim.constraints.assignment import Assignment, Options, stacked
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.feasibility import ROUNDING

#: At how many of its options a task looks for others to push away.
LOOKED_AT = 24
#: What a worse place may cost at first, as a share of what a task pays more than at its best place; what is left at the end.
HEAT, COOLING = 0.2, 0.03
#: How often tasks go back where that costs least, instead of where it does at the prices of a bound.
BY_COST = 0.15
#: Seconds of work that taking a few tasks away and placing them anew counts as.
TURN = 5e-4


class Packing:
    """Tasks at places, some of them perhaps not yet placed."""

    def __init__(self, problem: Assignment, options: Options) -> None:
        self.problem, self.options = problem, options
        self.free = problem.room.copy()
        self.chosen = numpy.full(options.tasks, -1)
        # What the totals may still be, where every task that is not placed adds the least it can.
        self.floors = stacked([options.least(column) for column in options.totals], options.tasks)
        self.left = problem.limits * (1 + numpy.sign(problem.limits) * ROUNDING) - self.floors.sum(axis=1)

    @property
    def complete(self) -> bool:
        """Whether every task is placed."""
        return bool((self.chosen >= 0).all())

    @property
    def cost(self) -> float:
        """What the tasks that are placed cost."""
        return float(self.options.cost[self.chosen[self.chosen >= 0]].sum())

    def place(self, option: int) -> None:
        """Place a task."""
        self._book(option, 1)
        self.chosen[self.options.task[option]] = option

    def lift(self, task: int) -> int:
        """Take a task away; its option."""
        option = int(self.chosen[task])
        self._book(option, -1)
        self.chosen[task] = -1
        return option

    def _book(self, option: int, sign: int) -> None:
        o = self.options
        start = o.start[option]
        self.free[o.place[option], start : start + o.length[option]] -= sign * o.size[option]
        self.left -= sign * (o.totals[:, option] - self.floors[:, o.task[option]])

    def open(self, task: int) -> tuple[slice, Any]:
        """The options of a task, and which of them there is room for."""
        o = self.options
        whole = slice(o.first[task], o.first[task + 1])
        first = whole.start
        full = numpy.zeros((self.free.shape[0], self.free.shape[1] + 1), dtype=numpy.int64)
        numpy.cumsum(self.free < o.size[first], axis=1, out=full[:, 1:])
        place, start = o.place[whole], o.start[whole]
        fits = full[place, start + o.length[first]] == full[place, start]
        if len(self.left):
            fits &= (o.totals[:, whole] - self.floors[:, task, None] <= self.left[:, None]).all(axis=0)
        return whole, fits

    def in_the_way(self, option: int, weights: Any) -> list[int]:
        """Tasks that must leave before one can be placed there, those that weigh least first."""
        o = self.options
        begin, size = o.start[option], o.size[option]
        end = begin + o.length[option]
        free = self.free[o.place[option], begin:end].copy()
        placed = numpy.flatnonzero(self.chosen >= 0)
        taken = self.chosen[placed]
        starts, ends = o.start[taken], o.start[taken] + o.length[taken]
        here = (o.place[taken] == o.place[option]) & (starts < end) & (ends > begin)
        leaving = []
        for task in placed[here][numpy.argsort(weights[placed[here]], kind="stable")].tolist():
            if (free >= size).all():
                break
            its = self.chosen[task]
            window = slice(max(o.start[its] - begin, 0), o.start[its] + o.length[its] - begin)
            if (free[window] < size).any():
                free[window] += o.size[its]
                leaving.append(task)
        return leaving

    def put(self, task: int, values: Any) -> bool:
        """Place a task where its value is least among what there is room for; whether there is any."""
        whole, fits = self.open(task)
        if not fits.any():
            return False
        self.place(whole.start + int(numpy.where(fits, values[whole], numpy.inf).argmin()))
        return True


def pack(problem: Assignment, options: Options, values: Any, patience: int = 0) -> Packing | None:
    """Place all tasks where their values are least, the bulky ones first; None where that does not succeed.

    A task that finds no room takes it from others, which must then find their own. Tasks that were stuck before are
    harder to push away, so that no two push each other for ever.

    Args:
        problem, options: room, limits and what may be chosen.
        values: what is least where a task would best be.
        patience: how often a task may push others away, for each task there is.
    """
    packing = Packing(problem, options)
    random = numpy.random.default_rng(options.tasks)
    bulk = (options.size * options.length)[options.first[:-1]]
    waiting = numpy.argsort(bulk, kind="stable").tolist()
    stuck = numpy.ones(options.tasks)
    pushes = patience * options.tasks
    while waiting:
        task = waiting.pop()
        if packing.put(task, values):
            continue
        if pushes <= 0:
            return None
        pushes -= 1
        stuck[task] += 1
        whole = numpy.arange(options.first[task], options.first[task + 1])
        some = whole if len(whole) <= LOOKED_AT else random.choice(whole, LOOKED_AT, replace=False)
        found = [(packing.in_the_way(int(option), stuck), int(option)) for option in some]
        pushed, option = min(found, key=lambda each: (stuck[each[0]].sum(), values[each[1]], each[1]))
        for other in pushed:
            packing.lift(other)
        packing.place(option)
        if packing.left.size and (packing.left < 0).any():
            return None
        waiting += pushed[::-1]
    return packing


def improve(packing: Packing, reduced: Any, rounds: int, effort: Effort, enough: float) -> Any:
    """Take a few tasks away together and place them anew, again and again, accepting what costs a little more less and less.

    Ctrl-C ends this as the clock does.

    Args:
        packing: complete; it is changed.
        reduced: what each option costs at the prices of a bound.
        rounds: how often.
        effort: what it may spend, and the seed of what is taken away.
        enough: a cost at which to stop.

    Returns:
        The option of each task, at the least cost met.
    """
    random = numpy.random.default_rng(effort.seed)
    o = packing.options
    bulk = (o.size * o.length)[o.first[:-1]]
    heat = float((o.cost[packing.chosen] - o.least(o.cost)).mean()) * HEAT
    cost = least = packing.cost
    best = packing.chosen.copy()
    try:
        for turn in range(rounds):
            effort.clock.count(TURN)
            if least <= enough or (turn % 64 == 0 and effort.left <= 0):
                break
            tasks = _neighbours(packing, random)
            values = o.cost if random.random() < BY_COST else reduced
            before = [packing.lift(int(task)) for task in tasks]
            order = tasks[numpy.argsort(-bulk[tasks] * random.uniform(0.5, 1.5, len(tasks)))]
            placed = []
            for task in order.tolist():
                if not packing.put(task, values):
                    break
                placed.append(task)
            change = o.cost[packing.chosen[placed]].sum() - o.cost[before].sum()
            allowed = -heat * COOLING ** (turn / rounds) * numpy.log(1 - random.random())
            if len(placed) < len(tasks) or change > allowed:
                for task in placed:
                    packing.lift(task)
                for option in before:
                    packing.place(option)
                continue
            cost += change
            if cost < least - ROUNDING * abs(least):
                least, best = cost, packing.chosen.copy()
    except KeyboardInterrupt:
        effort.clock.interrupted = True  # the least cost met is worth having
    return best


def _neighbours(packing: Packing, random: Any) -> Any:
    """Tasks that compete for room: at two places around one window, one place where a task would rather be."""
    o = packing.options
    place, start = o.place[packing.chosen], o.start[packing.chosen]
    task = int(random.integers(o.tasks))
    options = slice(o.first[task], o.first[task + 1])
    wanted = options.start + int(random.integers(options.stop - options.start))
    cheaper = numpy.flatnonzero(o.cost[options] < o.cost[packing.chosen[task]])
    if len(cheaper):
        wanted = options.start + int(random.choice(cheaper))
    window = o.start[wanted]
    near = (start < window + o.length[wanted]) & (start + o.length[packing.chosen] > window)
    there = numpy.flatnonzero(near & ((place == o.place[wanted]) | (place == place[task])))
    most = int(random.integers(2, 13))
    if len(there) > most:
        there = random.choice(there, most, replace=False)
    return numpy.unique(numpy.append(there, task))
