"""Rows as text, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from mlsysim.cli.output import emit, emit_json

#: Columns of words, which stand to the left.
_WORDS = {
    "name", "title", "family", "category", "domain", "core", "binds", "kind", "vendor", "status", "note", "value", "source",
    "how", "alternatives", "fact",
}  # fmt: skip


def show(rows: list[dict[str, Any]], format: str, title: str = "") -> None:
    """Write rows in a format: text, json, csv or markdown."""
    if format == "json":
        emit_json(rows)
    elif format == "csv":
        emit(as_csv(rows))
    elif format == "markdown":
        emit(as_markdown(rows))
    else:
        table(rows, title)


def headings(rows: list[dict[str, Any]]) -> list[str]:
    """Every heading, in the order in which rows bring them up."""
    return list(dict.fromkeys(heading for row in rows for heading in row))


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as comma-separated values with a line of headings."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, headings(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """Rows as a table of GitHub's Markdown."""
    heads = headings(rows)
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += [
        "| " + " | ".join(_cell(row.get(head), head).replace("|", "\\|") for head in heads) + " |" for row in rows
    ]
    return "\n".join(lines)


def _cell(value: Any, head: str = "") -> str:
    """A cell for people: a count without the unit that its heading says already, with thousands separators."""
    if value is None:
        return ""
    number, _, unit = str(value).partition(" ")
    if (
        unit in ("param", "token/sample", "")
        and re.fullmatch(r"[\d.]+(e\d+)?", number)
        and head not in ("year", "launch_year")
    ):
        return number if 0 < float(number) < 1 else f"{float(number):,.15g}"
    return str(value)


def table(rows: list[dict[str, Any]], title: str) -> None:
    """Print rows as a table on standard output; columns that nothing fills are left out."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 160, markup=False)
    drawn = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    filled = [head for head in headings(rows) if any(row.get(head) not in (None, "") for row in rows)]
    for head in filled:
        drawn.add_column(head, justify="left" if head in _WORDS else "right", no_wrap=head in ("name", "fact"))
    for row in rows:
        drawn.add_row(*(_cell(row.get(head), head) for head in filled))
    console.print(drawn)
