"""A design: a plan whose every leaf has a value and a provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mlsysim.plan import LoadedPlan
from mlsysim.registry import Entry, Source, Value


def encodes(model: Entry) -> bool:
    """Whether a model is an encoder, which reads without writing: each token sees all others, and no answer follows."""
    return "causal" in model.facts and model.facts["causal"].number == 0


@dataclass(frozen=True)
class Binding:
    """The value of a leaf.

    Attributes:
        value: in coherent units; None where nothing is known.
        origin: ``plan``, ``registry`` or ``default``.
        says: where it comes from, as a clause.
        fact: the registry's value, where it is one.
        left_out: whether nobody has published it and the term that it belongs to is left out.
    """

    value: float | None
    origin: str
    says: str
    fact: Value | None = None
    left_out: bool = False

    @property
    def source(self) -> Source | None:
        """The publication, where there is one."""
        return self.fact.source if self.fact else None


@dataclass(frozen=True)
class Design:
    """A plan with every leaf bound but, possibly, those of the split.

    Attributes:
        loaded: the plan and its document.
        variant: the graph that evaluates it.
        model, hardware, node: the entries it is made of.
        bindings: every leaf of the variant by name.
        told: what was chosen because the plan left it open, as sentences.
        by_rule: which split a rule chose, as a sentence; empty where it chose none.
    """

    loaded: LoadedPlan
    variant: str
    model: Entry
    hardware: Entry
    node: Entry
    precision: str
    bindings: Mapping[str, Binding]
    told: tuple[str, ...] = ()
    by_rule: str = ""

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the plan left open and what was taken, as sentences."""
        return (*self.told, self.by_rule) if self.by_rule else self.told

    @property
    def values(self) -> dict[str, float]:
        """Every leaf's number; not-a-number where nothing is known."""
        return {name: float("nan") if b.value is None else b.value for name, b in self.bindings.items()}

    @property
    def missing(self) -> dict[str, str]:
        """The leaves without a value, and why."""
        return {name: b.says for name, b in self.bindings.items() if b.value is None}

    def with_split(self, values: Mapping[str, float], origin: str, says: str) -> Design:
        """The same design with (part of) its split bound; a rule chose none of that."""
        bound = {name: Binding(float(value), origin, says) for name, value in values.items()}
        return replace(self, bindings={**self.bindings, **bound}, by_rule="")

    def assuming(self, *sentences: str) -> Design:
        """The same design with further assumptions to report."""
        return replace(self, told=(*self.told, *sentences))
