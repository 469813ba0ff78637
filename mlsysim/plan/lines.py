"""Asserts in a line, such as ``latency <= 50 ms``, written out as the mapping that they mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlsysim.constraints.asserts import PATTERN, Written
from mlsysim.registry.document import Document, Mark, Path_

#: Where a plan has its asserts.
_ASSERTS: Path_ = ("constraints", "assert")


class Line:
    """Annotation of an assert, which may be a line of text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the mapping, which reads a line first."""
        from pydantic_core import core_schema

        return core_schema.no_info_before_validator_function(as_mapping, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        """The JSON Schema of the mapping, or of a line."""
        return {"anyOf": [handler(schema), {"type": "string", "pattern": PATTERN, "line": True}]}


def as_mapping(data: Any) -> Any:
    """An assert as the mapping that a line means; any other value, and a text that is no limit, as it is.

    >>> as_mapping("latency <= 50 ms")
    {'metric': 'latency', 'max': '50 ms'}
    """
    line = Written.parsed(data) if isinstance(data, str) else None
    return data if line is None else {"metric": line.metric, line.side: line.raw}


def lines_written_out(document: Document) -> Document:
    """A plan whose asserts are all mappings; messages still point into the line."""
    asserts = _asserts(document.data)
    lines = {position: line for position, line in enumerate(asserts) if isinstance(line, str)}
    if not lines:
        return document
    mappings = [as_mapping(each) for each in asserts]
    data = {**document.data, "constraints": {**document.data["constraints"], "assert": mappings}}
    values = dict(document.values)
    for position, text in lines.items() if document.lines else ():
        path, line = (*_ASSERTS, position), Written.parsed(text)
        if line is not None:
            values[*path, "metric"] = values[path]
            values[*path, line.side] = _inside(document, values[path], text, line.at)
    return replace(document, data=data, values=values)


def _asserts(data: Any) -> list[Any]:
    constraints = data.get("constraints")
    asserts = constraints.get("assert") if isinstance(constraints, dict) else None
    return list(asserts) if isinstance(asserts, list | tuple) else []


def _inside(document: Document, start: Mark, text: str, at: int) -> Mark:
    """The place of a character of a text; its start where the text is not written as it is read."""
    shown = document.lines[start.line - 1][start.column - 1 :]
    for quote in ("", "'", '"'):
        if shown.startswith(quote + text):
            return Mark(start.line, start.column + len(quote) + at)
    return start
