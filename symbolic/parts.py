"""Parts of a formula as they read in a plan, and how they are put together again as they were written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sympy

from mlsysim.symbolic.printing.expression import signed

RELATIONS = {
    "==": sympy.Eq, "!=": sympy.Ne, ">=": sympy.Ge, "<=": sympy.Le, ">": sympy.Gt, "<": sympy.Lt,
}  # fmt: skip


class Part(NamedTuple):
    """A part of a formula as it reads in a plan.

    Attributes:
        node: what is left of it, as written.
        value: what it is in the plan.
        fixed: what was replaced in it, and by what: quantities by 0, 1 or another quantity, conditions by whether they
            hold, and parts by what they amount to.
        reasons: leaves whose values make it so, and relations that hold.
    """

    node: Any
    value: float
    fixed: dict[Any, Any]
    reasons: tuple[Any, ...] = ()


def related(sign: str, left: Any, right: Any) -> tuple[Any, ...]:
    """A relation that says something: not of a thing with itself, nor that an amount is not negative."""
    trivial = left == right or (left == 0 and sign == "<=") or (right == 0 and sign == ">=")
    return () if trivial else (RELATIONS[sign](left, right, evaluate=False),)


def balance(terms: Iterable[Any]) -> tuple[Any, Any]:
    """What is added, and what is taken away."""
    sides: tuple[list[Any], list[Any]] = ([], [])
    for term in (part for several in terms for part in flat(several, sympy.Add) if part != 0):
        negative, positive = signed(term)
        sides[negative].append(positive)
    return joined(sympy.Add, sides[0]), joined(sympy.Add, sides[1])


def flat(node: Any, kind: Any) -> list[Any]:
    """The terms of a sum, or the factors of a product, also of those within it."""
    return [leaf for argument in node.args for leaf in flat(argument, kind)] if isinstance(node, kind) else [node]


def joined(kind: Any, kept: list[Any]) -> Any:
    """A sum or a product of what is left of it."""
    if len(kept) > 1:
        return written(kind, *kept)
    return kept[0] if kept else sympy.Integer(1 if kind is sympy.Mul else 0)


def written(function: Any, *arguments: Any) -> Any:
    """A function of arguments, kept as it is written."""
    with sympy.evaluate(False):
        return function(*arguments)


def fixed_of(parts: Iterable[Part]) -> dict[Any, Any]:
    """What was replaced in any of several parts."""
    return {what: by for part in parts for what, by in part.fixed.items()}


def reasons_of(parts: Iterable[Part]) -> tuple[Any, ...]:
    """Why several parts read as they do."""
    return unique(reason for part in parts for reason in part.reasons)


def unique(reasons: Iterable[Any]) -> tuple[Any, ...]:
    """Reasons, each of them once."""
    return tuple(dict.fromkeys(reasons))
