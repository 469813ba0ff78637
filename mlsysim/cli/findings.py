"""What was found of plans, in any format, and the exit code that it ends with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsysim.cli.options import FailOn
from mlsysim.cli.output import OUTPUT, emit, report, show
from mlsysim.reports import Remark, of_error, of_found
from mlsysim.reports.errors import as_data
from mlsysim.reports.errors import exit_code as code_of
from mlsysim.reports.formats import Format
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
    output: Format | None, found: Found, data: Callable[[], dict[str, Any]], page: Callable[[], str], fail_on: FailOn
) -> None:
    """Write what was found of a plan.

    Args:
        output: the command's own option.
        found: the evaluation.
        data, page: make it as plain data and as text.
        fail_on: what is to fail.
    """
    format = OUTPUT.choose(output, builds=True)
    if format.one:
        emit(format.one(data(), of_found(found)))
    elif format.build:
        emit(format.build([(found.name, of_found(found))], exit_code(found, fail_on), _summary(found)))
    else:
        show(output, data, page)


def _summary(found: Found) -> str:
    return f"{found.name}: {found.status('feasibility')}, {found.summary}"


@dataclass(frozen=True)
class Looked:
    """A plan that was looked at among others.

    Attributes:
        file: as it was named.
        outcome: the evaluation, or why the plan was refused.
        code: its exit code.
    """

    file: str
    outcome: Found | MlsysimError
    code: int

    @classmethod
    def at(cls, file: str, evaluate: Callable[[str], Found], fail_on: FailOn) -> Looked:
        """Look at one plan; a mistake in it does not keep the others from being looked at."""
        try:
            found = evaluate(file)
        except MlsysimError as error:
            return cls(file, error, code_of(error))
        return cls(file, found, exit_code(found, fail_on))

    @property
    def remarks(self) -> list[Remark]:
        """What is said of it."""
        return of_error(self.outcome) if isinstance(self.outcome, MlsysimError) else of_found(self.outcome)

    @property
    def data(self) -> dict[str, Any]:
        """What a check of it alone gives, and which of a result and an error that is."""
        from mlsysim.checked import Checked

        if isinstance(self.outcome, MlsysimError):
            return {"plan": self.file, "result": None, **as_data(self.outcome)}
        return {"plan": self.file, "result": Checked(self.outcome).to_dict(), "error": None}

    def tell(self) -> None:
        """Write it as text."""
        from mlsysim.checked import Checked

        if isinstance(self.outcome, MlsysimError):
            report(self.outcome, Format.text, self.code)
        else:
            emit(f"{Path(self.file).as_posix()}: {Checked(self.outcome).page()}")


def show_several(output: Format | None, several: Sequence[Looked]) -> int:
    """Write what was found of several plans, and return the exit code of the worst."""
    format = OUTPUT.choose(output, builds=True)
    code = min((each.code for each in several), key=_WORST.index)
    if format.build:
        summary = "\n".join(_summary(each.outcome) for each in several if not isinstance(each.outcome, MlsysimError))
        emit(format.build([(each.file, each.remarks) for each in several], code, summary))
    elif format.answer:
        show(output, lambda: {"exit_code": code, "plans": [each.data for each in several]}, str)
    elif format == Format.text:
        for each in several:
            each.tell()
    else:
        rows = [{"plan": each.file, "rule": r.rule, "title": r.title, "level": r.level, "found": r.text}
                for each in several for r in each.remarks]  # fmt: skip
        show(output, lambda: rows, str)
    return code
