"""Equations as their author wrote them, and the same equations in canonical form."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy

from mlsysim.symbolic.quantity import Quantity


@dataclass(frozen=True, eq=False)
class Equation:
    """``left = right``, both kept in the order in which they were written."""

    left: Any
    right: Any

    @cached_property
    def canonical(self) -> tuple[sympy.Expr, sympy.Expr]:
        """Both sides as sympy's own canonical expressions."""
        return canonical(self.left), canonical(self.right)

    @cached_property
    def residual(self) -> sympy.Expr:
        """Left minus right: zero where the equation holds."""
        left, right = self.canonical
        return left - right

    @property
    def quantities(self) -> list[Quantity]:
        """The quantities that occur, by name."""
        return _by_name(self.left.free_symbols | self.right.free_symbols)

    @property
    def quantities_of_right(self) -> list[Quantity]:
        """The quantities on the right-hand side, by name."""
        return _by_name(self.right.free_symbols)

    def _repr_latex_(self) -> str:
        from mlsysim.symbolic.printing import latex

        return f"$\\displaystyle {latex(self)}$"


def equation(left: Any, right: Any) -> Equation:
    """State ``left = right``.

    Wall modules are imported with sympy's automatic evaluation switched off, so both sides keep their author's order.
    """
    return Equation(sympy.sympify(left, evaluate=False), sympy.sympify(right, evaluate=False))


def _by_name(symbols: set[Any]) -> list[Quantity]:
    return sorted((q for q in symbols if isinstance(q, Quantity)), key=lambda q: q.name)


def canonical(expression: Any) -> sympy.Expr:
    """Let sympy evaluate an expression that was written with evaluation switched off."""
    with sympy.evaluate(True):
        return _rebuild(sympy.sympify(expression))


def _rebuild(node: Any) -> Any:
    if not node.args or isinstance(node, (sympy.Derivative, sympy.Integral)):
        return node
    return node.func(*(_rebuild(argument) for argument in node.args))
