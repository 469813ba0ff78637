"""What builds run: the action, the hook, several plans in one command, and completion of the shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from mlsysim.cli.main import run
from tests.conftest import ROOT

GOOD = 'version: "1.0"\nworkload: {name: Llama3_8B}\nhardware: {name: H100}\n'
WARNED = GOOD + "constraints: {assert: [{metric: latency, max: 1 ms, severity: warn}]}\n"
VIOLATED = GOOD + "constraints: {assert: [{metric: latency, max: 1 ms}]}\n"
LARGE = GOOD.replace("8B", "70B")
BROKEN = GOOD.replace("name: H100", "nam: H100")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Plans of every kind, and `mlsysim` on the path."""
    for name, text in {"good": GOOD, "warned": WARNED, "violated": VIOLATED, "large": LARGE, "broken": BROKEN}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    command = tmp_path / "bin" / "mlsysim"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mlsysim "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def action() -> dict[str, Any]:
    """The action, as GitHub reads it."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return found


def checked(**inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's last step, run as a runner runs it."""
    step = action()["runs"]["steps"][-1]
    defaults = {name: each["default"] for name, each in action()["inputs"].items()}
    given = {**defaults, **{name.replace("_", "-"): value for name, value in inputs.items()}}
    environment = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: given[m[1]], value)
        for name, value in step["env"].items()
    }
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(bash, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("inputs", "code", "lines"), [
    ({"plans": "good.yaml"}, 0, 1), ({"plans": "good.yaml\nwarned.yaml\n"}, 0, 1),
    ({"plans": "warned.yaml", "fail_on": "warn"}, 3, 1), ({"plans": "[gv]*.yaml\nlarge.yaml"}, 4, 2),
    ({"plans": "violated.yaml", "fail_on": "never"}, 0, 1), ({"plans": "broken.yaml"}, 2, 1),
    ({"plans": "none/*.yaml"}, 2, 1),
])  # fmt: skip
def test_the_action_annotates_plans_and_fails_as_it_is_told(
    folder: Path, inputs: dict[str, str], code: int, lines: int
) -> None:
    """Patterns are expanded; what fits none is an error."""
    done = checked(**inputs)
    assert (done.returncode, done.stderr) == (code, "")
    assert len(done.stdout.splitlines()) == lines
    assert done.stdout.startswith("::") == (code != 0 or inputs["plans"] != "good.yaml")


def test_the_action_takes_no_input_for_code(folder: Path) -> None:
    """What a workflow passes reaches the shell as data."""
    assert not any("${{" in step.get("run", "") for step in action()["runs"]["steps"])
    done = checked(plans='$(touch hacked)\n"; touch hacked; "', fail_on="$(touch hacked)")
    assert done.returncode == 2
    assert not (folder / "hacked").exists()


def test_the_action_writes_sarif_as_well(folder: Path) -> None:
    """Of the same plans, whatever is to fail."""
    assert checked(plans="violated.yaml\nbroken.yaml", sarif="found.sarif").returncode == 2
    (found,) = json.loads((folder / "found.sarif").read_text())["runs"]
    assert [result["ruleId"] for result in found["results"]] == ["assert/performance.latency", "input"]


def test_the_hook_checks_the_plans_that_are_committed(folder: Path) -> None:
    """By their names, in one command."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language", "files"} <= set(hook)
    for name, wanted in (("mlsys.yaml", True), ("plans/a.mlsys.yml", True), ("docker-compose.yaml", False)):
        assert bool(re.search(hook["files"], name)) == wanted
    done = subprocess.run(
        [*hook["entry"].split(), "good.yaml", "violated.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "violated.yaml:4:47" in done.stdout


@pytest.mark.parametrize(("files", "code"), [
    (["good", "warned"], 0), (["good", "violated"], 3), (["violated", "large"], 4), (["large", "broken", "good"], 2),
])  # fmt: skip
def test_several_plans_end_with_the_worst(
    folder: Path, files: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every one of them is reported, in every format."""
    names = [f"{file}.yaml" for file in files]
    assert run(["check", *names]) == code
    shown = capsys.readouterr()
    assert all(name in shown.out + shown.err for name in names)
    assert run(["check", *names, "--output", "json"]) == code
    assert len(json.loads(capsys.readouterr().out)["plans"]) == len(names)
    assert run(["check", *names, "--output", "junit"]) == code
    assert [suite.get("name") for suite in ElementTree.fromstring(capsys.readouterr().out)] == names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_commands(shell: str) -> None:
    """The script that `--show-completion` prints asks the command itself; bash reads it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [sys.executable, "-m", "mlsysim", "--show-completion", shell]
    script = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "_MLSYSIM_COMPLETE" in script
    if shell == "bash" and shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        asked = {**environment, "_MLSYSIM_COMPLETE": "complete_bash", "COMP_WORDS": "mlsysim sch", "COMP_CWORD": "1"}
        told = subprocess.run([sys.executable, "-m", "mlsysim"], env=asked, capture_output=True, text=True, check=False)
        assert told.stdout.split() == ["schema"]
