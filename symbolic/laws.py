"""Evaluating a few equations on values of one's own, outside the plan's graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sympy

from mlsysim.symbolic.equation import Equation
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.quantity import Quantity

#: How many ways to evaluate a law a message names.
_SHOWN = 3


@dataclass(frozen=True)
class Decided:
    """What values decide: a law and what its left-hand side is, in coherent units."""

    law: Equation
    value: float


def decided(
    laws: Sequence[Equation], values: Mapping[str, float | str], special: Sequence[Equation] = ()
) -> dict[Quantity, Decided]:
    """Evaluate every law that the values decide, a special case only where the general law lacks a value.

    Args:
        laws, special: what may be evaluated.
        values: quantities in coherent units, or as text with a unit, by full name or by the last word of it.

    Returns:
        The laws that could be evaluated, by left-hand side, each after those it rests on.

    Raises:
        InputError: a quantity is missing, none of the laws has it, or a count is not whole.
        UnitError: a text is no amount of the quantity.
    """
    given = bound((*laws, *special), values)
    known = {quantity: _exact(quantity, value) for quantity, value in given.items()}
    found: dict[Quantity, Decided] = {}
    _decide(laws, known, found)
    _decide(special, known, found)
    _decide(laws, known, found)
    if not found:
        raise InputError("no law can be evaluated", hint=f"give {_alternatives(lacking((*laws, *special), known))}")
    return found


def bound(laws: Sequence[Equation], values: Mapping[str, float | str]) -> dict[Quantity, float]:
    """The quantities of laws that values name, in coherent units.

    Raises:
        UnknownNameError: no law has a quantity of that name.
        UnitError: a text is no amount of the quantity.
    """
    from mlsysim.symbolic.units import parse

    named = {q for law in laws for q in law.quantities if q.constant is None}
    defined = {law.left for law in laws}
    # Where two quantities share a last word, the one that no law gives is meant; full names are always understood.
    ends = {last_word(q): q for q in sorted(named, key=lambda q: (q not in defined, q.name))}
    ends |= {q.name: q for q in named}
    found = {}
    for name, value in values.items():
        if name not in ends:
            raise UnknownNameError("quantity", name, ends)
        quantity = ends[name]
        found[quantity] = parse(value, quantity.unit, what=name) if isinstance(value, str) else value
    return found


def lacking(laws: Sequence[Equation], known: Collection[Quantity]) -> dict[Equation, tuple[Quantity, ...]]:
    """The laws that known quantities do not decide, those that lack least first, each with what it lacks."""
    open_ = [law for law in laws if isinstance(law.left, Quantity) and law.left not in known]
    lack = {law: tuple(q for q in law.quantities_of_right if q not in known and q.constant is None) for law in open_}
    return {law: lack[law] for law in sorted(open_, key=lambda law: len(lack[law])) if lack[law]}


def _alternatives(lack: Mapping[Equation, Sequence[Quantity]]) -> str:
    """What to give for the laws that lack least."""
    ways: dict[str, str] = {}
    for law, needs in lack.items():
        ways.setdefault(", ".join(map(last_word, needs)), last_word(law.left))
    return "; or ".join(f"{needs} for {law}" for needs, law in [*ways.items()][:_SHOWN])


def _decide(laws: Sequence[Equation], known: dict[Quantity, sympy.Expr], found: dict[Quantity, Decided]) -> None:
    """Evaluate laws until no further one has all its values."""
    waiting = [law for law in laws if isinstance(law.left, Quantity) and law.left not in known]
    while True:
        ready = [law for law in waiting if all(q in known or q.constant is not None for q in law.quantities_of_right)]
        if not ready:
            return
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
