"""A worked example: where a metric of a plan comes from, its largest part first, and no more than carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.functions.elementary.miscellaneous import MinMaxBase

from mlsysim.symbolic.graph import Graph
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.specialisation import Specialised
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Wall

#: A quantity is followed to where it comes from if it carries at least this share of the metric.
LEAST = 0.05
RULE = (
    f"Followed, the largest first, is what carries at least {100 * LEAST:g} % of it. Each formula is specialised to this plan "
    "by a step that is proved, or says how it was checked: what is nothing or one is left out."
)


@dataclass(frozen=True)
class Line:
    """A definition as it reads in a plan.

    Attributes:
        step: the definition, or its specialisation.
        wall: the wall that it belongs to.
        carried: the share of the metric that its quantity carries.
        left_out: what is nothing, one or another quantity in it, with what stands for it and why.
        reasons: why it reads as it does besides: leaves with the values that they have, and relations that hold.
    """

    step: Step
    wall: Wall | None
    carried: float
    left_out: Mapping[Quantity, tuple[Any, tuple[Any, ...]]]
    reasons: tuple[Any, ...]

    def because(self, equal: Callable[[Quantity, Any], str], relation: Callable[[Any], str]) -> str:
        """Why the step holds, in the words of a page; empty where the definition stands as it is.

        Args:
            equal: a quantity and what it is here, as an equation; None stands for its value.
            relation: a relation that holds.
        """
        if self.step.rule != "specialise" or not self.step.because:
            return ""

        def reasons(of: tuple[Any, ...]) -> str:
            return ", ".join(equal(reason, None) if isinstance(reason, Quantity) else relation(reason) for reason in of)

        left_out = [
            f"{equal(quantity, by)}{' as ' if why else ''}{reasons(why)}"
            for quantity, (by, why) in self.left_out.items()
        ]
        return "; ".join([*left_out, *filter(None, [reasons(self.reasons)])])


@dataclass(frozen=True)
class Example:
    """What a worked example shows.

    Attributes:
        metric: the quantity that is explained.
        lines: the definitions to show, each after one that mentions it, larger shares first.
        rest: quantities that are mentioned and carry too little to be followed, with the share that each carries.
        nothing: quantities that are nothing in the plan and left out of a line.
        leaves: the leaves that are mentioned, by name.
    """

    metric: Quantity
    lines: tuple[Line, ...]
    rest: Mapping[Quantity, float]
    nothing: tuple[Quantity, ...]
    leaves: tuple[Quantity, ...]


def example(graph: Graph, metric: Quantity, values: Mapping[str, float]) -> Example:
    """The worked example of a metric, every specialised definition verified.

    Args:
        graph: the variant that was evaluated.
        metric: the quantity to explain.
        values: every quantity in coherent units, by name.

    Raises:
        DerivationError: a specialised definition does not follow, or does not give what was evaluated.
    """
    below = ancestors(graph, metric)
    order = [quantity for quantity in graph.order if quantity in below]
    special = Specialised(graph, values)
    special.add(order)
    carried = shares(special, metric, order)
    lines = {q: _line(special, q, carried[q]) for q in _followed(special, metric, carried)}
    mentioned = {q for line in lines.values() for q in _mentioned(line)} - {*lines}
    rest = sorted((q for q in mentioned if q in graph.steps), key=lambda q: (-carried[q], q.name))
    leaves = sorted((q for q in mentioned if q not in graph.steps), key=lambda q: q.name)
    nothing = {q: None for line in lines.values() for q, (by, _) in line.left_out.items() if by == 0}
    return Example(metric, tuple(lines.values()), {q: carried[q] for q in rest}, tuple(nothing), tuple(leaves))


def _line(special: Specialised, quantity: Quantity, carried: float) -> Line:
    left_out = special.left_out(quantity)
    said = {reason for _, reasons in left_out.values() for reason in reasons}
    reasons = tuple(reason for reason in special.reasons[quantity] if reason not in said)
    wall = special.graph.chapter[quantity].wall
    return Line(special.steps[quantity], wall, carried, left_out, reasons)


def _mentioned(line: Line) -> set[Quantity]:
    """The quantities that a line shows without saying what they are."""
    because = [reason for _, reasons in line.left_out.values() for reason in reasons]
    shown = [line.step.result.right, *because, *line.reasons]
    return {q for what in shown for q in what.free_symbols if q.constant is None}


def _in_order(node: Any) -> list[Quantity]:
    """The quantities of an expression, as they are written."""
    found = [q for q in sympy.preorder_traversal(node) if isinstance(q, Quantity) and q.constant is None]
    return list(dict.fromkeys(found))


def ancestors(graph: Graph, metric: Quantity) -> set[Quantity]:
    """A quantity and all it rests on."""
    found: set[Quantity] = set()
    queue = [metric]
    while queue:
        quantity = queue.pop()
        if quantity not in found and quantity.constant is None:
            found.add(quantity)
            queue += graph.parents(quantity)
    return found


def shares(special: Specialised, metric: Quantity, order: list[Quantity]) -> dict[Quantity, float]:
    """The share of a metric that each quantity carries.

    The terms of a sum carry by their size, the factors of a product all that it carries, and of the arguments of a
    maximum the one that decides. What a quantity carries along several ways adds up.
    """
    carried = dict.fromkeys(ancestors(special.graph, metric), 0.0)
    carried[metric] = 1.0

    def spread(node: Any, share: float) -> None:
        if isinstance(node, Quantity):
            if node.constant is None:
                carried[node] += share
        elif isinstance(node, sympy.Add):
            sizes = [abs(special.value(term)) for term in node.args]
            for term, size in zip(node.args, sizes, strict=True):
                spread(term, share * size / (sum(sizes) or 1))
        elif isinstance(node, MinMaxBase):
            decides = (max if isinstance(node, sympy.Max) else min)(node.args, key=special.value)
            spread(decides, share)
        else:
            for part in node.args:
                spread(part, share)

    for quantity in reversed(order):
        if carried[quantity]:
            spread(special.steps[quantity].result.right, carried[quantity])
    return carried


def _followed(special: Specialised, metric: Quantity, carried: Mapping[Quantity, float]) -> list[Quantity]:
    """The quantities whose definitions are shown, each after one that mentions it, larger shares first."""
    found: dict[Quantity, None] = {}

    def visit(quantity: Quantity) -> None:
        found[quantity] = None
        parts = _in_order(special.steps[quantity].result.right)
        for part in sorted(parts, key=lambda part: -min(carried[part], carried[quantity])):
            if part in special.steps and part not in found and carried[part] >= LEAST:
                visit(part)

    visit(metric)
    return list(found)
