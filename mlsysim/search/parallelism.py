"""The problem ``parallelism``: the split of a plan's model over its accelerators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.space import Space
from mlsysim.design import Design
from mlsysim.design.binding import bind
from mlsysim.design.degrees import degrees as declared
from mlsysim.design.degrees import describe
from mlsysim.design.hosts import refuse_unknown_host
from mlsysim.evaluation import evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.plan.leaves import by_leaf
from mlsysim.registry.vocabulary import FORMATS
from mlsysim.search.choices import PRECISION, chosen_design, design_space, offered, precision_space
from mlsysim.search.task import Choice, Task
from mlsysim.symbolic.errors import InputError


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
    found: dict[str, Any] = {f"o_{degree.key}": choice[leaf] for leaf, degree in declared().items() if leaf in choice}
    return found | ({"o_precision": FORMATS[choice[PRECISION]]} if PRECISION in choice else {})


def degree(leaf: str, value: int) -> str:
    """One degree of a split in words."""
    return FORMATS[value] if leaf == PRECISION else declared()[leaf].words(value)


def with_split(loaded: LoadedPlan, choice: Choice) -> dict[str, Any]:
    """A plan with a split filled in."""
    data = {key: value for key, value in loaded.document.data.items() if key != "search"}
    split = {leaf: degree for leaf, degree in declared().items() if leaf in choice}
    names = {leaf: by_leaf()[leaf].name for leaf in split}
    fixed = {key: value for key, value in data.get("parallelism", {}).items() if key not in names.values()}
    variant = f"transformer_{loaded.phase}"
    counted = {names[leaf]: degree.in_plan(choice[leaf]) for leaf, degree in split.items() if degree.counts_in(variant)}
    return {**data, "parallelism": {**fixed, **counted}}
