"""The problem ``parallelism``: the split of a plan's model over its accelerators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.space import Space
from mlsysim.design import Design
from mlsysim.design.binding import bind
from mlsysim.design.hosts import refuse_unknown_host
from mlsysim.design.split import describe
from mlsysim.evaluation import evaluate
from mlsysim.plan import RECOMPUTE, SPLIT, LoadedPlan
from mlsysim.registry.vocabulary import FORMATS
from mlsysim.search.choices import PRECISION, chosen_design, design_space, offered, precision_space
from mlsysim.search.task import Choice, Task
from mlsysim.symbolic.errors import InputError

_SHORT = {
    "split.tensor": "tp", "split.pipeline": "pp", "split.data": "dp", "split.context": "cp", "split.expert": "ep",
    "split.microbatch": "microbatch", "split.interleave": "interleave", "split.zero": "zero",
    "split.recompute": "recompute", "split.sequence": "sequence_parallel", "split.first_spared": "first_spared",
    "split.last_spared": "last_spared", "split.offload_optimizer": "offload_optimizer",
    "split.offload_activations": "offload_activations",
}  # fmt: skip

_NAMED = {
    "split.tensor": "TP", "split.pipeline": "PP", "split.data": "DP", "split.context": "CP", "split.expert": "EP",
    "split.microbatch": "microbatch", "split.zero": "ZeRO",
}  # fmt: skip
_AWAY = {"split.offload_optimizer": "optimizer", "split.offload_activations": "activations"}
_SPARED = {"split.first_spared": "first stage", "split.last_spared": "last stage"}


@dataclass(frozen=True)
class SplitTask(Task):
    """Choosing a split."""

    noun = "split"
    decided = "the split"

    def design(self, choice: Choice, says: str) -> Design:
        """The plan with a split chosen."""
        return chosen_design(self.first.design, choice, says)

    def describe(self, choice: Choice) -> str:
        """A split in words."""
        return describe(choice)

    def named(self, decision: str, value: int) -> str:
        """One degree in words."""
        return degree(decision, value)

    def data(self, choice: Choice) -> dict[str, Any]:
        """The degrees under the keys of a result."""
        return degrees(choice)

    def plan(self, choice: Choice) -> dict[str, Any]:
        """The plan with its parallelism filled in."""
        loaded = self.first.design.loaded
        if PRECISION in choice:
            loaded = loaded.with_data(offered(loaded)[FORMATS[choice[PRECISION]]])
        return with_split(loaded, choice)


def task(loaded: LoadedPlan) -> SplitTask:
    """Every split of a plan's model over its accelerators.

    Raises:
        InputError: the model cannot be split.
    """
    design = divisible(bind(loaded))
    return SplitTask(split_space(design), evaluate(design))


def divisible(design: Design) -> Design:
    """A design whose model can be split.

    Raises:
        InputError: it is known by its profile alone.
    """
    if not design.variant.startswith("transformer"):
        raise InputError(f"{design.model.name} is known by its profile alone and cannot be split",
                         where=design.loaded.where("workload", "name"), hint="choose a transformer")  # fmt: skip
    return design


def split_space(design: Design) -> Space:
    """Every degree that the plan leaves open, with the values that could divide, and the formats that it offers."""
    if design.loaded.plan.search.offload:
        refuse_unknown_host(design.loaded, design.bindings, "search", "offload")
    return (precision_space if design.loaded.plan.search.precisions else design_space)(design)


def degrees(choice: Choice) -> dict[str, Any]:
    """A split, and the number format where it was chosen, under the keys of a result."""
    found: dict[str, Any] = {f"o_{short}": choice[leaf] for leaf, short in _SHORT.items() if leaf in choice}
    return found | ({"o_precision": FORMATS[choice[PRECISION]]} if PRECISION in choice else {})


def degree(leaf: str, value: int) -> str:
    """One degree of a split in words."""
    if leaf == "split.recompute":
        return f"{('no', 'selective', 'full')[value]} recomputation"
    if leaf == "split.sequence":
        return f"{'' if value else 'no '}sequence parallelism"
    if leaf == "split.interleave":
        return f"{value} chunk{'s' * (value > 1)} a stage"
    if leaf in _AWAY:
        return f"{_AWAY[leaf]} {'on the host' if value else 'on the accelerator'}"
    if leaf in _SPARED:
        return f"{_SPARED[leaf]} spared {value} layer{'s' * (value != 1)}"
    return FORMATS[value] if leaf == PRECISION else f"{_NAMED[leaf]} {value}"


def with_split(loaded: LoadedPlan, choice: Choice) -> dict[str, Any]:
    """A plan with a split filled in."""
    data = {key: value for key, value in loaded.document.data.items() if key != "search"}
    words = {leaf: field for field, leaf in SPLIT.items()}
    split = {words[leaf]: _said(leaf, value) for leaf, value in choice.items() if leaf in words}
    fixed = {key: value for key, value in data.get("parallelism", {}).items() if key not in split}
    counted = {key: value for key, value in split.items() if _counts(loaded, key)}
    return {**data, "parallelism": {**fixed, **counted}}


def _counts(loaded: LoadedPlan, field: str) -> bool:
    """Whether a plan of this phase may name a degree."""
    return loaded.phase == "training" or field in ("tensor", "pipeline", "data")


def _said(leaf: str, value: int) -> Any:
    """A decision as a plan writes it."""
    if leaf == "split.recompute":
        return RECOMPUTE[value]
    return bool(value) if leaf == "split.sequence" or leaf in _AWAY else value
