"""Wall 6 against published sizes, event-by-event pipelines and limits."""

from __future__ import annotations

import math

import pytest

from mlsysim.symbolic.graph import wall
from mlsysim.symbolic.walls.node.streaming.layer import ridge_law

LAW = wall("streaming").wall
assert LAW is not None
GPT3_LAYER = 12 * 12288**2  # Brown 2020, table 2.1: a width of 12288, and twelve d^2 weights in a layer


def double_buffered(layers: int, arrive: float, compute: float) -> tuple[float, float]:
    """Run layers through a link and an accelerator with room for two layers; the end and the time spent computing."""
    link = accelerator = 0.0
    released: list[float] = []
    for layer in range(layers):
        room = released[layer - 2] if layer >= 2 else 0.0
        link = max(link, room) + arrive
        accelerator = max(accelerator, link) + compute
        released.append(accelerator)
    return accelerator, layers * compute


def test_a_layer_of_gpt3_takes_about_7_tflop_for_a_sequence_of_2048() -> None:
    """The work of a layer is the one that the ZeRO-Inference report (Microsoft, September 2022) gives."""
    found = LAW.evaluate(layer_weights=GPT3_LAYER, tokens=2048, peak=1e12, efficiency=1)
    assert math.floor(found["layer_compute"]) == 7


def test_a_layer_of_mt_nlg_530b_is_10_gb() -> None:
    """The data of a layer is what the ZeRO-Inference report says is left on the accelerator: 10 GB of 1 TB."""
    found = LAW.evaluate(layer_weights=530e9 / 105, weight_bytes=2)
    assert round(found["layer_data"] / 1e9) == 10


@pytest.mark.parametrize("layers", [1, 2, 3, 7, 96])
@pytest.mark.parametrize("inject", [1e9, 25e9, 900e9])
@pytest.mark.parametrize("tokens", [1, 512, 65536])
def test_a_pass_takes_as_long_as_layers_run_one_by_one(layers: int, inject: float, tokens: int) -> None:
    """The time of a pass is that of a double-buffered pipeline, simulated layer by layer."""
    found = LAW.evaluate(
        layer_weights=GPT3_LAYER, weight_bytes=2, inject=inject, tokens=tokens, peak=312e12, efficiency=0.5,
        layers=layers,
    )  # fmt: skip
    end, _ = double_buffered(layers, 2 * GPT3_LAYER / inject, 2 * GPT3_LAYER * tokens / 156e12)
    assert found["pass_time"] == pytest.approx(end, rel=1e-12)


@pytest.mark.parametrize("tokens", [16, 1000, 3120, 6240, 100000])
def test_the_arithmetic_is_busy_as_in_a_long_run(tokens: int) -> None:
    """A simulated pass takes the law's time for its layers, and at most one layer more to fill and drain."""
    layers = 1000
    found = LAW.evaluate(
        layer_weights=GPT3_LAYER, weight_bytes=2, inject=50e9, tokens=tokens, peak=312e12, efficiency=0.5, layers=layers
    )
    end, computing = double_buffered(layers, 2 * GPT3_LAYER / 50e9, 2 * GPT3_LAYER * tokens / 156e12)
    steady = tokens / found["throughput"]
    assert steady * (1 - 1e-12) <= end <= steady * (1 + 1 / layers) * (1 + 1e-12)
    assert found["busy"] == pytest.approx(computing / steady, rel=1e-12)


def test_at_the_ridge_arrival_and_arithmetic_take_equally_long() -> None:
    """The ridge is where the simulated pass changes from waiting for weights to waiting for arithmetic."""
    values = dict(weight_bytes=2, inject=50e9, peak=312e12, efficiency=0.5)
    ridge = LAW.evaluate(**values)["ridge"]
    assert ridge == pytest.approx(2 * 156e12 / (2 * 50e9))
    arrive = 2 * GPT3_LAYER / 50e9
    pace = {
        tokens: (double_buffered(200, arrive, 2 * GPT3_LAYER * tokens / 156e12)[0]
                 - double_buffered(100, arrive, 2 * GPT3_LAYER * tokens / 156e12)[0]) / 100
        for tokens in (0.5 * ridge, 0.999 * ridge, 1.001 * ridge, 2 * ridge)
    }  # fmt: skip
    assert pace[0.5 * ridge] == pytest.approx(arrive) == pytest.approx(pace[0.999 * ridge])
    assert pace[1.001 * ridge] == pytest.approx(1.001 * arrive)
    assert pace[2 * ridge] == pytest.approx(2 * arrive)


def test_the_ridge_does_not_depend_on_the_layer() -> None:
    """Only bytes of a weight, peak, efficiency and the link decide how many tokens hide the arrival."""
    names = {q.name for q in ridge_law.result.quantities_of_right if q.constant is None}
    assert names == {"datatype.weight_bytes", "accelerator.peak", "software.efficiency", "streaming.inject"}


def piecewise_transfer(pieces: int, size: float, disk: float, link: float) -> float:
    """Send a layer in pieces, each read from disk and then sent, and return when the last has come."""
    read = sent = 0.0
    for _ in range(pieces):
        read += size / pieces / disk
        sent = max(sent, read) + size / pieces / link
    return sent


@pytest.mark.parametrize(("disk", "link"), [(3e9, 12e9), (200e9, 12e9), (25e9, 25e9)])
@pytest.mark.parametrize("share", [0.1, 1.0])
def test_offloading_goes_at_the_rate_of_the_slowest_part(disk: float, link: float, share: float) -> None:
    """Many small pieces over disk and link take what the slower of both takes, up to the one piece that fills the way."""
    found = LAW.evaluate(
        layer_weights=GPT3_LAYER, weight_bytes=2, offloaded=share, disk=disk, link=link, tokens=64, peak=312e12,
        efficiency=0.5,
    )  # fmt: skip
    pieces = 10000
    slow = piecewise_transfer(pieces, share * 2 * GPT3_LAYER, disk, link)
    assert found["offload_time"] == pytest.approx(slow, rel=1.01 / pieces)
    assert found["offload_layer_time"] == pytest.approx(max(found["offload_time"], 2 * GPT3_LAYER * 64 / 156e12))


def test_offloading_everything_from_fast_memory_is_streaming_over_the_link() -> None:
    """The same equation serves offloading: nothing stays, and the memory never holds the link up."""
    streamed = LAW.evaluate(weight_bytes=2, inject=25e9, peak=312e12, efficiency=0.5)["ridge"]
    values = dict(weight_bytes=2, link=25e9, peak=312e12, efficiency=0.5, layer_weights=1e9)
    assert LAW.evaluate(**values, offloaded=1, disk=math.inf)["offload_ridge"] == pytest.approx(streamed)
    assert LAW.evaluate(**values, offloaded=0.25, disk=math.inf)["offload_ridge"] == pytest.approx(streamed / 4)


def test_weights_that_are_always_there_leave_only_arithmetic() -> None:
    """With a link of any rate the arithmetic is always busy and the throughput is the peak's."""
    found = LAW.evaluate(
        layer_weights=GPT3_LAYER, weight_bytes=2, inject=math.inf, tokens=1, peak=312e12, efficiency=0.5, layers=96
    )
    assert found["busy"] == 1
    assert found["throughput"] == pytest.approx(156e12 / (2 * 96 * GPT3_LAYER))
