"""The notebooks: every cell runs, and prints what is stored below it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from docs.generate.blocks import told
from docs.generate.notebooks import notebooks, renew
from tests.conftest import ROOT


def cells(notebook: Path, kind: str) -> list[dict[str, Any]]:
    """The cells of a kind."""
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("notebook", notebooks(), ids=told)
def test_every_cell_prints_what_is_stored(notebook: Path) -> None:
    """In order, with one set of names; `make outputs` renews."""
    assert renew(notebook, write=False) == []


@pytest.mark.parametrize("notebook", notebooks(), ids=told)
def test_a_notebook_is_read_by_jupyter(notebook: Path) -> None:
    """In the form 4.5: names of cells, no output but printed text; what a cell shows it prints."""
    data = json.loads(notebook.read_text(encoding="utf-8"))
    assert (data["nbformat"], data["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in data["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[\w-]{1,64}", name) for name in names)
    for cell in cells(notebook, "code"):
        assert {output["output_type"] for output in cell["outputs"]} <= {"stream"}
        last = ast.parse("".join(cell["source"])).body[-1]
        shows = isinstance(last, ast.Expr) and not ast.unparse(last).startswith("print(")
        assert not shows, f"{cell['id']}: its value is shown by Jupyter alone"


@pytest.mark.parametrize("notebook", notebooks(), ids=told)
def test_what_a_notebook_links_to_exists(notebook: Path) -> None:
    """Relative to it."""
    text = "".join("".join(cell["source"]) for cell in cells(notebook, "markdown"))
    links = re.findall(r"\]\(([^):#]+)\)", text)
    assert links
    assert all((notebook.parent / link).is_file() for link in links)


def test_a_cell_that_prints_something_else_is_found_and_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that prints nothing has no output."""
    monkeypatch.setattr("docs.generate.blocks.ROOT", tmp_path)
    code = {"cell_type": "code", "execution_count": None, "metadata": {}}
    old = [{"name": "stdout", "output_type": "stream", "text": ["1\n"]}]
    notebook = tmp_path / "one.ipynb"
    notebook.write_text(json.dumps({"cells": [
        {**code, "id": "a", "source": ["x = 2"], "outputs": []}, {**code, "id": "b", "source": ["print(x)"], "outputs": old},
    ]}))  # fmt: skip
    assert renew(notebook, write=True) == ["one.ipynb: cell 'b' prints something else now:\n2\n"]
    assert [cell["outputs"] for cell in cells(notebook, "code")] == [[], [{**old[0], "text": ["2\n"]}]]
    assert renew(notebook, write=False) == []


def test_there_is_a_notebook_for_the_first_hour() -> None:
    """Evaluate, what binds, search, check, in at most ten cells of code."""
    text = [line for cell in cells(ROOT / "examples" / "first_hour.ipynb", "code") for line in cell["source"]]
    for used in ("mlsysim.evaluate", "scorecard()", "mlsysim.sensitivity", "mlsysim.optimize", "mlsysim.check"):
        assert any(used in line for line in text), used
    assert len(cells(ROOT / "examples" / "first_hour.ipynb", "code")) <= 10
