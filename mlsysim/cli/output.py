"""Where output goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from mlsysim.symbolic.errors import MlsysimError

FORMATS = ("text", "json")


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


def wants_color() -> bool:
    """Whether standard output is a terminal whose owner has not asked for plain text."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


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
            sys.stderr.write(f"{where}: error: {problem.what}\n")
            if problem.hint:
                sys.stderr.write(f"  hint: {problem.hint}\n")
    return code
