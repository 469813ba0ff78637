"""The table of what each wall must state: every step and every test that it names exists."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
import yaml

from mlsysim.symbolic.graph import chapters
from mlsysim.symbolic.step import Step
from tests.conftest import ROOT

TABLE: list[dict[str, Any]] = yaml.safe_load((ROOT / "papers" / "coverage.yaml").read_text(encoding="utf-8"))
WALLS = {c.wall.name: c for c in chapters() if c.is_wall and c.wall}


def test_every_wall_has_its_lines() -> None:
    """The twenty-two of the taxonomy."""
    assert {row["wall"] for row in TABLE} == set(WALLS)
    assert sorted(c.wall.number for c in WALLS.values() if c.wall) == list(range(1, 23))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['wall']}: {row['line']}")
def test_what_a_line_names_exists(row: dict[str, Any]) -> None:
    """Steps are steps of the wall, tests are tests."""
    for name in row["steps"]:
        place, _, step = name.rpartition(":")
        module = import_module(f"mlsysim.symbolic.{place}") if place else WALLS[row["wall"]].module
        assert isinstance(getattr(module, step, None), Step), name
    for name in row["tests"]:
        file, _, test = name.rpartition(":")
        path = ROOT / "tests" / (f"{file}.py" if "/" in file else f"physics/{file or 'test_wall_' + row['wall']}.py")
        assert re.search(rf"^def test_{test}", path.read_text(encoding="utf-8"), re.M), name


def test_derivations_are_arguments() -> None:
    """More than a hundred and fifty steps in all, and most of them recomputed rather than assumed."""
    steps = {id(s): s for c in WALLS.values() if c.wall for s in c.wall.derivation}
    assert len(steps) >= 150
    recomputed = sum(step.rule not in ("given", "define") for step in steps.values())
    assert recomputed > len(steps) / 2
