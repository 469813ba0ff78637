"""Design search over a plan: what is left open becomes a decision, and CP-SAT finds the best."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, replace
from typing import Any

import numpy

from mlsysim.binding import bind
from mlsysim.constraints.asserts import LARGER_IS_BETTER, metric
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.search import TIE, Answer, search
from mlsysim.constraints.space import Space
from mlsysim.constraints.structure import support
from mlsysim.design import Design
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.split import complete, describe, domains
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

PROBLEMS = ("parallelism",)
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
        objective: the metric that was optimised.
        answer: status, objective, bound, gap and the choice.
        evaluation: the plan at the choice, by the same kernel as any evaluation.
        conflict: the asserts that no design can keep, in words; the choice is then the best without them.
    """

    objective: str
    answer: Answer
    evaluation: Evaluation
    conflict: str | None

    @property
    def exit_code(self) -> int:
        """0 proven, 4 no design keeps the asserts, 5 the search ended without proof."""
        return 4 if self.conflict else 0 if self.answer.status == "optimal" else 5

    def to_dict(self) -> dict[str, Any]:
        """The search and the evaluation at its choice as one flat object."""
        record = catalogue().QUANTITIES[self.objective]
        scaled = {k: None if v is None else v / record["scale"]
                  for k, v in (("objective", self.answer.objective), ("bound", self.answer.bound))}  # fmt: skip
        chosen = {
            f"o_{short}": self.answer.choice[leaf] for leaf, short in _SHORT.items() if leaf in self.answer.choice
        }
        return {
            "o_status": "infeasible" if self.conflict else self.answer.status, "o_metric": self.objective,
            "o_unit": record["display"], "o_objective": scaled["objective"], "o_bound": scaled["bound"],
            "o_gap": self.answer.gap, "o_space": self.answer.space, "o_rows": self.answer.rows,
            "o_enumerated": self.answer.checked, "o_seconds": round(self.answer.seconds, 3), "o_conflict": self.conflict,
            **chosen, **self.evaluation.to_dict(), "exit_code": self.exit_code,
        }  # fmt: skip

    def page(self, *, color: bool = False) -> str:
        """The answer as text: the choice, its proof, and the scorecard of the plan with it."""
        record = catalogue().QUANTITIES[self.objective]
        answer = self.answer
        lines = []
        if self.conflict:
            lines += textwrap.wrap(f"no split keeps the asserts: {self.conflict}", 88)
            lines += ["The best split without them:", ""]
        lines += textwrap.wrap(describe(answer.choice), 88)
        lines.append(f"  {self.objective:<24}  {amount(answer.objective or 0, record)}")
        bound = "none" if answer.bound is None else amount(answer.bound, record)
        gap = "unknown" if answer.gap is None else f"{number(answer.gap * 100)} %"
        lines.append(f"  {'status':<24}  {answer.status}, bound {bound}, gap {gap}")
        size = f"{answer.space:,} splits exist" if answer.space else "too many splits to enumerate"
        checked = "; all were enumerated and agree" if answer.checked else ""
        lines.append(f"  {'search':<24}  {size}, {answer.rows:,} rows left for CP-SAT, {answer.seconds:.2f} s{checked}")
        return "\n".join(lines) + "\n\n" + self.evaluation.scorecard(color=color)


def optimize(
    loaded: LoadedPlan,
    problem: str = "parallelism",
    *,
    objective: str = "performance.latency",
    time_limit: float = 60.0,
    seed: int = 1,
) -> Optimization:
    """Find the best split of a plan's model over its accelerators.

    Args:
        loaded: the plan; what its parallelism section fixes stays fixed, its asserts are constraints.
        problem: ``parallelism``.
        objective: a metric; throughput, utilisation and the like are maximised, all others minimised.
        time_limit: seconds for the solver.
        seed: the same seed gives the same answer.

    Raises:
        UnknownNameError: no such problem or metric.
        InputError: the plan has nothing to decide, or skips the objective.
        InfeasibleError: no split fits, whatever the asserts.
    """
    if problem not in PROBLEMS:
        raise UnknownNameError("problem", problem, PROBLEMS, see=f"the problems are {', '.join(PROBLEMS)}")
    if not (math.isfinite(time_limit) and time_limit > 0):
        raise InputError(f"--time-limit: {time_limit:g} is not above 0", hint="give seconds, such as 60")
    design = bind(loaded)
    if not design.variant.startswith("transformer"):
        raise InputError(f"{design.model.name} is known by its profile alone and cannot be split",
                         where=loaded.where("workload", "name"), hint="choose a transformer")  # fmt: skip
    target = metric(objective, design.variant, what="objective")
    first = evaluate(design)
    if first.feasible and target in first.skipped:
        raise InputError(f"{target} is skipped in this plan: {first.skipped[target]}")
    space = _space(design)
    sense = -1 if target in LARGER_IS_BETTER else 1
    limits = [Bound(each.metric, each.value, 1 if each.side == "max" else -1) for each in first.limits]
    for each in first.limits:
        if first.feasible and each.metric in first.skipped:
            raise InputError(f"{each.metric} is skipped in this plan: {first.skipped[each.metric]}", where=each.where)
    if space.decisions and not support(design.variant, target, space.decisions):
        raise InputError(
            f"{target} does not depend on the split", hint="optimise performance.latency or a cost per token"
        )
    answer = _best(space, target, sense, limits, time_limit, seed)
    conflict = None
    if not answer.choice and limits:
        answer = _best(space, target, sense, [], time_limit, seed)
        conflict = _conflict(space, first, seed, time_limit)
    if not answer.choice:
        raise InfeasibleError(f"no split of {design.model.name} fits: {first.failures[0].sentence}",
                              where=loaded.where("hardware", key=True), hint=_cures(first))  # fmt: skip
    chosen = design.with_split(answer.choice, "search", f"chosen by the search for the best {target}")
    return Optimization(target, answer, evaluate(chosen), conflict)


def _best(space: Space, target: str, sense: int, limits: list[Bound], time_limit: float, seed: int) -> Answer:
    """The best of a metric; among equals the one with the least latency."""
    answer = search(space, target, sense=sense, bounds=limits, time_limit=time_limit, seed=seed)
    if answer.objective is None or target == LATENCY:
        return answer
    equal = Bound(target, answer.objective + sense * TIE * abs(answer.objective), sense)
    quickest = search(space, LATENCY, bounds=[*limits, equal], time_limit=time_limit, seed=seed)
    if not quickest.choice:
        return answer
    exact = {name: numpy.array([float(value)]) for name, value in quickest.choice.items()}
    objective = float(space.evaluate(exact, [target])[target][0])
    return replace(answer, choice=quickest.choice, objective=objective, seconds=answer.seconds + quickest.seconds)


def _cures(evaluation: Evaluation) -> str | None:
    from mlsysim.remedies import remedies

    return " or ".join(remedies(evaluation)) or None


def _conflict(space: Space, evaluation: Evaluation, seed: int, time_limit: float) -> str:
    """Each assert alone against the best that is reachable for its metric."""
    words = []
    for limit in evaluation.limits:
        sense = 1 if limit.side == "max" else -1
        best = search(space, limit.metric, sense=sense, seed=seed, time_limit=time_limit)
        if best.objective is not None and not limit.holds(best.objective):
            record = catalogue().QUANTITIES[limit.metric]
            words.append(
                f"{limit.text}, but the best reachable is {amount(best.objective, record)} ({describe(best.choice)})"
            )
    return "; ".join(words) or "each can be kept alone, but not together: " + ", ".join(
        e.text for e in evaluation.limits
    )


def _space(design: Design) -> Space:
    """Every degree that the plan leaves open, with the values that could divide."""
    return Space(design.variant, complete(design).values, domains(design))
