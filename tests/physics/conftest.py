"""Evaluating parts of the graph on values that a test chooses."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.kernels import kernel

Evaluate = Callable[..., dict[str, float]]


@pytest.fixture
def training() -> Evaluate:
    """The training graph of a GPT-like model, every leaf a plain default that the test overrides by its last word."""
    return evaluator("transformer_training")


@pytest.fixture
def serving() -> Evaluate:
    """The serving graph, likewise."""
    return evaluator("transformer_inference")


def evaluator(variant: str) -> Evaluate:
    """A variant of the graph as a function of its leaves."""
    of, compiled = graph(variant), kernel(variant)
    ends = {leaf.name.rpartition(".")[2]: leaf.name for leaf in of.leaves}
    assert len(ends) == len(of.leaves)
    plain = {leaf.name: 0.0 if leaf.low == 0 else 1.0 for leaf in of.leaves} | {
        "software.full_batch": 32.0,
        "ops.duration": 1.0,
        "data.worker_rate": math.inf,  # samples are ready
    }

    def evaluate(**values: float) -> dict[str, float]:
        leaves = {**plain, **{ends[name]: float(value) for name, value in values.items()}}
        results = compiled([leaves[name] for name in compiled.leaves])
        return {**leaves, **dict(zip(compiled.names, results, strict=True))}

    return evaluate


def gpt(layers: int, hidden: int, heads: int, vocabulary: int, sequence: int) -> dict[str, float]:
    """A GPT as Megatron-LM's papers train it: biases, two-vector norms, learned positions, tied head, full attention."""
    return {
        "layers": layers, "hidden": hidden, "heads": heads, "kv_heads": heads, "head_width": hidden / heads,
        "ffn_width": 4 * hidden, "ffn_matrices": 2, "vocabulary": vocabulary, "positions": sequence, "tied": 1,
        "norm_vectors": 2, "norms": 2, "attention_bias": 1, "output_bias": 1, "ffn_bias": 1, "dropout": 1, "causal": 0,
        "dense_layers": layers, "experts": 0, "active_experts": 0, "sequence_length": sequence, "weight_bytes": 2,
        "value_bytes": 2, "score_bytes": 2, "gradient_bytes": 2, "state_bytes": 12,
    }  # fmt: skip
