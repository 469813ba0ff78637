"""Annotations of a build on GitHub: workflow commands, one in a line, which the site shows at the plan's own lines.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Sequence

from mlsysim.reports.remarks import Remark
from mlsysim.symbolic.escapes import github_line, github_message, github_property

#: The commands for what does not hold.
_COMMANDS = {"error": "error", "warning": "warning"}


def render(remarks: Sequence[Remark], summary: str = "") -> str:
    """Remarks as annotations; what holds needs none, so a plan that holds is one line of text.

    Args:
        remarks: what was looked at.
        summary: lines for where there is nothing to annotate.

    >>> print(render([Remark("input", "bad input", "error", "50% of it, gone")]))
    ::error title=bad input::50%25 of it, gone
    """
    lines = [_command(remark) for remark in remarks if remark.level in _COMMANDS]
    if summary and not lines:
        lines = [github_line(each) for each in summary.split("\n")]
    return "\n".join(lines)


def _command(remark: Remark) -> str:
    place = remark.place
    stated = {
        "file": place and place.file, "line": place and place.line, "col": place and place.column, "title": remark.title,
    }  # fmt: skip
    listed = (f"{name}={github_property(str(value))}" for name, value in stated.items() if value is not None)
    return f"::{_COMMANDS[remark.level]} {','.join(listed)}::{github_message(remark.text)}"
