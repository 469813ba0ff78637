"""What was found of a plan, in any format, and the exit code that it ends with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlsysim.cli.options import FailOn
from mlsysim.cli.output import BUILDS, OUTPUT, emit, for_build, show
from mlsysim.reports import of_found

if TYPE_CHECKING:
    from mlsysim.reports.remarks import Found


def exit_code(found: Found, fail_on: FailOn) -> int:
    """The exit code of a plan: 4 where it does not fit, 3 where an assert is violated, as far as that is to fail."""
    if fail_on == FailOn.never:
        return 0
    return found.exit_code or (3 if fail_on == FailOn.warn and found.violations else 0)


def show_found(
    output: str | None, found: Found, data: Callable[[], dict[str, Any]], page: Callable[[], str], fail_on: FailOn
) -> None:
    """Write what was found of a plan.

    Args:
        output: the command's own option.
        found: the evaluation.
        data, page: make it as plain data and as text.
        fail_on: what is to fail.
    """
    format = OUTPUT.choose(output, builds=True)
    if format == "markdown":
        from mlsysim.reports import markdown

        emit(markdown.render(data(), of_found(found)))
    elif format in BUILDS:
        whole = found.to_dict()
        summary = f"{whole['name']}: {whole['f_status']}, {whole['f_summary']}"
        emit(for_build(format, of_found(found), whole["name"], exit_code(found, fail_on), summary))
    else:
        show(output, data, page)
