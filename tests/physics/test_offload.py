"""Offload to the host: memory, traffic and the update by hand, and the claim of the paper that introduced it."""

from __future__ import annotations

from typing import Any

import pytest

import mlsysim
from mlsysim.plan import load
from mlsysim.symbolic.errors import InputError
from tests.conftest import plan
from tests.physics.conftest import Evaluate, gpt

# A GPT of 12 layers on one accelerator; the host: 10 GB/s to it, 100 GB/s of its own memory.
MODEL = gpt(12, 1024, 16, 51200, 1024)
HOST = {
    "host_bandwidth": 10e9,
    "host_memory": 1e12,
    "host_memory_bandwidth": 100e9,
    "capacity": 1e15,
    "link_efficiency": 1,
}
ACCELERATOR = {"peak": 1e14, "efficiency": 0.5, "bandwidth": 1e12, "memory_efficiency": 1, "overlap": 1}
RUN = {**MODEL, **HOST, **ACCELERATOR, "batch_size": 8, "microbatch": 2, "recompute": 2, "zero": 2}
PARAMETERS = 12 * (12 * 1024**2 + 13 * 1024) + (51200 + 1024) * 1024 + 2 * 1024
LAYER = 12 * 1024**2 + 13 * 1024


def test_memory_by_hand(training: Evaluate) -> None:
    """Weights stay; of the gradients two layers', of the activations two layers'; twelve and two bytes a parameter go."""
    found = training(**RUN, offload_optimizer=1, offload_activations=1)
    kept = 2 * 1024 * 1024 * 2  # the input of a layer, for two sequences
    here = 2 * PARAMETERS + 2 * 2 * LAYER + 2 * kept + found["memory.full_kept"] + 4 * 2 * 1024 * 51200
    assert found["feasibility.memory_required"] == pytest.approx(here, rel=1e-14)
    assert found["memory.host_needed"] == pytest.approx(14 * PARAMETERS + 12 * kept, rel=1e-14)


def test_gradients_of_the_first_stages_of_zero_stay_until_they_are_summed(training: Evaluate) -> None:
    """Without ZeRO 2 gradients add up on the accelerator and go down once."""
    found = training(**{**RUN, "zero": 1}, offload_optimizer=1)
    assert found["memory.gradients"] == 2 * PARAMETERS
    assert (found["memory.staged"], found["memory.optimizer"], found["communication.scatters"]) == (0, 0, 1)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("link", [1e8, 1e9, 1e10, 1e11])
@pytest.mark.parametrize("zero", [1, 2])
def test_traffic_and_update_by_hand(training: Evaluate, share: float, link: float, zero: int) -> None:
    """Four microbatches, each forward pass a quarter of its time: what the link needs beyond that shows."""
    changed = {**RUN, "zero": zero, "overlap": share, "host_bandwidth": link}
    found = training(**changed, offload_optimizer=1, offload_activations=1)
    slot = found["memory.stage_roofline"]
    activations, gradients = 12 * 2 * 1024 * 1024 * 2 / link, 2 * PARAMETERS / link
    forward, backward = share * slot / 4, share * slot * 3 / 4
    shown = 0.0
    for microbatch in range(4):
        sends = gradients if zero == 2 or microbatch == 3 else 0.0
        shown += max(0, activations - forward) + max(0, max(activations, sends) - backward)
    assert found["performance.time_offload"] == pytest.approx(
        shown + gradients, rel=1e-12
    )  # weights are as large, and come up
    assert found["performance.time_optimizer"] == pytest.approx((2 + 2 + 24) * PARAMETERS / 100e9, rel=1e-14)
    plain = training(**changed)
    grown = (
        found["performance.time_offload"] + found["performance.time_optimizer"] - plain["performance.time_optimizer"]
    )
    assert found["performance.latency"] == pytest.approx(plain["performance.latency"] + grown, rel=1e-12)


def test_a_node_s_ranks_share_its_host(training: Evaluate) -> None:
    """Eight ranks hold and update eight parts; ZeRO divides them, so a host holds the state once."""
    alone = training(**RUN, offload_optimizer=1)
    for zero, copies in ((0, 8), (2, 1)):
        found = training(**{**RUN, "zero": zero}, devices=8, data=8, accelerators=8, offload_optimizer=1)
        assert found["memory.host_states"] == pytest.approx(copies * alone["memory.host_states"])
        assert found["memory.host_update"] == pytest.approx(copies * alone["memory.host_update"])


def train(**parallelism: Any) -> dict[str, Any]:
    """Llama-2 13B on one V100 of 32 GB."""
    return plan(
        workload={"name": "Llama2_13B", "batch_size": 8, "sequence_length": 1024, "precision": "fp16", "phase": "training"},
        hardware={"name": "V100", "node": "DGX_2", "accelerators": 1},
        parallelism={"tensor": 1, "zero": 2, "recompute": "full", "microbatch": 4, **parallelism},
    )  # fmt: skip


def test_zero_offload_trains_13_billion_parameters_on_one_v100() -> None:
    """Ren et al. 2021: 13 B fit on one accelerator of 32 GB, which without offload holds less than 2 B; some 40 TFLOP/s."""
    assert not mlsysim.evaluate(train()).feasible
    found = mlsysim.evaluate(train(offload_optimizer=True))
    assert found.feasible
    rate = found.values["work.model"] / found.values["performance.latency"] / 1e12
    assert 30 < rate < 60  # the paper prints 40 for its 10 B model
    largest = 32e9 / 16
    assert largest < 2.1e9


def test_a_host_that_is_too_small_is_said() -> None:
    """The state of 405 billion parameters does not fit on one host."""
    large = plan(workload={"name": "Llama3_405B", "batch_size": 8}, hardware={"name": "H100", "nodes": 1},
                 parallelism={"tensor": 8, "offload_optimizer": True})  # fmt: skip
    reasons = mlsysim.check(large).reasons
    assert any("offload needs 56" in reason and "on a host that has 2000 GB" in reason for reason in reasons), reasons


def test_an_unknown_host_is_refused_with_its_cure() -> None:
    """In the plan, and where a search is asked to use it."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 8}, hardware={"name": "A100", "nodes": 1})
    with pytest.raises(InputError, match=r"parallelism\.offload_optimizer: NVIDIA DGX A100 has no host") as caught:
        mlsysim.evaluate({**base, "parallelism": {"offload_optimizer": True}})
    assert "state host.memory" in str(caught.value.hint)
    with pytest.raises(InputError, match=r"search\.offload: NVIDIA DGX A100 has no host"):
        mlsysim.optimize(load({**base, "search": {"offload": True}}))
    serving = plan(workload={"name": "Llama3_8B", "batch_size": 8}, hardware={"name": "H100"})
    for section in ({"search": {"offload": True}}, {"parallelism": {"offload_activations": True}}):
        with pytest.raises(InputError, match="changes nothing in inference"):
            mlsysim.evaluate({**serving, **section})


def test_a_host_of_one_s_own_makes_offload_possible() -> None:
    """What the refusal says to state is enough, and its link bounds the traffic."""
    node = {
        "id": "my-node", "name": "MyNode", "title": "a node with a host",
        "links": {"accelerator": "nvidia-a100-sxm4-80gb", "link": "nvlink-3", "network": "infiniband-hdr", "host": "pcie-4-x16"},
        "facts": {"accelerators": 8, "ports": 8, "power.maximum": "6.5 kW", "power.idle": "80 W", "lifetime": "6 year",
                  "reach": 1024, "host.memory": "2 TB", "host.memory_bandwidth": "400 GB/s"},
    }  # fmt: skip
    own = plan(
        workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "A100", "node": "MyNode", "nodes": 1},
        parallelism={"tensor": 8, "zero": 2, "offload_optimizer": True}, software={"overlap": 0.0}, zoo={"nodes": [node]},
    )  # fmt: skip
    found = mlsysim.evaluate(own).values
    assert found["node.host_bandwidth"] == 31.5e9
    passes = found["split.microbatches"]  # gradients of every microbatch, weights once, two bytes each
    assert found["performance.time_offload"] == pytest.approx((passes + 1) * 2 * found["memory.rank_part"] / 31.5e9)
