"""Annotations of a build on GitHub: workflow commands, one in a line, which the site shows at the plan's own lines.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Sequence

from mlsysim.reports.remarks import Remark

#: The commands for what does not hold.
_COMMANDS = {"error": "error", "warning": "warning"}
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def render(remarks: Sequence[Remark], summary: str = "") -> str:
    """Remarks as annotations; what holds needs none, so a plan that holds is one line of text.

    >>> print(render([Remark("input", "bad input", "error", "50% of it, gone")]))
    ::error title=bad input::50%25 of it, gone
    """
    lines = [_command(remark) for remark in remarks if remark.level in _COMMANDS]
    if summary and not lines:
        lines = [_escaped(summary, _IN_TEXT)]
    return "\n".join(lines)


def _command(remark: Remark) -> str:
    place = remark.place
    stated = {
        "file": place and place.file, "line": place and place.line, "col": place and place.column, "title": remark.title,
    }  # fmt: skip
    listed = (f"{name}={_escaped(str(value), _IN_PROPERTIES)}" for name, value in stated.items() if value is not None)
    return f"::{_COMMANDS[remark.level]} {','.join(listed)}::{_escaped(remark.text, _IN_TEXT)}"


def _escaped(text: str, instead: dict[str, str]) -> str:
    return "".join(instead.get(character, character) for character in text)
