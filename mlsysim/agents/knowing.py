"""Tools that say what is known: the schemas, and the registry's facts with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlsysim.agents.tool import Schema, Tool, record, text, texts
from mlsysim.registry.categories import CATEGORIES, SAYS
from mlsysim.schemas import KINDS

if TYPE_CHECKING:
    from mlsysim.registry import Entry

#: Entries that an answer shows at most, and how many unless it is told.
MOST_ENTRIES, USUAL_ENTRIES = 50, 10
#: Entries of which every value is shown, where none is named.
SHOWN_WHOLE = 2


def get_schemas(which: str = "plan", part: str | None = None) -> dict[str, Any]:
    """A published JSON Schema: the parts of a long one, one of its parts, or a short one whole."""
    from mlsysim.agents import outline
    from mlsysim.schemas import schema_of

    parts = {} if part else outline.parts(which)
    schema = outline.part(which, part) if part else None if parts else schema_of(which)
    return {"which": which, "part": part, "schema": schema, "parts": parts, "kinds": list(KINDS)}


def search_registry(
    category: str | None = None,
    words: str = "",
    where: Iterable[str] = (),
    sort: str | None = None,
    descending: bool = False,
    facts: Iterable[str] = (),
    limit: int = USUAL_ENTRIES,
) -> dict[str, Any]:
    """Entries that fit, each value with its source."""
    from mlsysim.symbolic.errors import InputError

    named: dict[str, Any] = {"where": list(where), "sort": sort, "facts": list(facts)}
    for argument, given in named.items():
        if given and not category:
            raise InputError(f"{argument} needs a category", where=f"arguments.{argument}",
                             hint="facts belong to one: give category, such as hardware")  # fmt: skip
    if descending and not sort:
        raise InputError("descending: there is nothing to sort by", where="arguments.descending", hint="give sort")
    found = [
        entry for each in ((category,) if category else CATEGORIES)
        for entry in _listed(each, named["where"], sort, descending) if _holds(entry, words)
    ]  # fmt: skip
    shown = found[:limit]
    wanted = {each: _facts(each, named, whole=len(found) <= SHOWN_WHOLE) for each in {e.category for e in shown}}
    entries = [_told(entry, wanted[entry.category]) for entry in shown]
    keys = {value["source"] for entry in entries for value in entry["values"].values()}
    return {"count": len(found), "shown": len(shown), "entries": entries, "sources": sources_of(keys)}


def _listed(category: str, where: list[str], sort: str | None, descending: bool) -> Iterator[Entry]:
    """The entries of a category as the command line lists them."""
    from mlsysim.listing import listing
    from mlsysim.registry import entries

    known = entries(category)
    return (known[row["name"]] for row in listing(category, where, sort, descending, "name"))


def _holds(entry: Entry, words: str) -> bool:
    """Whether every word stands somewhere in what the entry says of itself."""
    said = " ".join((entry.name, entry.id, entry.title, entry.vendor, entry.family, entry.kind, *entry.aliases))
    return all(word in said.casefold() for word in words.casefold().split())


def _facts(category: str, named: dict[str, Any], *, whole: bool) -> set[str] | None:
    """The facts to show: those that were named, else the columns of the category's list; None means all."""
    from mlsysim import listing

    if named["facts"]:
        return {listing.fact_of(category, fact) for fact in named["facts"]}
    if whole or category not in listing.COLUMNS:
        return None
    more = {listing.fact_of(category, named["sort"])} if named["sort"] else set()
    return {fact for _, fact in listing.COLUMNS[category]} | more


def _told(entry: Entry, wanted: set[str] | None) -> dict[str, Any]:
    values = {
        name: {"value": value.text, "verified": value.verified, "source": value.source.key}
        for name, value in entry.facts.items() if wanted is None or name in wanted
    }  # fmt: skip
    return {
        "category": entry.category, "name": entry.name, "title": entry.title, "vendor": entry.vendor,
        "family": entry.family, "kind": entry.kind, "status": entry.status, "note": entry.note,
        "aliases": list(entry.aliases), "links": dict(entry.links), "values": values,
    }  # fmt: skip


def sources_of(keys: Iterable[str]) -> dict[str, Any]:
    """The publications with these keys, as data."""
    from mlsysim.registry import standard

    known = standard().sources
    return {key: {k: v for k, v in asdict(known[key]).items() if k != "key"} for key in sorted(keys) if key in known}


def source_schema() -> Schema:
    """The schema of publications by key."""
    word = {"type": "string"}
    one = record(title=word, author=word, year={"type": "integer"}, url=word, type=word, venue=word)
    return {"type": "object", "additionalProperties": one, "description": "publications by key"}


def _schemas_schema() -> Schema:
    names = {"type": "array", "items": {"type": "string"}}
    parts = {"type": "object", "additionalProperties": names, "description":
             "the parts to ask for, with the names in each; empty where schema is told"}  # fmt: skip
    return record(which={"enum": list(KINDS)}, part={"type": ["string", "null"]}, parts=parts,
                  schema={"type": ["object", "null"], "description": "the JSON Schema; null where a part must be named"},
                  kinds={**names, "description": "every schema there is"})  # fmt: skip


def _search_schema() -> Schema:
    word = {"type": "string"}
    value = record(value={**word, "description": "with its unit, as published"}, source=word, verified={
        "type": "boolean", "description": "whether it was read at its source or confirmed by another"})  # fmt: skip
    entry = record(
        category=word, name=word, title=word, vendor=word, family=word, kind=word, status=word, note=word,
        aliases={"type": "array", "items": word}, links={"type": "object", "additionalProperties": word},
        values={"type": "object", "additionalProperties": value},
    )  # fmt: skip
    return record(count={"type": "integer", "description": "entries that fit"}, shown={"type": "integer"},
                  entries={"type": "array", "items": entry}, sources=source_schema())  # fmt: skip


_CATEGORIES = "; ".join(f"{category}: {SAYS[category].rstrip('.')}" for category in CATEGORIES)
TOOLS = (
    Tool(
        "get_schemas", "Get schemas",
        "Get the JSON Schema of a plan (what plan_yaml can hold, with units), of a result (what evaluate_cluster_yaml "
        "returns), of registry entries of one's own, or of another answer: kinds lists them all. Of a long schema it tells "
        "the parts with the names in each; name a part for its schema.",
        {"which": {"type": "string", "enum": list(KINDS), "description": "one of them; plan where it is left out"},
         "part": text("a part of it, such as workload of a plan; all for the whole schema, which is long")},
        (), get_schemas, _schemas_schema,
    ),
    Tool(
        "search_registry", "Search the registry",
        "Find accelerators, models, regions, prices and other facts, each value with its unit, its source and whether it is "
        "verified. The names found are those that plans use.",
        {"category": {"type": "string", "enum": list(CATEGORIES), "description": _CATEGORIES},
         "words": {**text("words that must all stand in name, title, vendor, family, kind or aliases"), "minLength": 0},
         "where": texts("conditions that all must hold, such as 'memory.capacity >= 80 GB' or 'vendor ~ nvidia'", 10),
         "sort": text("a fact to sort by, such as memory.bandwidth"),
         "descending": {"type": "boolean", "description": "the largest first"},
         "facts": texts("facts to show, such as memory.capacity; all where one or two entries are found", 40),
         "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ENTRIES,
                   "description": f"entries to show, {USUAL_ENTRIES} where it is left out"}},
        (), search_registry, _search_schema,
    ),
)  # fmt: skip
