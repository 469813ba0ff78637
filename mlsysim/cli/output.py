"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from mlsysim.symbolic.errors import InputError, MlsysimError

#: Characters of a line that are shown beside a message.
QUOTED = 96


class Output:
    """The format that was asked for, before or after the subcommand."""

    def __init__(self) -> None:
        self.chosen = "text"

    @staticmethod
    def wanted_in(arguments: list[str]) -> str:
        """The format named on a command line that may not even parse."""
        for position, word in enumerate(arguments):
            if word in ("--output", "-o") and position + 1 < len(arguments):
                return arguments[position + 1]
            if word.startswith("--output="):
                return word.partition("=")[2]
            if word.startswith("-o") and not word.startswith("--") and len(word) > 2:
                return word[2:].removeprefix("=")
        return "text"

    def choose(self, local: str | None) -> str:
        """The format of a command: its own option, else the one before it."""
        return local or self.chosen


OUTPUT = Output()


def emit_json(data: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def emit(text: str) -> None:
    """Text on standard output."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def refuse_existing(path: Path | None) -> None:
    """Refuse to overwrite, before any work is done.

    Raises:
        InputError: there is such a file.
    """
    if path is not None and path.exists():
        raise InputError("this file exists", where=str(path), hint="name another, or remove it")


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet, and say so on standard error.

    Raises:
        InputError: it exists.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        refuse_existing(path)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise InputError(what, where=str(path), hint="name a file in a folder that exists") from None
    sys.stderr.write(f"wrote {path}\n")


@contextmanager
def progress() -> Iterator[Callable[[float, float], None] | None]:
    """What a search tells of its better designs: a line on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return

    def watch(cost: float, bound: float) -> None:
        gap = (cost - bound) / abs(cost) if cost else 0.0
        sys.stderr.write(f"\r  best so far within {gap:.2%} of the bound \x1b[K")
        sys.stderr.flush()

    yield watch
    sys.stderr.write("\r\x1b[K")


def wants_color() -> bool:
    """Whether standard output is a terminal whose owner has not asked for plain text."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _quoted(where: str) -> str:
    """The line that a place names, with a caret below its column; nothing where the place is not one of a file."""
    name, _, rest = where.partition(":")
    line, _, column = rest.partition(":")
    if not (line.isdigit() and column.isdigit() and Path(name).is_file()):
        return ""
    try:
        with Path(name).open(encoding="utf-8-sig", errors="replace") as file:
            text = next(islice(file, int(line) - 1, None), "").rstrip("\n")
    except OSError:
        return ""
    shown = "".join(c if c.isprintable() else " " for c in text)
    start = max(0, int(column) - QUOTED // 2) if len(shown) > QUOTED else 0
    return f"  {shown[start : start + QUOTED]}\n  {' ' * (int(column) - 1 - start)}^\n"


def report(error: MlsysimError, as_json: bool, code: int) -> int:
    """Report an error: text on standard error, or one JSON object on standard output."""
    problems = getattr(error, "problems", [error])
    if as_json:
        emit_json({
            "error": {
                "exit_code": code, "message": problems[0].what, "where": problems[0].where, "hint": problems[0].hint,
                "suggestions": getattr(problems[0], "suggestions", []),
                "problems": [{"message": p.what, "where": p.where, "hint": p.hint} for p in problems],
            }
        })  # fmt: skip
    else:
        for problem in problems:
            where = problem.where or "mlsysim"
            sys.stderr.write(f"{where}: error: {problem.what}\n{_quoted(where)}")
            if problem.hint:
                sys.stderr.write(f"  hint: {problem.hint}\n")
    return code
