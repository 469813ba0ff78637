"""Checking that both sides of every equation count the same thing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy
from sympy.functions.elementary.miscellaneous import MinMaxBase

from mlsysim.symbolic.equation import Equation
from mlsysim.symbolic.errors import UnitError
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.special import ErlangC
from mlsysim.symbolic.units import dimension, named

Dimension = dict[str, Fraction]
#: Zero and infinity are zero or infinitely many of anything.
ANYTHING = None


def check(equation: Equation) -> None:
    """Check an equation as it was written.

    Raises:
        UnitError: the two sides, two terms of a sum or two alternatives have different dimensions, an exponent or the
            argument of a function has one, or a relation compares different things.
    """
    _alike([equation.left, equation.right], f"{equation.left} = {equation.right}")


def dimension_of(node: Any) -> Dimension | None:
    """The dimension of an expression; None where it is zero or infinite and so fits anywhere."""
    if isinstance(node, Quantity):
        return {name: Fraction(power).limit_denominator(12) for name, power in dimension(node.unit)}
    if node.is_Number or node.is_Symbol:
        return ANYTHING if node in (0, sympy.oo) else {}
    if isinstance(node, sympy.Add | MinMaxBase):
        return _alike(node.args, str(node))
    if isinstance(node, sympy.Mul):
        return _product(node.args)
    if isinstance(node, sympy.Pow):
        return _power(node)
    if isinstance(node, sympy.Piecewise):
        for _, condition in node.args:
            _check_condition(condition)
        return _alike([value for value, _ in node.args], str(node))
    if isinstance(node, sympy.ceiling | sympy.floor):
        # Counts are whole in their own coherent unit, so rounding keeps the dimension.
        return dimension_of(node.args[0])
    if isinstance(node, sympy.Mod):
        whole, part = node.args
        return dimension_of(whole) if dimension_of(part) == {} else _alike(node.args, str(node))
    if isinstance(node, sympy.Sum):
        return dimension_of(node.function)
    if isinstance(node, sympy.exp | sympy.log | sympy.factorial | sympy.binomial | sympy.erf | sympy.erfinv | ErlangC):
        for argument in node.args:
            _plain(argument, str(node))
        return {}
    raise UnitError(f"no rule for the dimension of {type(node).__name__} in {node}")


def _alike(nodes: Any, where: str) -> Dimension | None:
    found = [(node, dimension_of(node)) for node in nodes]
    known = [(node, dim) for node, dim in found if dim is not ANYTHING]
    for node, dim in known[1:]:
        if dim != known[0][1]:
            raise UnitError(f"{where}: {known[0][0]} is {_say(known[0][1])}, {node} is {_say(dim)}")
    return known[0][1] if known else ANYTHING


def _product(factors: Any) -> Dimension | None:
    dims = [dimension_of(factor) for factor in factors]
    if any(dim is ANYTHING for dim in dims):
        return ANYTHING
    result: Dimension = {}
    for dim in dims:
        for name, power in (dim or {}).items():
            result[name] = result.get(name, Fraction(0)) + power
    return {name: power for name, power in result.items() if power}


def _power(node: sympy.Pow) -> Dimension | None:
    base, exponent = node.args
    dim = dimension_of(base)
    if not dim:
        _plain(exponent, str(node))
        return dim
    number = sympy.nsimplify(exponent.doit())
    if not number.is_Rational:
        raise UnitError(f"{node}: {base} is {_say(dim)} and its exponent {exponent} is not a number")
    return {name: power * Fraction(int(number.p), int(number.q)) for name, power in dim.items()}


def _plain(node: Any, where: str) -> None:
    if dimension_of(node):
        raise UnitError(f"{where}: {node} is {_say(dimension_of(node))}, a plain number is needed")


def _check_condition(condition: Any) -> None:
    if condition in (True, sympy.true):
        return
    if isinstance(condition, sympy.And | sympy.Or | sympy.Not):
        for part in condition.args:
            _check_condition(part)
    else:
        _alike(condition.args, str(condition))


def _say(dim: Dimension | None) -> str:
    return named(tuple(sorted((name, float(power)) for name, power in (dim or {}).items())))
