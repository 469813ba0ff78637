"""The JSON Schemas of answers that are no evaluation: differences, rankings, requirements, fronts, errors."""

from __future__ import annotations

from typing import Any

from mlsysim.reports.errors import SCHEMA as ERROR

Schema = dict[str, Any]

_NUMBER = {"type": ["number", "null"]}
_WORD = {"type": "string"}
_EXIT = {"type": "integer", "description": "the exit code of the command"}


def record(title: str, description: str, properties: Schema, **more: Any) -> Schema:
    """The schema of an object that has all of these keys and, unless told, no other."""
    return {
        "title": title, "description": description, "type": "object", "properties": properties,
        "required": list(properties), "additionalProperties": False, **more,
    }  # fmt: skip


def _comparison() -> Schema:
    change = {"type": "object", "description": "a metric in both plans; null where a plan has none", "properties": {
        "before": {**_NUMBER, "description": "in the first plan"}, "after": {**_NUMBER, "description": "in the second"},
        "ratio": {**_NUMBER, "description": "the second per first"},
        "note": {"type": ["string", "null"], "description": "what only one plan knows or counts of it"}},
        "required": ["before", "after", "ratio", "note"], "additionalProperties": False}  # fmt: skip
    properties: Schema = {"changes": {
        "type": "object", "additionalProperties": change,
        "description": "the metrics that differ, by their key in a result, in the unit that ends the key",
    }}  # fmt: skip
    for name, rule in {
        "f_status": {"enum": ["PASS", "FAIL"], "description": "FAIL where the design, or an assert on feasibility, fails"},
        "p_binding_wall": {"type": ["string", "null"], "description": "the wall that takes most of the time"},
        "exit_code": {"type": "integer", "description": "of the plan alone"},
    }.items():  # fmt: skip
        properties |= {f"{name}_before": rule, f"{name}_after": rule}
    return record("Comparison", "What changes from one plan to another.", {**properties, "exit_code": _EXIT})


def _ranking() -> Schema:
    side = "percent of change of the metric for one percent"
    one = record("Elasticity", "One input.", {
        "input": {**_WORD, "description": "its full name"}, "wall": {**_WORD, "description": "the wall it acts through"},
        "grows": {**_NUMBER, "description": f"{side} more of the input"},
        "shrinks": {**_NUMBER, "description": f"{side} less of it"},
        "kink": {"type": "boolean", "description": "whether the two differ"},
    }, additionalProperties=_NUMBER)  # fmt: skip
    price = record("Shadow price", "What an assert costs.", {
        "assert": {**_WORD, "description": "the limit"},
        "state": {"enum": ["slack", "binding", "violated"], "description": "how the plan stands to it"},
        "input": {"type": ["string", "null"], "description": "what may give way if it is one percent looser"},
        "input_change": {**_NUMBER, "description": "by how many percent"},
        "gains": {"type": ["string", "null"], "description": "the metric that gains"},
        "change": {**_NUMBER, "description": "by how many percent"},
    })  # fmt: skip
    return record("Ranking", "The inputs of a plan by what one percent of each does to a metric.", {
        "metric": {**_WORD, "description": "the metric that is ranked for"},
        "binding_wall": {"type": ["string", "null"], "description": "the wall that takes most of the time"},
        "elasticities": {"type": "array", "items": one, "description": "the largest first"},
        "shadow_prices": {"type": "array", "items": price, "description": "one for each assert"},
    })  # fmt: skip


def _requirements() -> Schema:
    one = record("Requirement", "What one input must be, all others held.", {
        "input": {**_WORD, "description": "its full name"},
        "required": {**_NUMBER, "description": "null where no value reaches the target"},
        "today": {**_NUMBER, "description": "what the plan has"}, "unit": {**_WORD, "description": "of both"},
        "how": {**_WORD, "description": "how it was found"},
        "floor": {"type": ["string", "null"], "description": "what is left however large the input"},
    })  # fmt: skip
    return record("Requirements", "What hardware a target needs.", {
        "target": {**_WORD, "description": "what must hold"},
        "now": {**_NUMBER, "description": "what the metric is, in its unit"},
        "unit": {**_WORD, "description": "of the metric"},
        "requirements": {"type": "array", "items": one, "description": "one for each input of the hardware"},
        "accelerators": {**_WORD, "description": "how many accelerators would do, in words"},
    })  # fmt: skip


def _front() -> Schema:
    return record("Front", "The designs of which none is better in one metric without being worse in another.", {
        "o_status": {"enum": ["optimal", "feasible"], "description": "optimal where every point is there"},
        "o_units": {"type": "object", "additionalProperties": _WORD, "description": "the unit of each metric"},
        "o_front": {"type": "array", "items": {"type": "object"}, "description": "each point: its metrics, and its choice"},
        "o_seed": {"type": "integer", "description": "seed of the search"},
        "o_workers": {"type": "integer", "description": "threads of the search"},
        "assumptions": {"type": "array", "items": _WORD, "description": "what could not be compared"},
        "exit_code": _EXIT,
    })  # fmt: skip


def _checks() -> Schema:
    one = record("Check", "One of several plans.", {
        "plan": {**_WORD, "description": "as it was named"},
        "result": {"type": ["object", "null"], "description": "as a check of it alone; null where it was refused"},
        "error": {"anyOf": [ERROR["properties"]["error"], {"type": "null"}], "description": "why it was; else null"},
    })  # fmt: skip
    return record("Checks", "What was found of several plans.", {
        "exit_code": {**_EXIT, "description": "of the worst"},
        "plans": {"type": "array", "items": one, "description": "in the order in which they were named"},
    })  # fmt: skip


def _error() -> Schema:
    return {"title": "Error", "description": "Why there is no answer.", **ERROR}


#: Every such answer: the command that gives it, and how its schema is made.
ANSWERS = {
    "comparison": _comparison, "ranking": _ranking, "requirements": _requirements, "front": _front, "checks": _checks,
    "error": _error,
}  # fmt: skip
#: Every published schema.
KINDS = ("plan", "result", "registry", *ANSWERS)
