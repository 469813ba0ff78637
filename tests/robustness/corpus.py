"""Broken plans and what is said of them, by theme, in ``broken/``; each is a plan of ``bases/`` that was changed.

A case says what becomes of it::

    a name that is misspelt:
      base: serving                    # a file of bases/; training where it says nothing
      change: {Llama3_8B: Lama3_8B}    # what stands there, and what shall stand there instead
      add: "more lines"
      says: |                          # every message; an ellipsis ends a line that goes on
        plan.yaml:3:9: error: unknown model 'Lama3_8B'
          hint: did you mean 'Llama3_8B'?

``text`` is a whole document, ``nested`` one that repeats itself, ``bomb`` one of so many aliases of aliases, ``encoding`` how
it is written to a file, ``beside`` a ``zoo.yaml`` in the same folder, ``command`` what reads it where that is not ``check``, and
``exit`` the exit code where that is not 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from mlsysim.registry.document import MAX_BYTES

#: Exit codes, as the README has them.
FINE, BAD_INPUT, VIOLATED, INFEASIBLE, UNPROVEN = 0, 2, 3, 4, 5
FOLDER = Path(__file__).parent
BASES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((FOLDER / "bases").glob("*.yaml"))}
_KEYS = {"base", "change", "add", "text", "nested", "bomb", "encoding", "beside", "command", "exit", "says"}


@dataclass(frozen=True)
class Case:
    """A broken plan.

    Attributes:
        name: its theme and what is wrong with it.
        text: the plan.
        content: the same as it stands in a file.
        says: the lines of every message.
        code: the exit code.
        command: what reads it.
        beside: a ``zoo.yaml`` in the same folder.
    """

    name: str
    text: str
    content: bytes
    says: tuple[str, ...]
    code: int
    command: tuple[str, ...]
    beside: str | None

    @property
    def from_text(self) -> bool:
        """Whether the text alone is read as the file is, by an evaluation."""
        alone = self.beside is None and self.command == ("check",)
        return alone and self.content == self.text.encode() and len(self.content) <= MAX_BYTES

    def is_told(self, said: str) -> bool:
        """Whether a text says what is expected: just these messages, or, of a plan that can be read, these lines."""
        lines = said.splitlines()
        if self.code != BAD_INPUT:
            return all(any(_begins(line.strip(), wanted.strip()) for line in lines) for wanted in self.says)
        lines = [line for line in lines if ": error: " in line or line.startswith("  hint: ")]
        return len(lines) == len(self.says) and all(map(_begins, lines, self.says))


def _begins(line: str, wanted: str) -> bool:
    return line.startswith(wanted[:-3]) if wanted.endswith("...") else line == wanted


def bomb(levels: int) -> str:
    """Aliases of aliases: ten to the power of the levels in one value."""
    letters = "abcdefghijklmnop"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for last, letter in pairwise(letters[: levels + 1]):
        lines.append(f"{letter}: &{letter} [{', '.join(['*' + last] * 10)}]")
    return "\n".join(lines) + "\n"


def _text(said: dict[str, Any]) -> str:
    if "nested" in said:
        left, right, times = said["nested"]
        return str(left * times + right * times)
    if "bomb" in said:
        return bomb(said["bomb"])
    text: str = said["text"] if "text" in said else BASES[said.get("base", "training")]
    for old, new in said.get("change", {}).items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the base"
        text = text.replace(old, new)
    return text + said.get("add", "")


def _case(name: str, said: dict[str, Any]) -> Case:
    assert said.keys() <= _KEYS, f"{name}: unknown {said.keys() - _KEYS}"
    text = _text(said)
    return Case(
        name, text, text.encode(said.get("encoding", "utf-8")), tuple(said.get("says", "").rstrip("\n").split("\n")),
        said.get("exit", BAD_INPUT), tuple(said.get("command", "check").split()), said.get("beside"),
    )  # fmt: skip


def cases() -> list[Case]:
    """Every broken plan."""
    found = []
    for path in sorted((FOLDER / "broken").glob("*.yaml")):
        for name, said in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            found.append(_case(f"{path.stem}: {name}", said))
    return found
