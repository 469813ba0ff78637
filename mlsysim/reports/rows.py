"""Answers as tables: the rows of CSV and of Markdown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

#: Answers that are a table by themselves, by the key under which it stands.
TABLES = ("elasticities", "requirements", "o_front")


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
    writer = csv.DictWriter(buffer, headings(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def as_markdown(rows: Rows) -> str:
    """Rows as a table of GitHub's Markdown."""
    heads = headings(rows)
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(escaped(cell(row.get(head))) for head in heads) + " |" for row in rows]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text that stays one cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def cell(value: Any) -> str:
    """A cell for people: a count without the unit that its heading says already; five digits and more in groups."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e15 else f"{value:.6g}"
    number, _, unit = str(value).partition(" ")
    if unit in ("param", "token/sample", "") and re.fullmatch(r"[\d.]+(e\d+)?", number) and float(number) >= 10_000:
        return f"{float(number):,.15g}"
    return number if unit in ("param", "token/sample") and number.isdigit() else str(value)
