"""An entry of the registry as a page for people."""

from __future__ import annotations

from mlsysim.cli.output import emit
from mlsysim.cli.tables import table
from mlsysim.entries import computed, rows, sources
from mlsysim.page import wrapped
from mlsysim.registry import Entry
from mlsysim.reports.data import as_yaml
from mlsysim.symbolic.escapes import line

#: What the page shows of a value in its table; notes stand below it, and how it was read with the sources.
_SHOWN = ("fact", "value", "verified", "kind", "source")


def page(entry: Entry) -> None:
    """Print an entry for people."""
    about = ", ".join(part for part in (entry.vendor, entry.family, entry.kind, entry.status, entry.licence) if part)
    emit(f"{entry.name}: {line(entry.title)}\n{entry.category}; {line(about)}")
    if entry.aliases:
        emit(f"also called {line(', '.join(entry.aliases))}")
    if entry.note:
        emit(line(entry.note))
    for role, target in entry.links.items():
        emit(f"{role}: {target}")
    if entry.facts:
        shown = rows(entry)
        nothing = [row["fact"] for row in shown if row["value"] == "0" and not row["note"]]
        table([{h: row[h] for h in _SHOWN} for row in shown if row["fact"] not in nothing], "")
        for row in shown:
            if row["note"]:
                emit("\n".join(wrapped(f"{row['fact']}: {row['note']}", hanging="  ")))
        if nothing:
            emit(f"0: {', '.join(nothing)}\n")
    if entry.category == "models":
        emit("Computed from the architecture (walls 1, 2 and 5), in bf16")
        for name, text in computed(entry).items():
            emit(f"  {name:<22}{text}")
    if entry.plan:
        emit(as_yaml(dict(entry.plan)))
    ways = {(v.source.key, v.how, v.verified, v.accessed): None for v in entry.facts.values()}
    for key, source in sources(entry).items():
        emit(line(f"[{key}] {source['author']}: {source['title']} ({source['year']}) {source['url']}"))
        for _, how, verified, accessed in (way for way in ways if way[0] == key):
            said = line(how) + (f", {accessed}" if accessed else "")
            emit(f"  {'verified' if verified else 'not verified'}: {said}")
