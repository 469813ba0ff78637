"""Sources as BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlsysim.symbolic import escapes

_KINDS = {"techreport", "article", "inproceedings", "book"}
_VENUE = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "techreport": "institution"}


def bibliography(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """All sources as BibTeX, by key."""
    return "\n".join(bibtex(key, source) for key, source in sorted(sources.items()))


def bibtex(key: str, source: Mapping[str, Any]) -> str:
    """One source as BibTeX."""
    kind = source["type"] if source["type"] in _KINDS else "misc"
    fields = {
        "title": f"{{{escapes.bibtex(source['title'])}}}", "author": escapes.bibtex_names(source["author"]),
        "year": str(source["year"]), _VENUE.get(source["type"], "howpublished"): escapes.bibtex(source["venue"]),
        "url": escapes.address(source["url"]),
    }  # fmt: skip
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{escapes.bibtex_key(key)},\n{lines}}}\n"
