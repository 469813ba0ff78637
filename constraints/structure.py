"""What the graph says about a quantity: which decisions it rests on, and which quantities it is a sum of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from mlsysim.symbolic.kernels import catalogue


def conditions(variant: str, kind: str | None = None) -> list[Mapping[str, Any]]:
    """The conditions of a graph, all or those of one kind: ``physical``, or ``structural`` (on decisions alone)."""
    return [c for c in catalogue().VARIANTS[variant]["conditions"] if kind in (None, c["kind"])]


@cache
def leaves_of(variant: str, quantity: str) -> frozenset[str]:
    """The leaves that a quantity rests on."""
    parents: dict[str, Any] = catalogue().VARIANTS[variant]["parents"]
    if quantity not in parents:
        return frozenset([quantity])
    found: frozenset[str] = frozenset()
    for parent in parents[quantity]:
        found |= leaves_of(variant, parent)
    return found


def rests_on(variant: str, condition: Mapping[str, Any]) -> frozenset[str]:
    """The leaves that a condition rests on, on both sides."""
    sides = (condition["needed"], condition["available"])
    return frozenset().union(*(leaves_of(variant, side) for side in sides if isinstance(side, str)))


def branches(variant: str, quantity: str) -> tuple[str, ...]:
    """The quantities whose maximum a quantity is; itself where it is none.

    >>> "memory.last_stage" in branches("transformer_training", "feasibility.memory_required")
    True
    """
    return tuple(catalogue().VARIANTS[variant]["maxima"].get(quantity, (quantity,)))


def terms(variant: str, quantity: str) -> list[str]:
    """The quantities whose sum a quantity is, taken apart as far as the graph's sums go.

    >>> "performance.time_bubble" in terms("transformer_training", "performance.time_accelerators")
    True
    """
    parts = catalogue().VARIANTS[variant]["sums"].get(quantity)
    if not parts:
        return [quantity]
    return [term for part in parts for term in terms(variant, part)]
