"""Mistakes that were found by trying the product, each with the plan that showed it."""

from __future__ import annotations

import copy
import io
import json
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import mlsysim
from mlsysim.cli.main import run
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.units import parse
from tests.conftest import EXAMPLE, ROOT, plan


def test_the_search_considers_every_context_and_microbatch() -> None:
    """A very long sequence is best split further than any cap: the optimum is not worse than a split one can name."""
    base = plan(
        workload={"name": "Llama3_8B", "batch_size": 1, "sequence_length": 4194304},
        hardware={"name": "H100", "nodes": 128},
    )
    found = mlsysim.optimize(base)
    named = mlsysim.evaluate({**base, "parallelism": {"context": 512}})
    assert found.answer.bound <= named["performance.latency"]
    assert found.answer.objective <= named["performance.latency"]


@pytest.mark.parametrize(("batch", "stages", "passes"), [(1, 8, 8), (4, 3, 4), (8, 8, 15), (16, 8, 15), (9, 8, 12)])
def test_a_pipeline_waits_only_for_the_requests_there_are(batch: int, stages: int, passes: int) -> None:
    """One prompt on eight stages passes eight stages and waits for nobody."""
    evaluation = mlsysim.evaluate(plan(
        workload={"name": "Llama3_70B", "batch_size": batch, "sequence_length": 512}, hardware={"name": "H200", "accelerators": stages},
        parallelism={"tensor": 1, "pipeline": stages, "data": 1},
    ))  # fmt: skip
    one_pass = evaluation.values["serving.prefill_time"] + evaluation.values["communication.prefill"]
    assert evaluation["performance.ttft"] == pytest.approx(passes * one_pass)


@pytest.mark.parametrize("batch", [1, 512, 4096])
def test_the_largest_batch_is_the_largest_that_fits(batch: int) -> None:
    """Whatever the plan's own batch: it fits, and one more does not."""

    def serve(size: int) -> mlsysim.api.Evaluation:  # type: ignore[name-defined]
        return mlsysim.evaluate(plan(
            workload={"name": "Llama3_8B", "batch_size": size, "sequence_length": 16, "output_tokens": 2}, hardware={"name": "H100"}
        ))  # fmt: skip

    largest = int(serve(batch)["feasibility.largest_batch"])
    assert serve(largest).feasible
    assert not serve(largest + 1).feasible


def test_a_split_is_found_on_an_odd_fleet() -> None:
    """630 nodes and one sequence: only context parallelism over 35 or more ranks exists."""
    evaluation = mlsysim.evaluate(plan(
        workload={"name": "Llama3_8B", "batch_size": 1, "sequence_length": 30240}, hardware={"name": "H100", "nodes": 630}
    ))  # fmt: skip
    assert evaluation.feasible


def test_a_negative_tax_is_refused_however_it_is_written() -> None:
    """As a number and as a string."""
    for tax in (-5.0, "-5 USD/tCO2e"):
        with pytest.raises(InputError):
            mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"},
                                  ops={"region": "Quebec", "duration_days": 3.0, "carbon_tax": tax}))  # fmt: skip


def test_among_equals_the_search_takes_the_quickest() -> None:
    """The cost of a fleet held for a fixed time does not depend on the split; the latency then decides."""
    base = plan(
        workload={"name": "Llama3_8B", "batch_size": 64},
        hardware={"name": "H100", "nodes": 1},
        ops={"duration_days": 3.0},
    )
    best = mlsysim.optimize(base)
    cheapest = mlsysim.optimize(base, objective="macro.tco")
    assert cheapest.evaluation["performance.latency"] == pytest.approx(best.answer.objective)
    with pytest.raises(InputError, match="does not depend on the split"):
        mlsysim.optimize(base, objective="memory_capacity")


IMPOSSIBLE = [
    (plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}, parallelism={"tensor": 2}), "do not multiply"),
    (plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 4}, parallelism={"tensor": 16, "pipeline": 4}),
     "do not multiply"),
    (plan(workload={"name": "MobileNetV2"}, hardware={"name": "STM32H743"}), "OOM"),
    (plan(workload={"name": "ResNet50"}, hardware={"name": "ESP32_S3"}), "OOM"),
    (plan(workload={"name": "DS_CNN"}, hardware={"name": "ESP32_S3", "accelerators": 8}), "links join only 1"),
]  # fmt: skip


@pytest.mark.parametrize(("impossible", "words"), IMPOSSIBLE)
def test_what_is_impossible_is_an_answer(impossible: dict[str, Any], words: str) -> None:
    """Exit code 4 with the reason, never an internal error."""
    evaluation = mlsysim.evaluate(impossible)
    assert evaluation.exit_code == 4
    assert words in evaluation.to_dict()["f_summary"]


def test_a_search_without_anything_to_decide_says_what_conflicts() -> None:
    """One accelerator and a limit it cannot keep."""
    found = mlsysim.optimize(plan(workload={"name": "Llama3_8B", "batch_size": 32}, hardware={"name": "H100"},
                                  constraints={"assert": [{"metric": "latency", "max": 50}]}))  # fmt: skip
    assert found.exit_code == 4
    assert "best reachable" in found.conflict


@pytest.mark.parametrize("objective", ["performance.time_tensor", "performance.time_bubble", "performance.time_data"])
def test_an_objective_may_be_zero(objective: str) -> None:
    """The least communication is none."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2},
                constraints={"assert": [{"metric": "performance.time_bubble", "max": 0}]})  # fmt: skip
    found = mlsysim.optimize(base, objective=objective)
    assert found.answer.objective == 0
    assert found.evaluation["performance.time_bubble"] == 0


@pytest.mark.parametrize(
    "text", ["5 (ms", "5 ms/", "5 ms/0", "5 " + "s*" * 5000 + "s", "5 s**9**9**9", "5 ms)", "5 s^99", "5 __import__"]
)
def test_a_unit_is_never_evaluated_as_arithmetic(text: str) -> None:
    """At once, in words."""
    started = time.perf_counter()
    with pytest.raises(InputError, match="unknown unit"):
        parse(text, "s")
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "words", [["--batch-size", "1" + "0" * 400], ["--batch-size", "1e400"], ["--efficiency", "5e-324"]]
)
def test_absurd_numbers_are_bad_input(words: list[str]) -> None:
    """Huge integers do not overflow, tiny shares do not become infinite times."""
    assert run(["eval", "Llama3_8B", "H100", *words]) == 2


@pytest.mark.parametrize("fields", [
    {"parallelism": {"tensor": 10**309}}, {"parallelism": {"microbatch": 10**80}}, {"ops": {"carbon_tax": 1e308}},
    {"network": {"bandwidth": 1e-308}}, {"network": {"link_bandwidth": 5e-324}}, {"ops": {"duration_days": 5e-324}},
    {"serving": {"requests_per_second": 5e-324}}, {"network": {"latency": 5e-324}},
])  # fmt: skip
def test_numbers_at_the_ends_of_floats_crash_nothing(fields: dict[str, Any]) -> None:
    """Each is refused in words, or answered."""
    base = plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100", "nodes": 2})
    if "serving" not in fields:
        base["workload"] |= {"batch_size": 64, "phase": "training"}
        base["ops"] = {"duration_days": 1.0}
    ((section, given),) = fields.items()
    try:
        data = mlsysim.evaluate({**base, section: {**base.get(section, {}), **given}}).to_dict()
    except InputError:
        return
    json.dumps(data, allow_nan=False)


def test_a_limit_is_a_number() -> None:
    """A truth value or a number beyond all metrics is none."""
    for limit in (True, 10**400):
        with pytest.raises(InputError):
            mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"},
                                  constraints={"assert": [{"metric": "latency", "max": limit}]}))  # fmt: skip


def test_an_assert_on_what_is_unknown_cannot_be_decided() -> None:
    """It says so, and why; no wall is blamed."""
    evaluation = mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"},
                                       constraints={"assert": [{"metric": "macro.tco", "max": 5}]}))  # fmt: skip
    [violation] = evaluation.violations
    assert violation.sentence == "macro.tco cannot be decided: the plan has no duration (ops.duration_days)"
    assert evaluation.to_dict()["violations"][0]["wall"] is None


def test_text_and_json_agree_on_the_macro_lens() -> None:
    """A TPU's power is not published, its cost may be known."""
    evaluation = mlsysim.evaluate(plan(
        workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "TPU_v5p", "nodes": 4},
        ops={"duration_days": 3.0, "region": "Quebec", "price_per_accelerator_hour": 4.2},
    ))  # fmt: skip
    assert evaluation.to_dict()["m_status"] == "PARTIAL"
    assert "Macro  PARTIAL" in evaluation.scorecard()


def test_control_characters_do_not_reach_the_terminal() -> None:
    """A plan's name is one plain line; what is no character that shows is not printed, and not repeated in the message."""
    base = plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"})
    with pytest.raises(InputError, match="line break or another control character") as caught:
        mlsysim.evaluate({**base, "name": "\x1b[31m red\n\nFeasibility  PASS"})
    assert "\x1b" not in str(caught.value)
    assert "\n\n" not in str(caught.value)
    card = mlsysim.evaluate({**base, "name": "turned \u202e round"}).scorecard()
    assert "\u202e" not in card


def test_evaluations_and_entries_can_be_copied() -> None:
    """For other processes, also after everything was looked up."""
    evaluation = mlsysim.evaluate(EXAMPLE)
    assert evaluation.design.loaded.zoo.sources
    again = pickle.loads(pickle.dumps(evaluation))
    assert again.metrics == evaluation.metrics == copy.deepcopy(evaluation).metrics
    entry = pickle.loads(pickle.dumps(mlsysim.Models.Language.Llama3_8B))
    assert entry.layers.number == 32


def test_python_gets_words_too() -> None:
    """Wrong objects, swapped objects, impossible points."""
    model, chip = mlsysim.Models.Language.Llama3_8B, mlsysim.Hardware.Cloud.H100
    for wrong in (("x", "Llama3_8B", chip), ("x", chip, model)):
        with pytest.raises(InputError):
            mlsysim.SystemEvaluator.evaluate(*wrong)
    for nothing in (None, [1], 3):
        with pytest.raises(InputError, match="a plan is a path or a mapping"):
            mlsysim.evaluate(nothing)
    assert mlsysim.evaluate(
        mlsysim.Plan.model_validate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}))
    ).feasible
    kernel = mlsysim.bind(EXAMPLE)
    for number in (-4, float("nan"), 0):
        with pytest.raises(InputError):
            kernel.at(batch_size=number)
    assert not mlsysim.check(EXAMPLE)


def test_terminals_without_greek_letters_get_the_rest() -> None:
    """And a reader that reads nothing is no error."""
    import os

    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "mlsysim", "derive", "compute"], capture_output=True, cwd=ROOT, env=env, check=False
    )
    assert done.returncode == 0
    assert b"T_compute" in done.stdout


def test_an_infeasible_plan_answers_quickly() -> None:
    """A frontier model on microcontrollers is refused in a moment, cures included."""
    started = time.process_time()
    evaluation = mlsysim.evaluate(plan(workload={"name": "DeepSeek_V3", "batch_size": 32, "phase": "training"},
                                       hardware={"name": "ESP32_S3", "nodes": 16}))  # fmt: skip
    assert evaluation.to_dict()["f_status"] == "FAIL"
    assert time.process_time() - started < 30  # a hang, not a benchmark


def test_reports_survive_closed_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is one line."""

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    assert run(["eval", "Llama3_8B", "H100"]) == 1


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a system without /dev/zero")
def test_a_file_that_never_ends_is_too_large(capsys: pytest.CaptureFixture[str]) -> None:
    """A device has no size to look at; what is read of it is limited."""
    assert run(["eval", "/dev/zero"]) == 2
    assert "larger than" in capsys.readouterr().err


def test_a_name_of_another_kind_is_pointed_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Model and hardware in the wrong order."""
    assert run(["eval", "H100", "Llama3_8B"]) == 2
    assert "'H100' stands in `mlsysim zoo hardware`" in capsys.readouterr().err
