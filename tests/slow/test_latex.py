"""Printed LaTeX compiles: every wall, and the chain behind a number."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import mlsysim
from mlsysim.symbolic.kernels import catalogue
from tests.conftest import EXAMPLE

pytestmark = pytest.mark.slow
WALLS = [wall["name"] for wall in catalogue().WALLS]


def compiled(source: str, folder: Path) -> str:
    """Run pdflatex and return its log."""
    (folder / "page.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


@pytest.mark.parametrize("wall", WALLS)
def test_a_walls_derivation_compiles(wall: str, tmp_path: Path) -> None:
    """Without errors and without undefined commands."""
    assert "Undefined control sequence" not in compiled(mlsysim.derive(wall, format="latex"), tmp_path)


@pytest.mark.parametrize("metric", ["performance.latency", "macro.tco", "feasibility.memory_required"])
def test_the_chain_behind_a_number_compiles(metric: str, tmp_path: Path) -> None:
    """With values, units and sources."""
    compiled(mlsysim.derive(metric, plan=EXAMPLE, format="latex"), tmp_path)
