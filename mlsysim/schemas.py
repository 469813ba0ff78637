"""The published JSON Schemas of plans and results."""

from __future__ import annotations

import json
from typing import Any

from mlsysim import acceptance
from mlsysim.result import SCHEMA, schema
from mlsysim.symbolic.errors import UnknownNameError


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of ``plan`` or ``result``.

    Raises:
        UnknownNameError: another kind.

    >>> schema_of("plan")["title"]
    'Plan'
    """
    if kind == "plan":
        return dict(acceptance.schema())
    if kind == "result":
        return schema()
    raise UnknownNameError("schema", kind, ("plan", "result"), see="the schemas are plan and result")


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of a plan, made from its model."""
    from mlsysim.plan_model import Plan

    named = {"$schema": SCHEMA, "$id": "https://mlsysim.org/schema/plan-1.0.json"}
    return {**named, **Plan.model_json_schema(by_alias=True)}


def main() -> None:
    """Write the published schema of a plan: ``python -m mlsysim.schemas``."""
    acceptance.SCHEMA_FILE.write_text(json.dumps(plan_schema(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
