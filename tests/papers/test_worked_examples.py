"""The book's worked examples: one for each wall, with values that were computed by hand here."""

from __future__ import annotations

import math
import sys
from importlib import import_module
from typing import Any

import pytest

import mlsysim
from mlsysim.symbolic.graph import chapters
from tests.conftest import ROOT
from tests.symbolic.test_printing import tall_fractions

WALLS = {c.wall.name: c.wall for c in chapters() if c.is_wall and c.wall}


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    """The example of every wall, as the book prints it."""
    sys.path.insert(0, str(ROOT / "papers"))
    try:
        worked = import_module("worked")
    finally:
        sys.path.pop(0)
    plans = {name: mlsysim.evaluate(plan) for name, plan in worked.PLANS.items()}
    return {name: worked.example(wall, plans) for name, wall in WALLS.items()}


@pytest.mark.parametrize("name", WALLS)
def test_every_wall_has_an_example_with_sources(examples: dict[str, Any], name: str) -> None:
    """Each result is a number, and each value that no equation gives says where it comes from."""
    example = examples[name]
    results = {step.result.left for step in example.steps}
    assert results
    assert all(math.isfinite(example.values[quantity.name]) for quantity in results)
    for step in example.steps:
        for quantity in step.result.quantities_of_right:
            assert (
                quantity.constant is not None or quantity.name in example.values or quantity.name.startswith("index.")
            )
    assert all(origin.says for origin in example.origins.values())
    assert example.latex().count("{") == example.latex().count("}")
    assert tall_fractions(example.latex()) == []


@pytest.mark.parametrize(
    ("wall", "quantity", "by_hand"),
    [
        ("streaming", "streaming.stream_time", 855_638_016 * 2 / 63e9),
        ("tail_latency", "queue.must_wait", 0.9**2 / 1.1 / (1 + 0.9 + 0.9**2 / 1.1)),
        ("transformation", "transformation.workers_needed", math.ceil(4096 / (120 * 0.205))),
        ("locality", "topology.torus_cut", 2 * 16 * 16),
        ("complexity", "complexity.rule_parameters", math.sqrt(5.76e23 / 6 / 20)),
        ("reasoning", "reasoning.success", 1 - 0.7**8),
        ("fidelity", "fidelity.compression", 2 / (0.5 + 2.5 / 128)),
        ("multi_tenant", "multi_tenant.stranded", 8 % 3),
        ("sensitivity", "sensitivity.elasticity_whole", -3 / 4),
        ("synthesis", "synthesis.speed", 141e9 / 0.020),
    ],
)
def test_examples_agree_with_arithmetic(examples: dict[str, Any], wall: str, quantity: str, by_hand: float) -> None:
    """The same number with pencil and paper."""
    assert examples[wall].values[quantity] == pytest.approx(by_hand, rel=1e-9)


def test_the_work_of_chinchilla_is_split_by_both_fits(examples: dict[str, Any]) -> None:
    """The refit asks for 72 billion parameters and 1.33 trillion tokens, approach 3 as published for 32 and 3.0."""
    refit = examples["complexity"]
    [published] = refit.also
    for example, parameters, tokens in ((refit, 72e9, 1.33e12), (published, 32e9, 2.98e12)):
        assert example.values["complexity.best_parameters"] == pytest.approx(parameters, rel=0.01)
        assert example.values["complexity.best_tokens"] == pytest.approx(tokens, rel=0.01)
        assert example.why
        assert example.latex() in refit.latex()
