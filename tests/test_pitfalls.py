"""What peers get wrong, as they were seen to get it wrong; each of these must not happen here."""

from __future__ import annotations

import re
from typing import Any

import pytest

import mlsysim
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.units import registry
from tests.conftest import plan

CARBON = "macro.carbon"


def training(**changes: Any) -> dict[str, Any]:
    """The 70B plan."""
    base = plan(workload={"name": "Llama3_70B", "batch_size": 4096}, hardware={"name": "H100", "nodes": 64},
                ops={"region": "Quebec", "duration_days": 14.0})  # fmt: skip
    return {**base, **changes}


def test_the_region_changes_the_carbon() -> None:
    """Quebec, Poland and "Atlantis" gave the same."""
    carbon = [
        mlsysim.evaluate(training(ops={"region": r, "duration_days": 14.0}))[CARBON]
        for r in ("Quebec", "Poland", "Norway")
    ]
    assert len(set(carbon)) == 3
    with pytest.raises(InputError, match="unknown region 'Atlantis'"):
        mlsysim.evaluate(training(ops={"region": "Atlantis", "duration_days": 14.0}))


def test_pure_data_parallelism_of_70b_is_no_pass() -> None:
    """4,057 GB on a device of 86 GB was printed as PASS with MFU 47.6 %."""
    evaluation = mlsysim.evaluate(
        training(parallelism={"tensor": 1, "pipeline": 1, "data": 512, "zero": 0, "recompute": "none"})
    )
    assert evaluation.to_dict()["f_status"] == "FAIL"
    assert evaluation.exit_code == 4


def test_resnet_does_not_train_on_microcontrollers() -> None:
    """64 of them were a PASS."""
    result = mlsysim.evaluate(
        plan(workload={"name": "ResNet50", "batch_size": 64}, hardware={"name": "ESP32_S3", "nodes": 64})
    )
    assert not result.feasible
    assert {f.wall for f in result.failures} == {"memory", "communication"}


def test_decode_has_one_answer() -> None:
    """20.46 ms by one command and 7.68 ms by another: here both are the kernel's, and near bytes over bandwidth."""
    chat = plan(
        workload={"name": "Llama3_8B", "batch_size": 32, "sequence_length": 2048, "output_tokens": 2},
        hardware={"name": "H100"},
    )
    itl = mlsysim.evaluate(chat)["performance.itl"]
    weights, cache = 8030261248 * 2, 32 * 2049 * 2 * 32 * 8 * 128 * 2
    assert itl == pytest.approx((weights + cache) / 3.35e12)
    assert f"performance.itl = {itl * 1e3:.4g} ms" in mlsysim.derive("performance.itl", plan=chat)


def test_a_step_is_not_shorter_than_its_communication() -> None:
    """Overlap hides what computing can hide and no more."""
    slow = training(software={"link_efficiency": 0.001})
    evaluation = mlsysim.evaluate(slow)
    values = evaluation.values
    assert values["performance.time_data"] == pytest.approx(
        values["communication.data_time"] - values["communication.window"]
    )
    assert evaluation.binding_wall == "communication"


def test_pipeline_messages_are_not_free() -> None:
    """Between stages, forward and backward."""
    staged = training(parallelism={"tensor": 8, "pipeline": 8})
    assert mlsysim.evaluate(staged)["performance.time_pipeline"] > 0  # type: ignore[operator]


def test_training_reduces_four_times_in_a_layer() -> None:
    """Two forward and two backward, six with full recomputation."""
    for recompute, times in (("selective", 4), ("full", 6)):
        values = mlsysim.evaluate(training(parallelism={"tensor": 8, "recompute": recompute})).values
        reductions = (
            values["communication.tensor_time"] / values["communication.tensor_reduce"] / values["split.stage_layers"]
        )
        assert reductions == pytest.approx(times)


def test_goodput_counts_lost_work() -> None:
    """Less than one, and falling with the fleet."""
    small, large = (
        mlsysim.evaluate(training(hardware={"name": "H100", "nodes": n}))["performance.goodput"] for n in (8, 512)
    )
    assert large < small < 1  # type: ignore[operator]


def test_water_on_site_is_per_energy_of_the_computers() -> None:
    """WUE is not multiplied by facility energy."""
    evaluation = mlsysim.evaluate(training())
    assert evaluation["macro.water"] == pytest.approx(evaluation["macro.it_energy"] / 3.6e6 * 0.15)  # type: ignore[operator]


def test_pue_belongs_to_the_facility() -> None:
    """The same grid under another roof takes other energy."""
    ops = {"region": "Quebec", "duration_days": 14.0}
    energy = {f: mlsysim.evaluate(training(ops={**ops, "facility": f}))["macro.energy"] for f in ("AWS", "Industry")}
    assert energy["Industry"] / energy["AWS"] == pytest.approx(1.54 / 1.14)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("hardware", "precision"), [("T4", "bf16"), ("H100", "int4"), ("TPU_v5p", "fp16"), ("STM32H743", "fp16")]
)
def test_a_chip_does_not_compute_in_a_format_it_lacks(hardware: str, precision: str) -> None:
    """Refused with the formats it has."""
    with pytest.raises(InputError, match=f"does not compute in {precision}"):
        mlsysim.evaluate(plan(workload={"name": "MobileNetV2", "precision": precision}, hardware={"name": hardware}))


def test_units_do_not_mix() -> None:
    """1 USD + 1 token, a bandwidth in GHz and a work in bytes are errors; TFLOP are not dropped."""
    unit = registry()
    for a, b in (("USD", "token"), ("GB/s", "GHz"), ("TFLOP", "GB"), ("param", "byte"), ("sample", "request")):
        with pytest.raises(Exception, match="Cannot convert"):
            unit.Quantity(1, a) + unit.Quantity(1, b)
    assert unit.Quantity(5e11, "TFLOP").to("FLOP").magnitude == 5e23


@pytest.mark.parametrize(
    ("name", "fact", "number"),
    [
        ("DeepSeek_V3", "heads", 128), ("DS_CNN", "parameters", 22604), ("Llama3_8B", "kv_heads", 8), ("Llama3_70B", "ffn_width", 28672),
    ],
)  # fmt: skip
def test_models_have_their_own_numbers(name: str, fact: str, number: float) -> None:
    """Not 56 heads, not 200,000 parameters, not GPT-3's shape."""
    entry = next(e for e in mlsysim.Models if e.name == name)
    assert entry.facts[fact].number == number


def test_hardware_has_its_own_numbers() -> None:
    """Not the ESP32's memory, not the sparse rate, not 3,072 GB/s."""
    assert mlsysim.Hardware.Tiny.ESP32_S3.memory.capacity.number == 512 * 1024
    assert mlsysim.Hardware.Edge.Jetson_AGX_Orin.compute.peak.int8.number == 137.5e12
    assert mlsysim.Hardware.Cloud.H100.memory.bandwidth.number == 3.35e12


def test_work_is_counted_for_the_sequence_that_is_asked_for() -> None:
    """Twice the sequence is twice the products and more than twice the attention."""
    one, two = (
        mlsysim.evaluate(training(workload={"name": "Llama3_8B", "batch_size": 64, "sequence_length": s},
                                  hardware={"name": "H100", "nodes": 1})).values["work.model"]
        for s in (4096, 8192)
    )  # fmt: skip
    assert 2 < two / one < 4


def test_the_real_405b_run_is_found() -> None:
    """16,384 H100, sequence 8,192, 2,048 sequences: not valid for the peer; here ZeRO, stages and layers that do not
    divide evenly are searched, and the published TP 8, PP 16, DP 128 is among the feasible splits.
    """
    base = plan(workload={"name": "Llama3_405B", "batch_size": 2048}, hardware={"name": "H100", "nodes": 2048})
    found = mlsysim.optimize(base)
    assert found.answer.status == "optimal"
    published = mlsysim.evaluate(
        {**base, "parallelism": {"tensor": 8, "pipeline": 16, "data": 128, "recompute": "full", "zero": 1}}
    )
    assert published.feasible
    assert found.answer.objective <= published["performance.latency"]  # type: ignore[operator]


def test_out_of_memory_does_not_exit_with_zero() -> None:
    """And the summary that agents read is in the output."""
    evaluation = mlsysim.evaluate(plan(workload={"name": "Llama3_70B"}, hardware={"name": "H100"}))
    assert evaluation.exit_code == 4
    assert re.match(r"OOM: requires [\d.]+ GB but only has 80 GB", evaluation.to_dict()["f_summary"])
