"""What pages show below their commands, and notebooks below their cells, renewed: ``python -m docs.generate.outputs --write``.

Without ``--write`` it names the places that are no longer true, and ends with exit code 1 where there are any.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from docs.generate import notebooks
from docs.generate.blocks import FINE, Command, Shell, every_page, ran, renewed, same, told


def wrong(command: Command, code: int, found: list[str]) -> str:
    """What is no longer true of a command that a page shows; empty where all is."""
    if code not in ((command.code,) if command.code is not None else FINE):
        expected = " or ".join(map(str, FINE if command.code is None else (command.code,)))
        return f"ended with exit code {code}, not {expected}:\n" + "\n".join(found)
    if command.shown and not same(command.shown, found):
        return "prints something else now:\n" + "\n".join(found)
    return ""


def renew(page: Path, *, write: bool) -> list[str]:
    """Run a page's commands, and replace what is shown below those that print something else now.

    Returns:
        What was wrong, each with its place.
    """
    text, moved, problems = page.read_text(encoding="utf-8"), 0, []
    with tempfile.TemporaryDirectory() as folder:
        for block, command, code, found in ran(page, Shell(Path(folder))):
            problem = wrong(command, code, found)
            if problem:
                problems.append(f"{told(page)}:{command.line}: `{command.text}` {problem}")
            if not problem or not command.shown:
                continue
            before = "\n".join([command.written, *command.shown]) + "\n"
            after = "\n".join([command.written, *renewed(command.shown, found)]) + "\n"
            at = text.index(before, block.start + moved)
            text, moved = text[:at] + after + text[at + len(before) :], moved + len(after) - len(before)
    if write:
        page.write_text(text, encoding="utf-8")
    return problems


def main(words: list[str]) -> int:
    """Renew every page and notebook, or those that are named."""
    write = "--write" in words
    named = [Path(word).resolve() for word in words if not word.startswith("-")]
    problems = []
    for page in named or [*every_page(), *notebooks.notebooks()]:
        problems += (notebooks.renew if page.suffix == ".ipynb" else renew)(page, write=write)
    for problem in problems:
        print(problem)
    return 0 if write else int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
