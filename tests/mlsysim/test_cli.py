"""The command line: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlsysim.__main__ import main as cli_main
from mlsysim.cli.main import run
from mlsysim.schemas import schema_of
from tests.conftest import EXAMPLE, ROOT

Captured = pytest.CaptureFixture[str]


def mlsysim(*words: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a fresh process, as a person would."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(
        [sys.executable, "-m", "mlsysim", *words], capture_output=True, text=True, cwd=folder, env=env, check=False
    )


def test_the_example_prints_three_lenses_and_exits_with_three() -> None:
    """Feasibility, performance, macro; the violated assert; nothing on standard error."""
    done = mlsysim("eval", str(EXAMPLE))
    assert done.returncode == 3
    assert done.stderr == ""
    order = [
        done.stdout.index(word) for word in ("Feasibility  PASS", "Performance  FAIL", "Macro  PASS", "Asserts  FAIL")
    ]
    assert order == sorted(order)
    assert "binding wall" in done.stdout
    assert "the compute wall binds" in " ".join(done.stdout.split())


def test_json_is_the_same_before_and_after_the_subcommand() -> None:
    """One flat object on standard output, valid against the published schema."""
    before, after = mlsysim("--output", "json", "eval", str(EXAMPLE)), mlsysim("eval", str(EXAMPLE), "--output", "json")
    assert before.stdout == after.stdout
    assert before.returncode == after.returncode == 3
    result = json.loads(before.stdout)
    jsonschema.validate(result, schema_of("result"))
    assert result["m_tco_usd"] > 0


EXITS = [
    (["eval", "Llama3_8B", "H100", "--batch-size", "32"], 0), (["eval", str(EXAMPLE)], 3), (["eval", "Llama3_70B", "H100"], 4),
    (["eval", "no.yaml"], 2), (["eval", "."], 2), (["eval", "Llama3_8B"], 2), (["eval"], 2), (["evl"], 2), (["zoo", "animals"], 2),
    (["derive", "compute"], 0), (["derive", "nothing"], 2), (["derive", "performance.latency"], 2), (["schema", "--type", "x"], 2),
    (["derive", "macro.tco", "--plan", str(EXAMPLE)], 0), (["derive", "performance.ttft", "--plan", str(EXAMPLE)], 2),
    (["derive", "compute", "--format", "html"], 2), (["eval", "Llama3_8B", "H100", "--batch-size", "0"], 2),
    (["eval", "Llama3_8B", "H100", "--batch-size", "many"], 2), (["eval", str(EXAMPLE), "--batch-size", "3"], 2),
    (["eval", "Llama3_8B", "H100", "--precision", "int4"], 2), (["--help"], 0), (["eval", "--help"], 0), (["--version"], 0),
    (["optimize", "parallelism", str(EXAMPLE)], 4), (["optimize", "parallelism", "no.yaml"], 2), (["optimize", "x", str(EXAMPLE)], 2),
    (["--output", "yaml", "zoo"], 0), (["--output", "xml", "zoo"], 2), (["optimize"], 2),
    (["eval", str(EXAMPLE), "--fail-on", "never"], 0),
    (["check", str(EXAMPLE), "--fail-on", "warn"], 3), (["eval", "Llama3_70B", "H100", "--fail-on", "never"], 0),
    (["eval", str(EXAMPLE), "--fail-on", "often"], 2), (["diff", str(EXAMPLE), str(EXAMPLE), "--fail-on", "never"], 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code"), EXITS, ids=lambda v: " ".join(v).replace(str(ROOT), "") if isinstance(v, list) else None
)
def test_exit_codes(words: list[str], code: int, capsys: Captured) -> None:
    """0 fine, 2 bad input, 3 assert violated, 4 infeasible; bad input prints nothing on standard output."""
    assert run(words) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out
    if code == 2:
        assert captured.out == ""
        assert ": error: " in captured.err


@pytest.mark.parametrize("words", [w for w, code in EXITS if code == 2 and w[0] not in ("--output",)], ids=" ".join)
def test_bad_input_in_json_is_one_json_object(words: list[str], capsys: Captured) -> None:
    """Programs get an error they can read, wrong command lines included."""
    assert run(["--output", "json", *words]) == 2
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["exit_code"] == 2
    assert error["message"]
    assert captured.err == ""


def test_an_infeasible_search_in_json_is_an_answer(capsys: Captured, tmp_path: Path) -> None:
    """Nothing fits: exit code 4 and one object with the reason and the cure."""
    plan = tmp_path / "plan.yaml"
    plan.write_text('version: "1.0"\nworkload: {name: Llama3_405B, batch_size: 8}\nhardware: {name: H100, nodes: 1}\n')
    assert run(["--output", "json", "optimize", "parallelism", str(plan)]) == 4
    error = json.loads(capsys.readouterr().out)["error"]
    assert "OOM" in error["message"]
    assert "fit" in error["hint"]


def test_a_search_in_json_has_the_keys_that_programs_rely_on(capsys: Captured, tmp_path: Path) -> None:
    """Status, objective, bound, gap, space and the choice, then the evaluation."""
    plan = tmp_path / "plan.yaml"
    plan.write_text('version: "1.0"\nworkload: {name: Llama3_8B, batch_size: 64}\nhardware: {name: H100, nodes: 1}\n')
    assert run(["optimize", "parallelism", str(plan), "--output", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["o_status"] == "optimal"
    assert found["o_gap"] < 1e-6
    assert found["o_objective"] == pytest.approx(found["p_latency_ms"])
    assert found["o_bound"] <= found["o_objective"]
    assert found["o_tp"] * found["o_pp"] * found["o_dp"] * found["o_cp"] == 8
    assert found["o_space"] > 100


def test_help_says_the_exit_codes(capsys: Captured) -> None:
    """Each of the six, with its meaning."""
    run(["--help"])
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", capsys.readouterr().out).split())
    for words in (
        "0 fine",
        "1 internal error",
        "2 bad input",
        "3 assert violated",
        "4 physically infeasible",
        "5 search ended without proof",
    ):
        assert words in shown


def test_an_internal_error_is_no_traceback(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside is one line and exit code 1."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("mlsysim.api.evaluate", broken)
    assert run(["eval", str(EXAMPLE)]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("mlsysim: error: internal error: RuntimeError: broken")
    assert captured.out == ""


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """``mlsysim zoo models | head -1``."""
    command = f"{shlex.quote(sys.executable)} -m mlsysim derive performance.latency --plan {shlex.quote(str(EXAMPLE))} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.startswith("performance.latency = ")
    assert done.stderr == ""


def test_text_has_no_colours_where_nobody_sees_them() -> None:
    """A pipe gets plain text."""
    assert "\x1b" not in mlsysim("eval", "Llama3_8B", "H100", FORCE_COLOR="1").stdout
    assert "\x1b" not in mlsysim("zoo", "hardware", NO_COLOR="1").stdout


def test_the_zoo_lists_what_the_registry_has(capsys: Captured) -> None:
    """As a table and as JSON."""
    assert run(["zoo", "hardware"]) == 0
    page = capsys.readouterr().out
    assert "TFLOP/s" in page
    assert re.search(r"^ H100 .* 989\.4 ", page, re.MULTILINE)
    assert run(["zoo", "models", "--output", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert next(row for row in rows if row["name"] == "Llama3_8B")["parameters"] == "8030261248 param"
    assert run(["zoo", "grid"]) == 2
    assert "Did you mean 'grids'" in capsys.readouterr().err


def test_schemas_are_schemas(capsys: Captured) -> None:
    """Both are valid JSON Schema with an identifier."""
    for words in (["schema"], *(["schema", "--type", kind] for kind in ("plan", "result", "registry"))):
        assert run(words) == 0
        schema = json.loads(capsys.readouterr().out)
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$id"].startswith("https://")


def test_main_exits_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console script."""
    monkeypatch.setattr(sys, "argv", ["mlsysim", "eval", "Llama3_70B", "H100"])
    with pytest.raises(SystemExit) as ended:
        cli_main()
    assert ended.value.code == 4
