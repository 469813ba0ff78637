"""Lists of the registry as tables."""

from __future__ import annotations

from typing import Any

from mlsysim.registry import Entry, entries
from mlsysim.registry.index import CATEGORIES

#: What a list shows of each entry: the heading and the fact.
_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "hardware": (("bf16", "compute.peak.bf16"), ("int8", "compute.peak.int8"), ("memory", "memory.capacity"),
                 ("bandwidth", "memory.bandwidth"), ("power", "power.maximum")),
    "models": (("parameters", "published.parameters"), ("layers", "layers"), ("hidden", "hidden"), ("heads", "heads"),
               ("kv", "kv_heads"), ("experts", "experts"), ("sequence", "sequence_length"), ("MAC", "multiply_accumulates")),
    "nodes": (("accelerators", "accelerators"), ("ports", "ports"), ("power", "power.maximum"), ("reach", "reach")),
    "fabrics": (("bandwidth, one way", "bandwidth"), ("latency", "latency")),
    "grids": (("carbon", "carbon_intensity"), ("water", "water_intensity")),
    "facilities": (("PUE", "pue"), ("WUE", "wue")),
    "prices": (("price", "per_accelerator"),),
}  # fmt: skip


def overview() -> list[dict[str, Any]]:
    """Every category, with how many entries it has and how many of its values are verified."""
    rows = []
    for category in CATEGORIES:
        values = [value for entry in entries(category).values() for value in entry.facts.values()]
        verified = sum(value.verified for value in values)
        rows.append(
            {"category": category, "entries": len(entries(category)), "values": len(values), "verified": verified}
        )
    return rows


def listing(category: str) -> list[dict[str, Any]]:
    """Every entry of a category with its main values and how many of its values are verified.

    Raises:
        UnknownNameError: no such category.
    """
    return [_row(category, entry) for entry in entries(category).values()]


def _row(category: str, entry: Entry) -> dict[str, Any]:
    columns = _COLUMNS.get(category) or tuple((name, name) for name in list(entry.facts)[:5])
    row: dict[str, Any] = {"name": entry.name, "title": entry.title}
    if entry.family:
        row["family"] = entry.family
    for heading, fact in columns:
        value = entry.facts.get(fact)
        row[heading] = _short(value.text) if value and value.published else None
    verified = sum(value.verified for value in entry.facts.values())
    return row | {"verified": f"{verified}/{len(entry.facts)}"}


def _short(text: str) -> str:
    """A count without the unit that its heading says already, with thousands separators."""
    number, _, unit = text.partition(" ")
    if unit in ("param", "token/sample", "") and number.replace(".", "").isdigit():
        return f"{float(number):,.0f}" if float(number) >= 1 or float(number) == 0 else number
    return text


def table(rows: list[dict[str, Any]], title: str) -> None:
    """Print rows as a table on standard output."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if Console().is_terminal else 160)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    drawn = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for heading in headings:
        numeric = heading not in ("name", "title", "family", "category", "domain", "core", "binds")
        drawn.add_column(heading, justify="right" if numeric else "left", no_wrap=heading == "name")
    for row in rows:
        drawn.add_row(*("" if row.get(h) is None else str(row[h]) for h in headings))
    console.print(drawn)
