"""An entry of the registry with every value and its source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mlsysim.cli.listing import ABOUT
from mlsysim.cli.output import emit
from mlsysim.cli.tables import table
from mlsysim.profiles import profile
from mlsysim.registry import CATEGORIES, Entry, Value, standard
from mlsysim.symbolic.errors import InputError, UnknownNameError

#: What the page shows of a value in its table; how it was read stands with the sources.
_SHOWN = ("fact", "value", "verified", "kind", "source", "note")


def named(name: str) -> Entry:
    """The entry that a name finds in whatever category.

    Raises:
        UnknownNameError: there is none.
        InputError: several categories have one.
    """
    zoo = standard()
    category, slash, rest = name.partition("/")
    if slash and category in CATEGORIES:
        return zoo.find(category, rest)
    found = zoo.categories_of(name)
    if not found:
        known = [entry.name for each in CATEGORIES for entry in zoo.entries(each).values()]
        raise UnknownNameError("entry", name, known, see="see `mlsysim zoo`")
    exactly = [each for each in found if zoo.find(each, name).name == name]
    if len(found) > 1 and len(exactly) != 1:
        choices = " or ".join(f"{each}/{name}" for each in found)
        raise InputError(f"{name!r} stands in {', '.join(found)}", hint=f"say which: {choices}")
    return zoo.find((exactly or found)[0], name)


def rows(entry: Entry) -> list[dict[str, Any]]:
    """Every value with its source, one row each."""
    return [{"fact": name, **_row(value)} for name, value in entry.facts.items()]


def _row(value: Value) -> dict[str, Any]:
    holds = ", ".join(str(part) for part in (value.scope, value.method, value.year) if part)
    notes = [holds, f"{value.low} to {value.high}" if value.low else "", value.where, value.note]
    notes += [f"not {text} [{source}]: {reason}" for text, source, reason in value.alternatives]
    return {
        "value": value.text, "verified": "yes" if value.verified else "no",
        "kind": value.kind, "source": value.source.key, "read": value.accessed, "how": value.how,
        "note": "; ".join(part for part in notes if part),
    }  # fmt: skip


def as_data(entry: Entry) -> dict[str, Any]:
    """An entry as plain data."""
    about = {key: getattr(entry, key) for key in (*ABOUT, "note")}
    facts = {}
    for name, value in entry.facts.items():
        data = {key: part for key, part in asdict(value).items() if part not in ("", None)}
        alternatives = [{"value": t, "source": s, "reason": r} for t, s, r in value.alternatives]
        facts[name] = {**data, "source": value.source.key, "alternatives": alternatives}
    computed = {"computed": _computed(entry)} if entry.category == "models" else {}
    plan = {"plan": dict(entry.plan)} if entry.plan else {}
    return {"category": entry.category, **about, "aliases": list(entry.aliases), "links": dict(entry.links), "facts": facts,
            **computed, **plan, "sources": sources(entry)}  # fmt: skip


def sources(entry: Entry) -> dict[str, dict[str, Any]]:
    """The publications of an entry's values and alternatives, by key."""
    known = standard().sources
    keys = {value.source.key for value in entry.facts.values()}
    keys |= {source for value in entry.facts.values() for _, source, _ in value.alternatives}
    return {key: {k: v for k, v in asdict(known[key]).items() if k != "key"} for key in sorted(keys)}


def _computed(entry: Entry) -> dict[str, str]:
    """A model's numbers by walls 1, 2 and 5."""
    return profile(entry).rows()


def page(entry: Entry) -> None:
    """Print an entry for people."""
    about = ", ".join(part for part in (entry.vendor, entry.family, entry.kind, entry.status, entry.licence) if part)
    emit(f"{entry.name}: {entry.title}\n{entry.category}; {about}")
    if entry.aliases:
        emit(f"also called {', '.join(entry.aliases)}")
    if entry.note:
        emit(entry.note)
    for role, target in entry.links.items():
        emit(f"{role}: {target}")
    if entry.facts:
        shown = rows(entry)
        nothing = [row["fact"] for row in shown if row["value"] == "0" and not row["note"]]
        table([{h: row[h] for h in _SHOWN} for row in shown if row["fact"] not in nothing], "")
        if nothing:
            emit(f"0: {', '.join(nothing)}\n")
    if entry.category == "models":
        emit("Computed from the architecture (walls 1, 2 and 5), in bf16")
        for name, text in _computed(entry).items():
            emit(f"  {name:<22}{text}")
    if entry.plan:
        import yaml

        emit(yaml.safe_dump(dict(entry.plan), sort_keys=False, allow_unicode=True))
    ways = {(v.source.key, v.how, v.verified, v.accessed): None for v in entry.facts.values()}
    for key, source in sources(entry).items():
        emit(f"[{key}] {source['author']}: {source['title']} ({source['year']}) {source['url']}".rstrip())
        for _, how, verified, accessed in (way for way in ways if way[0] == key):
            emit(f"  {'verified' if verified else 'not verified'}: {how}{f', {accessed}' if accessed else ''}")
