"""Accepting a valid plan by its published JSON Schema alone, without importing pydantic.

The schema is ``plan.schema.json``, made from ``model``. What it uses of JSON Schema is all that is read here; whatever
is not plainly valid is left to the model, which finds the words for it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlsysim.plan.quantities import as_number

SCHEMA_FILE = Path(__file__).with_name("plan.schema.json")

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "null": (type(None),),
    "object": (dict,), "array": (list, tuple),
}  # fmt: skip
#: The one key that is a word of Python, and the attribute that stands for it.
_ATTRIBUTE = {"assert": "asserts"}


@cache
def schema() -> Mapping[str, Any]:
    """The published schema of a plan."""
    return json.loads(SCHEMA_FILE.read_bytes())


def number_rule(section: str, field: str) -> Mapping[str, Any]:
    """What the schema says of a field's numbers: ``minimum``, ``exclusiveMinimum`` and ``maximum``, where it has them."""
    rule = _resolved(schema()["properties"][section])["properties"][field]
    return next((option for option in rule.get("anyOf", [rule]) if option.get("type") in ("integer", "number")), {})


def sections() -> list[str]:
    """The sections of a plan."""
    return [name for name, rule in schema()["properties"].items() if "properties" in _resolved(rule)]


def properties(section: str) -> Mapping[str, Any]:
    """The fields of a section, and what the schema says of each."""
    return _resolved(schema()["properties"][section])["properties"]


def choices(section: str, field: str) -> list[str]:
    """The words that a field can be, where the schema lists them."""
    rule = _resolved(schema()["properties"][section])["properties"][field]
    return [word for option in rule.get("anyOf", [rule]) for word in option.get("enum", ())]


def accepted(data: Any) -> Any:
    """A plan's sections as attributes with their defaults filled in; None where the schema does not accept it."""
    return _section(schema(), data) if _valid(schema(), data) else None


def accepted_value(section: str, field: str, value: Any) -> tuple[bool, Any]:
    """Whether the schema accepts a value in a field, and the value with text with a unit as a number."""
    rule = _resolved(schema()["properties"][section])["properties"][field]
    return (True, _filled(rule, value)) if _valid(rule, value) else (False, None)


def _resolved(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in rule:
        return schema()["$defs"][rule["$ref"].rpartition("/")[2]]
    return rule


def _valid(rule: Mapping[str, Any], data: Any) -> bool:
    rule = _resolved(rule)
    if "anyOf" in rule:
        number = as_number(rule["anyOf"], data)
        return any(_valid(option, number) for option in rule["anyOf"])
    if "const" in rule:
        return type(data) is str and data == rule["const"]
    if "enum" in rule:
        return type(data) is str and data in rule["enum"]
    kind = rule["type"]
    if type(data) not in _TYPES[kind] or "unit" in rule or "line" in rule:
        return False  # exact: True is no integer; text with a unit and asserts in a line were written out before
    if kind == "object" and "properties" not in rule:
        return True  # a mapping that others read
    if kind == "object":
        properties = rule["properties"]
        return all(key in properties and _valid(properties[key], value) for key, value in data.items()) and all(
            key in data for key in rule.get("required", ())
        )
    if kind == "array":
        return len(data) <= rule.get("maxItems", math.inf) and all(_valid(rule["items"], item) for item in data)
    if kind == "string":
        fits = rule.get("minLength", 0) <= len(data) <= rule.get("maxLength", math.inf)
        return fits and ("pattern" not in rule or re.fullmatch(rule["pattern"], data) is not None)
    if kind in ("integer", "number"):
        low, high = rule.get("minimum", -math.inf), rule.get("maximum", math.inf)
        finite = isinstance(data, int) or math.isfinite(data)
        return bool(finite and low <= data <= high and data > rule.get("exclusiveMinimum", -math.inf))
    return True


def _filled(rule: Mapping[str, Any], data: Any) -> Any:
    """Accepted data with sections as attributes, lists as tuples, and text with a unit as a number."""
    rule = _resolved(rule)
    if "anyOf" in rule:
        options = [_resolved(option) for option in rule["anyOf"]]
        kind = "object" if isinstance(data, dict) else "array" if isinstance(data, list | tuple) else None
        inner = next((option for option in options if option.get("type") == kind), None) if kind else None
        return as_number(options, data) if inner is None else _filled(inner, data)
    if rule.get("type") == "object" and "properties" in rule:
        return _section(rule, data or {})
    if rule.get("type") == "array":
        return tuple(_filled(rule["items"], item) for item in data or ())
    return data


def _section(rule: Mapping[str, Any], data: Mapping[str, Any]) -> SimpleNamespace:
    members = _resolved(rule)["properties"].items()
    filled = {
        _ATTRIBUTE.get(key, key): _filled(member, data.get(key, member.get("default"))) for key, member in members
    }
    return SimpleNamespace(**filled)
