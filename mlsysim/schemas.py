"""The published JSON Schemas of plans and results."""

from __future__ import annotations

from typing import Any

from mlsysim.symbolic.errors import UnknownNameError


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of ``plan`` or ``result``.

    Raises:
        UnknownNameError: another kind.

    >>> schema_of("plan")["title"]
    'Plan'
    """
    if kind == "plan":
        from mlsysim.plan import Plan
        from mlsysim.result import SCHEMA

        return {
            "$schema": SCHEMA, "$id": "https://mlsysim.org/schema/plan-1.0.json", **Plan.model_json_schema(by_alias=True)
        }  # fmt: skip
    if kind == "result":
        from mlsysim.result import schema

        return schema()
    raise UnknownNameError("schema", kind, ("plan", "result"), see="the schemas are plan and result")
