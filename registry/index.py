"""The index that commands read: every entry in one file, with its values in coherent units.

``python -m mlsysim.registry.build`` makes ``index.json`` from the YAML files, which stay the one source; the index
carries a digest of them and is refused when it no longer matches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from mlsysim.registry.entry import Entry, Source, Value
from mlsysim.symbolic.errors import StaleKernelError, UnknownNameError

FOLDER = Path(__file__).parent
INDEX = FOLDER / "index.json"

#: Every category of entries, with the word for one of them.
CATEGORIES = {
    "hardware": "hardware", "models": "model", "nodes": "node", "fabrics": "fabric", "grids": "region",
    "facilities": "facility", "prices": "price", "datatypes": "precision", "optimizers": "optimizer",
    "software": "software profile", "storage": "storage", "reliability": "reliability profile",
    "scaling": "scaling law", "privacy": "privacy method",
}  # fmt: skip


def yaml_files() -> list[Path]:
    """The files that the index is made from."""
    return sorted(FOLDER.rglob("*.yaml"))


def digest() -> str:
    """A digest of the registry's YAML files."""
    found = sha256()
    for path in yaml_files():
        found.update(path.relative_to(FOLDER).as_posix().encode())
        found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()[:16]


@cache
def _index() -> Mapping[str, Any]:
    cure = "run `make generate`"
    try:
        index: Mapping[str, Any] = json.loads(INDEX.read_bytes())
    except FileNotFoundError:
        raise StaleKernelError("the registry's index has not been generated", hint=cure) from None
    if index["digest"] != digest():
        raise StaleKernelError("the registry's index does not match its YAML files", hint=cure)
    return index


@cache
def source(key: str) -> Source:
    """The publication with a key."""
    return Source(key=key, **_index()["sources"][key])


@cache
def entries(category: str) -> Mapping[str, Entry]:
    """Every entry of a category, by its name.

    Raises:
        UnknownNameError: there is no such category.
    """
    if category not in CATEGORIES:
        raise UnknownNameError("category", category, CATEGORIES, see=f"the zoo has {', '.join(CATEGORIES)}")
    return {record["name"]: _entry(category, record) for record in _index()["entries"][category]}


def _entry(category: str, record: Mapping[str, Any]) -> Entry:
    facts = {
        name: Value(
            fact["text"], fact["number"], fact["unit"], source(fact["source"]), fact["kind"], fact["verified"],
            fact["how"], fact.get("where", ""), fact.get("note", ""),
            tuple((a["value"], a["source"], a["reason"]) for a in fact.get("alternatives", ())),
        )
        for name, fact in record["facts"].items()
    }  # fmt: skip
    return Entry(category, record, facts)


@cache
def _names(category: str) -> Mapping[str, str]:
    return {
        _plain(word): record["name"]
        for record in _index()["entries"][category]
        for word in (record["name"], record["id"], record["title"], *record["aliases"])
    }


def find(category: str, name: str, *, where: str | None = None) -> Entry:
    """Find an entry by name, identifier or alias; case and punctuation do not matter.

    Raises:
        UnknownNameError: there is none; the nearest names are suggested.

    >>> find("hardware", "nvidia-h100-sxm5-80gb").name
    'H100'
    """
    known = _names(category)
    if _plain(name) in known:
        return entries(category)[known[_plain(name)]]
    names = [record["name"] for record in _index()["entries"][category]]
    aliases = [word for record in _index()["entries"][category] for word in record["aliases"]]
    elsewhere = [other for other in _index()["entries"] if _plain(name) in _names(other)]
    see = f"see `mlsysim zoo {category}`" + "".join(
        f"; {name!r} stands in `mlsysim zoo {other}`" for other in elsewhere
    )
    raise UnknownNameError(CATEGORIES[category], name, [*names, *aliases], where=where, see=see)


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())
