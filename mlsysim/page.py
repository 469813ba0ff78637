"""Pages of text: how wide they are, and lines that fit."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

from mlsysim.symbolic.escapes import visible

#: Columns of a page at most, and at least.
WIDEST, NARROWEST = 88, 40
#: The space between a number and a short unit, which a line does not end with; it is held by another character.
_TIED, _TIE = re.compile(r"(?<=[0-9]) (?=(?:%|[kMGT]?B|[mµ]?s)(?![\w/]))"), "\N{NO-BREAK SPACE}"


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

    >>> wrapped("a line of eighty-eight characters, which is as wide as pages of text are, then takes 21 % more")
    ['a line of eighty-eight characters, which is as wide as pages of text are, then takes', '21 % more']
    """
    tied = _TIED.sub(_TIE, visible(text))
    lines = textwrap.wrap(tied, width(), initial_indent=indent, subsequent_indent=hanging)
    return [line.replace(_TIE, " ") for line in lines]
