"""Checking every fact and writing the index: ``python -m mlsysim.registry.build``.

It also writes ``papers/references.bib`` where the project's folder is there, so that facts and derivations share one
bibliography.
"""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import ValidationError

from mlsysim.registry.document import Document, read
from mlsysim.registry.index import CATEGORIES, FOLDER, INDEX, digest, yaml_files
from mlsysim.registry.schema import NOT_PUBLISHED, EntryFile, Fact, SourceFile
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.units import coherent, dimension, factor

BIBLIOGRAPHY = FOLDER.parent / "papers" / "references.bib"


def build() -> dict[str, Any]:
    """Everything the index holds.

    Raises:
        InputError: a file does not fit the schema, a unit is unknown, a source is missing, a name stands twice.
    """
    documents = {path: read(path, path.relative_to(FOLDER).as_posix()) for path in yaml_files()}
    sources = _sources(documents.pop(FOLDER / "sources.yaml"))
    found: dict[str, list[dict[str, Any]]] = {category: [] for category in CATEGORIES}
    taken: dict[tuple[str, str], str] = {}
    for path, document in documents.items():
        category = path.relative_to(FOLDER).parts[0].removesuffix(".yaml").partition("_")[0]
        if category not in CATEGORIES:
            raise InputError(
                f"{category!r} is no category", where=document.name, hint=f"one of {', '.join(CATEGORIES)}"
            )
        for position, raw in _records(document):
            entry = _validated(document, position, raw)
            for word in {entry.id, entry.name, *entry.aliases}:
                if taken.setdefault((category, word.casefold()), entry.id) != entry.id:
                    raise InputError(f"{word!r} is taken by {taken[category, word.casefold()]}", where=document.name)
            found[category].append(_record(document, position, entry, sources))
    return {"digest": digest(), "sources": sources, "entries": found}


def _records(document: Document) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(document.data, list):
        return [((i,), item) for i, item in enumerate(document.data)]
    return [((), document.data)]


def _sources(document: Document) -> dict[str, Any]:
    try:
        return {key: SourceFile.model_validate(raw).model_dump() for key, raw in document.data.items()}
    except ValidationError as error:
        raise _first(document, (), error) from None


def _validated(document: Document, position: tuple[str | int, ...], raw: Any) -> EntryFile:
    try:
        return EntryFile.model_validate(raw)
    except ValidationError as error:
        raise _first(document, position, error) from None


def _first(document: Document, position: tuple[str | int, ...], error: ValidationError) -> InputError:
    first = error.errors()[0]
    path = (*position, *first["loc"])
    return InputError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=document.where(path))


def _record(document: Document, position: tuple[str | int, ...], entry: EntryFile, sources: Any) -> dict[str, Any]:
    record = entry.model_dump(exclude={"facts"}, mode="json")
    record["facts"] = {}
    for name, fact in entry.facts.items():
        where = document.where((*position, "facts", name))
        for key in (fact.source, *(a.source for a in fact.alternatives)):
            if key not in sources:
                raise InputError(f"{name}: no source {key!r} in sources.yaml", where=where)
        record["facts"][name] = _fact(name, fact, where)
    return record


def _fact(name: str, fact: Fact, where: str) -> dict[str, Any]:
    number, unit = _number(name, fact.value, where)
    kept = fact.model_dump(mode="json", exclude={"value", "accessed"}, exclude_defaults=True)
    return {"text": _text(fact.value), "number": number, "unit": unit, **kept}


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def _number(name: str, value: float | str, where: str) -> tuple[float | None, str]:
    """A value in coherent units, and that unit."""
    if value == NOT_PUBLISHED:
        return None, ""
    if isinstance(value, (int, float)):
        number, unit = float(value), ""
    else:
        word, _, unit = value.partition(" ")
        try:
            number = float(word)
        except ValueError:
            return None, ""
        if not unit or not dimension(unit):
            raise InputError(f"{name}: {value!r} needs a unit, or no quotes if it is a plain number", where=where)
    if not math.isfinite(number) or number < 0:
        raise InputError(f"{name}: {value!r} is not a finite number of at least zero", where=where)
    return number * factor(unit), coherent(unit) if unit else "1"


def bibliography(sources: dict[str, Any]) -> str:
    """All sources as BibTeX, by key."""
    return "\n".join(_bibtex(key, source) for key, source in sorted(sources.items()))


def _bibtex(key: str, source: dict[str, Any]) -> str:
    kinds = {"techreport": "techreport", "article": "article", "inproceedings": "inproceedings", "book": "book"}
    venue = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "techreport": "institution"}
    fields = {
        "title": f"{{{source['title']}}}", "author": source["author"], "year": str(source["year"]),
        venue.get(source["type"], "howpublished"): source["venue"], "url": source["url"],
    }  # fmt: skip
    lines = "".join(f"  {name} = {{{_escape(value)}}},\n" for name, value in fields.items() if value)
    return f"@{kinds.get(source['type'], 'misc')}{{{key},\n{lines}}}\n"


_IN_TEX = {"&": r"\&", "%": r"\%", "_": r"\_", "λ": r"$\lambda$"}


def _escape(value: str) -> str:
    """Text as TeX takes it; addresses are left to the bibliography's own command."""
    return value if "://" in value else "".join(_IN_TEX.get(c, c) for c in value)


def main() -> None:
    """Write the index and the bibliography."""
    index = build()
    INDEX.write_text(json.dumps(index, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    if BIBLIOGRAPHY.parent.is_dir():
        BIBLIOGRAPHY.write_text(bibliography(index["sources"]), encoding="utf-8")


if __name__ == "__main__":
    main()
