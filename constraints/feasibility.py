"""Feasibility: the conditions of the graph against the values of a design, wall by wall, with slack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

#: Rounding that a comparison of two computed numbers must forgive.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Finding:
    """One condition and how a design stands to it.

    Attributes:
        name: the condition.
        wall: the wall that states it.
        kind: ``physical`` or ``structural`` (the split does not exist at all).
        needed, available: both sides in coherent units.
        holds: whether ``needed <= available``.
        sentence: what is wrong, where it does not hold.
    """

    name: str
    wall: str
    kind: str
    needed: float
    available: float
    holds: bool
    sentence: str

    @property
    def slack(self) -> float:
        """What is left over, in coherent units; negative where the condition fails."""
        return self.available - self.needed


def findings(variant: str, values: Mapping[str, float]) -> list[Finding]:
    """Compare every condition of a variant with the values of a design (leaves and results, by name)."""
    found = []
    for condition in catalogue().VARIANTS[variant]["conditions"]:
        needed, limit = values[condition["needed"]], condition["available"]
        available = values[limit] if isinstance(limit, str) else limit
        holds = needed <= available * (1 + ROUNDING)
        sentence = "" if holds else failing(condition, needed, available)
        found.append(
            Finding(condition["name"], condition["wall"], condition["kind"], needed, available, holds, sentence)
        )
    return found


def failing(condition: Mapping[str, Any], needed: float, available: float) -> str:
    """What is wrong where a condition does not hold, in words."""
    unit = catalogue().QUANTITIES[condition["needed"]]
    return str(condition["sentence"].format(needed=amount(needed, unit), available=amount(available, unit)))


def holds(variant: str, values: Mapping[str, float]) -> bool:
    """Whether every condition holds; the fast form of :func:`findings`."""
    for condition in catalogue().VARIANTS[variant]["conditions"]:
        limit = condition["available"]
        available = values[limit] if isinstance(limit, str) else limit
        if not values[condition["needed"]] <= available * (1 + ROUNDING):
            return False
    return True
