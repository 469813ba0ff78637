"""The fields of a plan that say leaves, as the catalogue has them: which, how many of the leaf's unit, in which graphs."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from mlsysim.symbolic.kernels import catalogue


class LeafField(NamedTuple):
    """A field of a plan that says leaves.

    Attributes:
        section, name: the field.
        leaves: what it binds.
        variants: the graphs in which it counts.
        scale: a leaf's value, in coherent units, for a 1 of the field's unit.
    """

    section: str
    name: str
    leaves: tuple[str, ...]
    variants: tuple[str, ...]
    scale: float


@cache
def leaf_fields() -> tuple[LeafField, ...]:
    """Every such field, in the order in which leaves are declared."""
    return tuple(LeafField(*path.split(".", 1), **said) for path, said in catalogue().FIELDS.items())


@cache
def by_leaf() -> dict[str, LeafField]:
    """The field that says a leaf, by leaf."""
    return {leaf: field for field in leaf_fields() for leaf in field.leaves}


@cache
def split_fields() -> dict[str, str]:
    """The fields of the parallelism section, and the degree of the split that each binds.

    >>> split_fields()["tensor"]
    'split.tensor'
    """
    return {field.name: field.leaves[0] for field in leaf_fields() if field.section == "parallelism"}
