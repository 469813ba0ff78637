"""A bound on an assignment from prices: of room at each place and window, and of each limited total.

Where room and totals have a price, every task chooses for itself, at once and exactly, and what they pay less the price of
all that there is cannot be more than the least cost. Each task's choice alone is integral, so the best prices give the
bound of the linear relaxation. Subgradient steps find them, each price moving by its own recent mean over its own size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy

from mlsysim.constraints.assignment import Assignment, Options
from mlsysim.constraints.effort import Effort

#: The first and the last step of a price, in units of what a task pays for a better place.
FIRST_STEP, LAST_STEP = 0.1, 0.0003
#: How much of the mean, and of the mean size, of earlier steps stays.
MEAN, SIZE = 0.9, 0.99
#: How far a bound may be from a cost, relative to what it was computed from, and still be the same.
SAME = 1e-11


@dataclass(frozen=True)
class Prices:
    """Prices and what they prove.

    Attributes:
        room: of room, by place and window.
        totals: of each limited total.
        bound: no assignment costs less.
        reduced: what each option costs at these prices, less the least that its task must pay.
        noise: what rounding may have done to the bound.
    """

    room: Any
    totals: Any
    bound: float
    reduced: Any
    noise: float


def priced(problem: Assignment, options: Options, room: Any, totals: Any) -> tuple[Prices, Any]:
    """What prices prove, and what each task chooses at them."""
    paid = numpy.zeros((room.shape[0], room.shape[1] + 1))
    numpy.cumsum(room, axis=1, out=paid[:, 1:])
    begin = options.place * paid.shape[1] + options.start
    flat = paid.ravel()
    values = options.cost + options.size * (flat[begin + options.length] - flat[begin]) + totals @ options.totals
    least = options.least(values)
    owed = room[room > 0] * problem.room[room > 0]
    bound = least.sum() - owed.sum() - totals @ problem.limits
    noise = SAME * float(abs(least).sum() + owed.sum() + abs(totals * problem.limits).sum())
    return Prices(room, totals, float(bound), values - least[options.task], noise), options.best(values)


def ascend(
    problem: Assignment,
    options: Options,
    steps: int,
    enough: Callable[[Prices, Any], bool] = lambda prices, chosen: False,
) -> Prices:
    """Raise the bound step by step from prices of nothing.

    Args:
        problem, options: what is bounded; every task has an option.
        steps: at most so many.
        enough: told of prices and of what the tasks choose at them; whether to stop.
    """
    held = numpy.isfinite(problem.room) & (problem.room > 0)
    unit_room, unit_totals = _units(options)
    size = numpy.where(held, problem.room, 1.0)
    prices = [numpy.zeros(problem.room.shape), numpy.zeros(len(problem.limits))]
    units = [unit_room, unit_totals]
    means, sizes = ([numpy.zeros(p.shape) for p in prices] for _ in range(2))
    best, chosen = priced(problem, options, *prices)
    if enough(best, chosen):
        return best
    for step in range(steps):
        over = [
            numpy.where(held, (problem.used(options, chosen) - size) / size, 0.0),
            (options.totals[:, chosen].sum(axis=1) - problem.limits) / numpy.maximum(abs(problem.limits), 1e-300),
        ]
        if not any(((price > 0) & (way != 0) | (way > 0)).any() for price, way in zip(prices, over, strict=True)):
            break  # nothing is overfull and nothing that is not full has a price: the bound is reached
        reach = FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / steps)
        for kind, way in enumerate(over):
            way = numpy.where((prices[kind] <= 0) & (way < 0), 0.0, way)
            means[kind] = MEAN * means[kind] + (1 - MEAN) * way
            sizes[kind] = SIZE * sizes[kind] + (1 - SIZE) * way * way
            mean = means[kind] / (1 - MEAN ** (step + 1))
            spread = numpy.sqrt(sizes[kind] / (1 - SIZE ** (step + 1)))
            move = numpy.divide(mean, spread, out=numpy.zeros_like(mean), where=spread > 0)
            prices[kind] = numpy.maximum(0.0, prices[kind] + reach * units[kind] * move)
        found, chosen = priced(problem, options, *prices)
        if found.bound > best.bound:
            best = found
        if enough(found, chosen):
            break
    return best


def _units(options: Options) -> tuple[float, Any]:
    """What one unit of room, and of each total, is about worth: what a task pays more at its worst place than at its best."""

    def spread(values: Any) -> Any:
        return -options.least(-values) - options.least(values)

    costs = spread(options.cost)
    bulk = (options.size * options.length)[options.first[:-1]]
    worth = float(numpy.median(costs / bulk)) or float((costs / bulk).max()) or 1.0
    totals = numpy.array([spread(row).sum() for row in options.totals])
    whole = costs.sum() or 1.0
    return worth, numpy.divide(whole, totals, out=numpy.ones(len(totals)), where=totals > 0)


def contradiction(problem: Assignment, options: Options, steps: int, effort: Effort) -> bool:
    """Whether some prices prove that nothing fits: what every task must pay at them is more than there is of everything."""
    free = replace(options, cost=numpy.zeros(options.count))
    proven = False

    def enough(prices: Prices, chosen: Any) -> bool:
        nonlocal proven
        proven = proven or prices.bound > 100 * prices.noise > 0
        return proven or effort.left <= 0

    ascend(problem, free, steps, enough)
    return proven
