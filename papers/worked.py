"""Worked examples for the book: each wall's own equations with the values of a plan, or with facts of the registry.

The examples of walls that no plan joins, or none of these shows, stand in ``examples.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlsysim.derivations import origins
from mlsysim.evaluation import Evaluation
from mlsysim.registry import find
from mlsysim.symbolic.escapes import latex as escaped
from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.laws import last_word
from mlsysim.symbolic.printing.latex_page import ChainPage
from mlsysim.symbolic.printing.origin import Origin
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.units import parse
from mlsysim.symbolic.wall import Wall

EXAMPLES = Path(__file__).with_name("examples.yaml")
_TRAINING = yaml.safe_load((Path(__file__).parent.parent / "examples" / "llama3_70b_training.yaml").read_text("utf-8"))
#: The plan of the README, for a run of twenty tokens per parameter, and the same model served.
PLANS: Mapping[str, Any] = {
    "training": {**_TRAINING, "workload": {**_TRAINING["workload"], "tokens": 1.4e12}},
    "serving": {
        "version": "1.0",
        "workload": {"name": "Llama3_70B", "batch_size": 16},
        "hardware": {"name": "H100", "accelerators": 4},
        "ops": {"region": "Quebec", "duration_days": 14.0},
    },
}


@dataclass(frozen=True)
class Example:
    """Equations with values, and where the values come from.

    Attributes:
        title: the situation.
        steps: what is evaluated, in order.
        values: every quantity in coherent units, by name.
        origins: where the values of the quantities that no equation gives come from.
        why: what is to be said of the result.
        also: the same equations with some other values.
    """

    title: str
    steps: list[Step]
    values: Mapping[str, float]
    origins: Mapping[Quantity, Origin]
    why: str = ""
    also: tuple[Example, ...] = ()

    def latex(self) -> str:
        """The example, and those beside it, as subsections of the book."""
        own = ChainPage(self.values, cite=r"\cite{{{}}}").example(self.title, self.origins, self.steps)
        said = f"\\noindent {escaped(self.why)}\n" if self.why else ""
        return own + said + "".join(other.latex() for other in self.also)


def example(wall: Wall, plans: Mapping[str, Evaluation]) -> Example:
    """The example of a wall: as ``examples.yaml`` says, else in the first plan whose graph it joins."""
    if wall.name in _entries():
        return _written(wall, plans)
    for name, evaluation in plans.items():
        of = graph(evaluation.variant)
        steps = [of.steps[q] for q in of.order if of.chapter[q].wall is wall]
        if steps:
            bound = origins(evaluation)
            leaves = {q: bound[q.name] for s in steps for q in s.result.quantities_of_right if q.name in bound}
            return Example(f"{name} Llama-3 70B", steps, evaluation.values, leaves)
    raise LookupError(f"no plan joins the {wall.name} wall: give it an example in {EXAMPLES.name}")


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    return {entry["wall"]: entry for entry in yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))}


def _written(wall: Wall, plans: Mapping[str, Evaluation]) -> Example:
    """The example of ``examples.yaml`` for a wall."""
    entry = _entries()[wall.name]
    also = tuple(_stated(wall, plans, other, {**entry["values"], **other["values"]}) for other in entry.get("also", ()))
    return replace(_stated(wall, plans, entry, entry["values"]), also=also)


def _stated(wall: Wall, plans: Mapping[str, Evaluation], entry: Mapping[str, Any], given: Mapping[str, Any]) -> Example:
    """The wall's laws on the values that an entry gives; only those that it shows, where it names some."""
    known = {last_word(q): q for s in wall.derivation for q in s.result.quantities}
    told = {known[name]: _told(known[name], how, plans) for name, how in given.items()}
    decided = wall.decide(**{quantity.name: value for quantity, (value, _) in told.items()})
    of_law = {id(step.result): step for step in wall.core}
    values = {quantity.name: value for quantity, (value, _) in told.items()}
    values |= {quantity.name: each.value for quantity, each in decided.items()}
    leaves = {quantity: origin for quantity, (_, origin) in told.items() if last_word(quantity) in entry["values"]}
    steps = [of_law[id(each.law)] for q, each in decided.items() if last_word(q) in entry.get("shows", known)]
    return Example(entry["title"], steps, values, leaves, entry.get("why", ""))


def _told(quantity: Quantity, told: Mapping[str, Any], plans: Mapping[str, Evaluation]) -> tuple[float, Origin]:
    """A value of ``examples.yaml`` in coherent units, and where it comes from."""
    if "fact" in told:
        category, name, fact = told["fact"].split("/")
        entry = find(category, name)
        value = entry.facts[fact]
        return parse(value.text, quantity.unit), Origin(f"{entry.title}, {fact}", str(value.source), value.source.key)
    if "plan" in told:
        evaluation = plans[told["plan"]]
        return evaluation.values[told["quantity"]], Origin(f"the example of {told['plan']}")
    return parse(str(told["value"]), quantity.unit), Origin(told["because"], key=told.get("cite", ""))
