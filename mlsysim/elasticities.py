"""Sensitivity: what each input does to each metric, by exact derivatives of the kernel; counts move by whole numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.asserts import metric
from mlsysim.evaluation import Evaluation
from mlsysim.page import table_width, wrapped
from mlsysim.remedies import refuse_infeasible
from mlsysim.shadow_prices import ShadowPrice, price
from mlsysim.symbolic.dual import Dual
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.words import amount

#: The metrics that the table shows beside the one that was asked for.
ACROSS = (
    "performance.latency",
    "feasibility.memory_required",
    "performance.goodput",
    "macro.tco",
    "macro.energy",
    "macro.carbon",
)
#: What an assert is priced in, where the metric that was asked for gains nothing.
GAINS = ("macro.tco", "macro.energy", "performance.latency")
#: What hardware offers, and what of it and of the fleet may move by a little.
HARDWARE = ("accelerator.", "node.", "storage.")
MOVABLE = (*HARDWARE, "split.devices")
#: What makes a node what it is: another number is another node.
BUILT = ("node.accelerators", "node.reach")
LAYERS, DENSE = "model.layers", "model.dense_layers"
#: Elasticities closer than this are one.
SAME = 1e-9


@dataclass(frozen=True)
class Elasticity:
    """By how many percent a metric changes when an input grows, or shrinks, by one percent.

    Attributes:
        leaf: the input.
        wall: the wall through whose law the input acts.
        grows, shrinks: one-sided elasticities; they differ at a kink.
        whole: whether the input is a count, which moves by whole numbers.
    """

    leaf: str
    wall: str
    grows: float
    shrinks: float
    whole: bool = False

    @property
    def kink(self) -> bool:
        """Whether the two sides differ; those of a count by more than the curve between its steps."""
        return abs(self.grows - self.shrinks) > (0.02 * self.size if self.whole else SAME)

    @property
    def size(self) -> float:
        """The larger of both sides, without sign."""
        return max(abs(self.grows), abs(self.shrinks))


@dataclass(frozen=True)
class Sensitivity:
    """The elasticities of a metric in every input of a plan, the largest first."""

    evaluation: Evaluation
    metric: str
    elasticities: tuple[Elasticity, ...]
    across: dict[str, dict[str, float]]
    prices: tuple[ShadowPrice, ...]

    @property
    def binding_wall(self) -> str:
        """The wall of the largest elasticity among the inputs that hardware offers; the metric's own where none matters."""
        offered = (e.wall for e in self.elasticities if e.leaf.startswith(HARDWARE) and not e.whole)
        return next(offered, self.evaluation.cause(self.metric))

    def to_dict(self) -> dict[str, Any]:
        """The table as plain data."""
        return {
            "metric": self.metric, "binding_wall": self.binding_wall,
            "elasticities": [
                {"input": e.leaf, "wall": e.wall, "grows": e.grows, "shrinks": e.shrinks, "kink": e.kink, **self.across[e.leaf]}
                for e in self.elasticities
            ],
            "shadow_prices": [price.to_dict() for price in self.prices],
        }  # fmt: skip

    def page(self, top: int = 15) -> str:
        """The table as text: what one percent more of each input does, in percent."""
        value = amount(self.evaluation.values[self.metric], catalogue().QUANTITIES[self.metric])
        others = [m for m in ACROSS if m != self.metric and any(m in row for row in self.across.values())]
        lines = [f"{self.metric} = {value}; the {self.binding_wall} wall binds", "",
                 "One percent more of an input changes, in percent", ""]  # fmt: skip
        shown = self.elasticities[:top]
        leaf, wall = (
            max(map(len, words), default=0) + 2
            for words in (["input", *(e.leaf for e in shown)], [e.wall for e in shown])
        )
        room = (table_width() - 2 - leaf - wall - 11) // 10
        others, left_out = others[: max(room, 1)], others[max(room, 1) :]
        lines.append(
            f"  {'input':<{leaf}}{'wall':<{wall}}{_head(self.metric):>11}" + "".join(f"{_head(m):>10}" for m in others)
        )
        for e in shown:
            row = "".join(f"{_signed(self.across[e.leaf].get(m, 0.0)):>10}" for m in others)
            lines.append(f"  {e.leaf:<{leaf}}{e.wall:<{wall}}{_signed(e.grows):>11}{row}")
            if e.kink:
                lines.append(f"  {'  one percent less of it':<{leaf + wall}}{_signed(-e.shrinks):>11}")
        left = len(self.elasticities) - top
        if left > 0:
            lines.append(f"  and {left} more")
        if left_out:
            lines += wrapped(
                f"left out for want of width: {', '.join(map(_head, left_out))}; set COLUMNS, or take -o json",
                "  ",
                "  ",
            )
        if self.prices:
            lines += ["", "What the asserts cost"]
            lines += [line for price in self.prices for line in wrapped(price.sentence, "  ", "    ")]
        return "\n".join(lines)


def _head(metric: str) -> str:
    """What stands above the column of a metric."""
    return metric.rpartition(".")[2].replace("memory_required", "memory")


def _signed(percent: float) -> str:
    """Percent with a sign; what rounds to nothing has the sign of nothing."""
    return f"{round(percent, 3) + 0.0:+.3f}"


def sensitivity(evaluation: Evaluation, name: str = "performance.latency") -> Sensitivity:
    """Every elasticity of a metric, ranked, and those of other metrics beside it.

    Raises:
        InputError: the metric is unknown, skipped or zero in this plan.
        InfeasibleError: the plan's design does not fit.
    """
    target = metric(name, evaluation.variant)
    if target in evaluation.skipped:
        refuse_infeasible(evaluation)
        raise InputError(f"{target} is skipped in this plan: {evaluation.skipped[target]}")
    if not evaluation.values[target]:
        raise InputError(f"{target} is zero in this plan, so nothing changes it by a percentage")
    shown = [m for m in (target, *ACROSS) if evaluation.metrics.get(m)]
    limits = [limit for limit in evaluation.enforced if evaluation.metrics.get(limit.metric)]
    wanted = [*dict.fromkeys((*shown, *(limit.metric for limit in limits)))]
    grows, shrinks = (
        {leaf: _change(evaluation, leaf, wanted, direction) for leaf in _inputs(evaluation)} for direction in (1, -1)
    )
    hidden = _hidden(evaluation)
    found = [
        Elasticity(
            leaf, wall_of(evaluation.variant, leaf, hidden), grows[leaf][target], shrinks[leaf][target], _whole(leaf)
        )
        for leaf in grows
        if abs(grows[leaf][target]) > SAME or abs(shrinks[leaf][target]) > SAME
    ]
    found.sort(key=lambda e: (-e.size, e.leaf))
    across = {e.leaf: {m: grows[e.leaf][m] for m in shown if m != target} for e in found}
    movable = [
        {leaf: side[leaf] for leaf in side if leaf.startswith(MOVABLE) and not _whole(leaf)}
        for side in (grows, shrinks)
    ]
    gains = [m for m in (target, *GAINS) if m in shown]
    prices = [price(limit, evaluation.values[limit.metric], gains, *movable) for limit in limits]
    return Sensitivity(evaluation, target, tuple(found), across, tuple(prices))


def _change(evaluation: Evaluation, leaf: str, wanted: list[str], direction: int) -> dict[str, float]:
    """One-sided elasticities: by derivatives, of a count by whole steps of one percent or of one."""
    return (_steps if _whole(leaf) else slopes)(evaluation, leaf, wanted, direction)


def _whole(leaf: str) -> bool:
    """Whether an input moves by whole numbers; the fleet is taken as large enough not to."""
    return bool(catalogue().QUANTITIES[leaf]["integer"]) and not leaf.startswith("split.")


def _steps(evaluation: Evaluation, leaf: str, wanted: list[str], direction: int) -> dict[str, float]:
    """What a whole step of a count changes; a layer of a dense model is a dense one."""
    compiled = kernel(evaluation.variant)
    here = evaluation.values[leaf]
    step = max(1.0, round(here / 100))
    if here - step < 1 and direction < 0:  # there is no count below
        return dict.fromkeys(wanted, 0.0)
    moved = {leaf: here + direction * step}
    if leaf == LAYERS and evaluation.values[DENSE] == here:
        moved[DENSE] = moved[leaf]
    results = compiled([moved.get(name, evaluation.values[name]) for name in compiled.leaves])
    found = {}
    for name in wanted:
        there = results[compiled.position[name]]
        found[name] = direction * (there / evaluation.values[name] - 1) * here / step
    return found


def slopes(evaluation: Evaluation, leaf: str, wanted: list[str], direction: int) -> dict[str, float]:
    """One-sided elasticities of some quantities in one leaf: ``direction`` 1 as it grows, -1 as it shrinks."""
    compiled = kernel(evaluation.variant)
    here = evaluation.values[leaf]
    values: list[Any] = [evaluation.values[name] for name in compiled.leaves]
    values[compiled.leaves.index(leaf)] = Dual(here, float(direction) * here)
    results = compiled(values)
    found = {}
    for name in wanted:
        result = results[compiled.position[name]]
        slope = result.slope if isinstance(result, Dual) else 0.0
        found[name] = direction * slope / evaluation.values[name]
    return found


def _inputs(evaluation: Evaluation) -> Iterator[str]:
    """The leaves that are numbers one could change by a percent: no choices, nothing unknown, infinite or zero."""
    for leaf in kernel(evaluation.variant).leaves:
        value = evaluation.values[leaf]
        # A degree of the split cannot change alone: their product is the fleet.
        if (leaf.startswith("split.") and leaf != "split.devices") or leaf in BUILT:
            continue
        # A layer of a dense model is a dense one: they change together.
        if leaf == DENSE and evaluation.values[DENSE] == evaluation.values[LAYERS]:
            continue
        if not catalogue().QUANTITIES[leaf]["choices"] and value and math.isfinite(value):
            yield leaf


def _hidden(evaluation: Evaluation) -> list[str]:
    """The parts of a step that another one beside them exceeds, such as reading data in time, and what is asked of them."""
    parts = catalogue().VARIANTS[evaluation.variant]["maxima"].get("performance.latency", ())
    longest = max((evaluation.values[part] for part in parts), default=0.0)
    hidden = [part for part in parts if evaluation.values[part] < longest]
    return [*hidden, *(["performance.workers_needed"] if "performance.time_transform" in hidden else ())]


def wall_of(variant: str, leaf: str, hidden: Collection[str] = ()) -> str:
    """The wall whose equations use a leaf first; the leaf's own kind where none does.

    Equations of hidden quantities count only where no others use it.
    """
    structure = catalogue().VARIANTS[variant]
    every = [name for name, parents in structure["parents"].items() if leaf in parents]
    users = [name for name in every if name not in hidden] or every
    walls = [structure["walls"][name] for name in users if name in structure["walls"]]
    return str(walls[0]) if walls else leaf.partition(".")[0]
