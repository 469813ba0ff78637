"""How two expressions are decided to be the same: refute at exact points first, then prove.

A few rational points at thirty digits settle what ``simplify`` cannot (Min, Max, ceiling, cases) and refute most wrong
algebra at once; where rational-function arithmetic also proves the identity, the step counts as proved. Where expressions
have cases, further points lie where the cases change, so that each of them decides somewhere.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import sympy

from mlsysim.symbolic.quantity import Quantity

POINTS = 12
#: Further points for expressions with cases: their values stand at the ends of ranges, at the numbers that conditions compare
#: with, and anywhere on a logarithmic scale, so that large and small ones meet.
POINTS_OF_CASES = 60
_CASES = (sympy.Piecewise, sympy.Max, sympy.Min, sympy.floor, sympy.ceiling, sympy.Mod)
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
    inside = [{symbol: admissible(symbol, generator) for symbol in symbols} for _ in range(POINTS)]
    values = [(_value(a, point), _value(b, point)) for point in inside]
    if (refuted := _refuted(values)) is not None:
        return refuted
    cases = _at_cases(a, b, symbols, generator) if a.has(*_CASES) or b.has(*_CASES) else []
    if (refuted := _refuted(cases)) is not None:
        return refuted
    if sympy.cancel(sympy.together(sympy.expand(difference))) == 0:
        return PROVED
    return Verdict("checked", POINTS + len(cases))


def _refuted(values: list[tuple[Any, Any]]) -> Verdict | None:
    """Whether two sides differ at some of the points where they were computed, and by what factor."""
    factors = []
    for left, right in values:
        scale = max(abs(left), abs(right))
        if scale and abs(left - right) / scale > TOLERANCE:
            factors.append(left / right if right else sympy.oo)
    if not factors:
        return None
    ratio = f"{float(factors[0]):.4g}" if factors[0].is_finite else "an unbounded amount"
    return Verdict("refuted", why=f"they differ by a factor {ratio} ({len(factors)} of {len(values)} points tried)")


def _at_cases(a: sympy.Expr, b: sympy.Expr, symbols: list[Any], generator: random.Random) -> list[tuple[Any, Any]]:
    """Both sides at points where cases change, as far as both have a value there."""
    conditions = a.atoms(sympy.core.relational.Relational) | b.atoms(sympy.core.relational.Relational)
    numbers = sorted({number for condition in conditions for number in condition.atoms(sympy.Integer)})
    found = []
    for _ in range(POINTS_OF_CASES):
        point = {symbol: _at_an_end(symbol, numbers, generator) for symbol in symbols}
        try:
            values = _value(a, point), _value(b, point)
        except (ValueError, TypeError, ZeroDivisionError):
            continue  # no point of the range: a term without a value
        if all(value.is_comparable and value.is_finite for value in values):
            found.append(values)
    return found


def _at_an_end(symbol: Any, numbers: list[Any], generator: random.Random) -> Any:
    """A value at the low end of a quantity's range, at a number that conditions compare with, or between on a log scale."""
    low, high = (symbol.low, symbol.high) if isinstance(symbol, Quantity) else (1e-3, 1e3)
    if getattr(symbol, "constant", None) is not None or low < 0:
        return admissible(symbol, generator)
    kind = generator.randrange(6)
    if kind == 0 and low >= 1:
        return sympy.Rational(low)
    if kind == 1 and (near := [number for number in numbers if low <= number <= high]):
        return generator.choice(near)
    floor = low or (1 if symbol.is_integer else high / 1e6)
    drawn = floor * (high / floor) ** generator.random()
    return sympy.Integer(int(drawn)) if symbol.is_integer else sympy.Rational(f"{drawn:.4g}")


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
