"""Design search over a plan: what is left open becomes a decision, and CP-SAT finds the best."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy

from mlsysim.binding import RECOMPUTE, SPLIT, bind
from mlsysim.constraints.asserts import LARGER_IS_BETTER, metric
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.conflicts import Conflict, explain
from mlsysim.constraints.feasibility import failing
from mlsysim.constraints.fronts import Front, front
from mlsysim.constraints.search import TIE, Answer, search
from mlsysim.constraints.solver import Watch
from mlsysim.constraints.space import Space
from mlsysim.design import Design
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.fleets import FLEET, Fleet, fleet_space, fleets
from mlsysim.objectives import Objective
from mlsysim.objectives import objective as read_objective
from mlsysim.plan import LoadedPlan
from mlsysim.split import complete, describe, domains
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

PROBLEMS = ("parallelism", "nodes")
LATENCY = "performance.latency"
_SHORT = {
    "split.tensor": "tp", "split.pipeline": "pp", "split.data": "dp", "split.context": "cp", "split.expert": "ep",
    "split.microbatch": "microbatch", "split.interleave": "interleave", "split.zero": "zero",
    "split.recompute": "recompute", "split.sequence": "sequence_parallel",
}  # fmt: skip


@dataclass(frozen=True)
class Optimization:
    """The best design of a plan.

    Attributes:
        objective: what was optimised.
        answer: status, objective, bound, gap and the choice.
        evaluation: the plan at the choice, by the same kernel as any evaluation.
        conflict: the asserts that no design can keep, in words; the choice is then the best without them.
        seed: of the search.
        fleet: the fleet that was chosen, where one was.
    """

    objective: Objective
    answer: Answer
    evaluation: Evaluation
    conflict: str | None
    seed: int = 1
    fleet: Fleet | None = None

    @property
    def exit_code(self) -> int:
        """0 proven, 4 no design keeps the asserts, 5 the search ended without proof."""
        return 4 if self.conflict else 0 if self.answer.status == "optimal" else 5

    def to_dict(self) -> dict[str, Any]:
        """The search and the evaluation at its choice as one flat object; runners-up as an array where they were asked for."""
        answer = self.answer
        found: dict[str, Any] = {
            "o_status": "infeasible" if self.conflict else answer.status, "o_metric": self.objective.name,
            "o_unit": self.objective.unit, "o_objective": self.objective.in_unit(answer.objective),
            "o_bound": self.objective.in_unit(answer.bound), "o_gap": answer.gap, "o_space": answer.space,
            "o_rows": answer.rows, "o_enumerated": answer.checked, "o_seconds": round(answer.seconds, 3), "o_seed": self.seed,
            "o_conflict": self.conflict, **_chosen(answer.choice),
        }  # fmt: skip
        if self.fleet is not None:
            found |= {"o_hardware": self.fleet.name, "o_nodes": self.fleet.nodes}
        if answer.runners:
            found["o_runners_up"] = [
                {"o_objective": self.objective.in_unit(value), **_chosen(choice)} for value, choice in answer.runners
            ]
        return {**found, **self.evaluation.to_dict(), "exit_code": self.exit_code}

    def page(self, *, color: bool = False) -> str:
        """The answer as text: the choice, its proof, what comes next, and the scorecard of the plan with it."""
        answer = self.answer
        lines = []
        if self.conflict:
            lines += textwrap.wrap(f"no split keeps the asserts: {self.conflict}", 88)
            lines += ["The best split without them:", ""]
        fleet = f"{self.fleet.nodes:,} nodes of {self.fleet.name}: " if self.fleet else ""
        lines += textwrap.wrap(fleet + describe(answer.choice), 88)
        lines.append(f"  {self.objective.name:<24}  {self.objective.said(answer.objective)}")
        gap = "unknown" if answer.gap is None else f"{number(answer.gap * 100)} %"
        lines.append(f"  {'status':<24}  {answer.status}, bound {self.objective.said(answer.bound)}, gap {gap}")
        size = f"{answer.space:,} designs exist" if answer.space else "too many designs to enumerate"
        checked = "; all were enumerated and agree" if answer.checked else ""
        lines.append(f"  {'search':<24}  {size}, {answer.rows:,} rows left for CP-SAT, {answer.seconds:.2f} s{checked}")
        if answer.runners:
            lines += ["", "What comes next"]
            lines += [f"  {self.objective.said(value):<16}{describe(choice)}" for value, choice in answer.runners]
        return "\n".join(lines) + "\n\n" + self.evaluation.scorecard(color=color)

    def plan(self) -> dict[str, Any]:
        """The plan with the choice filled in; evaluating it gives the same numbers."""
        data = dict(self.evaluation.design.loaded.document.data)
        words = {leaf: field for field, leaf in SPLIT.items()}
        split = {words[leaf]: _said(leaf, value) for leaf, value in self.answer.choice.items() if leaf in words}
        fixed = {key: value for key, value in data.get("parallelism", {}).items() if key not in split}
        return {**data, "parallelism": {**fixed, **{k: v for k, v in split.items() if self._counts(k)}}}

    def _counts(self, field: str) -> bool:
        """Whether a plan of this phase may name a degree."""
        return self.evaluation.design.loaded.phase == "training" or field in ("tensor", "pipeline", "data")


@dataclass(frozen=True)
class ParetoFront:
    """The splits of which none is better in one metric without being worse in another.

    Attributes:
        metrics: what was traded, the first ordering the points.
        front: the points, and whether all are there.
        seed: of the searches.
    """

    metrics: tuple[str, ...]
    front: Front
    seed: int

    @property
    def exit_code(self) -> int:
        """0 where the front is complete, 4 where there is no design, 5 where time ended the search."""
        return 5 if not self.front.complete else 0 if self.front.points else 4

    def rows(self) -> list[dict[str, Any]]:
        """The points with values in the metrics' own units."""
        scales = {name: catalogue().QUANTITIES[name]["scale"] for name in self.metrics}
        return [
            {**{name: point.values[name] / scales[name] for name in self.metrics}, **_chosen(point.choice)}
            for point in self.front.points
        ]

    def to_dict(self) -> dict[str, Any]:
        """The front as plain data."""
        units = {name: catalogue().QUANTITIES[name]["display"] for name in self.metrics}
        return {"o_status": "optimal" if self.front.complete else "feasible", "o_units": units, "o_front": self.rows(),
                "o_seed": self.seed, "exit_code": self.exit_code}  # fmt: skip

    def page(self) -> str:
        """The front as a table and, of the first two metrics, a picture."""
        from mlsysim.picture import scatter

        if not self.front.points:
            return "no split keeps the conditions and the asserts"
        records = {name: catalogue().QUANTITIES[name] for name in self.metrics}
        lines = ["  " + "".join(f"{name:<32}" for name in self.metrics) + "split"]
        for point in self.front.points:
            lines.append(
                "  "
                + "".join(f"{amount(point.values[n], records[n]):<32}" for n in self.metrics)
                + describe(point.choice)
            )
        lines += [
            "",
            f"{len(self.front.points)} points" + ("" if self.front.complete else ", the time limit ended the search"),
            "",
        ]
        labels = [f"{name} [{records[name]['display']}]" for name in self.metrics[:2]]
        pairs = [(row[self.metrics[0]], row[self.metrics[1]]) for row in self.rows()]
        return "\n".join([*lines, scatter(pairs, *labels)])


def pareto(loaded: LoadedPlan, metrics: Sequence[str], *, time_limit: float = 60.0, seed: int = 1) -> ParetoFront:
    """The exact front of a plan's splits under its asserts.

    Args:
        loaded: the plan.
        metrics: two or more; throughput, utilisation and the like are maximised, all others minimised.
        time_limit: seconds for all searches together.
        seed: of the searches.

    Raises:
        InputError: fewer than two metrics, one that the plan skips, or a space too large for so many.
    """
    design = _divisible(bind(loaded))
    names = tuple(dict.fromkeys(metric(name, design.variant) for name in metrics))
    if len(names) < 2:
        raise InputError("a front needs two metrics or more", hint="such as --pareto latency,memory_required")
    first = evaluate(design)
    _refuse_skipped(first, names)
    limits = [Bound(each.metric, each.value, 1 if each.side == "max" else -1) for each in first.limits]
    senses = [(name, -1 if name in LARGER_IS_BETTER else 1) for name in names]
    return ParetoFront(names, front(_space(design), senses, bounds=limits, time_limit=time_limit, seed=seed), seed)


def _divisible(design: Design) -> Design:
    """A design whose model can be split.

    Raises:
        InputError: it is known by its profile alone.
    """
    if not design.variant.startswith("transformer"):
        raise InputError(f"{design.model.name} is known by its profile alone and cannot be split",
                         where=design.loaded.where("workload", "name"), hint="choose a transformer")  # fmt: skip
    return design


def _refuse_skipped(evaluation: Evaluation, names: Sequence[str]) -> None:
    """Refuse metrics and asserts that the plan cannot decide."""
    wanted = [(name, None) for name in names] + [(limit.metric, limit.where) for limit in evaluation.limits]
    for name, where in wanted:
        if evaluation.feasible and name in evaluation.skipped:
            raise InputError(f"{name} is skipped in this plan: {evaluation.skipped[name]}", where=where)


def _chosen(choice: dict[str, int]) -> dict[str, int]:
    return {f"o_{short}": choice[leaf] for leaf, short in _SHORT.items() if leaf in choice}


def _said(leaf: str, value: int) -> Any:
    """A decision as a plan writes it."""
    if leaf == "split.recompute":
        return RECOMPUTE[value]
    return bool(value) if leaf == "split.sequence" else value


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
        return _best_fleet(loaded, objective, largest, time_limit, seed, watch, hardware, nodes)
    if hardware or nodes:
        raise InputError("--hardware and --nodes choose a fleet", hint="say `mlsysim optimize nodes`")
    design = _divisible(bind(loaded))
    wanted = read_objective(objective, design.variant, largest=largest)
    if top < 1:
        raise InputError(f"--top: {top} is below 1", hint="give how many designs are wanted, such as 5")
    first = evaluate(design)
    _refuse_skipped(first, wanted.metrics)
    space = _space(design)
    limits = [Bound(each.metric, each.value, 1 if each.side == "max" else -1) for each in first.limits]
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
    chosen = design.with_split(answer.choice, "search", f"chosen by the search for the best {wanted.name}")
    return Optimization(wanted, answer, evaluate(chosen), conflict, seed)


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
    design = _divisible(bind(loaded.with_data(choices[0].plan)))
    wanted = read_objective(objective, design.variant, largest=largest)
    first = evaluate(design)
    _refuse_skipped(first, wanted.metrics)
    limits = [Bound(each.metric, each.value, 1 if each.side == "max" else -1) for each in first.limits]
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
        exact = {name: numpy.array([float(value)]) for name, value in quickest.choice.items()}
        objective = float(self.space.evaluate(exact, wanted.metrics)[wanted.metrics[0]][0])
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


def _space(design: Design) -> Space:
    """Every degree that the plan leaves open, with the values that could divide."""
    return Space(design.variant, complete(design).values, domains(design))
