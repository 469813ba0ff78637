"""Broken plans: each is refused where it is wrong, in words that say what and the cure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mlsysim
from mlsysim.cli.main import run
from mlsysim.plan import loads
from mlsysim.symbolic.errors import InputError
from tests.robustness import corpus
from tests.robustness.corpus import BAD_INPUT, FINE
from tests.robustness.outcomes import told

CASES = {case.name: case for case in corpus.cases()}
#: How a base is read that ``check`` does not read.
COMMANDS = {"placement": ["optimize", "placement"], "pools": ["eval"]}


def test_there_are_many_broken_plans() -> None:
    """Hundreds, and no two of them alike."""
    assert len(CASES) >= 500
    read = {(case.content, case.beside, case.command) for case in CASES.values()}
    assert len(read) == len(CASES)


@pytest.mark.parametrize("name", corpus.BASES)
def test_the_plans_that_are_broken_hold_before(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """So that what is said of a broken one is said of the break."""
    path = corpus.FOLDER / "bases" / f"{name}.yaml"
    assert run([*COMMANDS.get(name, ["check"]), str(path)]) == FINE, capsys.readouterr().err


@pytest.mark.parametrize("name", CASES)
def test_a_broken_plan_is_refused_in_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every message and no other, on standard error; and nothing that a terminal would obey."""
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLSYSIM_DEBUG", "1")
    (tmp_path / "plan.yaml").write_bytes(case.content)
    if case.beside is not None:
        (tmp_path / "zoo.yaml").write_text(case.beside)
    code = run([*case.command, "plan.yaml"])
    shown = capsys.readouterr()
    assert code == case.code, shown.err or shown.out
    if case.code == BAD_INPUT:
        assert shown.out == ""
    assert case.is_told(shown.err or shown.out), shown.err or shown.out
    assert all(character.isprintable() or character == "\n" for character in shown.err + shown.out)


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.from_text and case.code == BAD_INPUT])
def test_the_words_are_the_same_in_python(name: str) -> None:
    """A plan as text raises what the command line says of a file."""
    case = CASES[name]
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(loads(case.text))
    assert case.is_told(told(caught.value))


@pytest.mark.parametrize(
    "name", ["names: a model that is misspelt", "keys: several things at once", "yaml: a tab as indentation"]
)
def test_the_words_are_the_same_in_json(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every problem with its place, its words and its cure."""
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.yaml").write_bytes(case.content)
    assert run(["check", "plan.yaml", "--output", "json"]) == BAD_INPUT
    said = ""
    for problem in json.loads(capsys.readouterr().out)["error"]["problems"]:
        said += f"{problem['where']}: error: {problem['message']}\n" + (
            f"  hint: {problem['hint']}\n" if problem["hint"] else ""
        )
    assert case.is_told(said)
