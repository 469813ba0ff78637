"""An entry of the registry as plain data: every value with its source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mlsysim.listing import ABOUT
from mlsysim.profiles import profile
from mlsysim.registry import Entry, Value, standard
from mlsysim.registry.entry import Published


def rows(entry: Entry) -> list[dict[str, Any]]:
    """Every value with its source, one row each."""
    return [{"fact": name, **_row(value)} for name, value in entry.facts.items()]


def _row(value: Value) -> dict[str, Any]:
    holds = ", ".join(str(part) for part in (value.scope, value.method, value.year) if part)
    notes = [holds, f"{value.low} to {value.high}" if value.low else "", value.where, value.note]
    notes += [f"not {text} [{source}]: {reason}" for text, source, reason in value.alternatives]
    return {
        "value": Published(value.text), "verified": "yes" if value.verified else "no",
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
    counted = {"computed": computed(entry)} if entry.category == "models" else {}
    plan = {"plan": dict(entry.plan)} if entry.plan else {}
    return {"category": entry.category, **about, "aliases": list(entry.aliases), "links": dict(entry.links), "facts": facts,
            **counted, **plan, "sources": sources(entry)}  # fmt: skip


def sources(entry: Entry) -> dict[str, dict[str, Any]]:
    """The publications of an entry's values and alternatives, by key."""
    known = standard().sources
    keys = {value.source.key for value in entry.facts.values()}
    keys |= {source for value in entry.facts.values() for _, source, _ in value.alternatives}
    return {key: {k: v for k, v in asdict(known[key]).items() if k != "key"} for key in sorted(keys)}


def computed(entry: Entry) -> dict[str, str]:
    """A model's numbers by walls 1, 2 and 5."""
    return profile(entry).rows()
