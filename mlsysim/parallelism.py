"""The problem ``parallelism``: the split of a plan's model over its accelerators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.binding import RECOMPUTE, SPLIT, bind
from mlsysim.constraints.space import Space
from mlsysim.design import Design
from mlsysim.evaluation import evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.split import complete, describe, domains
from mlsysim.symbolic.errors import InputError
from mlsysim.task import Choice, Task

_SHORT = {
    "split.tensor": "tp", "split.pipeline": "pp", "split.data": "dp", "split.context": "cp", "split.expert": "ep",
    "split.microbatch": "microbatch", "split.interleave": "interleave", "split.zero": "zero",
    "split.recompute": "recompute", "split.sequence": "sequence_parallel",
}  # fmt: skip

_NAMED = {
    "split.tensor": "TP", "split.pipeline": "PP", "split.data": "DP", "split.context": "CP", "split.expert": "EP",
    "split.microbatch": "microbatch", "split.zero": "ZeRO",
}  # fmt: skip


@dataclass(frozen=True)
class SplitTask(Task):
    """Choosing a split."""

    noun = "split"
    decided = "the split"

    def design(self, choice: Choice, says: str) -> Design:
        """The plan with a split chosen."""
        return self.first.design.with_split(choice, "search", says)

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
        return with_split(self.first.design.loaded, choice)


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
    """Every degree that the plan leaves open, with the values that could divide."""
    return Space(design.variant, complete(design).values, domains(design))


def degrees(choice: Choice) -> dict[str, int]:
    """A split under the keys of a result."""
    return {f"o_{short}": choice[leaf] for leaf, short in _SHORT.items() if leaf in choice}


def degree(leaf: str, value: int) -> str:
    """One degree of a split in words."""
    if leaf == "split.recompute":
        return f"{('no', 'selective', 'full')[value]} recomputation"
    if leaf == "split.sequence":
        return f"{'' if value else 'no '}sequence parallelism"
    if leaf == "split.interleave":
        return f"{value} chunk{'s' * (value > 1)} a stage"
    return f"{_NAMED[leaf]} {value}"


def with_split(loaded: LoadedPlan, choice: Choice) -> dict[str, Any]:
    """A plan with a split filled in."""
    data = dict(loaded.document.data)
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
    return bool(value) if leaf == "split.sequence" else value
