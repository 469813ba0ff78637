"""The examples of a page: what stands in its fenced blocks, and running them.

A ``console`` block holds commands, each after ``$``, and below a command what it prints. ``# exit code 3`` at the end of a
command says how it ends. In what is printed, a line of three dots stands for any lines. A ``code-block`` with a
``caption`` is a file of that name, which the commands after it find beside them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from docs.generate import DOCS

ROOT = DOCS.parent
#: Codes with which an example may end unless it says which.
FINE = (0, 3, 4, 5)
ELISION = "..."

_FENCE = re.compile(r"^(`{3,})(?:\{code-block\} ?)?(\w+)\n((?::[\w-]+:[^\n]*\n)*)\n?(.*?)^\1$", re.M | re.S)
_CAPTION = re.compile(r"^:caption: (.+)$", re.M)
_CODE = re.compile(r"\s+# exit code (\d+)$")
#: What differs from run to run: how long a search took.
_SECONDS = re.compile(r"^( {2}search .*?)\d[\d.]* s\b")
#: How a search begins, and what stands before a further line of it.
_SEARCH, _BELOW = "  search ", " " * 28
#: Words of a command that a process of its own must run: signs of the shell, what holds for a whole process, other programs.
_APART = {"|", "<", ">", "&&", ";", ">>", "--zoo", "mcp", "python"}
#: How output is wrapped and coloured, whatever the terminal.
PLAIN = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: the file that it stands in.
        line: where its text begins, counted from 1.
        language: console, yaml, python, ...
        caption: the file that it shows; empty where it shows none.
        text: what stands in it.
        start: where its text begins in the page, in characters.
    """

    page: Path
    line: int
    language: str
    caption: str
    text: str
    start: int


@dataclass
class Command:
    """One command of a console block.

    Attributes:
        line: where it stands in the page.
        text: the command, without its prompt and what it says of its exit code.
        written: as it stands in the page.
        code: the exit code it must have; None where any of ``FINE`` will do.
        shown: what the page shows below it.
    """

    line: int
    text: str
    written: str
    code: int | None
    shown: list[str] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """Whether it is one of ours: others are there to be read."""
        return self.text.startswith(("mlsysim ", "python -m mlsysim."))


def every_page() -> list[Path]:
    """The README and every page written by hand."""
    pages = [path for path in sorted(DOCS.rglob("*.md")) if not {"generated", "build"} & set(path.parts)]
    return [ROOT / "README.md", *pages]


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        caption = _CAPTION.search(match[3])
        line = text.count("\n", 0, match.start(4)) + 1
        found.append(Block(page, line, match[2], caption[1] if caption else "", match[4], match.start(4)))
    return found


def commands(block: Block) -> list[Command]:
    """The commands of a console block, each with what is shown below it."""
    found: list[Command] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            code = _CODE.search(line)
            text = _CODE.sub("", line.removeprefix("$ ")).partition("  #")[0].strip()
            found.append(Command(number, text, line, int(code[1]) if code else None))
        elif found:
            found[-1].shown.append(line.rstrip())
    for command in found:
        command.shown = _trimmed(command.shown)
    return found


def _trimmed(lines: list[str]) -> list[str]:
    """Lines without the empty ones at their end."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


class Shell:
    """A folder in which the examples of a page run one after the other, with the project's examples in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "examples", folder / "examples", dirs_exist_ok=True)

    def write(self, block: Block) -> None:
        """Write the file that a block shows."""
        (self.folder / block.caption).write_text(block.text, encoding="utf-8")

    def run(self, command: str) -> tuple[int, list[str]]:
        """Run a command; its exit code, and the lines it prints to standard output and standard error."""
        with mock.patch.dict(os.environ, PLAIN):
            os.environ.pop("FORCE_COLOR", None)
            lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            words = set(lexer)
            code, text = self._in_shell(command) if _APART & words else self._here(shlex.split(command)[1:])
        return code, _trimmed([line.rstrip() for line in text.splitlines()])

    def _here(self, words: list[str]) -> tuple[int, str]:
        from mlsysim.cli.main import run

        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            code = run(words)
        return code, printed.getvalue()

    def _in_shell(self, command: str) -> tuple[int, str]:
        """A line in a shell, with nothing to read unless it says so.

        ``jq .key`` works where jq is not installed, and must find something.
        """
        python = shlex.quote(sys.executable)
        picks = "import json, sys; found = json.load(sys.stdin)[sys.argv[1][1:]]; print(found); sys.exit(found is None)"
        functions = f'python() {{ {python} "$@"; }}\nmlsysim() {{ {python} -m mlsysim "$@"; }}\n'
        functions += f'jq() {{ {python} -c "{picks}" "$@"; }}\n'
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail\n{functions}{command}"], cwd=self.folder, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.returncode, done.stdout


def same(shown: list[str], found: list[str]) -> bool:
    """Whether what a page shows is what was printed: three dots stand for any lines, times of searches do not count."""
    parts: list[list[str]] = [[]]
    for line in _timeless(shown):
        if line.strip() == ELISION:
            parts.append([])
        else:
            parts[-1].append(line)
    left = _timeless(found)
    if len(parts) == 1:
        return parts[0] == left
    first, last = parts[0], parts[-1]
    if left[: len(first)] != first or len(left) < len(first) + len(last):
        return False
    if last and left[-len(last) :] != last:
        return False
    left = left[len(first) : len(left) - len(last)]
    for part in parts[1:-1]:
        at = next((i for i in range(len(left) - len(part) + 1) if left[i : i + len(part)] == part), None)
        if at is None:
            return False
        left = left[at + len(part) :]
    return True


def _timeless(lines: list[str]) -> list[str]:
    """Lines without times of searches, each search in one line however long its time is."""
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].startswith(_SEARCH) and line.startswith(_BELOW) and line.strip():
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    return [_SECONDS.sub(r"\g<1>- s", line) for line in joined]


def renewed(shown: list[str], found: list[str]) -> list[str]:
    """What a page should show now: as many lines before and after the first and last three dots as it did."""
    if same(shown, found) or not shown:
        return shown
    dots = [position for position, line in enumerate(shown) if line.strip() == ELISION]
    if not dots:
        return found
    after = len(shown) - dots[-1] - 1
    return [*found[: dots[0]], ELISION, *(found[len(found) - after :] if after else [])]


def told(page: Path) -> str:
    """A page by its place in the project."""
    return page.relative_to(ROOT).as_posix()


def ran(page: Path, shell: Shell) -> Iterator[tuple[Block, Command, int, list[str]]]:
    """Run every command of a page in order; what each printed, and its exit code."""
    for block in blocks(page):
        if block.caption:
            shell.write(block)
        for command in commands(block) if block.language == "console" else ():
            if command.runs:
                yield block, command, *shell.run(command.text)
