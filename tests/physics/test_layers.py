"""A layer in training: what it computes, keeps and moves, pass by pass and tensor by tensor."""

from __future__ import annotations

import pytest

from tests.physics.conftest import Evaluate, gpt

HIDDEN, HEADS, WIDTH, LENGTH, LAYERS = 96, 6, 16, 32, 3
MODEL = gpt(LAYERS, HIDDEN, HEADS, 1000, LENGTH)
PASSES = {0: ["f", "b"], 1: ["f", "a", "b"], 2: ["f", "f", "b"]}  # a: attention alone, again
RECOMPUTED = pytest.mark.parametrize("recompute", PASSES)


@RECOMPUTED
def test_a_step_computes_what_its_passes_do(training: Evaluate, recompute: int) -> None:
    """A backward pass multiplies twice as often as a forward one; what was not kept is computed again before it."""
    found = training(**MODEL, recompute=recompute, batch_size=1)
    products, attention = 2 * (4 + 8) * HIDDEN * HIDDEN, 2 * 2 * LENGTH * HIDDEN  # of a token, forward
    done = {"f": products + attention, "a": attention, "b": 2 * (products + attention)}
    layers = LAYERS * LENGTH * sum(done[kind] for kind in PASSES[recompute])
    scores = LENGTH * 3 * 2 * HIDDEN * 1000  # are kept
    assert found["work.hardware"] == pytest.approx(layers + scores, rel=1e-12)
    assert found["work.model"] == pytest.approx(
        3 * (LAYERS * LENGTH * done["f"] + LENGTH * 2 * HIDDEN * 1000), rel=1e-12
    )


@RECOMPUTED
@pytest.mark.parametrize("microbatch", [1, 4])
def test_a_microbatch_moves_what_its_passes_touch(training: Evaluate, recompute: int, microbatch: int) -> None:
    """Every pass reads the weights, gradients are added to in memory, what is kept is written and read."""
    found = training(
        **MODEL, recompute=recompute, microbatch=microbatch, batch_size=microbatch, peak=1e30, efficiency=1, bandwidth=1e9,
        memory_efficiency=0.5,
    )  # fmt: skip
    parameters = found["model.parameters"]
    reads = 2 * parameters * sum(kind in "fb" for kind in PASSES[recompute])  # attention has no weights
    kept = LAYERS * found["memory.layer_kept"]
    moved = reads + (2 + 2) * parameters + kept + kept
    assert found["memory.stage_roofline"] == pytest.approx(moved / 0.5e9, rel=1e-12)


@pytest.mark.parametrize("kv_heads", [1, 2, 6])
def test_grouped_heads_keep_their_keys_and_values_once(training: Evaluate, kv_heads: int) -> None:
    """Tensor by tensor, with a gated feed-forward layer, without dropout and scores (Ainslie et al. 2023)."""
    widened = 160
    model = {**MODEL, "kv_heads": kv_heads, "ffn_matrices": 3, "ffn_width": widened, "dropout": 0}
    found = training(**model, batch_size=1, recompute=1)
    tensors = {
        "inputs of two norms": 2 * HIDDEN, "inputs of two blocks": 2 * HIDDEN, "queries": HEADS * WIDTH, "keys": kv_heads * WIDTH,
        "values": kv_heads * WIDTH, "mixed values": HEADS * WIDTH, "gate": widened, "widened": widened, "their product": widened,
    }  # fmt: skip
    assert found["memory.layer_kept"] == pytest.approx(2 * LENGTH * sum(tensors.values()), rel=1e-14)


def test_latent_attention_unpacks_keys_and_values_for_every_head(training: Evaluate) -> None:
    """Tensor by tensor: a key has two parts, a value a width of its own (DeepSeek-AI 2024)."""
    nope, rope, value, widened = 12, 8, 10, 160
    model = {
        **MODEL, "latent": 1, "kv_rank": 20, "nope_width": nope, "rope_width": rope, "value_width": value, "ffn_matrices": 3,
        "ffn_width": widened, "dropout": 0,
    }  # fmt: skip
    found = training(**model, batch_size=1, recompute=1)
    of_heads = [nope + rope, nope + rope, value, value]  # queries, keys, values, mixed values
    kept = 4 * HIDDEN + HEADS * sum(of_heads) + 3 * widened
    assert found["memory.layer_kept"] == pytest.approx(2 * LENGTH * kept, rel=1e-14)


@pytest.mark.parametrize(("dense", "active", "shared"), [(0, 2, 0), (0, 2, 1), (1, 3, 1), (2, 1, 2), (3, 2, 1)])
def test_experts_keep_the_tokens_they_are_sent(training: Evaluate, dense: int, active: int, shared: int) -> None:
    """Layer by layer: a dense one widens its tokens, another sends a copy to each of its experts, shared ones widen it too."""
    wide, narrow = 160, 40
    model = {
        **MODEL, "ffn_matrices": 3, "ffn_width": wide, "expert_width": narrow, "dense_layers": dense, "experts": 8,
        "active_experts": active, "shared_experts": shared, "dropout": 0,
    }  # fmt: skip
    found = training(**model, batch_size=1, recompute=1)
    attention = 4 * HIDDEN + 4 * HEADS * WIDTH
    kept = 0
    for layer in range(LAYERS):
        kept += attention
        kept += 3 * wide if layer < dense else active * HIDDEN + (active + shared) * 3 * narrow
    assert LAYERS * found["memory.layer_kept"] == pytest.approx(2 * LENGTH * kept, rel=1e-14)


@pytest.mark.parametrize("tensor", [1, 2])
@pytest.mark.parametrize("sequence", [0, 1])
def test_full_recomputation_keeps_the_input_of_a_layer(training: Evaluate, tensor: int, sequence: int) -> None:
    """Korthikanti et al. 2022, table 2: 2sbh, which sequence parallelism divides by the tensor-parallel size."""
    found = training(**MODEL, batch_size=3, microbatch=3, recompute=2, tensor=tensor, devices=tensor, sequence=sequence)
    assert found["memory.layer_kept"] == 2 * LENGTH * 3 * HIDDEN / (tensor if sequence else 1)
