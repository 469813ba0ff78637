"""The problem ``nodes`` where a plan serves: pools of one or more kinds of accelerator that share the traffic."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.assigning import assign
from mlsysim.constraints.assignment import Assignment, Rule, Task
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.conflicts import explain
from mlsysim.constraints.effort import Effort
from mlsysim.plan import LoadedPlan
from mlsysim.search.objectives import objective as read_objective
from mlsysim.search.pools.answer import Pools
from mlsysim.search.pools.offers import PARTS, Kind, Offering, Offers, adds_up, kinds
from mlsysim.search.refusals import conflict_of, unproven
from mlsysim.search.replicas import DEVICES
from mlsysim.search.runs import with_run
from mlsysim.search.task import refuse_skipped
from mlsysim.symbolic.errors import InfeasibleError, InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

#: What is minimised where nobody says.
FEWEST = "accelerators"
#: The total that all pools together must be: the parts of the traffic.
SERVED = "parts of the traffic"


def solve(
    loaded: LoadedPlan,
    *,
    objective: str | None = None,
    largest: bool | None = None,
    top: int = 1,
    effort: Effort | None = None,
    hardware: Sequence[str] = (),
    sla: Sequence[str] = (),
    qps: float | str | None = None,
    percentile: float | str | None = None,
    budget: str | None = None,
    carbon_cap: str | None = None,
) -> Pools:
    """Find the pools that serve a plan's traffic.

    Args:
        loaded: the plan; its asserts on performance hold for every pool, those on macro metrics for all together.
        objective: the accelerators, a macro metric, or a weighted sum; of all pools together.
        largest: whether to maximise.
        top: only the best pools are searched.
        effort: what the search may spend.
        hardware: the accelerators to choose from; ``H100=16`` where there are only so many.
        sla, qps, percentile: as for batching.
        budget, carbon_cap: what all pools together may cost and emit in the plan's duration.

    Raises:
        InputError: no traffic, an unknown accelerator, or an objective that does not add up over pools.
        InfeasibleError: no pools serve the traffic within the limits.
        UnprovenError: the time is up before any pools are known.
    """
    if top != 1:
        raise InputError("--top: of pools that serve only the best are searched", hint="leave it out")
    started = time.perf_counter()
    effort = (effort or Effort()).begun()
    loaded = with_run(loaded, None, budget=budget, carbon_cap=carbon_cap)
    choices = kinds(loaded, hardware, sla, qps, percentile)
    wanted = read_objective(objective or FEWEST, choices[0].task.space.variant, largest=largest)
    if wanted.largest:
        raise InputError(f"{wanted.name}: a pool could always be larger", hint="minimise accelerators, tco or carbon")
    for metric in wanted.metrics:
        if metric != DEVICES and not (metric.startswith("macro.") and _extensive(metric)):
            raise InputError(
                f"{metric} does not add up over pools", hint="minimise accelerators, tco, energy or carbon"
            )
    for kind in choices:
        refuse_skipped(kind.task.first, [metric for metric in wanted.metrics if metric != DEVICES])
    whole = [limit for limit in choices[0].task.first.enforced if adds_up(limit)]
    for limit in whole:
        if not _extensive(limit.metric):
            raise InputError(f"{limit.metric} does not add up over pools", where=limit.where, hint="limit macro.tco")
    offered = [Offering(kind, wanted).offers() for kind in choices]
    served = (Bound(SERVED, float(PARTS), -1), Bound(SERVED, float(PARTS)))  # all of it, and no more than there is
    bounds = (*served, *(Bound.of(limit) for limit in whole))
    assigned = assign(_problem(offered, bounds), effort=effort)
    if assigned.status == "infeasible":
        raise InfeasibleError(_why_not(offered, whole, bounds, effort), where=loaded.where("hardware", key=True))
    if not assigned.chosen:
        raise unproven(effort)
    positions = tuple(_position(o, *at) for o, at in zip(offered, assigned.chosen, strict=True))
    assigned = replace(assigned, seconds=time.perf_counter() - started)
    return Pools(loaded, wanted, tuple(offered), positions, assigned, effort)


def _extensive(metric: str) -> bool:
    """Whether a macro metric of pools is the sum of theirs."""
    return not metric.rpartition(".")[2].startswith("cost_per")


def _problem(offered: Sequence[Offers], bounds: Sequence[Bound]) -> Assignment:
    """Every kind takes one of its offers, or none: a row for each alternative, a column for each number of parts."""
    rows = max(int(numpy.unique(o.parts, return_counts=True)[1].max(initial=1)) for o in offered)
    return Assignment(tuple(_task(each, rows, bounds) for each in offered), (None,) * rows, PARTS + 1, tuple(bounds))


def _task(offers: Offers, rows: int, bounds: Sequence[Bound]) -> Task:
    """A kind as a task: no room is shared, only totals."""
    shape = (rows, PARTS + 1)
    cost, missing = numpy.zeros(shape), numpy.ones(shape)
    missing[0, 0] = 0.0
    totals = {bound.quantity: numpy.zeros(shape) for bound in bounds}
    totals[SERVED] += numpy.arange(PARTS + 1)
    for position, parts in enumerate(offers.parts):
        at = (offers.alternative(position), parts)
        cost[at], missing[at] = offers.cost[position], 0.0
        for name, values in offers.totals.items():
            totals[name][at] = values[position]
    return Task(offers.kind.name, 1, 1, cost, totals, {"offered": Rule(missing, 0.0)})


def _position(offers: Offers, alternative: int, parts: int) -> int | None:
    """Which offer was taken; None where the kind is not used."""
    for position, number in enumerate(offers.parts):
        if (offers.alternative(position), number) == (alternative, parts):
            return position
    return None


def _why_not(offered: Sequence[Offers], whole: Sequence[Limit], bounds: Sequence[Bound], effort: Effort) -> str:
    """Why no pools serve the traffic, in words."""
    reach = {o.kind.name: int(o.parts.max(initial=0)) for o in offered}
    if not any(reach.values()):
        return "; ".join(_unserved(o.kind, effort) for o in offered)
    if sum(reach.values()) < PARTS:
        there = ", ".join(
            f"{o.kind.most:,.0f} {o.kind.name} serve {reach[o.kind.name]}/{PARTS}" if math.isfinite(o.kind.most)
            else f"{o.kind.name} serves {reach[o.kind.name]}/{PARTS}" for o in offered
        )  # fmt: skip
        return f"there are too few accelerators for the traffic: {there} of it within the limits"
    words = []
    for limit, bound in zip(whole, bounds[-len(whole) :] if whole else (), strict=True):
        tasks = []
        rest = [each for each in bounds if each is not bound]
        free = _problem(offered, bounds)
        for task in free.tasks:
            tasks.append(Task(task.name, 1, 1, bound.sign * task.totals[bound.quantity], task.totals, task.rules))
        best = assign(Assignment(tuple(tasks), free.rooms, free.windows, tuple(rest)), effort=effort.part(0.5))
        if best.cost is not None:
            reached = amount(bound.sign * best.cost, catalogue().QUANTITIES[bound.quantity], toward=bound.sign)
            words.append(f"{limit.text}, but the best reachable is {reached}")
    return "no pools keep the asserts: " + "; or ".join(words)


def _unserved(kind: Kind, effort: Effort) -> str:
    """Why a kind of accelerator serves nothing, in words."""
    found = explain(kind.task.space, kind.task.bounds, effort.part(0.5))
    return f"{kind.name} serves none of it: {conflict_of(kind.task, found)}"


__all__ = ["Pools", "solve"]
