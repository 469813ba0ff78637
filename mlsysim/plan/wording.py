"""What is wrong with a value of a plan, and the cure, in words: pydantic's kinds of errors in the language of a plan."""

from __future__ import annotations

import math
import re
from typing import Any

from mlsysim.constraints.asserts import A_LINE, Written
from mlsysim.plan.acceptance import number_rule
from mlsysim.plan.synonyms import not_modelled, value_called
from mlsysim.registry.document import LONGEST, written
from mlsysim.symbolic.errors import nearest
from mlsysim.symbolic.numerals import as_share, leading


def said(detail: Any, original: Any) -> str:
    """What is wrong.

    Args:
        detail: one of the errors of a validation.
        original: the value as it stands in the plan, which may be text with a unit.
    """
    shown, context = written(detail["input"]), detail.get("ctx", {})
    if isinstance(original, str) and isinstance(detail["input"], int | float):
        parts, number = leading(original), detail["input"]
        shown = written(original) + ("" if parts and parts[0] == number else f" ({number:,.10g})")
    match detail["type"]:
        case "greater_than_equal":
            return f"{shown} is below {context['ge']:,.10g}"
        case "greater_than":
            return f"{shown} is not above {context['gt']:,.10g}"
        case "less_than_equal":
            return f"{shown} is above {context['le']:,.10g}"
        case "literal_error":
            return f"{shown} is not one of {context['expected']}"
        case "model_type" | "model_attributes_type":
            return f"{shown} where a section is needed"
        case "int_type" | "int_from_float":
            return f"{shown} is not a whole number"
        case "float_type":
            return f"{shown} is not a number"
        case "finite_number":
            return f"{shown} is not a finite number"
        case "string_type":
            return f"{shown} is not a word"
        case "string_too_short":
            return "it is empty"
        case "string_too_long":
            return f"it is longer than {context['max_length']:,} characters"
        case "string_pattern_mismatch":
            return f"{shown} has a line break or another control character"
        case "bool_type":
            return f"{shown} is neither true nor false"
        case "tuple_type":
            return f"{shown} where a list is needed"
        case "too_long":
            return f"it has {context['actual_length']:,} items, more than {context['max_length']:,}"
        case "dict_type":
            return f"{shown} where a mapping is needed"
        case _:
            return f"{shown}: {detail['msg']}"


def cure(detail: Any, description: str | None, first: str | None = None) -> str | None:
    """What to write instead.

    Args:
        detail: one of the errors of a validation.
        description: of the field.
        first: the key that the section begins with, where it is one.
    """
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "int_type" | "int_from_float" if isinstance(given, float) and given.is_integer() and abs(given) < 1e15:
            return f"write {given:.0f}"
        case "int_type" | "int_from_float":
            return _whole(detail["loc"], context)
        case "float_type":
            return "write a number, such as 0.5"
        case "bool_type":
            return "write true or false, without quotes"
        case "string_type":
            return "put it in quotes" if isinstance(given, int | float) else "write a name"
        case "string_too_short":
            return "write a name, or leave the key out"
        case "string_pattern_mismatch":
            return "write it in one line"
        case "string_too_long":
            return "shorten it"
        case "tuple_type" if isinstance(given, str) and given:
            return f"write a list, each item after a dash: `- {given[:LONGEST]}`"
        case "tuple_type":
            return "write a list, each item after a dash"
        case "model_type" | "model_attributes_type" if first == "metric" and isinstance(given, str):
            return f"write {A_LINE}"
        case "model_type" | "model_attributes_type" if detail["loc"] == ("constraints",) and _is_line(given):
            return f"write `assert:` below it, and below that `- {given[:LONGEST]}`"
        case "model_type" | "model_attributes_type" | "dict_type" if isinstance(given, str) and ":" in given:
            return "put a space after each colon"
        case "model_type" | "model_attributes_type" if isinstance(given, str) and given and first:
            return f"write its keys below it, such as `{first}: {given[:LONGEST]}`"
        case "model_type" | "model_attributes_type" if isinstance(given, list | tuple) and detail["loc"] == (
            "constraints",
        ):
            return "write `assert:` below it, and the list below that"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "indent its keys below it"
        case "literal_error" if context["expected"] == "'1.0'":
            return 'write version: "1.0", with quotes'
        case "literal_error":
            allowed = re.findall("'([^']*)'", context["expected"])
            if unmodelled := not_modelled(str(given)):
                return f"{unmodelled[0]}; {unmodelled[1]}"
            near = value_called(str(given), allowed) or next(iter(nearest(str(given), allowed)), None)
            return f"did you mean {near!r}?" if near else description
        case "less_than_equal" if context["le"] == 1:
            return as_share(given)
        case "greater_than_equal" if detail["loc"][-1] == "percentile" and 0.01 <= given < 1:
            return f"write {100 * given:.10g}"
        case "greater_than_equal" | "greater_than" | "less_than_equal":
            return description
    return None


def _whole(path: tuple[Any, ...], context: Any) -> str:
    """How to write a whole number that the field at a path can be."""
    rule = number_rule(*path) if len(path) == 2 else {}
    low, high = context.get("ge", rule.get("minimum", 0)), context.get("le", rule.get("maximum", math.inf))
    return f"write a whole number from {low:.0f} to {high:.0f}" if high < 64 else "write a whole number, such as 64"


def _is_line(given: Any) -> bool:
    """Whether a value is an assert in a line."""
    return isinstance(given, str) and Written.parsed(given) is not None
