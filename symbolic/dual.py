"""Numbers with a slope: exact one-sided derivatives of a kernel on its active branch.

A dual number is a value and what it gains when one input grows by an infinitesimal. Arithmetic carries both by the rules of
differentiation, so running the kernel on dual numbers differentiates the very equations that evaluation uses. Comparison
looks at the value first and at the slope where values are equal: at a kink the branch that wins just beyond it decides, which
makes the derivative one-sided. No sympy here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any

from mlsysim.symbolic.functions import erfinv, exp, expm1, log


@dataclass(frozen=True, slots=True)
class Dual:
    """``value + slope * epsilon`` for an infinitesimal epsilon above zero."""

    value: float
    slope: float

    def __add__(self, other: Any) -> Dual:
        o = _dual(other)
        return Dual(self.value + o.value, self.slope + o.slope)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __sub__(self, other: Any) -> Dual:
        return self + -_dual(other)

    def __rsub__(self, other: Any) -> Dual:
        return _dual(other) + -self

    def __mul__(self, other: Any) -> Dual:
        o = _dual(other)
        return Dual(self.value * o.value, _times(self.slope, o.value) + _times(o.slope, self.value))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Dual:
        return self * _dual(other) ** -1

    def __rtruediv__(self, other: Any) -> Dual:
        return _dual(other) * self**-1

    def __pow__(self, power: Any) -> Dual:
        if isinstance(power, Dual):
            if power.slope:
                return self._to_dual(power)
            power = power.value
        value = self.value**power
        if not self.slope or not power:
            return Dual(value, 0.0)
        return Dual(value, power * self.value ** (power - 1) * self.slope)

    def _to_dual(self, power: Dual) -> Dual:
        value = self.value**power.value
        gain = power.slope * log(self.value) if self.value else 0.0
        if self.slope:
            gain += power.value * self.slope / self.value
        return Dual(value, value * gain)

    def __rpow__(self, base: Any) -> Dual:
        return Dual(float(base), 0.0) ** self

    def log(self) -> Dual:
        """The natural logarithm."""
        return Dual(log(self.value), self.slope / self.value if self.slope else 0.0)

    def exp(self) -> Dual:
        """The exponential."""
        value = exp(self.value)
        return Dual(value, _times(self.slope, value))

    def expm1(self) -> Dual:
        """The exponential less one."""
        return Dual(expm1(self.value), _times(self.slope, exp(self.value)))

    def erfinv(self) -> Dual:
        """The inverse of the error function."""
        value = erfinv(self.value)
        return Dual(value, _times(self.slope, pi**0.5 / 2 * exp(value**2)))

    def __floordiv__(self, other: Any) -> float:
        return self.value // _dual(other).value

    def __mod__(self, other: Any) -> Dual:
        o = _dual(other)
        return self - o * (self.value // o.value)

    def __rmod__(self, other: Any) -> Dual:
        return _dual(other) % self

    def __float__(self) -> float:
        return self.value

    def __lt__(self, other: Any) -> bool:
        o = _dual(other)
        return (self.value, self.slope) < (o.value, o.slope)

    def __gt__(self, other: Any) -> bool:
        o = _dual(other)
        return (self.value, self.slope) > (o.value, o.slope)

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        # Cases are chosen by value: "one stage" stays one stage while its number grows by nothing.
        return isinstance(other, (Dual, int, float)) and self.value == _dual(other).value

    def __hash__(self) -> int:
        return hash(self.value)


def _dual(number: Any) -> Dual:
    return number if isinstance(number, Dual) else Dual(float(number), 0.0)


def _times(slope: float, value: float) -> float:
    """A slope times a value; no slope is nothing even of infinity."""
    return slope * value if slope else 0.0
