"""How two expressions are decided to be the same: refute at exact points first, then prove.

A few rational points at thirty digits settle what ``simplify`` cannot (Min, Max, ceiling, cases) and refute most wrong
algebra at once; where rational-function arithmetic also proves the identity, the step counts as proved.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import sympy

from mlsysim.symbolic.quantity import Quantity

POINTS = 12
DIGITS = 30
#: Relative difference above which two values at thirty digits are different.
TOLERANCE = sympy.Float(10, DIGITS) ** -20


@dataclass(frozen=True)
class Verdict:
    """How a step is known: ``proved``, ``checked`` at a number of points, ``assumed``, or ``refuted`` and why."""

    kind: str
    points: int = 0
    why: str = ""

    def __str__(self) -> str:
        return {"checked": f"checked at {self.points} points", "refuted": f"refuted: {self.why}"}.get(
            self.kind, self.kind
        )

    @property
    def holds(self) -> bool:
        """Whether the step may be printed."""
        return self.kind != "refuted"


PROVED = Verdict("proved")
ASSUMED = Verdict("assumed")


def same(a: sympy.Expr, b: sympy.Expr) -> Verdict:
    """Decide whether two canonical expressions agree over the admissible range of their quantities."""
    difference = a - b
    if difference == 0:
        return PROVED
    symbols = sorted(a.free_symbols | b.free_symbols, key=lambda symbol: symbol.name)
    generator = random.Random(20261122)
    factors = []
    for _ in range(POINTS):
        point = {symbol: admissible(symbol, generator) for symbol in symbols}
        left, right = (_value(side, point) for side in (a, b))
        scale = max(abs(left), abs(right))
        if scale and abs(left - right) / scale > TOLERANCE:
            factors.append(left / right if right else sympy.oo)
    if factors:
        ratio = f"{float(factors[0]):.4g}" if factors[0].is_finite else "an unbounded amount"
        return Verdict("refuted", why=f"they differ by a factor {ratio} ({len(factors)} of {POINTS} points tried)")
    if sympy.cancel(sympy.together(sympy.expand(difference))) == 0:
        return PROVED
    return Verdict("checked", POINTS)


def admissible(symbol: Any, generator: random.Random) -> sympy.Rational:
    """A random exact value inside a quantity's range."""
    low, high, integer = 1e-3, 1e3, bool(symbol.is_integer)
    if isinstance(symbol, Quantity):
        if symbol.constant is not None:
            return sympy.Rational(symbol.constant)
        low, high = symbol.low, symbol.high
    if integer:
        return sympy.Integer(generator.randint(int(low), int(high)))
    return sympy.Rational(low) + (sympy.Rational(high) - sympy.Rational(low)) * sympy.Rational(
        generator.randint(1, 10**6), 10**6 + 1
    )


def _value(expression: sympy.Expr, point: dict[Any, sympy.Rational]) -> sympy.Float:
    if any(not power.exp.is_number for power in expression.atoms(sympy.Pow)):
        # An exact number to an exact fraction is an algebraic number that sympy would try to simplify.
        point = {
            symbol: value if value.is_Integer else sympy.Float(value, DIGITS + 15) for symbol, value in point.items()
        }
    return sympy.N(expression.xreplace(point).doit(), DIGITS)
