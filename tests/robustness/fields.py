"""Every field of a plan, read off its published schema, so that a new field is tested without a word here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import yaml

from mlsysim.registry import standard
from mlsysim.schemas import schema_of
from tests.robustness import corpus

Path_ = tuple[str | int, ...]

#: Plans that hold, each of another kind, which the tests spoil.
BASES: dict[str, dict[str, Any]] = {name: yaml.safe_load(text) for name, text in corpus.BASES.items()}
#: Where the names of a field come from, by its last word; other names are drawn from all of these.
CATEGORIES = {"node": "nodes", "precision": "datatypes", "precisions": "datatypes", "optimizer": "optimizers",
              "region": "grids", "facility": "facilities", "fleet": "fleets", "fabric": "fabrics", "link": "fabrics"}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A place in a plan and what the schema says of it.

    Attributes:
        path: keys from the top; 0 stands for an item of a list.
        options: the rules of which one must hold.
    """

    path: Path_
    options: tuple[Mapping[str, Any], ...]

    @property
    def dotted(self) -> str:
        """The field as messages name it."""
        shown = ""
        for part in self.path:
            shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
        return shown

    @property
    def kinds(self) -> set[str]:
        """The JSON types that it takes."""
        return {str(option.get("type", "string")) for option in self.options}

    @property
    def category(self) -> str:
        """Where its names are looked up; empty where they are not."""
        last = next((str(part) for part in reversed(self.path) if not isinstance(part, int)), "")
        if last == "name":
            return {"workload": "models", "hardware": "hardware"}.get(str(self.path[0]), "")
        return CATEGORIES.get(last, "")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the registry that it could be."""
        return tuple(standard().entries(self.category)) if self.category else ()


def _options(rule: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in rule:
        yield from _options(schema_of("plan")["$defs"][rule["$ref"].rpartition("/")[2]])
    elif "anyOf" in rule:
        for option in rule["anyOf"]:
            yield from _options(option)
    else:
        yield rule


def _fields(rule: Mapping[str, Any], path: Path_) -> Iterator[Field]:
    options = tuple(_options(rule))
    if path:
        yield Field(path, options)
    for option in options:
        for key, member in option.get("properties", {}).items():
            yield from _fields(member, (*path, key))
        if "items" in option and len(path) < 8:
            yield from _fields(option["items"], (*path, 0))


@cache
def fields() -> tuple[Field, ...]:
    """Every field of a plan: sections, lists and what they hold."""
    found: dict[Path_, Field] = {}
    for field in _fields(schema_of("plan"), ()):
        known = found.get(field.path)
        found[field.path] = Field(field.path, (*known.options, *field.options)) if known else field
    return tuple(found.values())


def copied(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan of one's own to change."""
    return dict(json.loads(json.dumps(plan)))


def placed(plan: Mapping[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """A plan with one value set, and the sections and lists that lead to it made where they are missing."""
    new = copied(plan)
    place: Any = new
    for step, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not place:
                place.append(empty)
            if not isinstance(place[step], type(empty)):
                place[step] = empty
        elif not isinstance(place.get(step), type(empty)):
            place[step] = empty
        place = place[step]
    if isinstance(path[-1], int) and not place:
        place.append(value)
    else:
        place[path[-1]] = value
    return new
