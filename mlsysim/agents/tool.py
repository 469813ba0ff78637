"""What a tool is: a function over plain data, with what a model and a program must know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

#: An error in short; `get_schemas` has its whole schema.
ERROR: Schema = {
    "properties": {"error": {"type": "object", "description": "what is wrong, where, and the cure", "required": ["message"]}},
    "required": ["error"],
}  # fmt: skip
#: Characters of a plan's text, and of any other word.
LONGEST_PLAN, LONGEST_WORD = 100_000, 200


@dataclass(frozen=True)
class Tool:
    """A tool that computes an answer and changes nothing.

    Attributes:
        name: what it is called by.
        title: what people read.
        description: what it does and when to use it, for a model.
        arguments: the JSON Schema of each argument, by name.
        required: the arguments that must be given.
        run: computes the answer from checked arguments.
        answers: the whole JSON Schema of the answer, made when it is asked for.
        slow: whether it may take seconds.
    """

    name: str
    title: str
    description: str
    arguments: Mapping[str, Schema]
    required: tuple[str, ...]
    run: Callable[..., dict[str, Any]]
    answers: Callable[[], Schema]
    slow: bool = False

    @property
    def input_schema(self) -> Schema:
        """The JSON Schema of the arguments."""
        return {"type": "object", "properties": dict(self.arguments), "required": list(self.required),
                "additionalProperties": False}  # fmt: skip

    @property
    def output_schema(self) -> Schema:
        """The JSON Schema of what a call returns, in short: the answer, or an error, which some clients validate as well."""
        return {"type": "object", "anyOf": [shallow(self.answers()), ERROR]}


def text(description: str, longest: int = LONGEST_WORD, **rules: Any) -> Schema:
    """The schema of a string that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "description": description, **rules}


def texts(description: str, most: int = 20) -> Schema:
    """The schema of a list of words."""
    return {"type": "array", "items": text(description), "maxItems": most, "description": description}


def plan_text(description: str = "the plan") -> Schema:
    """The schema of a plan."""
    return text(
        f"{description}, as YAML text (not a file name); get_schemas says what it can hold", longest=LONGEST_PLAN
    )


def record(**properties: Schema) -> Schema:
    """The schema of an object that has exactly these keys."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def shallow(schema: Schema) -> Schema:
    """A shorter schema that accepts whatever the given one accepts: its required keys, and of objects in them their names.

    >>> shallow({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]})
    {'type': 'object', 'properties': {'n': {'type': 'integer'}}, 'required': ['n']}
    """
    usual = schema if "required" in schema else schema["else"]
    always = schema if "required" in schema else schema["then"]
    told = {name: _shortened(schema["properties"][name]) for name in usual["required"]}
    return {"type": "object", "properties": told, "required": list(always["required"])}


def _shortened(rule: Mapping[str, Any]) -> Schema:
    items = {"items": _bare(rule["items"])} if "items" in rule else {}
    return {**_bare(rule), **{key: rule[key] for key in ("enum", "description") if key in rule}, **items}


def _bare(rule: Mapping[str, Any]) -> Schema:
    """The type of a value and, of an object, the names that it must have."""
    return {key: rule[key] for key in ("type", "required") if key in rule}
