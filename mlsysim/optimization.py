"""Design search over a plan: what is left open becomes a decision, and CP-SAT finds the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlsysim.binding import bind
from mlsysim.choices import chosen_design, design_space, precision_space
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.conflicts import Conflict, explain
from mlsysim.constraints.feasibility import failing
from mlsysim.constraints.search import TIE, Answer, search
from mlsysim.constraints.solver import Watch
from mlsysim.constraints.space import Space, rows_of
from mlsysim.design import Design
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.fleets import FLEET, fleet_space, fleets
from mlsysim.hosts import refuse_unknown_host
from mlsysim.objectives import Objective
from mlsysim.objectives import objective as read_objective
from mlsysim.optimum import Optimization
from mlsysim.plan import LoadedPlan
from mlsysim.split import describe
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

PROBLEMS = ("parallelism", "nodes")
LATENCY = "performance.latency"


def optimize(
    loaded: LoadedPlan,
    problem: str = "parallelism",
    *,
    objective: str = LATENCY,
    largest: bool | None = None,
    top: int = 1,
    time_limit: float = 60.0,
    seed: int = 1,
    watch: Watch | None = None,
    hardware: Sequence[str] = (),
    nodes: Sequence[int] = (),
) -> Optimization:
    """Find the best split of a plan's model over its accelerators, or the best fleet with its split.

    Args:
        loaded: the plan; what its parallelism section fixes stays fixed, its asserts are constraints.
        problem: ``parallelism``, or ``nodes``: which accelerator, and how many nodes of it, jointly with the split.
        objective: a metric, or a weighted sum such as ``latency + 0.5*tco`` with weights per unit of each metric.
        largest: whether to maximise; by default throughput, utilisation and the like are, all others are minimised.
        top: how many designs are wanted: the best, and those that come next.
        time_limit: seconds for the solver.
        seed: the same seed gives the same answer.
        watch: told of every better design, with the solver's bound.
        hardware, nodes: the accelerators and numbers of nodes that a fleet may be of.

    Raises:
        UnknownNameError: no such problem or metric.
        InputError: the plan has nothing to decide, or skips the objective.
        InfeasibleError: no split fits, whatever the asserts.
    """
    if problem not in PROBLEMS:
        raise UnknownNameError("problem", problem, PROBLEMS, see=f"the problems are {', '.join(PROBLEMS)}")
    if not (math.isfinite(time_limit) and time_limit > 0):
        raise InputError(f"--time-limit: {time_limit:g} is not above 0", hint="give seconds, such as 60")
    if problem == "nodes":
        if top > 1:
            raise InputError("--top: of fleets only the best is searched", hint="leave it out")
        return _best_fleet(loaded, objective, largest, time_limit, seed, watch, hardware, nodes)
    if hardware or nodes:
        raise InputError("--hardware and --nodes choose a fleet", hint="say `mlsysim optimize nodes`")
    design = divisible(bind(loaded))
    wanted = read_objective(objective, design.variant, largest=largest)
    if top < 1:
        raise InputError(f"--top: {top} is below 1", hint="give how many designs are wanted, such as 5")
    first = evaluate(design)
    refuse_skipped(first, wanted.metrics)
    space = split_space(design)
    limits = limits_of(first)
    if space.decisions and not any(space.support(name) for name in wanted.metrics):
        raise InputError(
            f"{wanted.name} does not depend on the split", hint="optimise performance.latency or a cost per token"
        )
    search_for = _Search(space, time_limit, seed, watch)
    answer = search_for.best(wanted, limits, top)
    conflict = None
    if not answer.choice and limits:
        conflict = _conflict(first, explain(space, limits, time_limit=time_limit, seed=seed))
        answer = search_for.best(wanted, [], top)
    if not answer.choice:
        raise InfeasibleError(f"no split of {design.model.name} fits: {_why(space, first, time_limit, seed)}",
                              where=loaded.where("hardware", key=True), hint=_cures(first))  # fmt: skip
    chosen = chosen_design(design, answer.choice, f"chosen by the search for the best {wanted.name}")
    return Optimization(wanted, answer, evaluate(chosen), conflict, seed)


def divisible(design: Design) -> Design:
    """A design whose model can be split.

    Raises:
        InputError: it is known by its profile alone.
    """
    if not design.variant.startswith("transformer"):
        raise InputError(f"{design.model.name} is known by its profile alone and cannot be split",
                         where=design.loaded.where("workload", "name"), hint="choose a transformer")  # fmt: skip
    return design


def refuse_skipped(evaluation: Evaluation, names: Sequence[str]) -> None:
    """Refuse metrics and asserts that the plan cannot decide."""
    wanted = [(name, None) for name in names] + [(limit.metric, limit.where) for limit in evaluation.limits]
    for name, where in wanted:
        if evaluation.feasible and name in evaluation.skipped:
            raise InputError(f"{name} is skipped in this plan: {evaluation.skipped[name]}", where=where)


def limits_of(evaluation: Evaluation) -> list[Bound]:
    """The plan's asserts as limits of a search."""
    return [Bound(each.metric, each.value, 1 if each.side == "max" else -1) for each in evaluation.limits]


def _best_fleet(
    loaded: LoadedPlan,
    objective: str,
    largest: bool | None,
    time_limit: float,
    seed: int,
    watch: Watch | None,
    hardware: Sequence[str],
    nodes: Sequence[int],
) -> Optimization:
    """The best fleet of some accelerators and numbers of nodes, jointly with its split, under the plan's asserts."""
    choices = fleets(loaded, hardware, nodes)
    space = fleet_space(loaded, choices)
    design = divisible(bind(loaded.with_data(choices[0].plan)))
    wanted = read_objective(objective, design.variant, largest=largest)
    first = evaluate(design)
    refuse_skipped(first, wanted.metrics)
    limits = limits_of(first)
    answer = search(space, wanted.goal, bounds=limits, time_limit=time_limit, seed=seed, watch=watch)
    if not answer.choice:
        words = [
            f"{each.text}, but the best reachable is {amount(best.objective, catalogue().QUANTITIES[each.metric])}"
            for each, bound in zip(first.limits, limits, strict=True)
            if (best := search(space, each.metric, sense=bound.sign, seed=seed, time_limit=time_limit)).objective
            is not None
            and not each.holds(best.objective)
        ]
        why = "; ".join(words) or (
            first.failures[0].sentence if first.failures else "the asserts cannot be kept together"
        )
        raise InfeasibleError(
            f"no fleet keeps the conditions and the asserts: {why}", where=loaded.where("hardware", key=True)
        )
    fleet = choices[answer.choice[FLEET]]
    split = {leaf: value for leaf, value in answer.choice.items() if leaf != FLEET}
    chosen = bind(loaded.with_data(fleet.plan)).with_split(
        split, "search", f"chosen by the search for the best {wanted.name}"
    )
    return Optimization(wanted, replace(answer, choice=split), evaluate(chosen), None, seed, fleet)


@dataclass(frozen=True)
class _Search:
    """Searches of one space."""

    space: Space
    time_limit: float
    seed: int
    watch: Watch | None

    def best(self, wanted: Objective, limits: list[Bound], top: int) -> Answer:
        """The best of an objective; among equals of a single metric the one with the least latency."""
        options: dict[str, Any] = {"time_limit": self.time_limit, "seed": self.seed}
        answer = search(self.space, wanted.goal, bounds=limits, top=top, watch=self.watch, **options)
        if answer.objective is None or wanted.metrics[0] == LATENCY or len(wanted.metrics) > 1:
            return answer
        sense = -1 if wanted.largest else 1
        equal = Bound(wanted.metrics[0], answer.objective + sense * TIE * abs(answer.objective), sense)
        quickest = search(self.space, LATENCY, bounds=[*limits, equal], **options)
        if not quickest.choice:
            return answer
        objective = float(self.space.evaluate(rows_of(quickest.choice), wanted.metrics)[wanted.metrics[0]][0])
        runners = tuple(each for each in answer.runners if each[1] != quickest.choice)
        return replace(answer, choice=quickest.choice, objective=objective, runners=runners,
                       seconds=answer.seconds + quickest.seconds)  # fmt: skip


def _cures(evaluation: Evaluation) -> str | None:
    from mlsysim.remedies import remedies

    return " or ".join(remedies(evaluation)) or None


def _conflict(evaluation: Evaluation, conflict: Conflict) -> str:
    """The limits that contradict each other, and what each would have to be, in words."""
    asked = {(limit.metric, 1 if limit.side == "max" else -1, limit.value): limit.text for limit in evaluation.limits}
    own = {c["needed"]: c for c in catalogue().VARIANTS[evaluation.variant]["conditions"]}
    words = []
    for each in conflict.relaxations:
        bound, record = each.bound, catalogue().QUANTITIES[each.bound.quantity]
        known = asked.get((bound.quantity, bound.sign, bound.value))
        if each.reachable is None:
            words.append(f"{known or own[bound.quantity]['name']}, which no value of it would cure")
        elif known:
            words.append(
                f"{known}, but the best reachable is {amount(each.reachable, record)} ({describe(each.choice)})"
            )
        else:
            short = failing(own[bound.quantity], each.reachable, bound.value)
            words.append(f"{short}, at the best split for it ({describe(each.choice)})")
    return "; or ".join(words)


def _why(space: Space, evaluation: Evaluation, time_limit: float, seed: int) -> str:
    """Why no split fits, whatever the asserts: the structure, or what each split needs at least."""
    if not space.possible("structural"):
        return evaluation.failures[0].sentence
    found = explain(space, [], time_limit=time_limit, seed=seed)
    return _conflict(evaluation, found) or evaluation.failures[0].sentence


def split_space(design: Design) -> Space:
    """Every degree that the plan leaves open, with the values that could divide, and the formats that it offers."""
    if design.loaded.plan.search.offload:
        refuse_unknown_host(design.loaded, design.bindings, "search", "offload")
    return (precision_space if design.loaded.plan.search.precisions else design_space)(design)
