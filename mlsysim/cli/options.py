"""What several commands share: exit codes, formats, and the plan they are given."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from mlsysim.cli import completion
from mlsysim.plan import exists
from mlsysim.registry.document import STANDARD_INPUT
from mlsysim.reports.formats import Format
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.numerals import plain, rewritten

#: What a plan is called where nobody says.
USUAL_FILE = "mlsys.yaml"

EXIT_CODES = """Exit codes: 0 fine, 1 internal error, 2 bad input, 3 assert violated, 4 physically infeasible,
5 search ended without proof, 130 interrupted before there was an answer."""


class FailOn(StrEnum):
    """What makes a command end with an exit code that is not 0."""

    error = "error"
    warn = "warn"
    never = "never"


Output = Annotated[Format | None, typer.Option("--output", "-o", help="How to write the result.", show_default=False)]
Fail = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        help="What ends with exit code 3 or 4: violated asserts of severity error and designs that do not fit, warnings as "
        "well, or nothing.",
    ),
]
PlanFile = Annotated[
    Path,
    typer.Argument(
        help="A plan in YAML, - for standard input, or a scenario.", show_default=False, autocompletion=completion.plans
    ),
]
PlanFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        help=f"Plans in YAML, - for standard input, or scenarios; {USUAL_FILE} by itself.",
        show_default=False,
        autocompletion=completion.plans,
    ),
]


class Refused(typer.BadParameter):
    """Raised where an option's value is refused; carries the cure."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(what)
        self.cure = cure


def whole(low: int = 1, high: float = inf) -> Callable[[Any], Any]:
    """A reader of whole numbers between two, for an option that counts."""

    def read(given: Any) -> Any:
        number = plain(given) if isinstance(given, str) else given
        if not isinstance(number, int):
            raise Refused(f"{given!r} is not a whole number", f"write {rewritten(str(given)) or 'one, such as 8'}")
        if not low <= number <= high:
            raise Refused(f"{number} is not {_between(low, high)}", f"write {low}")
        return number

    read.__name__ = f"whole number {_between(low, high)}"  # what the reference calls it
    return read


def _between(low: int, high: float) -> str:
    return f"at least {low}" if high == inf else f"from {low} to {high:.0f}"


def seconds(given: Any) -> Any:
    """A time in seconds, bare or with its unit."""
    from mlsysim.symbolic.units import parse

    bare = plain(given) if isinstance(given, str) else given
    if bare is not None:
        return float(bare)
    try:
        return parse(given, "s", what="a time")
    except InputError as error:
        raise Refused(error.what, error.hint or "write 60") from None


def is_file(word: str) -> bool:
    """Whether a word on the command line is meant as a plan in a file, or in standard input."""
    return Path(word) == STANDARD_INPUT or word.endswith((".yaml", ".yml")) or exists(Path(word))


def is_scenario(word: str) -> bool:
    """Whether it names a scenario of the registry."""
    from mlsysim.registry import standard

    return standard().knows("scenarios", word)
