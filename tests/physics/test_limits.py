"""Limits and laws that hold whatever the numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mlsysim
from mlsysim.registry import Entry, entries
from tests.conftest import plan
from tests.physics.conftest import Evaluate, gpt

PUBLISHED = [
    e
    for e in entries("models").values()
    if e.kind == "transformer" and "published.parameters" in e.facts and e.facts["published.parameters"].number
]


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda entry: entry.name)
def test_parameters_counted_from_the_configuration_are_the_published_ones(model: Entry) -> None:
    """Exactly, wherever the published total is exact; else within what its rounding allows."""
    published = model.facts["published.parameters"]
    counted = mlsysim.profile(model).parameters
    if published.text.replace(" param", "").isdigit():
        assert counted == published.number
    else:
        assert published.number is not None
        digits, _, power = published.text.partition("e")
        last_digit = 10 ** (float(power.split()[0]) - len(digits.partition(".")[2]))
        assert counted == pytest.approx(published.number, abs=max(last_digit, 0.01 * published.number))


def test_active_parameters_of_mixtures_are_the_published_ones() -> None:
    """Mixtral uses 13 billion, DeepSeek-V3 37 billion and Qwen3 30B-A3B 3.3 billion parameters for a token."""
    for name, billions in (("Mixtral_8x7B", 13), ("DeepSeek_V3", 37), ("Qwen3_30B_A3B", 3.3)):
        point = mlsysim.bind(plan(workload={"name": name}, hardware={"name": "MI300X", "accelerators": 8})).at()
        layers = mlsysim.Models.Language.__getattr__(name).layers.number
        active = layers * point["model.active_layer"] + 2 * point["model.head"]
        assert active / 1e9 == pytest.approx(billions, rel=0.03)


def test_one_accelerator_communicates_nothing(training: Evaluate) -> None:
    """Every collective over one rank takes no time."""
    found = training(**gpt(4, 512, 8, 1000, 128), batch_size=4)
    for part in ("tensor", "context", "expert", "pipeline", "bubble", "data"):
        assert found[f"performance.time_{part}"] == 0


def test_an_all_reduce_tends_to_twice_the_message(training: Evaluate) -> None:
    """Over ever more ranks without latency, the data crosses a link twice."""
    found = training(**gpt(2, 512, 8, 1000, 128), tensor=4096, accelerators=4096, link_bandwidth=1e9, link_latency=0)
    assert found["communication.tensor_reduce"] == pytest.approx(
        2 * found["communication.tensor_message"] / 1e9, rel=1e-3
    )


def test_the_ridge_of_an_h100_is_295_operations_a_byte() -> None:
    """989.4 TFLOP/s over 3.35 TB/s."""
    hardware = mlsysim.Hardware.Cloud.H100
    assert hardware.compute.peak.bf16.number / hardware.memory.bandwidth.number == pytest.approx(295.3, abs=0.1)


SPLITS = st.fixed_dictionaries({
    "tensor": st.sampled_from([1, 2, 4, 8]), "pipeline": st.sampled_from([1, 2, 4, 8]), "data": st.sampled_from([1, 2, 8, 32]),
    "microbatch": st.sampled_from([1, 2, 4]), "zero": st.integers(0, 3), "recompute": st.integers(0, 2),
    "efficiency": st.floats(0.05, 1), "overlap": st.floats(0, 1), "link_efficiency": st.floats(0.1, 1),
})  # fmt: skip


@given(SPLITS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_step_is_never_faster_than_its_parts_allow(training: Evaluate, split: dict[str, float]) -> None:
    """Not faster than the fleet's arithmetic, not busier than always, and MFU below the efficiency of the kernels."""
    devices = split["tensor"] * split["pipeline"] * split["data"]
    found = training(
        **gpt(16, 2048, 16, 32000, 1024), **split, devices=devices, batch_size=256, peak=1e15, capacity=8e10,
        bandwidth=3e12, accelerators=8, link_bandwidth=4e11, net_bandwidth=5e10, link_latency=2e-6, net_latency=4e-6,
        memory_efficiency=1,
    )  # fmt: skip
    work = found["work.hardware"] / (devices * 1e15 * split["efficiency"])
    assert found["performance.latency"] >= work * (1 - 1e-12)
    assert found["performance.mfu"] <= found["performance.hfu"] * (1 + 1e-12)
    assert found["performance.hfu"] <= split["efficiency"] * (1 + 1e-12)
    assert 0 <= found["performance.busy"] <= 1 + 1e-12
    whole = "performance.time_accelerators"  # of which the others are parts; no data is waited for
    parts = sum(v for name, v in found.items() if name.startswith("performance.time_") and name != whole)
    assert parts == pytest.approx(found["performance.latency"], rel=1e-12)


@given(SPLITS, st.floats(0, 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_communication_is_hidden_only_behind_computing(
    training: Evaluate, split: dict[str, float], more: float
) -> None:
    """What shows is what the window leaves, never less than nothing; more overlap never takes longer."""
    fixed = {**gpt(16, 2048, 16, 32000, 1024), **split, "batch_size": 256, "peak": 1e15, "bandwidth": 3e12, "accelerators": 8,
             "link_bandwidth": 4e11, "net_bandwidth": 5e9, "memory_efficiency": 1}  # fmt: skip
    found = training(**fixed)
    window = found["communication.window"]
    shown, whole = found["performance.time_data"], found["communication.data_time"]
    assert shown == pytest.approx(max(0, whole - window), abs=1e-12)
    better = training(**{**fixed, "overlap": max(more, split["overlap"])})
    assert better["performance.latency"] <= found["performance.latency"] * (1 + 1e-12)


def test_decode_turns_compute_bound_at_large_batch(serving: Evaluate) -> None:
    """Weights are read once for all requests, work grows with each: past the ridge work decides."""
    model = dict(layers=32, hidden=4096, heads=32, kv_heads=8, head_width=128, ffn_width=14336, ffn_matrices=3,
                 vocabulary=128256, dense_layers=32, weight_bytes=2, cache_bytes=2, value_bytes=2, peak=9.894e14,
                 bandwidth=3.35e12, sequence_length=16, output_tokens=16, efficiency=0.4, decode_single=0.4,
                 decode_batched=0.4, full_batch=32)  # fmt: skip
    small, large = serving(**model, batch_size=1), serving(**model, batch_size=4096)
    assert small["serving.decode_time"] == small["serving.decode_memory"]
    assert large["serving.decode_time"] == large["serving.decode_compute"] > 5 * small["serving.decode_time"]


def test_the_default_efficiency_hardly_matters_in_decode(serving: Evaluate) -> None:
    """At batch 1 the memory side of the roofline decides across the whole row of the guide."""
    model = dict(layers=32, hidden=4096, heads=32, kv_heads=8, head_width=128, ffn_width=14336, ffn_matrices=3,
                 vocabulary=128256, dense_layers=32, weight_bytes=2, cache_bytes=2, value_bytes=2, peak=9.894e14,
                 bandwidth=3.35e12, sequence_length=2048, output_tokens=100, full_batch=32)  # fmt: skip
    times = {eta: serving(**model, decode_single=eta)["serving.decode_time"] for eta in (0.01, 0.03, 0.05)}
    assert len(set(times.values())) == 1


def test_end_to_end_is_first_token_plus_the_others(serving: Evaluate) -> None:
    """TTFT + (G - 1) ITL."""
    found = serving(layers=4, hidden=256, heads=4, kv_heads=4, head_width=64, ffn_width=1024, ffn_matrices=2, pipeline=2,
                    vocabulary=1000, dense_layers=4, peak=1e12, bandwidth=1e11, batch_size=6, output_tokens=50,
                    sequence_length=100, link_bandwidth=1e10, devices=2, accelerators=2, full_batch=32)  # fmt: skip
    assert found["performance.latency"] == pytest.approx(found["performance.ttft"] + 49 * found["performance.itl"])


def test_more_nodes_fail_sooner_and_lose_more(training: Evaluate) -> None:
    """The job's mean time between failures falls with its size, and goodput with it."""
    kept = [
        training(**gpt(2, 512, 8, 1000, 128), devices=n, accelerators=8, device_mtbf=1.8e8, restart=600, node_bandwidth=2e9,
                 filesystem_bandwidth=2.5e11)["performance.goodput"]
        for n in (8, 64, 512, 4096)
    ]  # fmt: skip
    assert kept == sorted(kept, reverse=True)
    assert all(math.isfinite(k) and k < 1 for k in kept)
