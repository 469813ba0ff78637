"""Checking every fact and writing the index: ``python -m mlsysim.registry.build``.

It also writes ``papers/references.bib`` where the project's folder is there, so that facts and derivations share one
bibliography.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlsysim.registry.bibliography import bibliography
from mlsysim.registry.compilation import Item, compile_entries, items
from mlsysim.registry.document import Document, read
from mlsysim.registry.index import FOLDER, INDEX, digest, yaml_files
from mlsysim.registry.vocabulary import CATEGORIES

BIBLIOGRAPHY = FOLDER.parent / "papers" / "references.bib"


def build() -> dict[str, Any]:
    """Everything the index holds.

    Raises:
        InputError: a file does not fit the schema, a unit is unknown, a source is missing, a name stands twice.
    """
    documents = {path: read(path, path.relative_to(FOLDER).as_posix()) for path in yaml_files()}
    sources = documents.pop(FOLDER / "sources.yaml")
    return {"digest": digest(), **compile_entries(_items(documents), [(sources, (), sources.data)])}


def _items(documents: Mapping[Path, Document]) -> Iterator[Item]:
    for path, document in documents.items():
        category = path.relative_to(FOLDER).parts[0].removesuffix(".yaml")
        # Data under a licence of its own stands in a file of its own: grids_electricity_maps.yaml.
        category = next((c for c in CATEGORIES if category == c or category.startswith(c + "_")), category)
        yield from items(category, document, (), document.data)


def main() -> None:
    """Write the index and the bibliography."""
    index = build()
    sources = ",\n".join(f"{_json(key)}: {_json(value)}" for key, value in sorted(index["sources"].items()))
    origins = _list(index["origins"])
    entries = ",\n".join(f"{_json(category)}: {_list(found)}" for category, found in index["entries"].items())
    parts = {
        "digest": _json(index["digest"]),
        "sources": f"{{\n{sources}}}",
        "origins": origins,
        "entries": f"{{\n{entries}}}",
    }
    lines = ",\n".join(f"{_json(name)}: {part}" for name, part in parts.items())
    INDEX.write_text(f"{{{lines}}}\n", encoding="utf-8")
    if BIBLIOGRAPHY.parent.is_dir():
        BIBLIOGRAPHY.write_text(bibliography(index["sources"]), encoding="utf-8")


def _list(rows: Iterable[Any]) -> str:
    """One row a line, so that a change shows as one line."""
    return "[" + ",\n".join(map(_json, rows)) + "]"


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
