"""Auditing the registry: every file checked again, and its values counted."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from mlsysim.design.assumptions import OLD
from mlsysim.registry import CATEGORIES, standard


def audit() -> tuple[list[dict[str, Any]], list[str]]:
    """Check the registry's YAML and a user's own, and count.

    Returns:
        One row for each category and one for all, and what a reader should know besides.

    Raises:
        InputErrors: a value without a source, or anything else that is wrong, each with its place.
    """
    from mlsysim.registry import build

    build.build()
    rows = []
    whole: Counter[str] = Counter()
    for category in CATEGORIES:
        found = standard().entries(category).values()
        values = [value for entry in found for value in entry.facts.values()]
        count = Counter({"entries": len(found), "values": len(values), "verified": sum(v.verified for v in values)})
        count["unverified"] = len(values) - count["verified"]
        count["not published"] = sum(not v.published for v in values)
        count.update(value.kind for value in values)
        whole.update(count)
        rows.append({"category": category, **count})
    kinds = ("definition", "datasheet", "paper", "report", "measured", "derived", "estimate")
    heads = ("entries", "values", "verified", "unverified", "not published", *kinds)
    rows = [{"category": row["category"], **{head: row.get(head, 0) for head in heads}} for row in rows]
    rows.append({"category": "all", **{head: whole[head] for head in heads}})
    share = whole["verified"] / whole["values"]
    notes = [f"Every value has a source; {share:.0%} were read at their source or confirmed by another."]
    today = date.today()
    old = [
        entry.name
        for entry in standard().entries("prices").values()
        for value in entry.facts.values()
        if value.accessed and (today - date.fromisoformat(value.accessed)).days > OLD
    ]
    if old:
        notes.append(f"{len(old)} prices were read more than {OLD} days ago: {', '.join(old)}")
    return rows, notes
