"""The share of what plans evaluate that is derived: counted independently here, and only ever rising."""

from __future__ import annotations

import pytest
import sympy

from mlsysim.symbolic.coverage import share, uses
from mlsysim.symbolic.equation import equation
from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.quantity import VARIANTS, ratio
from mlsysim.symbolic.rules import apply, define, given, rewrite

#: The share reached, in percent. It may only rise: put the new figure here when it does.
REACHED = {
    "transformer_training": 92.4, "transformer_inference": 96.4, "transformer_serving": 96.6,
    "profiled_training": 97.0, "profiled_inference": 93.3, "profiled_serving": 100.0,
}  # fmt: skip

a, b, c = (ratio(f"test.{name}", name, name) for name in "abc")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_derived_share_of_a_plan_only_rises(variant: str) -> None:
    """The figure stands above, to a tenth of a percent."""
    assert round(100 * share(variant).share, 1) == REACHED[variant]


@pytest.mark.parametrize("variant", VARIANTS)
def test_aliases_and_leaves_are_in_neither_count(variant: str) -> None:
    """A quantity that only renames another is not evaluated, and what is derived is evaluated."""
    counted = share(variant)
    steps = {q.name: step for q, step in graph(variant).steps.items()}
    aliases = {name for name, step in steps.items() if isinstance(step.result.right, sympy.Symbol)}
    assert not aliases & set(counted.evaluated)
    assert set(counted.derived) <= set(counted.evaluated)
    assert len(counted.evaluated) + len(aliases) <= len(steps)


def test_an_axiom_a_definition_and_a_law_with_other_names_derive_nothing() -> None:
    """A step that computes its result does, also where it is a law read for an expression."""
    law = given(equation(a, 2 * b), because="for the test", cite="young1974")
    assert not law.derives
    assert not define(equation(a, 2 * b), because="for the test").derives
    assert not apply(law, {a: c}, because="other names").derives
    assert apply(law, {b: b + c}, because="an expression").derives
    assert rewrite(law, equation(a, b + b), because="another form").derives


def test_the_roofline_lies_under_the_time_of_decoding() -> None:
    """Wall 1's law is used by plans; sensitivity's laws are uses of the graph and stand in none."""
    assert "serving.decode_time" in next(use for use in uses(1) if use.law == "law").quantities
    assert not any(use.quantities for use in uses(21))
