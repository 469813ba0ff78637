"""What was found of plans, in any format, and the exit code that it ends with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsysim.cli.options import FailOn
from mlsysim.cli.output import BUILDS, OUTPUT, emit, for_build, report, show
from mlsysim.reports import Remark, of_error, of_found
from mlsysim.reports.errors import as_data
from mlsysim.reports.errors import exit_code as code_of
from mlsysim.symbolic.errors import MlsysimError

if TYPE_CHECKING:
    from mlsysim.reports.remarks import Found

#: Exit codes of several plans, the one that counts first.
_WORST = (1, 2, 4, 3, 0)


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
        emit(for_build(format, [(found.name, of_found(found))], exit_code(found, fail_on), _summary(found)))
    else:
        show(output, data, page)


def _summary(found: Found) -> str:
    return f"{found.name}: {'PASS' if found.feasible else 'FAIL'}, {found.summary}"


@dataclass(frozen=True)
class Looked:
    """A plan that was looked at among others.

    Attributes:
        file: as it was named.
        found: the evaluation; None where the plan was refused.
        error: why it was.
        code: its exit code.
    """

    file: str
    found: Found | None
    error: MlsysimError | None
    code: int

    @classmethod
    def at(cls, file: str, evaluate: Callable[[], Found], fail_on: FailOn) -> Looked:
        """Look at one plan; a mistake in it does not keep the others from being looked at."""
        try:
            found = evaluate()
        except MlsysimError as error:
            return cls(file, None, error, code_of(error))
        return cls(file, found, None, exit_code(found, fail_on))

    @property
    def remarks(self) -> list[Remark]:
        """What is said of it."""
        return of_found(self.found) if self.found else of_error(self.error or MlsysimError("it was not looked at"))


def show_several(output: str | None, several: Sequence[Looked]) -> int:
    """Write what was found of several plans, and return the exit code of the worst."""
    from mlsysim.checked import Checked

    format = OUTPUT.choose(output, builds=True)
    code = min((each.code for each in several), key=_WORST.index)
    pages = [(each, Checked(each.found)) if each.found else (each, None) for each in several]
    if format in BUILDS:
        summary = "\n".join(_summary(each.found) for each in several if each.found)
        emit(for_build(format, [(each.file, each.remarks) for each in several], code, summary))
    elif format in ("json", "yaml"):
        listed = [
            {"plan": each.file, "result": page and page.to_dict(), "error": each.error and as_data(each.error)["error"]}
            for each, page in pages
        ]
        show(output, lambda: {"exit_code": code, "plans": listed}, str)
    elif format == "text":
        for each, page in pages:
            if page is None and each.error:
                report(each.error, "text", each.code)
            elif page:
                emit(f"{Path(each.file).as_posix()}: {page.page()}")
    else:
        rows = [{"plan": each.file, "rule": r.rule, "title": r.title, "level": r.level, "found": r.text}
                for each in several for r in each.remarks]  # fmt: skip
        show(output, lambda: rows, str)
    return code
