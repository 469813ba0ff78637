"""Requests on tensor-parallel ranks and pipeline stages, message by message, and what their stages hold, number by number."""

from __future__ import annotations

import pytest

from tests.physics.conftest import Evaluate, evaluator

LATENCY, BANDWIDTH = 1e-6, 1e9
LAYERS, HIDDEN, WIDENED, VOCABULARY = 8, 64, 96, 128
MODEL = dict(
    layers=LAYERS, hidden=HIDDEN, heads=4, kv_heads=4, head_width=16, ffn_width=WIDENED, ffn_matrices=3, dense_layers=LAYERS,
    vocabulary=VOCABULARY, value_bytes=2, cache_bytes=2, weight_bytes=2,
)  # fmt: skip
#: Arithmetic and memory that take no time, so that messages alone do.
LINKS = dict(
    accelerators=64, link_bandwidth=BANDWIDTH, link_latency=LATENCY, link_efficiency=1, peak=1e30, bandwidth=1e30,
    efficiency=1, memory_efficiency=1, decode_single=1, decode_batched=1,
)  # fmt: skip


def summed(ranks: int, size: float, latency: float = LATENCY) -> float:
    """An all-reduce round a ring: every part passes every rank twice, once to be added and once to be known."""
    return sum(latency + size / ranks / BANDWIDTH for _ in range(2) for _ in range(ranks - 1))


def passed(stages: int, ranks: int, size: float) -> float:
    """A pass on one stage: attention and feed-forward layer end in a sum, and the next stage gets the output."""
    clock = 0.0
    for _ in range(LAYERS // stages):
        clock += summed(ranks, size)  # after attention
        clock += summed(ranks, size)  # after the feed-forward layer
    return clock + (LATENCY + size / BANDWIDTH if stages > 1 else 0.0)


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize(("stages", "requests"), [(1, 3), (2, 2), (2, 6), (4, 8)])
def test_a_pass_exchanges_after_every_block(serving: Evaluate, ranks: int, stages: int, requests: int) -> None:
    """Prompts follow each other through the stages in groups; a token then passes stage after stage."""
    prompt = 10
    found = serving(
        **MODEL, **LINKS, tensor=ranks, pipeline=stages, devices=ranks * stages, sequence_length=prompt, output_tokens=5,
        batch_size=requests,
    )  # fmt: skip
    groups = min(stages, requests)
    tokens = requests // groups
    free = [0.0] * stages  # when each stage has passed on the group before
    for _ in range(groups):
        clock = 0.0
        for stage in range(stages):
            clock = free[stage] = max(clock, free[stage]) + passed(stages, ranks, tokens * prompt * HIDDEN * 2)
    assert found["performance.ttft"] == pytest.approx(clock, rel=1e-9)
    one_token = sum(passed(stages, ranks, tokens * HIDDEN * 2) for _ in range(stages))
    assert found["performance.itl"] == pytest.approx(one_token, rel=1e-9)


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("stages", [1, 2, 4])
def test_a_prompt_rides_in_messages_that_are_sent_anyway(ranks: int, stages: int) -> None:
    """Under traffic, a prompt adds its bytes to the sums and to the hand-over of a stage, and no latency."""
    found = evaluator("transformer_serving")(
        **MODEL, **LINKS, tensor=ranks, pipeline=stages, devices=ranks * stages, sequence_length=10, output_tokens=5,
        slots=stages, chunk=10, in_time=0.5,
    )  # fmt: skip
    size = 10 * HIDDEN * 2
    rides = 2 * (LAYERS // stages) * summed(ranks, size, latency=0) + (size / BANDWIDTH if stages > 1 else 0.0)
    assert found["communication.prompt"] == pytest.approx(rides, rel=1e-12, abs=1e-30)


@pytest.mark.parametrize("stages", [1, 2, 4])
@pytest.mark.parametrize("ranks", [1, 2])
def test_the_fullest_stage_of_a_replica_is_counted(serving: Evaluate, stages: int, ranks: int) -> None:
    """One accelerator holds both tables and the last norm; else a stage has its layers and the larger of what the ends have."""
    found = serving(
        **MODEL, tensor=ranks, pipeline=stages, devices=ranks * stages, batch_size=stages, tied=0, norms=2, norm_vectors=1,
        sequence_length=10, output_tokens=5,
    )  # fmt: skip
    layer = 4 * HIDDEN * HIDDEN + 3 * HIDDEN * WIDENED + 2 * HIDDEN
    table, norm = VOCABULARY * HIDDEN, HIDDEN
    ends = 2 * table + norm if stages == 1 else table
    assert found["memory.weights"] == pytest.approx(2 * (LAYERS // stages * layer + ends) / ranks, rel=1e-12)


def test_an_accelerator_alone_is_always_busy(serving: Evaluate) -> None:
    """Without others to wait for, a batch computes from its start to its end."""
    found = serving(
        **MODEL, **{**LINKS, "peak": 1e12, "bandwidth": 1e11}, sequence_length=10, output_tokens=5, batch_size=2
    )
    assert found["performance.busy"] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("rank", [1, 3, 16])
def test_queries_of_low_rank_have_two_matrices(training: Evaluate, rank: int) -> None:
    """From the hidden width down to the rank, and up to all heads, number by number; a rank of 0 is none."""
    heads, width, hidden = 4, 6, 20
    shape = dict(layers=1, dense_layers=1, hidden=hidden, heads=heads, kv_heads=heads, head_width=width)
    down, up = sum(1 for _ in range(hidden * rank)), sum(1 for _ in range(rank * heads * width))
    assert training(**shape, query_rank=rank)["model.query_matrices"] == down + up
    assert training(**shape, query_rank=0)["model.query_matrices"] == hidden * heads * width
