"""The slots of serving where a plan gives none: what fits, at most what the scheduler takes by default."""

from __future__ import annotations

from collections.abc import Mapping

from mlsysim.design import Design
from mlsysim.design.binding import SCHEDULER
from mlsysim.symbolic.kernels import kernel

SLOTS = "serving.slots"


def open_slots(design: Design) -> bool:
    """Whether the plan leaves the slots open."""
    return SLOTS in design.bindings and design.bindings[SLOTS].value is None


def slots_that_fit(design: Design, values: Mapping[str, float]) -> dict[str, float]:
    """The slots for a split, as a part of it; nothing where they are not open.

    Args:
        design: the plan.
        values: its leaves, with those of the split.
    """
    return {SLOTS: float(largest(design.variant, values, usual_slots(design)) or 1)} if open_slots(design) else {}


def largest(variant: str, values: Mapping[str, float], most: int) -> int:
    """The most slots that memory has room for, up to a number; 0 where there is room for none.

    Args:
        variant: the graph.
        values: every other leaf.
        most: how many to look at.
    """
    compiled = kernel(variant)
    needed, room = (compiled.position[f"feasibility.memory_{name}"] for name in ("required", "capacity"))

    def fit(slots: int) -> bool:
        found = compiled([slots if leaf == SLOTS else values[leaf] for leaf in compiled.leaves])
        return bool(found[needed] <= found[room])

    low, high = 0, most + 1
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if fit(middle) else (low, middle)
    return low


def usual_slots(design: Design) -> int:
    """The most slots that a scheduler takes by default."""
    fact = design.loaded.zoo.entries("software")["ideal"].facts.get("slots")
    return int(fact.number or 1) if fact else 1


def said(design: Design) -> str:
    """The slots that were taken, as a sentence."""
    return f"{design.bindings[SLOTS].value:,.0f} slots: what fits, at most {usual_slots(design)}, the default of {SCHEDULER}"
