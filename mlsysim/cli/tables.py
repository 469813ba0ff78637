"""Rows as tables on a terminal."""

from __future__ import annotations

import sys
from typing import Any

from mlsysim.cli.output import OUTPUT, show
from mlsysim.cli.program import silence
from mlsysim.reports.rows import cell, headings
from mlsysim.symbolic.escapes import visible

#: Columns of words, which stand to the left.
_WORDS = {
    "name", "title", "family", "category", "domain", "core", "binds", "kind", "vendor", "status", "note", "value", "source",
    "how", "alternatives", "fact", "unit", "meaning",
}  # fmt: skip

#: Columns whose cells may take several lines.
_WRAPPED = {"title", "note", "how", "binds", "core", "meaning"}


def show_rows(rows: list[dict[str, Any]], output: str | None, title: str = "") -> None:
    """Write rows in the format that was asked for."""
    if OUTPUT.choose(output) == "text":
        table(rows, title)
    else:
        show(output, lambda: rows, str)


def table(rows: list[dict[str, Any]], title: str) -> None:
    """Print rows as a table on standard output; columns that nothing fills are left out."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return

    class Terminal(Console):
        """A console whose reader may go."""

        def on_broken_pipe(self) -> None:
            silence(sys.stdout)

    console = Terminal(width=None if Console().is_terminal else 160, markup=False, emoji=False)
    drawn = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    filled = [head for head in headings(rows) if any(row.get(head) not in (None, "") for row in rows)]
    shown = _fitting(rows, filled, console.width)
    for head in shown:
        words = head in _WORDS
        drawn.add_column(head, justify="left" if words else "right", no_wrap=head not in _WRAPPED, overflow="fold")
    for row in rows:
        drawn.add_row(*(visible(cell(row.get(head))) for head in shown))
    console.print(drawn)
    if len(shown) < len(filled):
        left_out = ", ".join(head for head in filled if head not in shown)
        console.print(f"left out for want of width: {left_out}; widen the terminal, or choose --columns")


def _fitting(rows: list[dict[str, Any]], filled: list[str], width: int) -> list[str]:
    """The headings that fit a width: long titles go first, then what stands furthest to the right."""

    def needed(heads: list[str]) -> int:
        return sum(3 + _least_width(rows, head) for head in heads)

    shown = list(filled)
    for head in ("title", *(head for head in reversed(filled) if head not in ("name", "fact", "value", "verified"))):
        if needed(shown) > width and head in shown and len(shown) > 2:
            shown.remove(head)
    return shown


def _least_width(rows: list[dict[str, Any]], head: str) -> int:
    """The width below which a column cannot be read; words may wrap."""
    longest = max(len(cell(row.get(head))) for row in rows)
    return max(len(head), min(longest, 20) if head in _WRAPPED else longest)
