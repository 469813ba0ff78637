"""Models known by their profile, at both ends of the roofline, and in training with replicas."""

from __future__ import annotations

import pytest

from tests.physics.conftest import evaluator

# ResNet-50 (He et al. 2016, table 1): multiply-accumulates of a forward pass and parameters.
MACS, PARAMETERS = 3.8e9, 25.6e6
MODEL = dict(multiply_accumulates=MACS, parameters=PARAMETERS, activation_bytes=1e7, weight_bytes=2)
FAST = 1e30  # takes no time
NO_EXCHANGE = dict(link_bandwidth=FAST, net_bandwidth=FAST, link_latency=0, net_latency=0, accelerators=8)


@pytest.mark.parametrize(("batch", "devices"), [(1, 1), (64, 1), (64, 4), (65, 4)])
def test_where_arithmetic_decides_a_pass_takes_its_multiplications(batch: int, devices: int) -> None:
    """Two operations for each, at the efficiency of the kernels; the fullest accelerator decides, and is always busy."""
    found = evaluator("profiled_inference")(
        **MODEL, peak=1e14, efficiency=0.25, bandwidth=FAST, memory_efficiency=1, batch_size=batch, devices=devices
    )
    fullest = max(len(range(rank, batch, devices)) for rank in range(devices))
    assert found["performance.latency"] == pytest.approx(fullest * 2 * MACS / 25e12, rel=1e-12)
    assert found["performance.sample_throughput"] == pytest.approx(batch / (fullest * 2 * MACS / 25e12), rel=1e-12)
    assert found["performance.busy"] == 1
    assert found["performance.mfu"] == pytest.approx(0.25 * batch / (devices * fullest), rel=1e-12)


def test_where_memory_decides_weights_are_read_once_and_activations_written_and_read() -> None:
    """Counted tensor by tensor."""
    found = evaluator("profiled_inference")(
        **MODEL, peak=FAST, efficiency=1, bandwidth=1e12, memory_efficiency=0.5, batch_size=16
    )
    moved = 2 * PARAMETERS + sum(1e7 + 1e7 for _ in range(16))
    assert found["performance.latency"] == pytest.approx(moved / 0.5e12, rel=1e-12)


@pytest.mark.parametrize("devices", [1, 4])
def test_training_takes_three_forward_passes(devices: int) -> None:
    """A backward pass is two; nothing is computed again, so that work done is work needed."""
    found = evaluator("profiled_training")(
        **MODEL, **NO_EXCHANGE, peak=1e14, efficiency=0.25, bandwidth=FAST, memory_efficiency=1, batch_size=64,
        devices=devices, overlap=0,
    )  # fmt: skip
    step = 3 * 64 / devices * 2 * MACS / 25e12
    assert found["performance.latency"] == pytest.approx(step, rel=1e-9)
    assert found["performance.sample_throughput"] == pytest.approx(64 / step, rel=1e-9)
    assert found["performance.mfu"] == pytest.approx(0.25, rel=1e-9)
    assert found["performance.hfu"] == pytest.approx(0.25, rel=1e-9)
    assert found["performance.busy"] == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("zero", "volume"), [(0, 2), (1, 2), (2, 2), (3, 3)])
def test_replicas_exchange_what_zero_s_authors_print(zero: int, volume: int) -> None:
    """Rajbhandari et al. 2020, section 7: twice the parameters, three times at stage 3, of very many replicas."""
    many = 10**6
    found = evaluator("profiled_training")(
        **MODEL, gradient_bytes=2, zero=zero, devices=many, batch_size=many, accelerators=many,
        link_bandwidth=1e9, link_efficiency=1, link_latency=0,
    )  # fmt: skip
    assert found["communication.data_time"] * 1e9 == pytest.approx(volume * 2 * PARAMETERS, rel=1e-5)
