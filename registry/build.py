"""Checking every fact and writing the index: ``python -m mlsysim.registry.build``.

It also writes ``papers/references.bib`` where the project's folder is there, so that facts and derivations share one
bibliography.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlsysim.registry.bibliography import bibliography
from mlsysim.registry.categories import category_of
from mlsysim.registry.compilation import Item, compile_entries, items
from mlsysim.registry.document import Document, read
from mlsysim.registry.index import FOLDER, INDEX, SOURCES, checksum, yaml_files
from mlsysim.symbolic.errors import InputError

BIBLIOGRAPHY = FOLDER.parent / "papers" / "references.bib"


def build() -> dict[str, Any]:
    """Everything the index holds: the entries and origins of each category, and the sources.

    Raises:
        InputError: a file does not fit the schema, a unit is unknown, a source is missing, a name stands twice.
    """
    documents = {path: read(path, path.relative_to(FOLDER).as_posix()) for path in yaml_files()}
    sources = documents.pop(FOLDER / "sources.yaml")
    return compile_entries(_items(documents), [(sources, (), sources.data)])


def _items(documents: Mapping[Path, Document]) -> Iterator[Item]:
    for path, document in documents.items():
        yield from items(category_of(path.relative_to(FOLDER).parts), document, (), document.data)


def main() -> None:
    """Write the index and the bibliography."""
    index = build()
    INDEX.mkdir(exist_ok=True)
    for part, content in index.items():
        rows = [f"{_json(key)}: {_rows(value)}" for key, value in content.items()]
        text = f'{{"checksum": "{checksum(part)}", "content": {{\n{f",{chr(10)}".join(rows)}}}}}\n'
        (INDEX / f"{part}.json").write_text(text, encoding="utf-8")
    if BIBLIOGRAPHY.parent.is_dir():
        BIBLIOGRAPHY.write_text(bibliography(index[SOURCES]), encoding="utf-8")


def _rows(value: Any) -> str:
    """One row a line, so that a change shows as one line."""
    return "[" + ",\n".join(map(_json, value)) + "]" if isinstance(value, list) else _json(value)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
