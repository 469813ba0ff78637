"""What people met who used the program for the first time, and must not meet again."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.api import evaluate_whole
from mlsysim.cli.main import run
from mlsysim.constraints.asserts import metrics
from mlsysim.plan import loads
from mlsysim.plan.starter import STARTER
from mlsysim.registry import standard
from mlsysim.schemas import schema_of
from mlsysim.search.objectives import objective
from mlsysim.symbolic.errors import InfeasibleError, InputError
from tests.conftest import ROOT, plan

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", [m.name for m in standard().entries("models").values()
                                  if "causal" in m.facts and m.facts["causal"].number == 0])  # fmt: skip
def test_an_encoder_reads_in_one_pass_and_writes_nothing(name: str) -> None:
    """BERT was made to write 338 tokens, a hundred times the work."""
    evaluation = mlsysim.evaluate(plan(workload={"name": name, "batch_size": 8}, hardware={"name": "H100"}))
    assert evaluation["performance.latency"] == evaluation["performance.ttft"]
    assert evaluation["performance.itl"] is None
    assert "encoder" in evaluation.skipped["performance.itl"]
    assert any("writes nothing" in sentence for sentence in evaluation.design.assumptions)
    with pytest.raises(InputError, match="an encoder, which writes no tokens"):
        mlsysim.evaluate(plan(workload={"name": name, "output_tokens": 5}, hardware={"name": "H100"}))


@pytest.mark.parametrize("name", [m.name for m in standard().entries("models").values()
                                  if "causal" in m.facts and m.facts["causal"].number == 0])  # fmt: skip
def test_an_encoder_can_be_trained(name: str, capsys: Captured) -> None:
    """The answer that it does not write was looked for, and was a KeyError."""
    assert run(["eval", name, "A100", "--nodes", "1", "--batch-size", "256", "--output", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["phase"], data["f_status"]) == ("training", "PASS")
    assert data["p_latency_ms"] > 0


FP64 = [h.name for h in standard().entries("hardware").values()
        if "compute.peak.fp64" in h.facts and h.facts["compute.peak.fp64"].number and "memory.capacity" in h.facts]  # fmt: skip


@pytest.mark.parametrize("hardware", FP64)
def test_what_does_not_fit_beside_a_peak_in_fp64_is_told_what_would(hardware: str, capsys: Captured) -> None:
    """No model is held in fp64, in which remedies were looked for."""
    assert {"H20", "H800", "A800", "MI250", "MI210", "MI300A"} <= set(FP64)
    assert run(["eval", "DeepSeek_V3", hardware, "--precision", "fp16", "--output", "json"]) == 4
    data = json.loads(capsys.readouterr().out)
    assert data["f_status"] == "FAIL"
    assert "OOM" in json.dumps(data)


def test_a_folder_is_no_plan(capsys: Captured) -> None:
    """Its name has one slash in the hint, however it ends."""
    for folder, cure in (("/", "name a file in /\n"), (".", "name a file in ./\n")):
        assert run(["check", folder]) == 2
        assert capsys.readouterr().err.endswith(cure)


@pytest.mark.parametrize("percentile", [1, 10, 25, 49, 50, 75, 99])
@pytest.mark.parametrize(
    ("name", "slots"), [("Llama3_70B", 1), ("Llama3_70B", None), ("BERT_Large", 1), ("ResNet50", None)]
)
def test_no_time_is_negative_at_any_percentile(percentile: float, name: str, slots: int | None) -> None:
    """Below the median the wait was, and the whole answer came before its first token."""
    serving = {"requests_per_second": 0.5, "percentile": percentile} | ({"slots": slots} if slots else {})
    sizes = {"output_tokens": 16, "sequence_length": 8192} if name == "Llama3_70B" else {}
    evaluation = mlsysim.evaluate(
        plan(workload={"name": name, **sizes}, hardware={"name": "H100", "accelerators": 4}, serving=serving)
    )
    assert evaluation.feasible
    data = evaluation.to_dict()
    assert not {key: value for key, value in data.items() if isinstance(value, float) and value < 0}
    if data.get("p_ttft_ms") is not None:
        assert data["p_latency_ms"] >= data["p_ttft_ms"]


@pytest.mark.parametrize(("percentile", "hint"), [(0.5, "write 50"), (0.99, "write 99"), (0.001, None), (1e-6, None)])
def test_a_share_where_a_percentile_is_needed_is_told_in_percent(percentile: float, hint: str | None) -> None:
    """Only where that is a percentile."""
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"},
                              serving={"requests_per_second": 1.0, "percentile": percentile}))  # fmt: skip
    cure = caught.value.hint or ""
    assert cure == hint if hint else not cure.startswith("write 0")


def test_a_sequence_longer_than_a_model_accepts_is_said() -> None:
    """It passed in silence."""
    for length, said in ((8192, False), (131072, True)):
        evaluation = mlsysim.evaluate(
            plan(workload={"name": "Llama3_8B", "sequence_length": length}, hardware={"name": "H100"})
        )
        assert any("longer than the 8,192" in sentence for sentence in evaluation.design.assumptions) == said


def test_a_network_is_quoted_in_bits() -> None:
    """By its hint, 400 Gbps was to be written in GB/s."""
    for text in ("400 Gbps", "400 Gbit/s", "50 GB/s"):
        evaluation = mlsysim.evaluate(
            plan(
                workload={"name": "Llama3_8B", "batch_size": 16},
                hardware={"name": "H100", "nodes": 2},
                network={"bandwidth": text},
            )
        )
        assert evaluation.values["node.net_bandwidth"] == 50e9


def test_every_command_in_the_plan_to_start_from_exists(capsys: Captured) -> None:
    """`mlsysim zoo infra` was none."""
    commands = re.findall(r"`mlsysim ([^`]+)`", STARTER)
    assert len(commands) > 5
    for command in commands:
        words = [word for word in command.split() if not word.endswith(".yaml")]
        assert run([*words, "--help"]) == 0, command
        assert capsys.readouterr().out


def test_cures_of_a_search_are_none_that_it_rules_out() -> None:
    """With values that nothing can be made of, the message had recommended more hardware."""
    impossible = plan(
        workload={"name": "Llama3_405B", "batch_size": 2048}, hardware={"name": "H100", "nodes": 1000},
        search={"vary": {"tensor": [4, 8], "pipeline": [8, 16]}},
    )  # fmt: skip
    with pytest.raises(InfeasibleError) as caught:
        mlsysim.optimize(loads(yaml.safe_dump(impossible)))
    assert "search.vary" in str(caught.value)
    assert "accelerators fit" not in str(caught.value)
    assert mlsysim.optimize({**impossible, "search": {}}).evaluation.feasible


def test_pools_say_what_was_assumed_and_what_is_not_known() -> None:
    """Shares by the number of accelerators, and the price that one of them lacks."""
    unpriced = next(h.name for h in standard().entries("hardware").values() if h.name == "MI350X")
    pools = plan(
        workload={"name": "Llama3_8B", "batch_size": 8}, hardware={"pools": [{"name": "H100"}, {"name": unpriced}]},
        ops={"duration_days": 1, "region": "Quebec"},
        constraints={"assert": [{"metric": "latency", "max": "1 ms", "severity": "warn"}, {"metric": "mfu", "min": 0.0}]},
    )  # fmt: skip
    found = evaluate_whole(pools)
    page = " ".join(found.scorecard().split())
    assert "shares by accelerators: 50 % H100, 50 % MI350X" in page
    assert "skipped: total cost" in page
    assert f"no price for {unpriced}" in page
    assert "warning: performance.latency of H100" in page
    data = found.to_dict()
    jsonschema.validate(data, schema_of("result"))
    assert data["m_status"] != "PASS"
    assert "no price" in data["m_skipped"]


def test_asserts_of_pools_are_counted_once(tmp_path: Path, capsys: Captured) -> None:
    """However many pools they hold for."""
    assert run(["check", str(ROOT / "examples" / "pools.yaml")]) == 3
    assert "FAIL 2 of 3 asserts violated (all 3 pools fit)" in " ".join(capsys.readouterr().out.split())


def test_what_a_metric_is_now_is_in_the_unit_of_its_target(capsys: Captured) -> None:
    """Seconds stood beside a target in milliseconds, and accelerators under nodes."""
    found = mlsysim.synthesize(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}), "itl <= 3 ms").to_dict()
    latency = mlsysim.evaluate(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}))["performance.itl"] or 0
    assert (found["now"], found["unit"]) == (pytest.approx(latency * 1e3), "ms")
    assert "accelerators" in found


@pytest.mark.parametrize("words", [["sensitivity"], ["synthesize", "--target", "latency <= 1 s"]])
def test_a_design_that_does_not_fit_ends_every_command_with_four(
    words: list[str], tmp_path: Path, capsys: Captured
) -> None:
    """With the cures that an evaluation names."""
    file = tmp_path / "plan.yaml"
    file.write_text('version: "1.0"\nworkload: {name: Llama3_70B}\nhardware: {name: H100}\n')
    assert run([words[0], str(file), *words[1:]]) == 4
    assert "2 accelerators fit" in capsys.readouterr().err


def test_several_checks_keep_a_published_schema(tmp_path: Path, capsys: Captured) -> None:
    """Whatever is wrong with each."""
    texts = {
        "good": 'version: "1.0"\nworkload: {name: Llama3_8B}\nhardware: {name: H100}\n', "bad": "version: 3\n",
        "large": 'version: "1.0"\nworkload: {name: Llama3_70B}\nhardware: {name: H100}\n',
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    files = [str(tmp_path / f"{name}.yaml") for name in texts]
    assert run(["check", *files, "--output", "json"]) == 2
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema_of("checks"))
    assert [(each["result"] is None, each["error"] is None) for each in found["plans"]] == [
        (False, True),
        (True, False),
        (False, True),
    ]
    assert run(["check", files[0], "--output", "csv"]) == 0
    alone = capsys.readouterr().out
    assert run(["check", *files, "--output", "csv"]) == 2
    assert alone.splitlines()[0] == capsys.readouterr().out.splitlines()[0]


def test_what_is_wrong_with_pools_keeps_no_other_plan_from_being_checked(tmp_path: Path, capsys: Captured) -> None:
    """An assert that has no total was found only when the whole was written."""
    pools, good = tmp_path / "pools.yaml", tmp_path / "good.yaml"
    pools.write_text(SHORT.replace("{name: H100}", "{pools: [{name: H100, accelerators: 2}, {name: A100, accelerators: 2}]}").replace(
        "{name: Llama3_8B}", "{name: Llama3_8B, batch_size: 8}"
    ) + "ops: {duration_days: 1}\nconstraints: {assert: [{metric: cost_per_million_tokens, max: 1}]}\n")  # fmt: skip
    good.write_text(SHORT)
    assert run(["check", str(pools), str(good)]) == 2
    shown = capsys.readouterr()
    assert "does not add up over pools" in shown.err
    assert "PASS" in shown.out


def test_many_points_may_be_a_list() -> None:
    """Not only an array."""
    kernel = mlsysim.bind(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}))
    found = kernel.many("performance.latency", batch_size=[1, 2, 4])["performance.latency"]
    assert list(found) == [kernel.at(batch_size=size)["performance.latency"] for size in (1, 2, 4)]


@pytest.mark.parametrize(("words", "code"), [
    ("zoo show H100", 0), ("--help", 0), ("examples.design_loop", 0), ("check examples/llama3_70b_training.yaml", 3), ("schema", 0), ("walls", 0),
])  # fmt: skip
def test_a_reader_that_goes_changes_no_exit_code(words: str, code: int) -> None:
    """As in `mlsysim ... | head`."""
    module = f"mlsysim.{words}" if words.startswith("examples.") else f"mlsysim {words}"
    command = f"{sys.executable} -m {module} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")


SHORT = 'version: "1.0"\nworkload: {name: Llama3_8B}\nhardware: {name: H100}\n'


@pytest.mark.parametrize(("text", "cure"), [
    (SHORT.replace("{name: Llama3_8B}", "name:Llama3_8B"), "put a space after each colon"),
    (SHORT.replace("{name: Llama3_8B}", "Llama3_8B"), "such as `name: Llama3_8B`"),
    (SHORT.replace("Llama3_8B", "Llama3_8B, efficiency: 45"), "write 0.45"),
    (SHORT + "constraints: {assert: [{metric: latency, min: 5, max: 1}]}\n", "swap them?"),
    (f"```yaml\n{SHORT}```\n", "leave out the lines of backticks"), ("gpu.yaml\n", "not its name"),
])  # fmt: skip
def test_slips_have_their_own_cure(text: str, cure: str) -> None:
    """Those that people and models make most."""
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(loads(text))
    assert cure in str(caught.value)


@pytest.mark.parametrize(("name", "meant"), [("float16", "fp16"), ("bfloat16", "bf16")])
def test_number_formats_have_the_names_that_libraries_use(name: str, meant: str) -> None:
    """As in a model's configuration."""
    workload: dict[str, Any] = {"name": "Llama3_8B", "precision": name}
    assert mlsysim.evaluate(plan(workload=workload, hardware={"name": "H100"})).design.precision == meant


def test_latencies_near_saturation_are_said_to_be_less_certain() -> None:
    """Above the load up to which they were compared."""
    served = plan(
        workload={"name": "Llama3_8B", "sequence_length": 512, "output_tokens": 64}, hardware={"name": "H100"}
    )
    most = mlsysim.evaluate({**served, "serving": {"requests_per_second": 0.1}})["performance.capacity"] or 0
    for share, said in ((0.5, False), (0.7, True)):
        found = mlsysim.evaluate({**served, "serving": {"requests_per_second": most * share}})
        assert any("less certain" in sentence for sentence in found.to_dict()["assumptions"]) == said


def test_metrics_are_listed_and_a_near_one_is_named(capsys: Captured) -> None:
    """What messages point to; a vision model's throughput is one of samples."""
    assert run(["metrics", "--output", "json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} == set(metrics())
    limited = plan(
        workload={"name": "ResNet50"}, hardware={"name": "H100"},
        constraints={"assert": [{"metric": "throughput", "min": 1}]},
    )  # fmt: skip
    with pytest.raises(InputError, match=r"did you mean 'performance\.sample_throughput'"):
        mlsysim.evaluate(limited)


def test_a_chosen_split_is_not_said_to_be_the_rules() -> None:
    """What evaluation would have taken is no assumption of what a search took."""
    work = plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2})
    said = mlsysim.optimize(work).to_dict()["assumptions"]
    assert said
    assert not any(sentence.startswith("split ") for sentence in said)
    assert any(sentence.startswith("split ") for sentence in mlsysim.evaluate(work).to_dict()["assumptions"])


def test_of_what_could_be_served_more_is_better() -> None:
    """Where nobody says which end is wanted."""
    assert objective("capacity", "transformer_serving").largest


def test_what_nobody_has_published_is_not_nothing() -> None:
    """Emissions of making an accelerator that are not known were 0."""
    unknown = []
    for name in ("H100", "H200"):
        work = plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": name, "nodes": 1},
                    ops={"duration_days": 1, "region": "Quebec"})  # fmt: skip
        found = mlsysim.evaluate(work)
        left_out = found.design.bindings["node.embodied"].left_out
        assert (found["macro.embodied_carbon"] is None) == left_out
        assert found["macro.embodied_carbon"] != 0
        unknown.append(left_out)
    assert any(unknown)


@pytest.mark.parametrize("format", ["latex", "web", "mathml"])
def test_two_numbers_side_by_side_are_a_product(format: str) -> None:
    """Twice twice the parameters was printed as 22 P."""
    page = mlsysim.derive("compute", format=format)
    assert re.search(r"2(</m[in]>)? ?(\\cdot|<mo>⋅</mo>) ?(<m[in]>)?2", page)
    assert not re.search(r"\d \\, \d", page)
    assert not re.search(r"<m[in]>\d</m[in]><mo>&#x2062;</mo>(<mspace[^>]*>)?<m[in]>\d", page)


def test_cost_is_a_metric_that_people_know() -> None:
    """In an assert as in an objective."""
    limited = plan(
        workload={"name": "Llama3_8B"}, hardware={"name": "H100"}, ops={"duration_days": 1},
        constraints={"assert": [{"metric": "cost", "max": 1}]},
    )  # fmt: skip
    assert mlsysim.evaluate(limited).violations[0].limit.metric == "macro.tco"


def test_a_plan_takes_no_second_accelerator(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """It names its own; standard input is a plan too."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SHORT.encode())))
    assert run(["eval", "-", "H100"]) == 2
    assert "a plan names its accelerators itself" in capsys.readouterr().err
