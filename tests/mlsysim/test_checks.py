"""``check``, ``diff`` and ``init``: plans in git and in continuous integration."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import mlsysim
import mlsysim.schemas
from mlsysim.cli.main import run
from mlsysim.comparison import Comparison
from mlsysim.plan.starter import STARTER
from tests.conftest import plan

BASE = plan(
    workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2},
    ops={"region": "Quebec", "duration_days": 3.0},
)  # fmt: skip
LIMITED = {
    **BASE,
    "constraints": {"assert": [{"metric": "latency", "max": "1 ms"}, {"metric": "memory_required", "max": "80 GB"}]},
}
LARGE = plan(workload={"name": "Llama3_405B", "batch_size": 8}, hardware={"name": "H100", "nodes": 1})


@pytest.mark.parametrize(("document", "code", "words"), [
    (BASE, 0, ["PASS  fits: uses", "no asserts"]), (LIMITED, 3, ["FAIL  1 of 2 asserts violated (fits", "performance.latency is"]),
    (LARGE, 4, ["FAIL  OOM: requires"]),
])  # fmt: skip
def test_a_check_says_in_a_few_lines_whether_a_plan_holds(
    document: dict[str, Any], code: int, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the exit code of an evaluation, and the same keys in JSON."""
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(document))
    assert run(["check", str(file)]) == code
    shown = capsys.readouterr().out
    assert all(word in " ".join(shown.split()) for word in (" ".join(word.split()) for word in words))
    assert len(shown.splitlines()) < 8
    assert run(["check", str(file), "--output", "json"]) == code
    data = json.loads(capsys.readouterr().out)
    whole = mlsysim.evaluate(file).to_dict()
    assert data == {key: whole[key] for key in data}
    assert data["exit_code"] == code


def test_a_check_by_itself_is_of_the_usual_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that `init` writes."""
    monkeypatch.chdir(tmp_path)
    assert run(["check"]) == 2
    assert "mlsys.yaml: error: there is no such file" in capsys.readouterr().err
    assert run(["init"]) == 0
    assert run(["check"]) == 0
    assert capsys.readouterr().out.startswith("PASS")


def test_a_broken_plan_is_checked_no_further(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with every mistake at its place."""
    file = tmp_path / "plan.yaml"
    file.write_text('version: "1.0"\nworkload: {nam: Llama3_8B}\nhardware: {name: H100, nodes: 0}\n')
    assert run(["check", str(file)]) == 2
    said = capsys.readouterr().err
    assert "plan.yaml:2:12: error: workload.nam: unknown key" in said
    assert "plan.yaml:3:31: error: hardware.nodes: 0 is below 1" in said


def test_a_difference_holds_every_metric_that_differs_and_no_other() -> None:
    """Each with both values; the same plan differs in nothing."""
    twice = {**BASE, "hardware": {"name": "H100", "nodes": 4}}
    before, after = mlsysim.evaluate(BASE), mlsysim.evaluate(twice)
    found = Comparison(before, after)
    changed = {change.metric for change in found.changes}
    for name in before.metrics:
        one, other = before.metrics[name], after.metrics[name]
        differs = one != other and (None in (one, other) or one != pytest.approx(other, rel=1e-11))
        assert (name in changed) == differs
    assert found.to_dict()["changes"]["m_tco_usd"]["ratio"] == pytest.approx(2.0)
    assert "macro.tco" in found.page()
    assert "+100.0%" in found.page()
    nothing = Comparison(before, mlsysim.evaluate(BASE))
    assert nothing.changes == []
    assert "every metric is the same" in nothing.page()


def test_a_difference_of_kinds_shows_what_only_one_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Training and serving; the exit code is of the second."""
    first, second, third = (tmp_path / f"{name}.yaml" for name in "abc")
    first.write_text(yaml.safe_dump(BASE))
    second.write_text(yaml.safe_dump(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"})))
    third.write_text(yaml.safe_dump(LARGE))
    assert run(["diff", str(first), str(second)]) == 0
    shown = capsys.readouterr().out
    assert any(line.startswith("performance.ttft") and " - " in line for line in shown.splitlines())
    assert run(["diff", str(first), str(third), "--output", "json"]) == 4
    data = json.loads(capsys.readouterr().out)
    assert (data["f_status_before"], data["f_status_after"], data["exit_code"]) == ("PASS", "FAIL", 4)
    assert data["changes"]["p_latency_ms"]["after"] is None


@pytest.mark.parametrize("kind", mlsysim.schemas.KINDS)
def test_every_field_of_a_schema_says_what_it_is(kind: str) -> None:
    """With the standard it keeps and an address of its own."""

    def silent(rule: Any, path: str) -> list[str]:
        if not isinstance(rule, dict):
            return []
        fields = rule.get("properties", {}).items()
        found = [f"{path}.{name}" for name, each in fields if not {"description", "$ref"} & set(each)]
        inner = [
            *fields,
            *rule.get("$defs", {}).items(),
            ("[]", rule.get("items")),
            ("{}", rule.get("additionalProperties")),
        ]
        return found + [one for name, each in inner for one in silent(each, f"{path}.{name}")]

    schema = mlsysim.schemas.schema_of(kind)
    assert {"$schema", "$id", "title"} <= set(schema)
    assert silent(schema, kind) == []


def test_the_plan_to_start_from_is_valid_and_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also with everything in it that is commented out, but for what excludes each other; no file is overwritten."""
    file = tmp_path / "plan.yaml"
    assert run(["init", str(file)]) == 0
    assert file.read_text() == STARTER
    assert run(["check", str(file)]) == 0
    schema = mlsysim.schemas.schema_of("plan")
    assert STARTER.splitlines()[0].endswith(f"$schema={schema['$id']}")
    assert run(["init", str(file)]) == 2
    assert "this file exists" in capsys.readouterr().err
    opened = (
        STARTER.replace("# precision", "precision")
        .replace("# parallelism:", "parallelism:")
        .replace("#   tensor", "  tensor")
    )
    file.write_text(opened.replace("#   pipeline", "  pipeline"))
    assert run(["check", str(file)]) in (0, 3)


def test_a_message_shows_the_line_and_points_at_the_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also far right in a long line, of which a part is shown."""
    file = tmp_path / "plan.yaml"
    file.write_text('version: "1.0"\nworkload: {nam: Llama3_8B}\nhardware: {name: H100}\n')
    assert run(["check", str(file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    at = next(i for i, line in enumerate(lines) if "unknown key" in line)
    assert lines[at + 1] == "  workload: {nam: Llama3_8B}"
    assert lines[at + 2].index("^") == lines[at + 1].index("nam")
    file.write_text('version: "1.0"\nworkload: {name: Llama3_8B}\nhardware: {name: H100,' + " " * 300 + "nodez: 3}\n")
    assert run(["check", str(file)]) == 2
    lines = capsys.readouterr().err.splitlines()
    at = next(i for i, line in enumerate(lines) if "unknown key" in line)
    assert len(lines[at + 1]) < 110
    assert lines[at + 1][lines[at + 2].index("^") :].startswith("nodez")


def test_a_plan_comes_from_standard_input() -> None:
    """Named a dash; its mistakes are at their places there."""
    command = [sys.executable, "-m", "mlsysim", "check", "-"]
    good = subprocess.run(command, input=yaml.safe_dump(BASE), capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout[:4]) == (0, "PASS")
    bad = subprocess.run(command, input="version: '1.0'\nworkload: 3\n", capture_output=True, text=True, check=False)
    assert bad.returncode == 2
    assert "standard input:2:11: error: workload: 3 where a section is needed" in bad.stderr
