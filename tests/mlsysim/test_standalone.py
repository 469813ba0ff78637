"""``mlsysim walls --evaluate``: the laws of a wall on values of one's own."""

from __future__ import annotations

import json

import pytest

from mlsysim.cli.main import run
from mlsysim.standalone import assignments, evaluate_wall
from mlsysim.symbolic.errors import InputError


def test_the_command_prints_laws_and_what_others_lack(capsys: pytest.CaptureFixture[str]) -> None:
    """140 GB at 3.5 TB/s take 40 ms; the machine balance needs a peak."""
    assert run(["walls", "--evaluate", "2", "moved=140 GB", "bandwidth=3.5 TB/s", "memory_efficiency=1"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("Wall 2: memory\n")
    assert "= 40 ms" in page
    assert "needs" in page.partition("Not evaluated")[2]


def test_the_command_writes_data(capsys: pytest.CaptureFixture[str]) -> None:
    """In coherent units, by full names that are accepted as input."""
    words = ["walls", "--evaluate", "complexity", "budget=5.76e23", "per_parameter=20 token/param"]
    assert run([*words, "--output", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    laws = {law["name"]: law["value"] for law in found["laws"]}
    assert laws["complexity.rule_parameters"] == pytest.approx((5.76e23 / 120) ** 0.5)
    again = evaluate_wall(11, {each["name"]: each["value"] for each in found["given"]}).to_dict()
    assert again == found
    lacking = {each["name"]: each["needs"] for each in found["lacking"]}
    assert lacking["complexity.over_tokens"] == ["complexity.best_tokens", "complexity.overtraining"]
    assert run([*words, "--output", "csv"]) == 0
    assert capsys.readouterr().out.startswith("name,value,unit,meaning,law\ncomplexity.rule_parameters,")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["walls", "budget=1"], "--evaluate"),
        (["walls", "--evaluate", "complexity"], "no law can be evaluated"),
        (["walls", "--evaluate", "complexity", "budget"], "write name=value"),
        (["walls", "--evaluate", "complexity", "budgt=1"], "did you mean 'budget'"),
        (["walls", "--evaluate", "complexty", "budget=1"], "did you mean 'complexity'"),
        (["walls", "--evaluate", "complexity", "budget=1 GB"], "budget"),
    ],
)
def test_a_mistake_is_told_with_its_cure(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is that of bad input."""
    assert run(words) == 2
    assert says in capsys.readouterr().err


def test_a_word_that_is_no_assignment_is_refused() -> None:
    """A name, an equals sign and a value."""
    for word in ("=3", "x=", "x"):
        with pytest.raises(InputError, match="is no value"):
            assignments([word])
