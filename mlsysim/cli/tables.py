"""Rows as tables on a terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from mlsysim.cli.output import OUTPUT, emit, show
from mlsysim.page import table_width
from mlsysim.reports.formats import Format
from mlsysim.reports.rows import cell, headings
from mlsysim.symbolic.escapes import visible

#: Columns of words, which stand to the left.
_WORDS = {
    "name", "title", "family", "category", "domain", "core", "binds", "kind", "vendor", "status", "note", "value", "source",
    "how", "alternatives", "fact", "unit", "meaning",
}  # fmt: skip

#: Columns whose cells may take several lines.
_WRAPPED = {"title", "note", "how", "binds", "core", "meaning", "source"}

#: A number with its unit.
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*(e[-+]?[0-9]+)? (?P<unit>[A-Za-zµ]\S*)")


def show_rows(rows: list[dict[str, Any]], output: Format | None, title: str = "") -> None:
    """Write rows in the format that was asked for."""
    if OUTPUT.choose(output) == Format.text:
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
    console = Console(width=table_width(), markup=False, emoji=False)
    drawn = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, padding=(0, 1, 0, 0))
    filled = [column for head in headings(rows) if any((column := _Column.of(head, rows)).cells)]
    shown = _fitting(filled, console.width)
    for column in shown:
        wraps = column.head in _WRAPPED
        justify: Literal["left", "right"] = "left" if column.head in _WORDS else "right"
        drawn.add_column(column.heading, justify=justify, no_wrap=not wraps, overflow="fold")
    for cells in zip(*(column.cells for column in shown), strict=True):
        drawn.add_row(*cells)
    with console.capture() as captured:
        console.print(drawn)
        left_out = ", ".join(column.head for column in filled if column not in shown)
        if left_out:
            console.print(
                f"left out for want of width: {left_out}; widen the terminal, set COLUMNS, or take --output csv"
            )
    emit("\n".join(line.rstrip() for line in captured.get().splitlines()))


@dataclass(frozen=True)
class _Column:
    """A column as it is printed: a unit that all its numbers share stands in its heading.

    Attributes:
        head: the key of its rows.
        heading: what stands above it, in one line or two.
        cells: one for each row.
    """

    head: str
    heading: str
    cells: tuple[str, ...]

    @classmethod
    def of(cls, head: str, rows: list[dict[str, Any]]) -> _Column:
        cells = tuple(visible(cell(row.get(head))) for row in rows)
        matches = [_NUMBER.fullmatch(text) for text in cells if text]
        units = {match["unit"] if match else None for match in matches}
        if head in _WORDS or len(units) != 1 or None in units:
            return cls(head, head, cells)
        return cls(head, f"{head}\n{units.pop()}", tuple(text.partition(" ")[0] for text in cells))

    @property
    def least_width(self) -> int:
        """The width below which it cannot be read; words may wrap."""
        longest = max(map(len, self.cells))
        return max(*map(len, self.heading.split("\n")), min(longest, 20) if self.head in _WRAPPED else longest)


def _fitting(filled: list[_Column], width: int) -> list[_Column]:
    """The columns that fit a width: long titles go first, then counts of verified facts, then what stands to the right."""
    shown, heads = list(filled), [column.head for column in filled]
    kept = ("name", "fact", "value", "verified", "source")
    counts = ("verified",) if "name" in heads else ()
    for head in ("title", *counts, *(head for head in reversed(heads) if head not in kept)):
        if sum(2 + column.least_width for column in shown) > width and len(shown) > 2:
            shown = [column for column in shown if column.head != head]
    return shown
