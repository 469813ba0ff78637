"""The registry: every entry with its values, their sources, and how far each was verified."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docs.generate.markdown import code, html_table, page, raw, table, toctree, words
from docs.generate.sources import anchor, listed

if TYPE_CHECKING:
    from mlsysim.registry import Entry

#: What is listed of an entry's values.
_HEADS = ("fact", "value", "source", "note")


def pages() -> dict[str, str]:
    """The list of categories, a page for each, and the sources of them all."""
    from mlsysim.registry import CATEGORIES

    found = {f"registry/{category}": _category(category) for category in CATEGORIES}
    return {"registry/index": _index(), **found, "registry/sources": _sources()}


def _index() -> str:
    from mlsysim.listing import overview
    from mlsysim.registry import CATEGORIES
    from mlsysim.registry.categories import SAYS

    rows = [
        [f"[{row['category']}]({row['category']}.md)", words(SAYS[row["category"]]), *(f"{row[key]:,}" for key in
         ("entries", "values", "verified"))]
        for row in overview()
    ]  # fmt: skip
    told = (
        "Every value names its source. *Verified* means that it was read at that source, or confirmed by another; what is not "
        "verified says why. `mlsysim zoo` lists, searches and checks all of this; `mlsysim zoo show NAME` prints one entry, "
        "`mlsysim zoo cite NAME` its sources as BibTeX. Data from Electricity Maps is licensed under ODbL."
    )
    heads = ["category", "holds", "entries", "values", "verified"]
    return page("Registry", told, table(heads, rows), toctree([*CATEGORIES, "sources"]))


def _category(category: str) -> str:
    from mlsysim.registry import standard
    from mlsysim.registry.categories import SAYS
    from mlsysim.registry.vocabulary import FACTS

    entries = standard().entries(category).values()
    known = [[code(name), words(said.says), "" if said.unit in ("1", "word") else words(said.unit)]
             for name, said in FACTS.get(category, {}).items()]  # fmt: skip
    facts = "## What an entry may state\n\n" + table(["fact", "meaning", "unit"], known) if known else ""
    return page(category.capitalize(), SAYS[category], *(_entry(entry) for entry in entries), facts)


def _entry(entry: Entry) -> str:
    """One entry: what it is, and a table of what is known of it."""
    from mlsysim.entries import rows

    about = ", ".join(part for part in (entry.vendor, entry.family, entry.kind, entry.status, entry.licence) if part)
    parts = [f"({_label(entry)})=\n## {words(entry.name)}", words(f"{entry.title}{f' ({about})' if about else ''}")]
    parts += [words(f"Also called {', '.join(entry.aliases)}.")] if entry.aliases else []
    parts += [words(entry.note)] if entry.note else []
    if entry.links:
        parts.append("; ".join(f"{role}: {_link(entry, role, target)}" for role, target in entry.links.items()))
    shown = rows(entry)
    nothing = [row["fact"] for row in shown if row["value"] == "0" and not row["note"]]
    cells = [_cells(row) for row in shown if row["fact"] not in nothing]
    parts += [raw(f'<div class="facts">{html_table(_HEADS, cells)}</div>')] if cells else []
    parts += [f"Zero: {', '.join(map(code, nothing))}."] if nothing else []
    if entry.plan:
        import yaml

        written = yaml.safe_dump(dict(entry.plan), sort_keys=False, allow_unicode=True)
        parts.append(f"```yaml\n{written}```")
    return "\n\n".join(parts)


def _label(entry: Entry) -> str:
    return f"{entry.category}-{entry.id}".lower()


def _link(entry: Entry, role: str, target: str) -> str:
    """A link to an entry that this one is made of."""
    from mlsysim.registry.categories import LINKS

    category = LINKS.get(entry.category, {}).get(role)
    return f"[{words(target)}](#{category}-{target.lower()})" if category else words(target)


def _cells(row: dict[str, Any]) -> list[str]:
    """A value: its name, itself, where it is from and how far to trust that, and what else must be said."""
    key, verified = row["source"], "verified" if row["verified"] == "yes" else "not verified"
    source = f'<a href="sources.html#{anchor(key)}">{escape(key)}</a><br>{escape(row["kind"])}, {verified}'
    return [f"<code>{escape(row['fact'])}</code>", escape(str(row["value"])), source, escape(row["note"])]


def _sources() -> str:
    """Every publication that a value or a step is taken from."""
    from mlsysim.registry import standard

    told = "What values of the registry and steps of derivations are taken from."
    return page("Sources", told, listed(standard().sources))
