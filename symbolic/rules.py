"""The rules of derivation. Each names how a result follows, and recomputes it when the step is verified.

A step's parents are the steps it was called with, so the derivation graph is the data flow of the module that states
it. Stating a step computes nothing; :meth:`Step.verify` does (:mod:`mlsysim.symbolic.verification`), and the tests call it for
every step.

============= =============================================================================================
rule          what it asserts, and how it is recomputed
============= =============================================================================================
given         an axiom, a law or a fact of the field; assumed, and must carry a citation
define        a name for an expression, or a quantity put together from its parts; nothing to prove
substitute    earlier results put into another; replaced and compared
apply         a general law read for particular quantities; renamed and compared
solve         an equation solved for one quantity; put back, and every other positive root ruled out
rewrite       the same equation in another form; compared
stationary    where a derivative vanishes; differentiated and compared
differentiate the derivative of a result; differentiated and compared
bottleneck    the slowest of several processes that run side by side; compared with the largest
total         several parts one after another; compared with their sum
summed        a sum in closed form; summed and compared
recurrence    a chain of equal steps in closed form; its start and its step put back and compared
specialise    some quantities fixed to values; substituted and compared
limit         a quantity taken to a value; the limit computed and compared
============= =============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from mlsysim.symbolic.equation import Equation, equation
from mlsysim.symbolic.step import NOWHERE, Step


def given(result: Equation, *, because: str, cite: str, when: frozenset[str] = NOWHERE) -> Step:
    """An axiom, a law or a fact of the field."""
    return Step("given", (), result, because, cite, when)


def define(result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """A name for an expression, or a quantity put together from its parts."""
    return Step("define", (), result, because, cite, when)


def substitute(
    into: Step, *using: Step, result: Equation, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """Put earlier results into another, each replacing its own left-hand side."""
    return Step("substitute", (into, *using), result, because, cite, when)


def apply(
    law: Step, reading: Mapping[Any, Any], *, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """Read a general law for particular quantities: ``reading`` says what stands for each of its symbols."""
    # The author's order of the law is kept by replacing inside the written expression.
    result = Equation(_read(law.result.left, reading), _read(law.result.right, reading))
    return Step("apply", (law,), result, because, cite, when, tuple(reading.items()))


def solve(
    step: Step, quantity: Any, result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """Solve an equation for one quantity."""
    return Step("solve", (step,), result, because, cite, when, (quantity,))


def rewrite(step: Step, result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Write the same equation in another form."""
    return Step("rewrite", (step,), result, because, cite, when)


def stationary(step: Step, quantity: Any, result: Equation, *, because: str, cite: str = "") -> Step:
    """Set the derivative of a result's right-hand side to zero; the result states ``derivative = 0``."""
    return Step("stationary", (step,), result, because, cite, arguments=(quantity,))


def differentiate(step: Step, quantity: Any, result: Equation, *, because: str, cite: str = "") -> Step:
    """Name the derivative of a result's right-hand side: the result states ``name = derivative``."""
    return Step("differentiate", (step,), result, because, cite, arguments=(quantity,))


def bottleneck(*parts: Step, result: Equation, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Processes that run side by side take as long as the slowest."""
    return Step("bottleneck", parts, result, because, cite, when)


def total(*parts: Step, result: Equation, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Parts one after another add up."""
    return Step("total", parts, result, because, cite, when)


def summed(step: Step, result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Write a sum in closed form."""
    return Step("summed", (step,), result, because, cite, when)


def recurrence(
    step: Step,
    index: Any,
    previous: Any,
    result: Equation,
    *,
    start: tuple[Any, Any],
    because: str,
    cite: str = "",
    when: frozenset[str] = NOWHERE,
) -> Step:
    """Write a chain of equal steps in closed form: ``step`` gives each value from the ``previous`` one.

    ``start`` is where the chain begins and its value there. By induction, the closed form holds if it has that value
    and if one step leads from it at ``index`` to it at ``index + 1``.
    """
    return Step("recurrence", (step,), result, because, cite, when, (index, previous, *start))


def specialise(
    step: Step,
    values: Mapping[Any, Any],
    result: Equation,
    *,
    because: str,
    cite: str = "",
    when: frozenset[str] = NOWHERE,
) -> Step:
    """Fix some quantities to values."""
    return Step("specialise", (step,), result, because, cite, when, tuple(values.items()))


def limit(step: Step, quantity: Any, to: Any, result: Equation, *, because: str, cite: str = "") -> Step:
    """Take one quantity to a value."""
    return Step("limit", (step,), result, because, cite, arguments=(quantity, to))


def _read(expression: Any, reading: Mapping[Any, Any]) -> Any:
    """Replace symbols in an expression as written, without evaluating it."""
    if expression in reading:
        return sympy.sympify(reading[expression])
    if not expression.args:
        return expression
    arguments = [_read(argument, reading) for argument in expression.args]
    with sympy.evaluate(False):
        return expression.func(*arguments)


__all__ = [
    "Equation",
    "Step",
    "apply",
    "bottleneck",
    "define",
    "differentiate",
    "equation",
    "given",
    "limit",
    "recurrence",
    "rewrite",
    "solve",
    "specialise",
    "stationary",
    "substitute",
    "summed",
    "total",
]
