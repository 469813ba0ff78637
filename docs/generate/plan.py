"""The plan, from its published JSON Schema: every section and field, with its type, range, unit and default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.generate.markdown import code, page, table, words

Schema = Mapping[str, Any]
_NAMED = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "nothing",
}  # fmt: skip


def pages() -> dict[str, str]:
    """One page with every section."""
    from mlsysim.schemas import schema_of

    schema = schema_of("plan")
    sections = list(_sections(schema, schema, "plan", ()))
    shown = [
        "Made from the published schema, which `mlsysim schema` prints and editors complete from. A number without a unit is "
        "in the unit that stands first in its meaning; a text states its own, such as `max: \"17 s\"`. "
        "A key that is not listed here is an error, and so is a field that would change nothing.",
        *sections,
    ]  # fmt: skip
    return {"plan": page("The plan", *shown)}


def _sections(schema: Schema, rule: Schema, path: str, above: tuple[str, ...]) -> Iterator[str]:
    """A section with its fields, then the sections below it; each kind of section once for each place."""
    title = "Top level" if path == "plan" else code(path)
    fields = rule.get("properties", {})
    heads = ["field", "takes", "default", "meaning"]
    rows = [_row(schema, name, field, name in rule.get("required", ())) for name, field in fields.items()]
    told = words(_sentence(rule.get("description", "")))
    yield "\n\n".join([f"## {title}", told, table(heads, rows) if rows else ""]).rstrip()
    for name, field in fields.items():
        for reference, suffix in _inner(schema, field):
            if reference not in above:
                below = name if path == "plan" else f"{path}.{name}"
                yield from _sections(schema, schema["$defs"][reference], below + suffix, (*above, reference))


def _inner(schema: Schema, field: Schema) -> Iterator[tuple[str, str]]:
    """The kinds of section that a field holds, and how their place is written."""
    for option in field.get("anyOf", [field]):
        if "$ref" in option and "properties" in _resolved(schema, option):
            yield _name(option), ""
        elif option.get("type") == "array":
            for reference, suffix in _inner(schema, option.get("items", {})):
                yield reference, "[]" + suffix


def _row(schema: Schema, name: str, field: Schema, required: bool) -> list[str]:
    told = field.get("description") or _resolved(schema, field).get("description", "")
    return [code(name), takes(schema, field), "required" if required else _default(schema, field), words(told)]


def takes(schema: Schema, field: Schema) -> str:
    """What a field takes, in words."""
    options = [option for option in field.get("anyOf", [field]) if option.get("type") != "null"]
    kinds = list(dict.fromkeys(_kind(schema, option) for option in options))
    if kinds[-1:] == ["text"] and any("number" in kind for kind in kinds[:-1]):
        kinds[-1] = "text with a unit"
    return " or ".join(kinds)


def _kind(schema: Schema, option: Schema) -> str:
    rule = _resolved(schema, option)
    if "const" in rule:
        return code(rule["const"])
    if "enum" in rule:
        return " \\| ".join(map(code, rule["enum"]))
    if "anyOf" in rule:
        return takes(schema, rule)
    if rule.get("type") == "array":
        return f"list of: {takes(schema, rule.get('items', {}))}"
    if rule.get("type") == "object" or "properties" in rule:
        return "section" if "properties" in rule else "mapping"
    return _NAMED.get(rule.get("type", ""), "anything") + _range(rule)


def _range(rule: Schema) -> str:
    """The bounds of a number."""
    low, high = rule.get("minimum"), rule.get("maximum")
    above = rule.get("exclusiveMinimum")
    parts = [f"{sign} {end:,.15g}" for sign, end in ((">", above), ("≥", low), ("≤", high)) if end is not None]
    return words(" " + ", ".join(parts)) if parts else ""


def _default(schema: Schema, field: Schema) -> str:
    default = field.get("default")
    if default in (None, "", [], {}) or "properties" in _resolved(schema, field):
        return ""
    return code(str(default).lower() if isinstance(default, bool) else default)


def _resolved(schema: Schema, rule: Schema) -> Schema:
    return schema["$defs"][_name(rule)] if "$ref" in rule else rule


def _name(rule: Schema) -> str:
    return str(rule["$ref"].rpartition("/")[2])


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."
