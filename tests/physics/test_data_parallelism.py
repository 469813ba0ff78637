"""Replicas of a model: what they exchange and hold, counted rank by rank, and what of it shows."""

from __future__ import annotations

import pytest

from tests.physics.conftest import Evaluate, gpt

MODEL = gpt(4, 512, 8, 1000, 128)
ADAM = {"weight_bytes": 2, "gradient_bytes": 2, "state_bytes": 12}


@pytest.mark.parametrize(("zero", "volume"), [(0, 2), (1, 2), (2, 2), (3, 3)])
def test_replicas_exchange_what_zero_s_authors_print(training: Evaluate, zero: int, volume: int) -> None:
    """Rajbhandari et al. 2020, section 7: twice the parameters, three times at stage 3, of very many replicas."""
    many = 10**6
    found = training(
        **MODEL, zero=zero, devices=many, data=many, batch_size=many, accelerators=many, link_bandwidth=1e9,
        link_efficiency=1, link_latency=0,
    )  # fmt: skip
    assert found["communication.data_time"] * 1e9 == pytest.approx(volume * 2 * found["model.parameters"], rel=1e-5)


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
@pytest.mark.parametrize("microbatches", [1, 4])
def test_exchanges_of_a_step_are_those_of_its_passes(training: Evaluate, zero: int, microbatches: int) -> None:
    """Weights that are divided are gathered for every pass, gradients that are divided summed after every backward one."""
    found = training(**MODEL, zero=zero, devices=8, data=8, batch_size=8 * microbatches, accelerators=8)
    gathers = scatters = 0
    for microbatch in range(microbatches):
        gathers += 2 if zero == 3 else 0  # before the forward and before the backward pass
        scatters += 1 if zero >= 2 or microbatch == microbatches - 1 else 0
    gathers += 0 if zero == 3 else 1  # sums, or updated weights, reach those that lack them
    assert (found["communication.gathers"], found["communication.scatters"]) == (gathers, scatters)


@pytest.mark.parametrize("expert_ranks", [1, 2, 4, 8])
@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_experts_are_summed_and_divided_among_their_holders(training: Evaluate, expert_ranks: int, zero: int) -> None:
    """Eight experts on eight ranks, dealt out rank by rank: who has a copy of each, and what of it each must keep."""
    ranks, experts, hidden, width = 8, 8, 64, 32
    found = training(
        layers=2, hidden=hidden, heads=4, kv_heads=4, head_width=16, ffn_matrices=3, vocabulary=100, norms=2, norm_vectors=1,
        experts=experts, active_experts=2, expert_width=width, dense_layers=0, data=ranks, devices=ranks, expert=expert_ranks,
        batch_size=ranks, zero=zero, accelerators=8, **ADAM,
    )  # fmt: skip
    holders: dict[int, list[int]] = {expert: [] for expert in range(experts)}
    for rank in range(ranks):
        for expert in range(experts):
            if expert // (experts // expert_ranks) == rank % expert_ranks:
                holders[expert].append(rank)
    each = 2 * 3 * hidden * width  # parameters of an expert, in both layers
    mine = [expert for expert in range(experts) if 0 in holders[expert]]
    shared = sum(each for expert in mine if len(holders[expert]) > 1)
    assert found["communication.gradient_data"] == pytest.approx(2 * (found["split.shared_parameters"] + shared))
    copies = len(holders[0])
    held = sum(size / (copies if zero >= stage else 1) for stage, size in ((3, 2), (2, 2), (1, 12)))
    assert found["memory.expert_bytes"] == pytest.approx(held)


@pytest.mark.parametrize("overlap", [1.0, 0.5, 0.25])
def test_an_exchange_hides_behind_its_share_of_a_pass(training: Evaluate, overlap: float) -> None:
    """As long as that share it hides altogether; twice as long, as much again shows."""
    run = {**MODEL, "devices": 8, "data": 8, "batch_size": 8, "accelerators": 8, "overlap": overlap, "peak": 1e12,
           "bandwidth": 1e11, "efficiency": 0.5, "memory_efficiency": 1, "link_latency": 0, "link_efficiency": 1}  # fmt: skip
    first = training(**run, link_bandwidth=1e9)
    fits = 1e9 * first["communication.data_time"] / (overlap * first["memory.stage_roofline"])
    slot = first["memory.stage_roofline"]
    assert training(**run, link_bandwidth=fits * 1.001)["performance.time_data"] == 0
    shown = training(**run, link_bandwidth=fits / 2)["performance.time_data"]
    assert shown == pytest.approx(overlap * slot, rel=1e-9)


@pytest.mark.parametrize(("zero", "replicas"), [(0, 1), (0, 4), (1, 4), (3, 8)])
def test_an_update_moves_gradients_weights_and_state(training: Evaluate, zero: int, replicas: int) -> None:
    """Each rank reads a gradient, writes a weight, reads and writes its state, of all parameters or of its share."""
    found = training(**MODEL, zero=zero, data=replicas, devices=replicas, batch_size=replicas, bandwidth=1e12,
                     memory_efficiency=0.5)  # fmt: skip
    mine = found["model.parameters"] / (replicas if zero else 1)
    assert found["performance.time_optimizer"] == pytest.approx(mine * (2 + 2 + 12 + 12) / 0.5e12, rel=1e-12)


@pytest.mark.parametrize(("recompute", "passes"), [(0, "fb"), (1, "fb"), (2, "ffb")])
def test_experts_exchange_in_every_pass(training: Evaluate, recompute: int, passes: str) -> None:
    """Tokens go to their experts and come back: forward, backward, and forward again where it is computed again."""
    found = training(
        layers=3, hidden=64, heads=4, kv_heads=4, head_width=16, ffn_matrices=3, vocabulary=100, experts=8, active_experts=2,
        expert_width=32, dense_layers=0, data=8, devices=8, expert=8, batch_size=8, accelerators=8, recompute=recompute,
        link_bandwidth=1e9, link_latency=1e-6, imbalance=1, value_bytes=2,
    )  # fmt: skip
    one = found["communication.expert_exchange"]
    assert found["communication.expert_time"] == pytest.approx(3 * sum(one + one for _ in passes), rel=1e-12)
