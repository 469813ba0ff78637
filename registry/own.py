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

import os
from collections.abc import Iterator
from datetime import date
from itertools import islice
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


#: What a folder of entries may hold: levels of folders below it, files and folders in all, YAML files, and bytes in these.
MAX_LEVELS, MAX_NAMES, MAX_FILES, MAX_BYTES = 3, 2_000, 200, 5_000_000


def read_own(path: Path, over: Zoo) -> Layer:
    """Read a file of entries, or every YAML file of a folder and of those in it.

    Raises:
        InputError: there is no such file, a folder holds more than entries would, or an entry does not fit the schema.
    """
    files = _yaml_files(path) if path.is_dir() else [path]
    return own_layer([read(file, start=_START) for file in files], over)


def _yaml_files(folder: Path) -> list[Path]:
    """The YAML files of a folder, within the budget; folders that are hidden or links, and pipes, are passed over."""
    files: list[Path] = []
    folders, names = [(folder, 0)], 0
    for inner, level in folders:
        for found in _listed(inner):
            names += 1
            if names > MAX_NAMES:
                raise _not_entries(folder, f"this folder holds more than {MAX_NAMES:,} files and folders")
            if found.is_dir(follow_symlinks=False):
                if not found.name.startswith("."):
                    folders.append((Path(found.path), level + 1))
            elif found.name.endswith((".yaml", ".yml")) and found.is_file():
                files.append(Path(found.path))
        if folders[-1][1] > MAX_LEVELS:
            raise _not_entries(folders[-1][0], f"this folder lies more than {MAX_LEVELS} levels below {folder}")
    if not files:
        raise InputError("there is no YAML file in this folder", where=str(folder), hint="put entries there")
    if len(files) > MAX_FILES:
        raise _not_entries(folder, f"this folder holds {len(files):,} YAML files, more than {MAX_FILES}")
    size = sum(file.stat().st_size for file in files)
    if size > MAX_BYTES:
        raise _not_entries(folder, f"the YAML files of this folder have {size:,} bytes, more than {MAX_BYTES:,}")
    return sorted(files)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds, in no order; a little more than the budget is enough."""
    try:
        with os.scandir(folder) as found:
            return list(islice(found, MAX_NAMES + 1))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(folder), hint="check its permissions") from None


def _not_entries(folder: Path, what: str) -> InputError:
    return InputError(what, where=str(folder), hint="name a file, or a folder that holds nothing but your own entries")


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
