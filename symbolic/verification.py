"""Verification of steps: every rule recomputes its result, and a step that was verified is remembered by what it says.

``verdicts.json`` holds the verdict of every step under a digest of its rule, its equations, the ranges of its quantities
and the code that recomputes it. ``make generate`` writes it, and the tests recompute every step and compare.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import sympy

from mlsysim.symbolic.checking import ASSUMED, PROVED, Verdict, same
from mlsysim.symbolic.equation import canonical
from mlsysim.symbolic.errors import DerivationError
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.step import STATED, Step

RECORD = Path(__file__).parent / "verdicts.json"
#: The code that decides whether a step holds.
_DECIDES = ("verification.py", "checking.py", "equation.py", "special.py", "functions.py")


def verify(step: Step) -> Verdict:
    """Recompute a step by its rule.

    Raises:
        DerivationError: the result does not follow, or an axiom has no citation.
    """
    if step.rule == "given" and not step.cite:
        raise DerivationError(f"given without a citation: {step.result.left} = {step.result.right}")
    verdict = ASSUMED if step.rule in STATED else _RECOMPUTE[step.rule](step)
    if not verdict.holds:
        raise DerivationError(f"{step.rule}: {step.result.left} = {step.result.right} does not follow; {verdict.why}")
    return verdict


def remembered(step: Step) -> Verdict | None:
    """The verdict of exactly this step in the record; None where it has none."""
    if step.rule == "define" or (step.rule == "given" and step.cite):
        return ASSUMED
    found = _record().get(digest(step))
    return Verdict("checked", found) if isinstance(found, int) else PROVED if found else None


def record(steps: Iterable[Step]) -> str:
    """The record of steps, all verified now, as text.

    Raises:
        DerivationError: a step does not follow.
    """
    verdicts = {digest(step): verdict.points or verdict.kind for step in steps if (verdict := verify(step)) != ASSUMED}
    return json.dumps(dict(sorted(verdicts.items())), indent=0) + "\n"


def digest(step: Step) -> str:
    """A digest of all that decides whether a step holds: the rule, its equations and arguments, and the code."""
    says = (
        step.rule, _equation(step.result), tuple(_equation(parent.result) for parent in step.inputs), _says(step.arguments),
    )  # fmt: skip
    return sha256(f"{_code()}{says}".encode()).hexdigest()[:20]


@cache
def _record() -> dict[str, str | int]:
    return dict(json.loads(RECORD.read_text(encoding="utf-8"))) if RECORD.exists() else {}


@cache
def _code() -> str:
    text = b"".join((Path(__file__).parent / name).read_bytes().replace(b"\r\n", b"\n") for name in _DECIDES)
    return sha256(text + sympy.__version__.encode()).hexdigest()


def _equation(equation: Any) -> tuple[str, str]:
    return _says(equation.left), _says(equation.right)


def _says(value: Any) -> str:
    """An expression, or arguments of a rule, as text that names its quantities with their ranges."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_says, value))})"
    return _of_node(sympy.sympify(value))


@cache
def _of_node(node: Any) -> str:
    if isinstance(node, Quantity):
        return f"{node.name}[{node.low} {node.high} {node.is_integer} {node.constant}]"
    if isinstance(node, sympy.Symbol):
        return f"{node.name}{sorted(node.assumptions0.items())}"
    if not node.args:
        return sympy.srepr(node)
    return f"{node.func.__name__}({', '.join(map(_of_node, node.args))})"


def _substitute(step: Step) -> Verdict:
    into, *using = step.inputs
    left, right = into.result.canonical
    for other in using:
        old, new = other.result.canonical
        left, right = left.xreplace({old: new}), right.xreplace({old: new})
    return _agrees(step, left, right)


def _apply(step: Step) -> Verdict:
    [law] = step.inputs
    exact = {old: canonical(new) for old, new in step.arguments}
    strangers = set(exact) - law.result.left.free_symbols - law.result.right.free_symbols
    if strangers:
        return Verdict("refuted", why=f"the law has no {sorted(map(str, strangers))}")
    left, right = (side.xreplace(exact) for side in law.result.canonical)
    return _agrees(step, left, right)


def _solve(step: Step) -> Verdict:
    [quantity] = step.arguments
    if step.result.left != quantity or step.result.right.has(quantity):
        return Verdict("refuted", why=f"the result is not solved for {quantity}")
    roots = sympy.solve(step.inputs[0].result.residual, quantity)
    stated = step.result.canonical[1]
    verdicts = [same(stated, root) for root in roots]
    if not any(v.holds for v in verdicts):
        found = " or ".join(f"{quantity} = {root}" for root in roots) or "no root"
        why = f"solving gives {found}" + (f"; {verdicts[0].why}" if verdicts else "")
        return Verdict("refuted", why=why)
    if any(not v.holds for v in verdicts):
        return Verdict("refuted", why=f"{quantity} has further roots: {roots}")
    return next(v for v in verdicts if v.holds)


def _rewrite(step: Step) -> Verdict:
    return _agrees(step, *step.inputs[0].result.canonical)


def _stationary(step: Step) -> Verdict:
    slope = sympy.diff(step.inputs[0].result.canonical[1], step.arguments[0])
    return _agrees(step, slope, sympy.Integer(0))


def _differentiate(step: Step) -> Verdict:
    slope = sympy.diff(step.inputs[0].result.canonical[1], step.arguments[0])
    return _agrees(step, step.result.canonical[0], slope)


def _bottleneck(step: Step) -> Verdict:
    slowest = sympy.Max(*(part.result.canonical[0] for part in step.inputs))
    return _agrees(step, step.result.canonical[0], slowest)


def _total(step: Step) -> Verdict:
    return _agrees(step, step.result.canonical[0], sympy.Add(*(part.result.canonical[0] for part in step.inputs)))


def _summed(step: Step) -> Verdict:
    left, right = step.inputs[0].result.canonical
    return _agrees(step, left, right.doit())


def _recurrence(step: Step) -> Verdict:
    index, previous, start, begins = step.arguments
    left, right = step.inputs[0].result.canonical
    closed = step.result.canonical[1]
    first = same(closed.subs(index, canonical(start)), canonical(begins))
    if not first.holds:
        return first
    onward = same(closed.subs(index, index + 1), right.subs(index, index + 1).xreplace({previous: closed}))
    return onward if left == step.result.canonical[0] else Verdict("refuted", why=f"the step is for {left}")


def _specialise(step: Step) -> Verdict:
    exact = {canonical(old): canonical(new) for old, new in step.arguments}
    left, right = step.inputs[0].result.canonical
    parts = [old for old in exact if not isinstance(old, sympy.Symbol)]
    for part in sorted(parts, key=lambda part: -part.count_ops()):
        # A part that sympy has taken apart, such as a sum within a sum, is found by its terms.
        found = right.xreplace({part: exact[part]})
        right = right.subs(part, exact[part]) if found == right and not part.is_Boolean else found
    symbols = {old: new for old, new in exact.items() if isinstance(old, sympy.Symbol)}
    return _agrees(step, left, right.subs(symbols, simultaneous=True))


def _limit(step: Step) -> Verdict:
    quantity, to = step.arguments
    left, right = step.inputs[0].result.canonical
    return _agrees(step, left, sympy.limit(right, quantity, to))


def _agrees(step: Step, left: Any, right: Any) -> Verdict:
    """Compare a stated result with the recomputed sides."""
    stated = step.result.canonical
    verdicts = [same(stated[0], sympy.sympify(left)), same(stated[1], sympy.sympify(right))]
    for verdict in verdicts:
        if not verdict.holds:
            return verdict
    return PROVED if all(v == PROVED for v in verdicts) else max(verdicts, key=lambda v: v.points)


_RECOMPUTE: dict[str, Callable[[Step], Verdict]] = {
    "substitute": _substitute, "apply": _apply, "solve": _solve, "rewrite": _rewrite, "stationary": _stationary,
    "differentiate": _differentiate, "bottleneck": _bottleneck, "total": _total, "summed": _summed,
    "recurrence": _recurrence, "specialise": _specialise, "limit": _limit,
}  # fmt: skip
