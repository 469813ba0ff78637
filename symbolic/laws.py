"""Evaluating a few equations on values of one's own, outside the plan's graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy

from mlsysim.symbolic.equation import Equation
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.quantity import Quantity


@dataclass(frozen=True)
class Decided:
    """What values decide: a law and what its left-hand side is, in coherent units."""

    law: Equation
    value: float


def decided(
    laws: Sequence[Equation], values: Mapping[str, float], special: Sequence[Equation] = ()
) -> dict[Quantity, Decided]:
    """Evaluate every law that the values decide, a special case only where the general law lacks a value.

    Args:
        laws, special: what may be evaluated.
        values: quantities in coherent units, by full name or by the last word of it.

    Returns:
        The laws that could be evaluated, by left-hand side, each after those it rests on.

    Raises:
        InputError: a quantity is missing, none of the laws has it, or a count is not whole.
    """
    known: dict[Quantity, sympy.Expr] = {}
    given = {q for law in (*laws, *special) for q in law.quantities if q.constant is None}
    defined = {law.left for law in laws}
    # Where two quantities share a last word, the one that no law gives is meant; full names are always understood.
    ends = {last_word(q): q for q in sorted(given, key=lambda q: (q not in defined, q.name))}
    ends |= {q.name: q for q in given}
    for name, value in values.items():
        if name not in ends:
            raise UnknownNameError("quantity", name, ends)
        known[ends[name]] = _exact(ends[name], value)
    found: dict[Quantity, Decided] = {}
    waiting = _decide(laws, known, found)
    waiting += _decide(special, known, found)
    _decide(laws, known, found)
    if not found:
        lacking = sorted({last_word(q) for law in waiting for q in law.quantities_of_right if q not in known})
        raise InputError("no law can be evaluated", hint=f"give {', '.join(lacking)}")
    return found


def _decide(
    laws: Sequence[Equation], known: dict[Quantity, sympy.Expr], found: dict[Quantity, Decided]
) -> list[Equation]:
    """Evaluate laws until no further one has all its values; return those that are left."""
    waiting = [law for law in laws if isinstance(law.left, Quantity) and law.left not in known]
    while True:
        ready = [law for law in waiting if all(q in known or q.constant is not None for q in law.quantities_of_right)]
        if not ready:
            return waiting
        for law in ready:
            waiting.remove(law)
            constants = {q: sympy.Rational(q.constant) for q in law.quantities_of_right if q.constant is not None}
            at = {**constants, **{q: known[q] for q in law.quantities_of_right if q in known}}
            result = sympy.N(law.right.xreplace(at).doit(), 30)
            if law.left not in known:
                known[law.left], found[law.left] = result, Decided(law, float(result))


def _exact(quantity: Quantity, value: float) -> sympy.Expr:
    """A value as sympy computes with it: a count is an integer, so that sums run over it."""
    if value == float("inf"):
        return sympy.oo
    if not quantity.is_integer:
        return sympy.Float(value, 30)
    if value != int(value):
        raise InputError(f"{last_word(quantity)} counts whole things; {value:g} is not a whole number")
    return sympy.Integer(int(value))


def last_word(quantity: Quantity) -> str:
    """The last word of a quantity's name."""
    return quantity.name.rpartition(".")[2]
