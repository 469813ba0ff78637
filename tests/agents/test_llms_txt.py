"""``llms.txt``: every command, key, tool and file that it names exists, and its plan holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mlsysim.agents import guide, resources
from mlsysim.agents.tools import TOOLS, call
from mlsysim.cli.main import run
from mlsysim.cli.options import EXIT_CODES
from mlsysim.schemas import schema_of
from tests.conftest import ROOT

TEXT = (ROOT / "llms.txt").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", TEXT)
PLAN = TEXT.partition("```yaml\n")[2].partition("```")[0]


def test_it_has_the_form_that_readers_expect() -> None:
    """A title, a summary as a quotation, then sections."""
    lines = TEXT.splitlines()
    assert lines[0] == "# mlsysim"
    assert lines[2].startswith("> ")
    assert sum(line.startswith("# ") for line in lines) == 1
    assert sum(line.startswith("## ") for line in lines) >= 5


def test_its_plan_holds_and_is_short() -> None:
    """Fifteen lines that evaluate, with a cost."""
    assert len(PLAN.splitlines()) <= 15
    answer = call("evaluate_cluster_yaml", {"plan_yaml": PLAN}).data
    assert (answer["exit_code"], answer["m_status"]) == (0, "PASS")
    assert yaml.safe_load(PLAN) == yaml.safe_load(guide.PLAN)


def test_every_key_it_names_is_a_key_of_a_result() -> None:
    """Named in code type, with a lens."""
    keys = [word for word in CODE if re.fullmatch(r"[fpm]_\w+", word)]
    assert len(keys) > 12
    assert set(keys) | {"violations", "assumptions", "exit_code"} <= set(schema_of("result")["properties"])


def test_every_command_it_names_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """It has a page of help."""
    commands = {
        tuple(re.split(r" (?=-|plan\.yaml)", word)[0].split()[1:]) for word in CODE if word.startswith("mlsysim ")
    }
    assert len(commands) >= 14
    for command in commands:
        assert run([*command, "--help"]) == 0, command
    capsys.readouterr()


def test_every_tool_prompt_and_address_it_names_exists() -> None:
    """And none is left out."""
    section = TEXT.partition("## Tools")[2].partition("\nResources:")[0]
    assert re.findall(r"^- `(\w+)`", section, re.MULTILINE) == [*TOOLS]
    for address in (word for word in CODE if word.startswith(resources.SCHEME)):
        assert resources.read(address)
    assert set(guide.PROMPTS) <= set(CODE)


def test_every_exit_code_it_names_is_one() -> None:
    """With the same number of codes as the command line tells."""
    said = TEXT.partition("Exit codes: ")[2].partition("With")[0]
    assert re.findall(r"(\d+) ", said) == re.findall(r"(\d+) ", EXIT_CODES.partition(": ")[2])


def test_every_file_it_links_to_exists() -> None:
    """Relative to it."""
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    assert all((Path(ROOT) / link).is_file() for link in links)
