"""Answers as tables: the rows of CSV and of Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from mlsysim.registry.entry import Published
from mlsysim.symbolic.escapes import csv_cell, markdown
from mlsysim.symbolic.numerals import plain

Rows = Sequence[Mapping[str, Any]]

#: Numbers from here on are written in groups of three digits.
GROUPED = 10_000
#: Answers that are a table by themselves, by the key under which it stands.
TABLES = ("elasticities", "requirements", "o_front", "laws")


def rows_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The table that an answer is: its own rows, what changes, or each key with its value and unit.

    >>> rows_of({"p_latency_ms": 2.5, "asserts": []})
    [{'key': 'p_latency_ms', 'value': 2.5, 'unit': 'ms'}]
    """
    for name in TABLES:
        if name in data:
            return [dict(row) for row in data[name]]
    if "changes" in data:
        return [{"key": name, **change} for name, change in data["changes"].items()]
    units = _units()
    return [
        {"key": name, "value": value, "unit": units.get(name, "")}
        for name, value in data.items() if not isinstance(value, list | dict)
    ]  # fmt: skip


def _units() -> dict[str, str]:
    """The unit of every metric by its key in a result; none where the metric is a plain number."""
    from mlsysim.constraints.asserts import metrics
    from mlsysim.result import key

    displays = {key(name): record["display"] for name, record in metrics().items()}
    return {name: unit for name, unit in displays.items() if unit != "1"}


def headings(rows: Rows) -> list[str]:
    """Every heading, in the order in which rows bring them up."""
    return list(dict.fromkeys(heading for row in rows for heading in row))


def as_csv(rows: Rows) -> str:
    """Rows as comma-separated values with a line of headings."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    heads = headings(rows)
    writer.writerow(map(csv_cell, heads))
    writer.writerows([csv_cell(row.get(head)) for head in heads] for row in rows)
    return buffer.getvalue()


def as_markdown(rows: Rows) -> str:
    """Rows as a table of GitHub's Markdown; nothing where there are none."""
    if not rows:
        return ""
    heads = headings(rows)
    lines = ["| " + " | ".join(map(markdown, heads)) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(markdown(cell(row.get(head))) for head in heads) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: Any) -> str:
    """A cell for people: numbers of five digits and more in groups, of a published count without the unit; names as they are.

    >>> cell(12345678), cell(Published("8030261248 param")), cell("12345678"), cell("1.2.3")
    ('12,345,678', '8,030,261,248', '12345678', '1.2.3')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e15 else f"{value:.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) >= GROUPED else str(value)
    if not isinstance(value, Published):
        return str(value)
    number, _, unit = value.partition(" ")
    count = plain(number) if unit in ("param", "token/sample", "") else None
    return str(value) if count is None else f"{count:,.15g}" if count >= GROUPED else number
