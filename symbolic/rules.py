"""The rules of derivation. Each names how a result follows, and recomputes it when the step is verified.

A step's parents are the steps it was called with, so the derivation graph is the data flow of the module that states
it. Stating a step computes nothing; :meth:`Step.verify` does, and the tests call it for every step.

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

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from mlsysim.symbolic.checking import ASSUMED, PROVED, Verdict, same
from mlsysim.symbolic.equation import Equation, canonical, equation
from mlsysim.symbolic.errors import DerivationError

NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a derivation: a rule, what it starts from, what it yields and why.

    ``when`` names the variants of the graph in which the result defines its left-hand side; empty for a step that only
    argues.
    """

    rule: str
    inputs: tuple[Step, ...]
    result: Equation
    because: str
    cite: str = ""
    when: frozenset[str] = NOWHERE
    check: Callable[[], Verdict] = field(default=lambda: ASSUMED, repr=False)

    def verify(self) -> Verdict:
        """Recompute the step.

        Raises:
            DerivationError: the result does not follow, or an axiom has no citation.
        """
        if self.rule == "given" and not self.cite:
            raise DerivationError(f"given without a citation: {self.result.left} = {self.result.right}")
        verdict = self.check()
        if not verdict.holds:
            raise DerivationError(
                f"{self.rule}: {self.result.left} = {self.result.right} does not follow; {verdict.why}"
            )
        return verdict

    @property
    def ancestry(self) -> list[Step]:
        """This step and all it rests on, premises first."""
        seen: dict[int, Step] = {}

        def visit(step: Step) -> None:
            if id(step) not in seen:
                for parent in step.inputs:
                    visit(parent)
                seen[id(step)] = step

        visit(self)
        return list(seen.values())

    def _repr_latex_(self) -> str:
        return self.result._repr_latex_()


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

    def check() -> Verdict:
        left, right = into.result.canonical
        for step in using:
            old, new = step.result.canonical
            left, right = left.xreplace({old: new}), right.xreplace({old: new})
        return _agrees(result, left, right)

    return Step("substitute", (into, *using), result, because, cite, when, check)


def apply(
    law: Step, reading: Mapping[Any, Any], *, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """Read a general law for particular quantities: ``reading`` says what stands for each of its symbols."""
    # The author's order of the law is kept by replacing inside the written expression.
    result = Equation(_read(law.result.left, reading), _read(law.result.right, reading))

    def check() -> Verdict:
        exact = {old: canonical(new) for old, new in reading.items()}
        strangers = set(exact) - law.result.left.free_symbols - law.result.right.free_symbols
        if strangers:
            return Verdict("refuted", why=f"the law has no {sorted(map(str, strangers))}")
        left, right = (side.xreplace(exact) for side in law.result.canonical)
        return _agrees(result, left, right)

    return Step("apply", (law,), result, because, cite, when, check)


def solve(
    step: Step, quantity: Any, result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE
) -> Step:
    """Solve an equation for one quantity."""

    def check() -> Verdict:
        if result.left != quantity or result.right.has(quantity):
            return Verdict("refuted", why=f"the result is not solved for {quantity}")
        roots = sympy.solve(step.result.residual, quantity)
        stated = result.canonical[1]
        verdicts = [same(stated, root) for root in roots]
        if not any(v.holds for v in verdicts):
            found = " or ".join(f"{quantity} = {root}" for root in roots) or "no root"
            why = f"solving gives {found}" + (f"; {verdicts[0].why}" if verdicts else "")
            return Verdict("refuted", why=why)
        if any(not v.holds for v in verdicts):
            return Verdict("refuted", why=f"{quantity} has further roots: {roots}")
        return next(v for v in verdicts if v.holds)

    return Step("solve", (step,), result, because, cite, when, check)


def rewrite(step: Step, result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Write the same equation in another form."""
    return Step("rewrite", (step,), result, because, cite, when, lambda: _agrees(result, *step.result.canonical))


def stationary(step: Step, quantity: Any, result: Equation, *, because: str, cite: str = "") -> Step:
    """Set the derivative of a result's right-hand side to zero; the result states ``derivative = 0``."""

    def check() -> Verdict:
        slope = sympy.diff(step.result.canonical[1], quantity)
        return _agrees(result, slope, sympy.Integer(0))

    return Step("stationary", (step,), result, because, cite, NOWHERE, check)


def differentiate(step: Step, quantity: Any, result: Equation, *, because: str, cite: str = "") -> Step:
    """Name the derivative of a result's right-hand side: the result states ``name = derivative``."""

    def check() -> Verdict:
        slope = sympy.diff(step.result.canonical[1], quantity)
        return _agrees(result, result.canonical[0], slope)

    return Step("differentiate", (step,), result, because, cite, NOWHERE, check)


def bottleneck(*parts: Step, result: Equation, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Processes that run side by side take as long as the slowest."""

    def check() -> Verdict:
        return _agrees(result, result.canonical[0], sympy.Max(*(p.result.canonical[0] for p in parts)))

    return Step("bottleneck", parts, result, because, cite, when, check)


def total(*parts: Step, result: Equation, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Parts one after another add up."""

    def check() -> Verdict:
        return _agrees(result, result.canonical[0], sympy.Add(*(p.result.canonical[0] for p in parts)))

    return Step("total", parts, result, because, cite, when, check)


def summed(step: Step, result: Equation, *, because: str, cite: str = "", when: frozenset[str] = NOWHERE) -> Step:
    """Write a sum in closed form."""

    def check() -> Verdict:
        left, right = step.result.canonical
        return _agrees(result, left, right.doit())

    return Step("summed", (step,), result, because, cite, when, check)


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

    def check() -> Verdict:
        left, right = step.result.canonical
        closed = result.canonical[1]
        first = same(closed.subs(index, canonical(start[0])), canonical(start[1]))
        if not first.holds:
            return first
        step_up = same(closed.subs(index, index + 1), right.subs(index, index + 1).xreplace({previous: closed}))
        return step_up if left == result.canonical[0] else Verdict("refuted", why=f"the step is for {left}")

    return Step("recurrence", (step,), result, because, cite, when, check)


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

    def check() -> Verdict:
        exact = {old: canonical(new) for old, new in values.items()}
        left, right = step.result.canonical
        return _agrees(result, left, right.subs(exact, simultaneous=True))

    return Step("specialise", (step,), result, because, cite, when, check)


def limit(step: Step, quantity: Any, to: Any, result: Equation, *, because: str, cite: str = "") -> Step:
    """Take one quantity to a value."""

    def check() -> Verdict:
        left, right = step.result.canonical
        return _agrees(result, left, sympy.limit(right, quantity, to))

    return Step("limit", (step,), result, because, cite, NOWHERE, check)


def _agrees(result: Equation, left: Any, right: Any) -> Verdict:
    """Compare a stated result with the recomputed sides."""
    verdicts = [same(result.canonical[0], sympy.sympify(left)), same(result.canonical[1], sympy.sympify(right))]
    for verdict in verdicts:
        if not verdict.holds:
            return verdict
    return PROVED if all(v == PROVED for v in verdicts) else max(verdicts, key=lambda v: v.points)


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
