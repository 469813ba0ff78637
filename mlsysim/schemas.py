"""The published JSON Schemas of plans and results."""

from __future__ import annotations

import json
from typing import Any

from mlsysim.answer_schemas import ANSWERS, KINDS
from mlsysim.plan import acceptance
from mlsysim.result import SCHEMA, address, schema
from mlsysim.symbolic.errors import UnknownNameError


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of a ``plan``, a ``result``, a ``registry`` file of one's own entries, or another kind of answer.

    Raises:
        UnknownNameError: another kind.

    >>> schema_of("plan")["title"]
    'Plan'
    """
    if kind == "plan":
        return dict(acceptance.schema())
    if kind == "result":
        return schema()
    if kind == "registry":
        return registry_schema()
    if kind in ANSWERS:
        return {"$schema": SCHEMA, "$id": address(kind), **ANSWERS[kind]()}
    raise UnknownNameError("schema", kind, KINDS, see=f"the schemas are {', '.join(KINDS)}")


def registry_schema() -> dict[str, Any]:
    """The JSON Schema of a file of one's own entries, made from the vocabulary."""
    from mlsysim.registry.schema import EntryFile, SourceFile
    from mlsysim.registry.vocabulary import FACTS

    entry = EntryFile.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = entry.pop("$defs")
    value = entry["properties"]["facts"]["additionalProperties"]
    properties: dict[str, Any] = {"sources": {
        "type": "object", "description": "publications by BibTeX key", "additionalProperties": {"$ref": "#/$defs/SourceFile"},
    }}  # fmt: skip
    for category, known in FACTS.items():
        told = {name: {**value, "description": f"{said.says}; in {said.unit}"} for name, said in known.items()}
        stated = {
            "description": entry["properties"]["facts"]["description"], "type": "object", "additionalProperties": False,
            "properties": {name: rule for name, rule in told.items() if "*" not in name},
            "patternProperties": {_pattern(name): rule for name, rule in told.items() if "*" in name},
        }  # fmt: skip
        one = {**entry, "properties": {**entry["properties"], "facts": stated}}
        properties[category] = {"type": "array", "items": one, "description": f"entries of {category}"}
    definitions["SourceFile"] = SourceFile.model_json_schema()
    named = {"$schema": SCHEMA, "$id": address("registry"), "title": "Entries of one's own"}
    return {**named, "type": "object", "properties": properties, "additionalProperties": False, "$defs": definitions}


def _pattern(name: str) -> str:
    """A fact of any number format as a regular expression."""
    return f"^{name.replace('.', '[.]').replace('*', '[a-z0-9]+')}$"


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a plan, made from its model."""
    from mlsysim.plan import model

    named = {"$schema": SCHEMA, "$id": address("plan")}
    found = model.Plan.model_json_schema(by_alias=True)
    for name, section in found["$defs"].items():  # what a section itself defines stands before what says leaves
        own = getattr(model, name).__annotations__
        section["properties"] = dict(sorted(section["properties"].items(), key=lambda item: item[0] not in own))
    return {**named, **found}


def main() -> None:
    """Write the fields of a plan that say leaves, and its published schema: ``python -m mlsysim.schemas``."""
    from mlsysim.plan import writing_fields

    writing_fields.main()
    acceptance.SCHEMA_FILE.write_text(json.dumps(plan_schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
