"""The leaves of all graphs, and the fields of a plan that say them, gathered from where they are declared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mlsysim.symbolic.facets import Field
from mlsysim.symbolic.foundations import inputs
from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.quantity import VARIANTS, Quantity
from mlsysim.symbolic.units import factor


@dataclass(frozen=True)
class SaidField:
    """A field of a plan with the leaves that it says, all of one unit.

    Attributes:
        field: as it is declared.
        leaves: what it binds.
        variants: the graphs in which it counts.
    """

    field: Field
    leaves: tuple[Quantity, ...]
    variants: tuple[str, ...]

    @property
    def path(self) -> str:
        """The section and the field."""
        return self.field.path

    @property
    def unit(self) -> str:
        """The unit of a bare number."""
        return self.field.unit or self.leaves[0].display

    @property
    def scale(self) -> float:
        """The leaf's value, in its coherent unit, for a 1 of the field's."""
        return factor(self.unit) / factor(self.leaves[0].unit)


@cache
def leaves() -> tuple[Quantity, ...]:
    """Every leaf, in the order in which the foundations declare them, then those that walls declare."""
    found = {leaf for variant in VARIANTS for leaf in graph(variant).leaves}
    first = [q for q in vars(inputs).values() if isinstance(q, Quantity) and q in found]
    return (*first, *sorted(found - {*first}, key=lambda q: q.name))


@cache
def fields() -> tuple[SaidField, ...]:
    """Every field that says a leaf, in that order."""
    said: dict[Field, list[Quantity]] = {}
    for leaf in leaves():
        if "field" in leaf.facets:
            said.setdefault(leaf.facets["field"], []).append(leaf)
    return tuple(SaidField(field, tuple(bound), _counts(field, bound)) for field, bound in said.items())


def _counts(field: Field, bound: list[Quantity]) -> tuple[str, ...]:
    return tuple(v for v in VARIANTS if v.endswith(field.only) and not {*bound}.isdisjoint(graph(v).leaves))
