"""Pages of text: how wide they are, and lines that fit."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

from mlsysim.symbolic.escapes import visible

#: Columns of a page at most, and at least.
WIDEST, NARROWEST = 88, 40


def width() -> int:
    """The columns of a page: those of the terminal that it goes to, at most ``WIDEST``; elsewhere always the same."""
    if not sys.stdout.isatty():
        return WIDEST
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


def table_width() -> int:
    """The columns of a table: what COLUMNS says, else those of the terminal that it goes to, elsewhere those of a page."""
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return max(NARROWEST, shutil.get_terminal_size().columns)
    return WIDEST


def wrapped(text: str, indent: str = "", hanging: str = "") -> list[str]:
    """A text in lines that fit a page; what cannot be shown stands as its escape.

    Args:
        text: one paragraph.
        indent: what stands before its first line.
        hanging: what stands before the others.
    """
    return textwrap.wrap(visible(text), width(), initial_indent=indent, subsequent_indent=hanging)
