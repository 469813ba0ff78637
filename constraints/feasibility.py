"""Feasibility: the conditions of the graph against the values of a design, wall by wall, with slack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

if TYPE_CHECKING:
    from mlsysim.constraints.reasons import Alternative

#: Rounding that a comparison of two computed numbers must forgive.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Finding:
    """One condition and how a design stands to it.

    Attributes:
        name: the condition.
        wall: the wall that states it; ``parallelism`` or ``model`` where no wall decides.
        kind: ``physical``, ``joined`` or ``structural`` (the design does not exist at all).
        needed, available: both sides in coherent units.
        holds: whether ``needed <= available``.
        variant, condition, values: the graph, what the catalogue has of the condition, and every value of the design.
    """

    name: str
    wall: str
    kind: str
    needed: float
    available: float
    holds: bool
    variant: str = field(repr=False)
    condition: Mapping[str, Any] = field(repr=False)
    values: Mapping[str, float] = field(repr=False)

    @property
    def slack(self) -> float:
        """What is left over, in coherent units; negative where the condition fails."""
        return self.available - self.needed

    @cached_property
    def sentence(self) -> str:
        """What is wrong and which values would do, where the condition does not hold; else empty."""
        from mlsysim.constraints.reasons import reason

        return "" if self.holds else reason(self)

    @cached_property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What can be changed so that the condition holds, everything else as it is; none where it does."""
        from mlsysim.constraints.reasons import alternatives

        return () if self.holds else tuple(alternatives(self))


def findings(variant: str, values: Mapping[str, float]) -> list[Finding]:
    """Compare every condition of a variant with the values of a design (leaves and results, by name)."""
    found = []
    for condition in catalogue().VARIANTS[variant]["conditions"]:
        needed, limit = values[condition["needed"]], condition["available"]
        available = values[limit] if isinstance(limit, str) else limit
        names = (condition["name"], condition["wall"], condition["kind"])
        holds = needed <= available * (1 + ROUNDING)
        found.append(Finding(*names, needed, available, holds, variant, condition, values))
    return found


def failing(
    condition: Mapping[str, Any], needed: float, available: float, quoted: Mapping[str, str] | None = None
) -> str:
    """What is wrong where a condition does not hold, in words; what is needed is rounded up, what there is down.

    Args:
        condition: as the catalogue has it.
        needed, available: its sides, in coherent units.
        quoted: the other numbers that a structural condition mentions.
    """
    unit = catalogue().QUANTITIES[condition["needed"]]
    sides = {"needed": amount(needed, unit, toward=1), "available": amount(available, unit, toward=-1)}
    return str(condition["sentence"].format_map({**sides, **(quoted or {})}))


def holds(variant: str, values: Mapping[str, float], conditions: Iterable[Mapping[str, Any]] | None = None) -> bool:
    """Whether every condition, of the variant where none are given, holds; the fast form of :func:`findings`."""
    for condition in catalogue().VARIANTS[variant]["conditions"] if conditions is None else conditions:
        limit = condition["available"]
        available = values[limit] if isinstance(limit, str) else limit
        if not values[condition["needed"]] <= available * (1 + ROUNDING):
            return False
    return True
