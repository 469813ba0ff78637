"""What several commands share: exit codes, formats, and the plan they are given."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mlsysim.registry.document import STANDARD_INPUT

EXIT_CODES = """Exit codes: 0 fine, 1 internal error, 2 bad input, 3 assert violated, 4 physically infeasible,
5 search ended without proof, 130 interrupted before there was an answer."""


class Format(StrEnum):
    """How results are written."""

    text = "text"
    json = "json"


Output = Annotated[Format | None, typer.Option("--output", "-o", help="How to write the result.", show_default=False)]
PlanFile = Annotated[
    Path, typer.Argument(help="A plan in YAML, - for standard input, or a scenario.", show_default=False)
]


def is_file(word: str) -> bool:
    """Whether a word on the command line is meant as a plan in a file, or in standard input."""
    return Path(word) == STANDARD_INPUT or word.endswith((".yaml", ".yml")) or Path(word).exists()


def is_scenario(word: str) -> bool:
    """Whether it names a scenario of the registry."""
    from mlsysim.registry import standard

    return "scenarios" in standard().categories_of(word)
