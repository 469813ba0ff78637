"""Serving against published numbers, closed-form limits and simulations of what a server does."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from mlsysim.symbolic.graph import wall
from tests.physics.conftest import Evaluate

serve = wall("serving").wall.evaluate

# Leviathan et al. 2023, table 1: acceptance, drafts, factor of operations, factor of speed, for drafts that cost nothing.
LEVIATHAN = [
    (0.6, 2, 1.53, 1.96), (0.7, 3, 1.58, 2.53), (0.8, 2, 1.23, 2.44), (0.8, 5, 1.63, 3.69), (0.9, 2, 1.11, 2.71),
    (0.9, 10, 1.60, 6.86),
]  # fmt: skip


@pytest.mark.parametrize(("acceptance", "drafts", "operations", "speed"), LEVIATHAN)
def test_drafting_pays_what_its_authors_print(acceptance: float, drafts: int, operations: float, speed: float) -> None:
    """Speed and operations are those of the paper's table to its last digit."""
    found = serve(acceptance=acceptance, drafts=drafts, draft_cost=0, draft_work=0)
    assert found["speedup"] == pytest.approx(speed, abs=0.0051)
    assert found["more_work"] == pytest.approx(operations, abs=0.0051)


def test_a_bigram_model_drafts_a_quarter_faster() -> None:
    """Leviathan et al. 2023, section 3.6: 1.25 times with an acceptance of 0.2 and three drafts that cost nothing."""
    assert serve(acceptance=0.2, drafts=3, draft_cost=0)["speedup"] == pytest.approx(1.25, abs=0.005)


@pytest.mark.parametrize(("acceptance", "cost"), [(0.75, 0.02), (0.3, 0.3), (0.2, 0.5)])
def test_one_draft_pays_when_it_is_accepted_more_often_than_it_costs(acceptance: float, cost: float) -> None:
    """Leviathan et al. 2023, corollary 3.9: the speed-up is (1 + a) / (1 + c), above one just when a > c."""
    found = serve(acceptance=acceptance, draft_cost=cost, drafts=1)
    assert found["speedup_single"] == pytest.approx((1 + acceptance) / (1 + cost), rel=1e-14)
    assert found["speedup_single"] == pytest.approx(found["speedup"], rel=1e-14)
    assert (found["speedup"] > 1) == (acceptance > cost)


def test_drafts_that_always_or_never_count() -> None:
    """A perfect draft yields all tokens and one more, a useless one the one alone, and endless drafts 1 / (1 - a)."""
    assert serve(acceptance=1, drafts=7)["expected"] == 8
    assert serve(acceptance=1 - 1e-12, drafts=7)["expected"] == pytest.approx(8, rel=1e-10)
    assert serve(acceptance=0, drafts=7)["expected"] == 1
    assert serve(acceptance=0.7, drafts=400)["expected"] == pytest.approx(1 / 0.3, rel=1e-14)


@pytest.mark.parametrize("drafts", [1, 4, 8])
def test_speculative_sampling_yields_the_expected_tokens(drafts: int) -> None:
    """Drafting from one distribution and accepting by another, draft by draft, yields as many tokens as the law says."""
    draft, target = [0.5, 0.3, 0.15, 0.05], [0.3, 0.4, 0.1, 0.2]
    acceptance = sum(map(min, draft, target))  # Leviathan et al. 2023, corollary 3.6
    generator = random.Random(20261122)
    passes, counts = 40_000, []
    for _ in range(passes):
        tokens = 1
        for token in generator.choices(range(4), draft, k=drafts):
            if generator.random() > target[token] / draft[token]:
                break
            tokens += 1
        counts.append(tokens)
    mean = sum(counts) / passes
    deviation = math.sqrt(sum((c - mean) ** 2 for c in counts) / passes / passes)
    assert serve(acceptance=acceptance, drafts=drafts)["expected"] == pytest.approx(mean, abs=4 * deviation)


def test_an_answer_takes_its_steps_one_by_one() -> None:
    """Decode steps that read a context longer by a token each add up to the gap at the mean context."""
    weights, cache, bandwidth, prompt, answer, first = 14e9, 131072, 3.35e12, 2000, 300, 0.12
    steps = [(weights + (prompt + i) * cache) / bandwidth for i in range(1, answer)]
    context = serve(sequence_length=prompt, output_tokens=answer)["context"]
    found = serve(ttft=first, output_tokens=answer, itl=(weights + context * cache) / bandwidth)
    assert found["request"] == pytest.approx(first + sum(steps), rel=1e-12)


def test_a_first_token_alone_has_no_gaps() -> None:
    """An answer of one token takes the time to the first token."""
    assert serve(ttft=0.3, output_tokens=1, itl=0.02)["request"] == pytest.approx(0.3)


def test_a_request_takes_what_the_plan_says(serving: Evaluate) -> None:
    """On one stage the wall and the plan's graph agree, exchanges included."""
    found = serving(
        layers=32, hidden=4096, heads=32, kv_heads=8, head_width=128, ffn_width=14336, ffn_matrices=3, vocabulary=128256,
        dense_layers=32, weight_bytes=2, cache_bytes=2, value_bytes=2, peak=9.894e14, bandwidth=3.35e12, tensor=4,
        sequence_length=2048, output_tokens=128, efficiency=0.4, accelerators=8, link_bandwidth=4.5e11, link_latency=1e-6,
        batch_size=4,
    )  # fmt: skip
    alone = serve(
        prefill_time=found["serving.prefill_time"], decode_time=found["serving.decode_time"], stage_layers=32,
        prefill_reduce=found["communication.prefill_reduce"], decode_reduce=found["communication.decode_reduce"],
        output_tokens=128,
    )  # fmt: skip
    assert alone["ttft"] == pytest.approx(found["performance.ttft"], rel=1e-12)
    assert alone["itl"] == pytest.approx(found["performance.itl"], rel=1e-12)
    assert alone["request"] == pytest.approx(found["performance.latency"], rel=1e-12)


@pytest.mark.parametrize(("requests", "prompt", "answer", "tensor"), [(1, 64, 1, 1), (3, 50, 7, 2), (4, 32, 40, 4)])
def test_passes_do_the_work_of_their_tokens(
    serving: Evaluate, requests: int, prompt: int, answer: int, tensor: int
) -> None:
    """Counted request by request, layer by layer and token by token, with all pairs: every pass, and the model's work."""
    layers = 5
    found = serving(
        layers=layers, hidden=64, heads=4, kv_heads=4, head_width=16, ffn_width=96, ffn_matrices=3, vocabulary=128,
        dense_layers=layers, tensor=tensor, sequence_length=prompt, output_tokens=answer, batch_size=requests,
    )  # fmt: skip
    weights = 4 * 64 * 64 + 3 * 64 * 96  # of a layer: queries, keys, values and their mix; three matrices between
    layer, pair, head = 2 * weights, 2 * 2 * 64, 2 * 64 * 128
    first = sum(head + sum(layer + prompt * pair for _ in range(layers * prompt)) for _ in range(requests))
    steps = [
        sum(head + sum(layer + (prompt + i) * pair for _ in range(layers)) for _ in range(requests))
        for i in range(1, answer)
    ]
    assert found["serving.prefill_work"] == pytest.approx(first / tensor, rel=1e-12)
    assert found["serving.decode_work"] * len(steps) == pytest.approx(sum(steps) / tensor, rel=1e-12)
    assert found["work.model"] == pytest.approx(first + sum(steps), rel=1e-12)


@pytest.mark.parametrize(("requests", "prompt", "answer"), [(1, 64, 2), (3, 50, 7)])
def test_passes_move_weights_once_and_the_cache_of_every_token(
    serving: Evaluate, requests: int, prompt: int, answer: int
) -> None:
    """Counted number by number: half of the layers lie on each of two stages, and each rank has its heads."""
    found = serving(
        layers=6, hidden=64, heads=4, kv_heads=2, head_width=16, ffn_width=96, ffn_matrices=3, vocabulary=128,
        dense_layers=6, tensor=2, pipeline=2, sequence_length=prompt, output_tokens=answer, batch_size=2 * requests,
        weight_bytes=2, cache_bytes=2,
    )  # fmt: skip
    numbers = 3 * (16 + 16)  # a key and a value of one head in each of three layers
    weights = 2 * found["split.shared_parameters"]
    assert found["batching.token_cache"] == 2 * numbers
    assert found["serving.prefill_moved"] == pytest.approx(weights + requests * prompt * 2 * numbers, rel=1e-12)
    steps = [weights + requests * (prompt + i) * 2 * numbers for i in range(1, answer)]
    assert found["serving.decode_moved"] == pytest.approx(sum(steps) / len(steps), rel=1e-12)


def work_of_tokens(first: int, last: int, layer: float, pair: float) -> float:
    """Work of a causal layer on tokens first + 1 to last, pair by pair."""
    return sum(layer + sum(pair for _ in range(i)) for i in range(first + 1, last + 1))


@pytest.mark.parametrize(("prompt", "cached"), [(64, 0), (64, 16), (200, 150), (64, 64)])
def test_a_cached_prefix_is_not_computed(prompt: int, cached: int) -> None:
    """Counting every token and every pair that is left gives the work of the law."""
    found = serve(sequence_length=prompt, hit=cached / prompt, layer=1000.0, pair=7.0)
    assert found["prompt_work"] == pytest.approx(work_of_tokens(cached, prompt, 1000.0, 7.0), rel=1e-12)


def test_a_prefix_saves_its_share_of_tokens_and_its_square_of_attention() -> None:
    """Without attention a hit saves its share of the work; with nothing else, in a long prompt, the share squared."""
    prompt, cached = 400, 100
    found = serve(hit=cached / prompt)
    products = work_of_tokens(cached, prompt, 5.0, 0) / work_of_tokens(0, prompt, 5.0, 0)
    attention = work_of_tokens(cached, prompt, 0, 5.0) / work_of_tokens(0, prompt, 0, 5.0)
    assert found["short_share"] == pytest.approx(products, rel=1e-12)
    assert found["long_share"] == pytest.approx(attention, abs=1 / prompt)


def longest_gap(prompt: int, chunk: int, decode: float, rate: float, layer: float, pair: float) -> float:
    """Serve one prompt beside running decodes, step by step, and return the longest time between two of their tokens."""
    clock, computed, tokens = 0.0, 0, [0.0]
    while computed < prompt:
        until = min(computed + chunk, prompt)
        clock += decode + work_of_tokens(computed, until, layer, pair) / rate
        computed = until
        tokens.append(clock)
    return max(b - a for a, b in pairwise(tokens))


@pytest.mark.parametrize(("prompt", "chunk"), [(256, 32), (256, 256), (250, 64), (300, 7)])
def test_a_decode_waits_for_no_more_than_a_chunk(prompt: int, chunk: int) -> None:
    """Step by step, no gap exceeds the bound, and where chunks fill the prompt the last gap reaches it."""
    decode, rate, layer, pair = 0.02, 1e6, 900.0, 3.0
    found = serve(sequence_length=prompt, chunk=chunk, decode_time=decode, peak=rate, efficiency=1, layer=layer, pair=pair,
                  stage_layers=1, tensor=1)  # fmt: skip
    gap = longest_gap(prompt, chunk, decode, rate, layer, pair)
    assert gap <= found["stall_chunked"] * (1 + 1e-12)
    if prompt % chunk == 0:
        assert gap == pytest.approx(found["stall_chunked"], rel=1e-12)
        whole = work_of_tokens(0, prompt, layer, pair) / rate
        assert serve(decode_time=decode, prefill_time=whole)["stall_whole"] >= gap * (1 - 1e-12)


def test_the_token_budget_keeps_the_promised_gap() -> None:
    """Without attention, a chunk as large as the budget makes the longest gap just what was promised."""
    settings = dict(decode_time=0.03, peak=2e14, efficiency=0.5, layer=4.4e8, stage_layers=32, tensor=2)
    budget = serve(stall_short=0.1, **settings)["budget"]
    gap = longest_gap(math.floor(budget) * 3, math.floor(budget), 0.03, 2e14 * 0.5 * 2 / 32, 4.4e8, 0)
    assert 0.1 - 32 * 4.4e8 / (2e14 * 0.5 * 2) < gap <= 0.1


@pytest.mark.parametrize(("prompt", "chunk"), [(4096, 512), (1000, 1000), (1536, 512)])
def test_earlier_chunks_are_read_as_often_as_sarathi_says(prompt: int, chunk: int) -> None:
    """Agrawal et al. 2024, section 4.3: of N chunks the first is read N - 1 times again, the second N - 2, and so on."""
    found = serve(sequence_length=prompt, chunk=chunk)
    chunks = prompt // chunk
    assert found["chunks"] == chunks
    assert found["read_again"] == sum(chunk * (chunks - i) for i in range(1, chunks + 1))
    assert serve(sequence_length=prompt + 1, chunk=chunk)["chunks"] == chunks + 1


def test_handing_over_takes_the_bandwidth_that_distserve_prints() -> None:
    """Zhong et al. 2024, section 3.3: 512 tokens of OPT-66B are 1.13 GB, and 10 requests a second need 90 Gbit/s."""
    per_token = 2 * 64 * 9216 * 2
    size = serve(sequence_length=512, token_cache=per_token, handing_rate=1)["handing_time"]
    assert size / 2**30 == pytest.approx(1.13, abs=0.006)
    rate = serve(arrivals=10, handed=size)["least_rate"]
    assert rate * 8 / 2**30 == pytest.approx(90, abs=0.5)


def shown_after_prefill(layers: int, prefill: float, handing: float) -> float:
    """Compute layer after layer, send each as soon as it is there, and return how long sending outlasts prefill."""
    computed = sent = 0.0
    for _ in range(layers):
        computed += prefill / layers
        sent = max(sent, computed) + handing / layers
    return sent - computed


@pytest.mark.parametrize(("prefill", "handing"), [(0.4, 0.1), (0.1, 0.4), (0.2, 0.2), (0.3, 0.0)])
@pytest.mark.parametrize("layers", [1, 2, 80])
def test_handing_over_layer_by_layer_hides_behind_prefill(layers: int, prefill: float, handing: float) -> None:
    """Event by event, only what the law says outlasts prefill, and it delays the request by as much."""
    found = serve(
        stage_layers=layers, prefill_time=prefill, handing_time=handing, ttft=prefill, itl=0.01, output_tokens=11
    )
    expected = shown_after_prefill(layers, prefill, handing)
    assert found["shown"] == pytest.approx(expected, abs=1e-12)
    assert found["split_request"] == pytest.approx(prefill + expected + 10 * 0.01, rel=1e-12)
