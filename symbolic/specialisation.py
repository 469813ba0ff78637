"""Definitions as they read in one plan: what is neutral there is left out by a step that can be verified.

Nothing in a sum, one in a product, the alternative that does not apply and the argument that does not decide are
dropped, and a quantity that is then nothing, one, or another quantity is replaced where it occurs.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from math import inf, nan
from typing import Any

import sympy
from sympy.functions.elementary.miscellaneous import MinMaxBase

from mlsysim.symbolic import functions
from mlsysim.symbolic.equation import equation
from mlsysim.symbolic.errors import DerivationError
from mlsysim.symbolic.graph import Graph
from mlsysim.symbolic.parts import Part, balance, fixed_of, flat, joined, reasons_of, related, unique, written
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.rules import specialise
from mlsysim.symbolic.step import Step

#: How far a specialised formula may be from what was evaluated: the rounding of floats.
SAME = 1e-12
_COMPUTED: dict[str, Any] = {
    "log": functions.log, "exp": functions.exp, "erfinv": functions.erfinv, "ErlangC": functions.erlang_c,
}  # fmt: skip
_SIGNS = {"Equality": "==", "GreaterThan": ">=", "LessThan": "<=", "StrictGreaterThan": ">", "StrictLessThan": "<"}
_OPPOSITE = {"==": "!=", ">=": "<", "<=": ">", ">": "<=", "<": ">="}
_COMPARED = {"==": operator.eq, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


class Specialised:
    """The definitions of a graph, specialised to what a plan leaves of them.

    Args:
        graph: the variant that was evaluated.
        values: every quantity in coherent units, by name.
    """

    def __init__(self, graph: Graph, values: Mapping[str, float]) -> None:
        self.graph, self.values = graph, values
        self.steps: dict[Quantity, Step] = {}
        #: What makes a definition read as it does: leaves whose values do, and relations that hold.
        self.reasons: dict[Quantity, tuple[Any, ...]] = {}
        #: What stands for a quantity that is nothing, one, or another quantity here.
        self.stands_for: dict[Quantity, Any] = {}

    def add(self, quantities: Iterable[Quantity]) -> None:
        """Specialise definitions, given in an order in which they can be computed.

        Raises:
            DerivationError: a specialised formula does not give the value that was evaluated.
        """
        for quantity in quantities:
            part = self._part(self.graph.steps[quantity].result.right)
            value = self.values[quantity.name]
            if not (part.value == value or abs(part.value - value) <= SAME * abs(value) or value != value):
                raise DerivationError(f"{quantity.name}: specialised, it is {part.value!r} and not {value!r}")
            self.reasons[quantity] = part.reasons
            self.steps[quantity] = self._step(self.graph.steps[quantity], part)
            if part.node in (0, 1) or isinstance(part.node, Quantity):
                self.stands_for[quantity] = part.node

    def value(self, node: Any) -> float:
        """What an expression of the graph's quantities is in the plan, in coherent units."""
        return self._part(node).value

    def left_out(self, quantity: Quantity) -> dict[Quantity, tuple[Any, tuple[Any, ...]]]:
        """What is nothing, one or another quantity in a definition, each with what stands for it and why."""
        step = self.steps[quantity]
        if step is self.graph.steps[quantity]:
            return {}
        return {q: (self.stands_for[q], self.reasons[q]) for q, _ in step.arguments if q in self.stands_for}

    def _step(self, step: Step, part: Part) -> Step:
        if not part.fixed:
            return step
        because = "; ".join(why(reason, self.values) for reason in part.reasons)
        return specialise(step, part.fixed, equation(step.result.left, part.node), because=because)

    # The parts of a formula.

    def _part(self, node: Any) -> Part:
        if isinstance(node, Quantity):
            return self._quantity(node)
        if not node.args:
            return Part(node, float(node) if node.is_number else nan, {})
        for kinds, method in self._methods:
            if isinstance(node, kinds):
                part: Part = method(self, node)
                return part
        raise TypeError(f"no value for {type(node).__name__}")

    def _quantity(self, quantity: Quantity) -> Part:
        if quantity.constant is not None:
            return Part(quantity, quantity.constant, {})
        value = self.values[quantity.name]
        if quantity in self.stands_for:
            stands = self.stands_for[quantity]
            return Part(stands, value, {quantity: stands}, self.reasons[quantity])
        if value == 0 or (value == 1 and quantity.unit == "1"):
            number = sympy.Integer(int(value))
            return Part(number, value, {quantity: number}, (quantity,))
        return Part(quantity, value, {})

    def _sum(self, node: Any) -> Part:
        parts = [self._part(term) for term in flat(node, sympy.Add)]
        value = sum(part.value for part in parts)
        numbers = [part.node for part in parts if part.node.is_Number]
        if value == 0 and len(numbers) < len(parts):
            return Part(
                sympy.Integer(0),
                0.0,
                {node: 0},
                (*related("==", *balance(part.node for part in parts)), *reasons_of(parts)),
            )
        gone = sum(numbers) == 0
        kept = [part.node for part in parts if part.node != 0 and not (gone and part.node.is_Number)]
        counts = {term: kept.count(term) for term in kept}
        terms = [term if many == 1 else written(sympy.Mul, sympy.Integer(many), term) for term, many in counts.items()]
        return Part(joined(sympy.Add, terms), value, fixed_of(parts), reasons_of(parts))

    def _product(self, node: Any) -> Part:
        parts = [self._part(factor) for factor in flat(node, sympy.Mul)]
        nothing = [part for part in parts if part.node == 0]
        if nothing:
            return min(nothing, key=lambda part: (len(part.reasons), len(part.fixed)))
        value = 1.0
        for part in parts:
            value *= part.value
        kept = [part.node for part in parts if part.node != 1]
        return Part(joined(sympy.Mul, kept), value, fixed_of(parts), reasons_of(parts))

    def _power(self, node: Any) -> Part:
        base, exponent = (self._part(argument) for argument in node.args)
        if base.value == inf and exponent.value < 0 and isinstance(base.node, Quantity):
            return Part(sympy.Integer(0), 0.0, base.fixed | {base.node: sympy.oo}, (*base.reasons, base.node))
        if base.node == 1:
            return base
        value = base.value**exponent.value if base.value or exponent.value > 0 else inf
        return self._of(sympy.Pow, [base, exponent], value)

    def _cases(self, node: Any) -> Part:
        fixed: dict[Any, Any] = {}
        reasons: list[Any] = []
        for value, condition in node.args:
            holds = condition is sympy.true or self._decides(condition, fixed, reasons)
            if holds:
                part = self._part(value)
                return Part(part.node, part.value, fixed | part.fixed, unique((*reasons, *part.reasons)))
        raise TypeError("no case holds")

    def _decides(self, condition: Any, fixed: dict[Any, Any], reasons: list[Any]) -> bool:
        """Whether a condition holds, and why."""
        left, right = parts = [self._part(side) for side in condition.args]
        sign = _SIGNS[type(condition).__name__]
        holds = _COMPARED[sign](left.value, right.value)
        fixed[condition] = sympy.true if holds else sympy.false
        named = [q for q in condition.free_symbols if getattr(q, "constant", 0) is None]
        if len(named) == 1 and (named[0] in self.stands_for or named[0] not in self.graph.steps):
            reasons += self.reasons.get(named[0], (named[0],))
        else:
            reasons += [*related(sign if holds else _OPPOSITE[sign], left.node, right.node), *reasons_of(parts)]
        return holds

    def _extreme(self, node: Any) -> Part:
        """The argument that decides; or all, where quantities compete that are amounts of the same thing."""
        parts = [self._part(argument) for argument in node.args]
        largest = isinstance(node, sympy.Max)
        decides = (max if largest else min)(parts, key=lambda part: part.value)
        rivals = {part.node: part for part in parts if part.node != 0}
        if all(isinstance(rival, Quantity) and rival.unit != "1" for rival in rivals) and len(rivals) > 1:
            kept = written(sympy.Max if largest else sympy.Min, *rivals)
            return Part(
                kept, decides.value, {node: kept} if len(rivals) < len(parts) else fixed_of(parts), reasons_of(parts)
            )
        sign = ">=" if largest else "<="
        others = [part.node for part in parts if not part.node.is_Number]
        sides = [balance([part])[::-1] if decides.node == 0 else (decides.node, part) for part in others]
        relations = [relation for side in sides for relation in related(sign, *side)]
        fixed = {node: decides.node} | decides.fixed
        return Part(decides.node, decides.value, fixed, unique((*relations, *reasons_of(parts))))

    def _round(self, node: Any) -> Part:
        part = self._part(node.args[0])
        value = functions.ceil(part.value) if isinstance(node, sympy.ceiling) else functions.floor(part.value)
        if part.node.is_integer:
            return part._replace(value=value)
        whole = self._of(node.func, [part], value)
        if value not in (0, 1):
            return whole
        number = sympy.Integer(int(value))
        return Part(number, value, {node: number}, (*related("==", whole.node, number), *part.reasons))

    def _mod(self, node: Any) -> Part:
        parts = [self._part(argument) for argument in node.args]
        value = parts[0].value % parts[1].value if parts[1].value else nan
        if value:
            return self._of(sympy.Mod, parts, value)
        zero = sympy.Integer(0)
        return Part(zero, 0.0, {node: zero}, related("==", self._of(sympy.Mod, parts, value).node, zero))

    def _function(self, node: Any) -> Part:
        parts = [self._part(argument) for argument in node.args]
        return self._of(node.func, parts, float(_COMPUTED[type(node).__name__](*(part.value for part in parts))))

    def _of(self, function: Any, parts: list[Part], value: float) -> Part:
        return Part(written(function, *(part.node for part in parts)), value, fixed_of(parts), reasons_of(parts))

    _methods = (
        (sympy.Add, _sum), (sympy.Mul, _product), (sympy.Pow, _power), (sympy.Piecewise, _cases),
        (MinMaxBase, _extreme), ((sympy.ceiling, sympy.floor), _round), (sympy.Mod, _mod), (sympy.Function, _function),
    )  # fmt: skip


def why(reason: Any, values: Mapping[str, float]) -> str:
    """A reason in words: what a leaf means and is, or a relation that holds.

    >>> from mlsysim.symbolic.foundations.inputs import experts, latent, pipeline
    >>> why(experts, {"model.experts": 0}), why(pipeline, {"split.pipeline": 1})
    ('no routed experts of a layer: E = 0', 'pipeline stages: p = 1')
    >>> why(latent, {"model.latent": 0})
    'keys and values are kept as one latent vector (MLA): no'
    """
    from mlsysim.symbolic.printing.expression import plain, text
    from mlsysim.symbolic.printing.values import said

    if not isinstance(reason, Quantity):
        return text(reason)
    value = values[reason.name]
    if reason.choices == ("no", "yes"):
        return f"{reason.meaning.removeprefix('whether ')}: {said(reason, value)}"
    no = "no " if value == 0 and not reason.choices else ""
    return f"{no}{reason.meaning}: {plain(reason.latex)} = {said(reason, value)}"
