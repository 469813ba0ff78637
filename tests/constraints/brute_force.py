"""What brute force finds, and what a search must say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.feasibility import holds
from mlsysim.constraints.search import Answer
from mlsysim.symbolic.kernels import kernel


def best_of(
    points: Iterable[Mapping[str, float]], variant: str, objective: str, sense: int, bounds: Sequence[Bound]
) -> float | None:
    """The best of some points, each with all leaves of a graph, one at a time through the scalar kernel."""
    compiled = kernel(variant)
    best: float | None = None
    for leaves in points:
        values = {**leaves, **dict(zip(compiled.names, compiled([leaves[n] for n in compiled.leaves]), strict=True))}
        kept = all(b.sign * values[b.quantity] <= b.sign * b.value * (1 + b.sign * 1e-12) for b in bounds)
        if kept and holds(variant, values) and (best is None or sense * values[objective] < sense * best):
            best = values[objective]
    return best


def proves(answer: Answer, expected: float | None, sense: int) -> None:
    """A search must prove what brute force found, or that there is nothing; its bound never passes it."""
    if expected is None:
        assert (answer.status, answer.choice) == ("infeasible", {})
        return
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(expected, rel=1e-9)
    assert answer.bound is not None
    assert sense * answer.bound <= sense * expected * (1 + sense * 1e-12)
    assert answer.gap is not None
    assert 0 <= answer.gap < 1e-6
