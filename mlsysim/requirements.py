"""Synthesis: what hardware a target needs, one input at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlsysim.api import BoundKernel, Planlike, evaluate
from mlsysim.constraints.asserts import Limit, read_limit
from mlsysim.design.binding import bind
from mlsysim.elasticities import slopes
from mlsysim.evaluation import Evaluation
from mlsysim.plan import LoadedPlan, load
from mlsysim.remedies import refuse_infeasible
from mlsysim.result import figure
from mlsysim.search.optimization import optimize
from mlsysim.symbolic.errors import InfeasibleError, InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

#: The inputs that hardware offers, as people ask for them.
LEVERS = {
    "memory bandwidth": "accelerator.bandwidth", "arithmetic": "accelerator.peak", "memory": "accelerator.capacity",
    "link bandwidth": "node.link_bandwidth", "network bandwidth": "node.net_bandwidth",
}  # fmt: skip
#: How far from today's value a lever is looked for.
FARTHEST = 1e9


@dataclass(frozen=True)
class Requirement:
    """What one input must be for a target.

    Attributes:
        what: the input in words.
        leaf: the input's name in the graph.
        value: what it must be, in coherent units; None where no value reaches the target.
        today: what it is.
        how: ``closed form``, or the bracket within which a root was found.
        floor: where no value reaches it, what floors the metric.
        toward: 1 where larger values reach it as well, -1 where smaller ones do.
    """

    what: str
    leaf: str
    value: float | None
    today: float
    how: str
    floor: str = ""
    toward: int = 1


@dataclass(frozen=True)
class Synthesis:
    """The requirements of a target."""

    target: Limit
    evaluation: Evaluation
    requirements: tuple[Requirement, ...]
    nodes: str

    @property
    def exit_code(self) -> int:
        """0 where some single change reaches the target, 4 where none does."""
        reached = any(r.value is not None for r in self.requirements) or not self.nodes.startswith("no number")
        return 0 if reached else 4

    def to_dict(self) -> dict[str, Any]:
        """The requirements as plain data, each in its unit."""
        rows = []
        for r in self.requirements:
            record = catalogue().QUANTITIES[r.leaf]
            scaled = None if r.value is None else r.value / record["scale"]
            rows.append({"input": r.leaf, "required": scaled, "today": r.today / record["scale"], "unit": record["display"],
                         "how": r.how, "floor": r.floor or None})  # fmt: skip
        name = self.target.metric
        return {
            "target": self.target.text, "now": figure(name, self.evaluation.values[name]),
            "unit": catalogue().QUANTITIES[name]["display"], "requirements": rows, "accelerators": self.nodes,
        }  # fmt: skip

    def page(self) -> str:
        """The requirements as text."""
        record = catalogue().QUANTITIES[self.target.metric]
        now = amount(self.evaluation.values[self.target.metric], record)
        lines = [f"{self.target.text} (now {now})", "", "Each of these alone reaches it, everything else held"]
        for r in self.requirements:
            unit = catalogue().QUANTITIES[r.leaf]
            if r.value is None:
                lines.append(f"  {r.what:<20}no value reaches it: {r.floor}")
                continue
            times = f"{number(r.value / r.today, r.toward)} times today's {amount(r.today, unit)}"
            lines.append(f"  {r.what:<20}{amount(r.value, unit, r.toward):<18}{times} ({r.how})")
        lines.append(f"  {'accelerators':<20}{self.nodes}")
        return "\n".join(lines)


def synthesize(plan: Planlike, target: str) -> Synthesis:
    """What each input of hardware must be for a metric to keep a target.

    Args:
        plan: the plan; everything but one input at a time is held.
        target: a metric, ``<=`` or ``>=``, and a value with its unit, such as ``"itl <= 30 ms"``.

    Raises:
        InputError: the target cannot be read, or the plan skips its metric.
        InfeasibleError: the plan's design does not fit.
    """
    evaluation = evaluate(plan)
    wanted = read_limit(target, evaluation.variant)
    if wanted.value <= 0:
        raise InputError(
            f"{target!r}: no hardware makes a metric {'0' if wanted.value == 0 else 'negative'}",
            hint="give a value above 0",
        )
    if wanted.metric in evaluation.skipped:
        refuse_infeasible(evaluation)
        raise InputError(f"{wanted.metric} is skipped in this plan: {evaluation.skipped[wanted.metric]}")
    found = [
        _requirement(plan, evaluation, wanted, what, leaf) for what, leaf in LEVERS.items() if leaf in evaluation.values
    ]
    return Synthesis(wanted, evaluation, tuple(r for r in found if r), _nodes(plan, wanted))


def _requirement(plan: Planlike, evaluation: Evaluation, wanted: Limit, what: str, leaf: str) -> Requirement | None:
    """The value of one leaf at which the metric just keeps its limit."""
    today = evaluation.values[leaf]
    if not math.isfinite(today) or not any(
        slopes(evaluation, leaf, [wanted.metric], d)[wanted.metric] for d in (1, -1)
    ):
        return None
    bound = BoundKernel(evaluation.design)

    def metric_at(value: float) -> float:
        return bound.values_at({leaf: value})[wanted.metric]

    low, high = today / FARTHEST, today * FARTHEST
    if wanted.holds(metric_at(low)) == wanted.holds(metric_at(high)):
        if wanted.holds(metric_at(high)):
            return Requirement(what, leaf, today, today, "any value keeps it")
        best = max((low, high), key=lambda v: wanted.slack(metric_at(v)))
        floor = amount(metric_at(best), catalogue().QUANTITIES[wanted.metric], toward=wanted.sign)
        return Requirement(what, leaf, None, today, "", f"{_floor(bound, wanted, leaf, best)} floors it at {floor}")
    toward = 1 if wanted.holds(metric_at(high)) else -1
    left, right = _bisect(lambda v: wanted.holds(metric_at(v)), low, high)
    value = _closed_form(metric_at, wanted, math.sqrt(left * right))
    if value is not None:
        return Requirement(what, leaf, value, today, "closed form", toward=toward)
    kept = right if toward > 0 else left
    return Requirement(what, leaf, kept, today, f"root within [{left:.12g}, {right:.12g}]", toward=toward)


def _bisect(holds: Callable[[float], bool], low: float, high: float) -> tuple[float, float]:
    """Shrink a bracket, on a logarithmic scale, until its ends are neighbours for a person."""
    above = holds(high)
    while high / low > 1 + 1e-13:
        middle = math.sqrt(low * high)
        if middle in (low, high):
            break
        if holds(middle) == above:
            high = middle
        else:
            low = middle
    return low, high


def _closed_form(metric_at: Callable[[float], float], wanted: Limit, root: float) -> float | None:
    """Solve ``fixed + scaled / x = target`` (or its reciprocal) where that is the branch at the root, known roughly."""
    for forward in (lambda y: y, lambda y: 1 / y):
        a, b, c = (forward(metric_at(root * step)) for step in (1 - 1e-3, 1 - 2e-3, 1 - 3e-3))
        x = [root * (1 - k * 1e-3) for k in (1, 2, 3)]
        scaled = (a - b) / (1 / x[0] - 1 / x[1])
        fixed = a - scaled / x[0]
        if abs(fixed + scaled / x[2] - c) > 1e-11 * abs(c) or forward(wanted.value) == fixed:
            continue
        value = scaled / (forward(wanted.value) - fixed)
        if value > 0 and abs(metric_at(value) - wanted.value) <= 1e-9 * abs(wanted.value):
            return value if wanted.holds(metric_at(value)) else math.nextafter(value, math.inf)
    return None


def _floor(bound: BoundKernel, wanted: Limit, leaf: str, value: float) -> str:
    """The largest term that is left of a metric when an input is as good as can be."""
    there = Evaluation(bound.design, bound.values_at({leaf: value}), ())
    return f"the {there.cause(wanted.metric)} wall"


#: How many accelerator counts are tried between two doublings.
TRIED = 64


def _nodes(plan: Planlike, wanted: Limit) -> str:
    """The fewest accelerators that keep the target; serving takes the best split for it, training the rule's.

    Doublings bracket the number; between the last two every number of nodes is tried, or evenly spaced ones where there
    are more than ``TRIED``. More accelerators are not always better, since a split must divide.
    """
    loaded = load(plan)
    kept = (section for section in loaded.document.data if section not in ("parallelism", "constraints"))
    raw = {section: loaded.document.data[section] for section in kept}
    raw["workload"] = {**raw["workload"], "phase": loaded.phase}
    per_node = int(bind(loaded).bindings["node.accelerators"].value or 1)
    doublings = [per_node * 2**power for power in range(13)]
    if loaded.phase == "inference":
        doublings = [2**power for power in range(per_node.bit_length() - 1)] + doublings
    below = 0
    for doubling in doublings:
        if _reached(loaded, raw, doubling, per_node, wanted) is None:
            below = doubling
            continue
        unit = 1 if doubling <= per_node and loaded.phase == "inference" else per_node
        step = unit * math.ceil((doubling - below) / unit / TRIED)
        for count in range(below + step, doubling + 1, step):
            value = _reached(loaded, raw, count, per_node, wanted)
            if value is not None:
                tried = "" if step == unit else f"; tried in steps of {step:,}"
                shown = amount(value, catalogue().QUANTITIES[wanted.metric], toward=wanted.sign)
                return f"{count:,} reach {shown} (split chosen anew{tried})"
    return f"no number up to {doublings[-1]:,} reaches it"


def _reached(loaded: LoadedPlan, raw: dict[str, Any], count: int, per_node: int, wanted: Limit) -> float | None:
    """The metric with another number of accelerators, where it keeps the target."""
    value = _with(loaded, raw, count, per_node, wanted)
    return value if value is not None and wanted.holds(value) else None


def _with(loaded: LoadedPlan, raw: dict[str, Any], count: int, per_node: int, wanted: Limit) -> float | None:
    """The metric with another number of accelerators; None where nothing fits."""
    training = loaded.phase == "training"
    many = {"nodes": count // per_node} if training else {"accelerators": count}
    try:
        changed = loaded.with_data({**raw, "hardware": {"name": raw["hardware"]["name"], **many}})
        evaluation = evaluate(changed)
        if not training and "transformer" in evaluation.variant:
            evaluation = optimize(changed, objective=wanted.metric).evaluation
        return evaluation.metrics.get(wanted.metric)
    except (InputError, InfeasibleError):
        return None
