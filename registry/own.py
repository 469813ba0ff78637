"""A user's own entries: YAML files of the registry's form, looked in before the registry.

A file is a mapping from category to a list of entries, with the publications they name under ``sources``::

    sources:
      my-lab: {title: Measurements of our chip, author: Our lab, year: 2026}
    hardware:
      - id: my-chip
        name: MyChip
        title: Our chip
        from: {source: my-lab, kind: measured, verified: true, how: measured by us}
        facts: {compute.peak.bf16: 400 TFLOP/s, memory.capacity: 64 GB, ...}
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from mlsysim.registry.categories import CATEGORIES
from mlsysim.registry.compilation import Item, compile_entries, items
from mlsysim.registry.document import Document, read
from mlsysim.registry.entry import Source
from mlsysim.registry.index import SOURCES, Layer, Zoo
from mlsysim.registry.schema import Origin
from mlsysim.symbolic.errors import InputError, nearest

#: How a file of entries begins.
_START = f"start with `hardware:` or another of {', '.join(CATEGORIES)}"


def read_own(path: Path, over: Zoo) -> Layer:
    """Read a file of entries, or every YAML file of a folder.

    Raises:
        InputError: there is no such file, or an entry does not fit the schema.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
        if not files:
            raise InputError("there is no YAML file in this folder", where=str(path), hint="put entries there")
        return own_layer([read(file, start=_START) for file in files], over)
    return own_layer([read(path, start=_START)], over)


def own_layer(documents: list[Document], over: Zoo, default: Origin | None = None) -> Layer:
    """The entries of some documents, which may name the sources of the zoo that they come over."""
    stated = [part for document in documents for part in _parts(document)]
    sources = [(document, place, data) for name, document, place, data in stated if name == SOURCES]
    entries = [item for part in stated if part[0] != SOURCES for item in items(*part)]
    return Layer(compile_entries(entries, sources, over.sources, default).__getitem__, over.sources)


def in_plan(section: Document, over: Zoo) -> Layer:
    """The entries that a plan states itself; the plan is their source where they name no other."""
    plan = Source("plan", "Stated in the plan itself", "the plan's author", date.today().year, "", "online", "")
    told = Origin(source="plan", kind="estimate", verified=False, how="stated in the plan")
    nothing: dict[str, Any] = {category: {"origins": [], "entries": []} for category in CATEGORIES}
    zoo = over.over(Layer({SOURCES: {}, **nothing}.__getitem__, {"plan": plan}))
    return own_layer([section], zoo, told)


def _parts(document: Document) -> Iterator[Item]:
    if not isinstance(document.data, dict):
        raise InputError(
            "a file of entries is a mapping from category to entries", where=document.where(()),
            hint=_START,
        )  # fmt: skip
    for name, data in document.data.items():
        if name not in (*CATEGORIES, SOURCES):
            near = nearest(name, (*CATEGORIES, SOURCES))
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(CATEGORIES)}"
            raise InputError(f"{name!r} is no category", where=document.where((name,), key=True), hint=hint)
        yield name, document, (name,), data
