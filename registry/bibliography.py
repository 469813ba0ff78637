"""Sources as BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KINDS = {"techreport", "article", "inproceedings", "book"}
_VENUE = {"article": "journal", "inproceedings": "booktitle", "book": "publisher", "techreport": "institution"}
_IN_TEX = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "λ": r"$\lambda$"}


def bibliography(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """All sources as BibTeX, by key."""
    return "\n".join(bibtex(key, source) for key, source in sorted(sources.items()))


def bibtex(key: str, source: Mapping[str, Any]) -> str:
    """One source as BibTeX."""
    kind = source["type"] if source["type"] in _KINDS else "misc"
    fields = {
        "title": f"{{{source['title']}}}", "author": source["author"], "year": str(source["year"]),
        _VENUE.get(source["type"], "howpublished"): source["venue"], "url": source["url"],
    }  # fmt: skip
    lines = "".join(f"  {name} = {{{_escape(value)}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{lines}}}\n"


def _escape(value: str) -> str:
    """Text as TeX takes it; addresses are left to the bibliography's own command."""
    return value if "://" in value else "".join(_IN_TEX.get(c, c) for c in value)
