"""A configuration as somebody saved it: JSON within budgets, and what is wrong with a key in words."""

from __future__ import annotations

import json
import math
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlsysim.registry.document import read_text
from mlsysim.symbolic.errors import InputError

Facts = dict[str, int]

#: The most that a configuration may hold; those with long lists about quantisation have three million bytes.
MAX_BYTES = 8_000_000


_SMALLER = "take out what is no size of the model, such as quantization_config with its lists of layers"


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing, a folder, unreadable, too large, not UTF-8, not JSON, nested too deeply, or says
            a key twice.
    """
    shown = str(path)

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in found:
            if key in mapping:
                raise InputError(f"duplicate key {in_words(key)}", where=shown, hint="say it once")
            mapping[key] = value
        return mapping

    try:
        return json.loads(read_text(path, shown, "JSON", MAX_BYTES, _SMALLER), object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        where = f"{shown}:{error.lineno}:{error.colno}"
        raise InputError(f"not JSON: {error.msg}", where=where, hint="check commas, quotes and brackets") from None
    except RecursionError:
        raise InputError("nested too deeply", where=shown, hint="a configuration is flat") from None
    except InputError:
        raise
    except ValueError:  # an integer of thousands of digits
        raise InputError("not JSON: a number is too long", where=shown, hint="check its digits") from None


class Config:
    """The keys of a configuration.

    Args:
        data: the configuration, as JSON gives it.
        where: what to call it in messages.
        defaults: what holds for keys that it leaves out; none for a configuration that is written in full.
    """

    def __init__(self, data: Any, where: str | None = None, defaults: Mapping[str, Any] | None = None) -> None:
        """Read keys of a configuration."""
        self.where = where
        if not isinstance(data, Mapping):
            raise self.error(
                f"a configuration is a mapping from key to value, this is {in_words(data)}",
                "give the model's config.json",
            )
        self.stated: Mapping[str, Any] = data
        self.data: Mapping[str, Any] = ChainMap(dict(data), dict(defaults or {}))
        #: The key that each fact was read from.
        self.keys: dict[str, str] = {}
        #: The keys that were left out, with the defaults that were taken.
        self.assumed: dict[str, Any] = {}

    def called(self, fact: str) -> str:
        """A fact as the configuration calls it."""
        return self.keys.get(fact, fact)

    def error(self, what: str, hint: str = "") -> InputError:
        """An error at this configuration."""
        return InputError(what, where=self.where, hint=hint or None)

    def get(self, key: str) -> Any:
        """What a key says; None where it is absent."""
        return self.data.get(key)

    def beyond(self, key: str, value: int, least: int, most: int) -> InputError:
        """The error of a number that lies outside its range."""
        return self.error(f"{key} is {in_words(value)}", f"it must lie between {least:,} and {most:,}")

    def key(self, names: tuple[str, ...]) -> str | None:
        """The first of some names for the same thing that says something; of those that are stated, where one is."""
        stated = [name for name in names if name in self.stated]
        found = next((name for name in stated or names if self.data.get(name) is not None), None)
        if found is not None and found not in self.stated:
            self.assumed[found] = self.data[found]
        return found

    def missing(self, names: tuple[str, ...]) -> InputError:
        """The error of a key that must be there."""
        others = f" (or {', '.join(names[1:])})" if names[1:] else ""
        state = "is null" if any(name in self.data for name in names) else "is missing"
        return self.error(
            f"{names[0]} {state}", f"the library has no default that holds for every model; add {names[0]}{others}"
        )

    def whole(self, key: str, least: int, most: int) -> int:
        """A whole number in a range."""
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"{key} is {in_words(value)}, a whole number is needed", f"write it like {max(least, 32)}")
        if not least <= value <= most:
            raise self.beyond(key, value, least, most)
        return value

    def flag(self, key: str) -> int:
        """Yes or no, as 1 or 0."""
        value = self.data[key]
        if not isinstance(value, bool):
            raise self.error(f"{key} is {in_words(value)}, true or false is needed")
        return int(value)

    def share(self, key: str) -> float:
        """A number between zero and one."""
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 or math.isnan(value):
            raise self.error(f"{key} is {in_words(value)}, a number between 0 and 1 is needed")
        return float(value)

    def word(self, key: str) -> str:
        """A word."""
        value = self.data[key]
        if not isinstance(value, str):
            raise self.error(f"{key} is {in_words(value)}, a word is needed")
        return value


def in_words(value: Any) -> str:
    """A value as a message says it, which it must not flood."""
    if isinstance(value, Mapping | list | tuple):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**20:
        return f"a number beyond {'-' if value < 0 else ''}1e20"
    said = {True: "true", False: "false", None: "null"}.get(value) if value is None or isinstance(value, bool) else None
    text = said or ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
