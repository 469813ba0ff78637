"""Numbers of a plan that are written as text with a unit, such as ``2 weeks``, ``32 Ki`` or ``40 %``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.numerals import plain
from mlsysim.symbolic.units import PERCENT, convert

#: What the text can look like; a percentile may begin with a p.
PATTERN = r"^\s*[-+.]?[0-9].*[A-Za-zµ%].*$"
PERCENTILE = r"^\s*[pP] ?[0-9.]+\s*$|" + PATTERN


class Unit:
    """Annotation of a numeric field: what its numbers count, which text may give in any unit of that dimension."""

    def __init__(self, unit: str, *also: str) -> None:
        """Args: the unit of a bare number, and further words for it in text."""
        self.unit, self.also = unit, also

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the number, which converts text first."""
        from pydantic_core import PydanticCustomError, core_schema

        context: dict[str, Any] = {"unit": self.unit, "also": list(self.also), "whole": source is int}

        def number(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            try:
                return number_in(value, **context)
            except InputError as error:
                raise PydanticCustomError("quantity", "no quantity", context) from error

        return core_schema.no_info_before_validator_function(number, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        """The JSON Schema of the number, or of text with a unit."""
        text: dict[str, Any] = {"type": "string", "pattern": PERCENTILE if self.unit == PERCENT else PATTERN}
        text["unit"] = self.unit
        if self.also:
            text["also"] = list(self.also)
        return {"anyOf": [handler(schema), text]}


def number_in(
    text: str, unit: str, also: Sequence[str] = (), whole: bool = False, *, where: str | None = None, what: str = "it"
) -> float | int:
    """A text with a unit as a number of the field's unit.

    Args:
        text: such as ``2 weeks``.
        unit, also: the field's unit, and further words for it.
        whole: whether the field takes whole numbers.
        where, what: the place and the name of the field, for messages.

    Raises:
        InputError: a number without a unit, which needs no quotes, or no amount of that dimension.

    >>> number_in("2 weeks", "day"), number_in("8 GPUs", "1", ["GPUs"], whole=True)
    (14.0, 8)
    """
    bare = plain(text)
    if bare is not None:
        raise InputError(f"{what}: {text!r} is text", where=where, hint=f"write {bare:.15g}, without quotes")
    number = convert(text, unit, also=also, whole=whole, where=where, what=what)
    return int(number) if whole and number.is_integer() else number


def as_number(options: Sequence[Mapping[str, Any]], data: Any) -> Any:
    """A value of a plan as the number that a text with a unit gives; any other value as it is.

    Args:
        options: the JSON Schemas of which the field keeps one.
        data: the value.
    """
    text = next((option for option in options if "unit" in option), None) if type(data) is str else None
    if text is None:
        return data
    whole = any(option.get("type") == "integer" for option in options)
    try:
        return number_in(data, text["unit"], text.get("also", ()), whole)
    except InputError:
        return data
