"""What does not fit the schema, in words: what, where, and the cure."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from mlsysim.registry.document import Document, Path_, written
from mlsysim.registry.schema import Fact
from mlsysim.symbolic.errors import nearest

#: Members of a union, which pydantic names last.
_MEMBERS = ("float", "str", "Fact", "constrained-str")
#: What a field needs, by the type of pydantic's complaint.
_NEEDED = {
    "dict_type": "a mapping", "model_type": "a mapping", "tuple_type": "a list", "string_type": "a word",
    "bool_type": "true or false", "bool_parsing": "true or false", "int_type": "a whole number",
    "int_parsing": "a whole number", "int_from_float": "a whole number", "float_type": "a number",
    "float_parsing": "a number", "date_from_datetime_parsing": "a day such as 2026-11-22",
}  # fmt: skip
_FORMS = {
    "id": "lower-case letters and digits joined by dashes", "name": "letters, digits and underscores, a letter first",
}  # fmt: skip


def problem(model: type[BaseModel], document: Document, place: Path_, detail: Any) -> tuple[str, str, str]:
    """One complaint of pydantic: what is wrong, where it stands, and the cure."""
    loc = tuple(part for part in detail["loc"] if part not in _MEMBERS)
    path, said, kind = (*place, *loc), ".".join(map(str, loc)), detail["type"]
    where, last, given = document.where(path), str(loc[-1]) if loc else "", written(detail["input"])
    fields = [field.alias or name for name, field in (Fact if "facts" in loc else model).model_fields.items()]
    if not loc:
        return "an entry is a mapping", where, f"it takes {', '.join(fields)}"
    if kind == "extra_forbidden":
        near = nearest(last, fields)
        cure = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(fields)}"
        return f"{said}: unknown key", document.where(path, key=True), cure
    if kind == "missing":
        return f"{said}: missing", document.where(path, key=True), f"add `{last}:`"
    if loc[0] == "facts" and len(loc) == 2:
        return f"{said}: {given} is no value", where, "write a number with its unit, or a mapping with `value:`"
    if kind == "string_pattern_mismatch":
        return f"{said}: {given} is not {_FORMS[last]}", where, ""
    if kind == "literal_error":
        return f"{said}: {given} is not one of {detail['ctx']['expected']}", where, ""
    if kind in _NEEDED:
        return f"{said}: {given} where {_NEEDED[kind]} is needed", where, ""
    return f"{said}: {given}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", where, ""
