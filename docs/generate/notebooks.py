"""The notebooks among the examples, run without Jupyter: what their cells print, compared and renewed.

A cell prints what it shows, so that its output is the same here and in Jupyter.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from docs.generate.blocks import PLAIN, ROOT, told


def notebooks() -> list[Path]:
    """Every notebook of the project."""
    return sorted((ROOT / "examples").glob("*.ipynb"))


def printed(notebook: Path) -> list[tuple[dict[str, Any], str]]:
    """Each cell of code, run in order with one set of names, and what it prints."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = []
    for number, cell in enumerate(json.loads(notebook.read_text(encoding="utf-8"))["cells"], 1):
        if cell["cell_type"] == "code":
            with contextlib.redirect_stdout(io.StringIO()) as output, patch.dict(os.environ, PLAIN):
                exec(compile("".join(cell["source"]), f"{told(notebook)}, cell {number}", "exec"), names)
            found.append((cell, output.getvalue()))
    return found


def shown(cell: dict[str, Any]) -> str:
    """What is stored below a cell."""
    return "".join(line for output in cell["outputs"] for line in output.get("text", []))


def renew(notebook: Path, *, write: bool) -> list[str]:
    """Run a notebook, and store what its cells print now.

    Returns:
        The cells below which something else was stored, by their names.
    """
    data = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in data["cells"] if cell["cell_type"] == "code"]
    problems = []
    for number, (cell, (_, text)) in enumerate(zip(code, printed(notebook), strict=True), 1):
        if shown(cell) != text:
            problems.append(f"{told(notebook)}: cell {cell['id']!r} prints something else now:\n{text}")
        lines = text.splitlines(keepends=True)
        cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
        cell["execution_count"] = number
    if write:
        notebook.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return problems
