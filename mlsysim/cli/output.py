"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlsysim.cli.program import say, silence
from mlsysim.reports.formats import Format
from mlsysim.symbolic.errors import InputError, MlsysimError
from mlsysim.symbolic.escapes import terminal

#: Characters of a line that are shown beside a message.
QUOTED = 96


class Output:
    """The format that was asked for, before or after the subcommand."""

    def __init__(self) -> None:
        self.chosen = Format.text

    @staticmethod
    def wanted_in(arguments: list[str]) -> Format:
        """The format named on a command line that may not even parse."""
        wanted = ""
        for position, word in enumerate(arguments):
            if word in ("--output", "-o") and position + 1 < len(arguments):
                wanted = arguments[position + 1]
            elif word.startswith("--output="):
                wanted = word.partition("=")[2]
            elif word.startswith("-o") and not word.startswith("--") and len(word) > 2:
                wanted = word[2:].removeprefix("=")
        return Format.called(wanted)

    def choose(self, local: Format | None, *, builds: bool = False) -> Format:
        """The format of a command: its own option, else the one before it.

        Args:
            local: the command's own option.
            builds: whether the command can report to a build.

        Raises:
            InputError: it cannot, and is asked to.
        """
        chosen = local or self.chosen
        if chosen.build and not builds:
            raise InputError(
                f"--output {chosen}: it is a format of `eval` and `check`", hint="choose json, csv or markdown"
            )
        return chosen


OUTPUT = Output()


def show(output: Format | None, data: Callable[[], Any], page: Callable[[], str]) -> None:
    """Write an answer in the format that was asked for.

    Args:
        output: the command's own option.
        data: makes the answer as plain data: an object, or a list of rows.
        page: makes it as text.
    """
    format = OUTPUT.choose(output)
    emit(page() if format == Format.text else format.write(data()))


def emit(text: str) -> None:
    """Text on standard output, in which nothing but the program's own colours is an order to a terminal.

    Raises:
        OSError: it cannot be written.
    """
    text = terminal(text, colour=wants_color())
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    except BrokenPipeError:
        silence(sys.stdout)


@contextmanager
def progress() -> Iterator[Callable[[float, float], None] | None]:
    """What a search tells of its better designs: a line on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return

    def watch(cost: float, bound: float) -> None:
        gap = (cost - bound) / abs(cost) if cost else 0.0
        say(f"\r  best so far within {gap:.2%} of the bound \x1b[K")

    yield watch
    say("\r\x1b[K")


def wants_color() -> bool:
    """Whether standard output is a terminal whose owner has not asked for plain text."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _quoted(where: str, files: dict[str, list[str]]) -> str:
    """The line that a place names, with a caret below its column; nothing where the place is not one of a file.

    Args:
        where: the place.
        files: the lines of files that were read before; this one's are added.
    """
    name, _, rest = where.partition(":")
    line, _, column = rest.partition(":")
    if not (line.isdigit() and column.isdigit() and Path(name).is_file()):
        return ""
    if name not in files:
        try:
            files[name] = Path(name).read_text(encoding="utf-8-sig", errors="replace").split("\n")
        except OSError:
            files[name] = []
    text = files[name][int(line) - 1].rstrip("\r") if int(line) <= len(files[name]) else ""
    start = max(0, int(column) - QUOTED // 2) if len(text) > QUOTED else 0
    shown = "".join(c if c.isprintable() else " " for c in text[start : start + QUOTED])
    return f"  {shown}\n  {' ' * (int(column) - 1 - start)}^\n"


def report(error: MlsysimError, format: Format, code: int) -> int:
    """Report an error: as data, or as a build reads it, on standard output; else as text on standard error."""
    from mlsysim.reports import of_error
    from mlsysim.reports.errors import as_data

    if format.answer:
        emit(format.answer(as_data(error, code)))
    elif format.build:
        emit(format.build([("mlsysim", of_error(error))], code, ""))
    else:
        files: dict[str, list[str]] = {}
        for problem in error.every:
            where = problem.where or "mlsysim"
            hint = f"  hint: {problem.hint}\n" if problem.hint else ""
            say(f"{where}: error: {problem.what}\n{_quoted(where, files)}{hint}")
    return code
