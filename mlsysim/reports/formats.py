"""Every format that ``--output`` takes, and what writes it: a new one is a line here, and the commands follow.

Each can write any answer as plain data, or as a table, or what was found of plans for a build to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from mlsysim.reports.data import as_json, as_yaml
from mlsysim.reports.remarks import Remark

#: The names of plans, and the remarks on each.
Plans = Sequence[tuple[str, Sequence[Remark]]]


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    from mlsysim.reports.rows import as_csv

    return as_csv(rows)


def _markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    from mlsysim.reports.rows import as_markdown

    return as_markdown(rows)


def _markdown_of_one(data: Mapping[str, Any], remarks: Sequence[Remark]) -> str:
    from mlsysim.reports import markdown

    return markdown.render(data, remarks)


def _github(plans: Plans, code: int, summary: str) -> str:
    from mlsysim.reports import github

    return github.render([remark for _, remarks in plans for remark in remarks], summary)


def _junit(plans: Plans, code: int, summary: str) -> str:
    from mlsysim.reports import junit

    return junit.render(plans)


def _sarif(plans: Plans, code: int, summary: str) -> str:
    from mlsysim.reports import sarif

    return sarif.render([remark for _, remarks in plans for remark in remarks], code)


class Format(StrEnum):
    """How results are written.

    Attributes:
        answer: writes any answer, given as plain data.
        table: writes an answer as rows; of one that is none, its keys and values.
        one: writes what was found of one plan, given as data, with the remarks on it.
        build: writes what was found of plans, with the exit code and a summary for where there is nothing to remark.
    """

    answer: Callable[[Any], str] | None
    table: Callable[[Sequence[Mapping[str, Any]]], str] | None
    one: Callable[[Mapping[str, Any], Sequence[Remark]], str] | None
    build: Callable[[Plans, int, str], str] | None

    text = "text"
    json = "json", {"answer": as_json}
    yaml = "yaml", {"answer": as_yaml}
    csv = "csv", {"table": _csv}
    markdown = "markdown", {"table": _markdown, "one": _markdown_of_one}
    github = "github", {"build": _github}
    junit = "junit", {"build": _junit}
    sarif = "sarif", {"build": _sarif}

    def __new__(cls, name: str, writers: Mapping[str, Any] | None = None) -> Format:
        """Make a format from its name and what writes it."""
        format = str.__new__(cls, name)
        format._value_ = name
        for kind in ("answer", "table", "one", "build"):
            setattr(format, kind, (writers or {}).get(kind))
        return format

    @classmethod
    def called(cls, name: str) -> Format:
        """The format of a name that may be none: text."""
        return next((format for format in cls if format == name), cls.text)

    def write(self, data: Any) -> str:
        """An answer given as plain data: an object, or a list of rows."""
        if self.answer:
            return self.answer(data)
        assert self.table is not None, f"{self} writes plans alone"
        from mlsysim.reports.rows import rows_of

        return self.table(data if isinstance(data, list) else rows_of(data))
