"""An evaluation as Markdown, for a comment on a change or the summary of a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlsysim.reports.remarks import Remark
from mlsysim.reports.rows import as_markdown, rows_of
from mlsysim.symbolic.escapes import markdown

#: What stands in front of a level.
_MARKS = {"error": "FAIL", "warning": "WARN", "skipped": "not decided", "holds": "holds"}
#: How the keys of metrics begin.
_LENSES = ("f_", "p_", "m_")


def render(data: Mapping[str, Any], remarks: Sequence[Remark]) -> str:
    """A result and the remarks on it as a heading, a verdict, the asserts and a table of what is known."""
    return "\n".join(_lines(data, remarks)) + "\n"


def _lines(data: Mapping[str, Any], remarks: Sequence[Remark]) -> Iterator[str]:
    worst = next((level for level in ("error", "warning") if any(r.level == level for r in remarks)), "holds")
    yield f"### {markdown(str(data['name']))}"
    yield ""
    yield f"**{'PASS' if worst == 'holds' else _MARKS[worst]}** {markdown(str(data['f_summary']))}"
    yield ""
    yield from _about(data)
    asserts = [remark for remark in remarks if remark.rule.startswith("assert/")]
    if asserts:
        yield as_markdown([{"assert": r.title, "": _MARKS[r.level], "found": r.message} for r in asserts])
        yield ""
    known = [row for row in rows_of(data) if row["key"][:2] in _LENSES and isinstance(row["value"], int | float)]
    if known:
        yield as_markdown(known)
    if data.get("m_skipped"):
        yield ""
        yield f"Not known are costs or emissions: {markdown(data['m_skipped'])}."
    if data.get("assumptions"):
        yield ""
        yield "Left open by the plan, and what was taken:"
        yield ""
        yield from (f"- {markdown(sentence)}" for sentence in data["assumptions"])


def _about(data: Mapping[str, Any]) -> Iterator[str]:
    """What was evaluated, in a sentence; of several pools each says it itself."""
    if "hardware" in data:
        wall = f"; the {data['p_binding_wall']} wall binds" if data.get("p_binding_wall") else ""
        fleet = f"{data['accelerators']:,} x {data['hardware']}"
        yield markdown(f"{data['model']}, {data['phase']} in {data['precision']} on {fleet}{wall}.")
        yield ""
