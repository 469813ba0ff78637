"""The arguments of a tool, checked against its input schema: every mistake at once, each with its cure.

Schemas use a small part of JSON Schema: ``type``, ``enum``, ``items`` and the bounds of numbers, strings and arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlsysim.plan.synonyms import alike
from mlsysim.symbolic.errors import InputError, InputErrors, UnknownNameError

#: What a JSON type is called, and what holds it in Python.
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "string": ("a string", (str,)), "integer": ("a whole number", (int,)), "number": ("a number", (int, float)),
    "boolean": ("true or false", (bool,)), "array": ("an array", (list, tuple)), "object": ("an object", (dict,)),
}  # fmt: skip
#: Characters of a wrong value or name that a message shows.
_SHOWN = 60
#: Unknown arguments that are told of.
_MOST = 20


def checked(schema: Mapping[str, Any], arguments: Any, *, where: str = "arguments") -> dict[str, Any]:
    """The arguments of a call, as the tool takes them.

    Args:
        schema: the tool's input schema.
        arguments: what was sent, of whatever type.
        where: how messages call it.

    Raises:
        InputErrors: an argument is unknown, missing, of another type or out of bounds; holds every problem.

    >>> checked({"properties": {"top": {"type": "integer", "maximum": 9}}}, {"top": 3.0})
    {'top': 3}
    """
    if not isinstance(arguments, Mapping):
        raise InputErrors([InputError(f"{where} are {_said(arguments)}, an object is needed", where=where)])
    known = schema["properties"]
    problems: list[InputError] = list(_strangers(known, arguments, where))
    problems += [
        InputError(f"{name} is missing", where=f"{where}.{name}", hint=f"give {name}: {known[name]['description']}")
        for name in schema.get("required", ()) if name not in arguments
    ]  # fmt: skip
    found = {}
    for name, value in arguments.items():
        if name in known:
            found[name] = _converted(known[name], value)
            problems += _wrong(known[name], found[name], f"{where}.{name}")
    if problems:
        raise InputErrors(problems)
    return found


def _strangers(known: Mapping[str, Any], arguments: Mapping[Any, Any], where: str) -> Iterator[InputError]:
    unknown = [name for name in arguments if name not in known]
    see = f"the {where} are {', '.join(known)}" if known else f"there are no {where}"
    for name in unknown[:_MOST]:
        shown = str(name)[:_SHOWN]
        yield UnknownNameError("argument", shown, known, where=where, see=see, meant=alike(shown, known))
    if len(unknown) > _MOST:
        yield InputError(f"and {len(unknown) - _MOST} more unknown arguments", where=where, hint=see)


def _converted(rule: Mapping[str, Any], value: Any) -> Any:
    """A whole number that was written with a point is one."""
    whole = isinstance(value, float) and value.is_integer() and "integer" in _types(rule)
    return int(value) if whole and "number" not in _types(rule) else value


def _types(rule: Mapping[str, Any]) -> list[str]:
    kinds = rule["type"]
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _wrong(rule: Mapping[str, Any], value: Any, where: str) -> Iterator[InputError]:
    """What is wrong with one value."""
    name = where.partition(".")[2]
    kinds = _types(rule)
    if not any(_is(value, kind) for kind in kinds):
        words = " or ".join(_TYPES[kind][0] for kind in kinds)
        hint = "leave it out" if value is None else rule.get("description")
        yield InputError(f"{name} is {_said(value)}, {words} is needed", where=where, hint=hint)
    elif isinstance(value, float) and not math.isfinite(value):
        yield InputError(f"{name} is {value}, a finite number is needed", where=where, hint=rule.get("description"))
    elif "enum" in rule and value not in rule["enum"]:
        see = f"it is one of {', '.join(map(str, rule['enum']))}"
        yield UnknownNameError(name, str(value)[:_SHOWN], map(str, rule["enum"]), where=where, see=see)
    elif isinstance(value, str) and _not_text(value):
        yield InputError(f"{name} holds half of a surrogate pair, which is no character", where=where, hint="remove it")
    else:
        yield from _out_of_bounds(rule, value, name, where)
        if isinstance(value, (list, tuple)):
            for place, item in enumerate(value[: rule["maxItems"]]):
                yield from _wrong(rule["items"], item, f"{where}[{place}]")


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, _TYPES[kind][1]) and (kind == "boolean" or not isinstance(value, bool))


def _not_text(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


def _out_of_bounds(rule: Mapping[str, Any], value: Any, name: str, where: str) -> Iterator[InputError]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    size, unit = (value, "") if number else (len(value), " characters") if isinstance(value, str) else (0, "")
    if isinstance(value, (list, tuple)):
        size, unit = len(value), " items"
    low = rule.get("minimum", rule.get("minLength", rule.get("minItems")))
    high = rule.get("maximum", rule.get("maxLength", rule.get("maxItems")))
    said = f"{name} is {_said(value)}" if number else f"{name} has {size:,}{unit}"
    if low is not None and size < low:
        yield InputError(f"{said}, the least is {low:,}", where=where, hint=rule.get("description"))
    if high is not None and size > high:
        yield InputError(f"{said}, the most is {high:,}", where=where, hint=rule.get("description"))


def _said(value: Any) -> str:
    """A value as messages show it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return f"a number of more than {_SHOWN} digits"
    if isinstance(value, (str, int, float)):
        text = repr(value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "an array" if isinstance(value, (list, tuple)) else "an object" if isinstance(value, Mapping) else "no JSON"
