"""What is wrong with a value of a plan, and the cure, in words: pydantic's kinds of errors in the language of a plan."""

from __future__ import annotations

import re
from typing import Any

from mlsysim.registry.document import LONGEST, written
from mlsysim.symbolic.errors import nearest

#: What people write behind a number, and what it is worth.
FACTORS = {"%": 1e-2, "k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
#: Sections that begin with a name.
NAMED = ("workload", "hardware")
#: What pydantic calls a number that may have a unit instead.
UNITED = "constrained-float"


def said(detail: Any) -> str:
    """What is wrong.

    Args:
        detail: one of the errors of a validation.
    """
    shown, context = written(detail["input"]), detail.get("ctx", {})
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


def cure(detail: Any, description: str | None) -> str | None:
    """What to write instead.

    Args:
        detail: one of the errors of a validation.
        description: of the field.
    """
    given, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "int_type" | "int_from_float" if isinstance(given, float) and given.is_integer() and abs(given) < 1e15:
            return f"write {given:.0f}"
        case "int_type" | "int_from_float" | "float_type" if isinstance(given, str):
            return _number_in(given)
        case "int_type" | "int_from_float":
            return "write a whole number, such as 64"
        case "float_type" if detail["loc"][-1] == UNITED:
            return "write a number, or a number with its unit in quotes"
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
        case "tuple_type":
            return "write a list, each item after a dash"
        case "model_type" | "model_attributes_type" | "dict_type" if isinstance(given, str) and ":" in given:
            return "put a space after each colon"
        case "model_type" | "model_attributes_type" if isinstance(given, str) and detail["loc"][-1] in NAMED:
            return f"write its keys below it, such as `name: {given[:LONGEST]}`"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "indent its keys below it"
        case "literal_error" if context["expected"] == "'1.0'":
            return 'write version: "1.0", with quotes'
        case "literal_error":
            near = nearest(str(given), re.findall("'([^']*)'", context["expected"]))
            return f"did you mean {near[0]!r}?" if near else description
        case "greater_than_equal" | "greater_than" | "less_than_equal":
            return description
    return None


def _number_in(given: str) -> str:
    """How to write a number that stands in a text, alone, in percent or before a unit."""
    found = re.fullmatch(r"\s*+([-+]?\d++(?:\.\d*+)?)\s*+(%|[A-Za-z/]*+)\s*+", given)
    if found is None:
        return "write a plain number, such as 64"
    digits, unit = found.groups()
    if unit in FACTORS:
        return f"write {float(digits) * FACTORS[unit]:.15g}"
    return f"write {digits}, without its unit" if unit else "write a plain number without quotes"
