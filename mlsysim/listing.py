"""Lists of the registry: which entries, in which order, and which of their values."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mlsysim.registry import CATEGORIES, Entry, Value, standard
from mlsysim.registry.categories import LINKS, ORDER
from mlsysim.registry.entry import Published
from mlsysim.registry.vocabulary import WORD, meaning, names
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.numerals import leading
from mlsysim.symbolic.units import parse

#: What an entry says of itself and lists may show, compare and sort by.
ABOUT = ("name", "id", "title", "vendor", "family", "kind", "status", "licence")
#: What a list shows of each entry unless it is told: the heading and the fact.
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "hardware": (("kind", "kind"), ("bf16", "compute.peak.bf16"), ("int8", "compute.peak.int8"), ("memory", "memory.capacity"),
                 ("bandwidth", "memory.bandwidth"), ("power", "power.maximum"), ("year", "launch_year")),
    "models": (("family", "family"), ("parameters", "parameters"), ("layers", "layers"), ("hidden", "hidden"),
               ("heads", "heads"), ("kv", "kv_heads"), ("experts", "experts"), ("MAC", "multiply_accumulates")),
    "nodes": (("accelerators", "accelerators"), ("ports", "ports"), ("power", "power.maximum"), ("reach", "reach")),
    "fabrics": (("bandwidth, one way", "bandwidth"), ("latency", "latency")),
    "grids": (("carbon", "carbon_intensity"), ("counts", "scope"), ("water", "water_intensity"),
              ("electricity", "electricity_price")),
    "facilities": (("PUE", "pue"), ("WUE", "wue")),
    "fleets": (("accelerators", "accelerators"), ("nodes", "nodes"), ("power", "power"), ("1 : n", "oversubscription")),
    "storage": (("kind", "kind"), ("read", "bandwidth"), ("write", "write_bandwidth"), ("latency", "latency"),
                ("price", "price")),
    "datasets": (("kind", "kind"), ("samples", "samples"), ("tokens", "tokens"), ("size", "size")),
    "prices": (("an hour", "per_accelerator"), ("purchase", "purchase"), ("kind", "kind"), ("accelerator", "accelerator")),
    "scenarios": (("family", "family"), ("note", "note")),
}  # fmt: skip
#: Categories that are listed together.
TOGETHER = {"systems": ("nodes", "fleets")}
#: Facts that say the same of different kinds of entries: where the first is not stated, the second counts.
_ELSE = {("models", "parameters"): "published.parameters"}

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "=": operator.eq, "<": operator.lt, ">": operator.gt,
    "~": lambda found, wanted: str(wanted).casefold() in str(found).casefold(),
}  # fmt: skip
_CONDITION = re.compile(r"\s*+([\w.]++)\s*+(<=|>=|=>|=<|!=|==|=|<|>|~)\s*+(.+)")
#: Other ways to write a sign.
_MEANT = {"=>": ">=", "=<": "<=", "==": "="}


def overview() -> list[dict[str, Any]]:
    """Every category, with how many entries it has and how many of its values are verified."""
    rows = []
    for category in CATEGORIES:
        values = [value for entry in standard().entries(category).values() for value in entry.facts.values()]
        verified = sum(value.verified for value in values)
        count = len(standard().entries(category))
        rows.append({"category": category, "entries": count, "values": len(values), "verified": verified})
    return rows


def listing(
    category: str,
    where: Sequence[str] = (),
    sort: str | None = None,
    descending: bool = False,
    columns: str | None = None,
) -> list[dict[str, Any]]:
    """Entries of a category as rows: in the order of ``ORDER`` unless told otherwise, each column in one unit.

    Args:
        category: such as ``hardware``, or a word for several that are listed ``TOGETHER``.
        where: conditions that all must hold, such as ``memory.capacity >= 80 GB`` or ``vendor ~ nvidia``.
        sort: a fact, or what entries say of themselves; entries without it come last.
        descending: the largest first.
        columns: what to show, separated by commas.

    Raises:
        InputError: an unknown category, fact or unit, or a condition that cannot be read.
    """
    if descending and not sort:
        raise InputError("--descending: there is nothing to sort by", hint="add --sort and a fact")
    if columns is not None and not columns.strip(" ,"):
        raise InputError("--columns: no column is named", hint="name facts, separated by commas")
    several = TOGETHER.get(category, (category,))
    parts = [(_ordered(each, where, sort, descending), _shown(each, sort, columns)) for each in several]
    stated: dict[str, list[Value]] = {}
    for entries, shown in parts:
        for heading, word in shown:
            stated.setdefault(heading, []).extend(value for entry in entries if (value := _fact(entry, word)))
    units = {heading: _unit(values) for heading, values in stated.items()}
    rows = [_row(entry, shown, units) for entries, shown in parts for entry in entries]
    of = [entry.category for entries, _ in parts for entry in entries]
    return rows if len(several) == 1 else [{"category": c, **row} for c, row in zip(of, rows, strict=True)]


def _shown(category: str, sort: str | None, columns: str | None) -> tuple[tuple[str, str], ...]:
    """The columns of a list: heading and fact."""
    if columns:
        return tuple((word, fact_of(category, word)) for word in (each.strip() for each in columns.split(",")) if word)
    shown = COLUMNS.get(category) or tuple((n, n) for n in names(category)[:5])
    if sort and fact_of(category, sort) not in {fact for _, fact in shown} | set(ABOUT):
        return (*shown, (sort, fact_of(category, sort)))
    return shown


def _ordered(category: str, where: Sequence[str], sort: str | None, descending: bool) -> list[Entry]:
    """The entries that keep the conditions, in order."""
    conditions = [_condition(category, condition) for condition in where]
    known = standard().entries(category).values()
    ordered = _in_order(category, (entry for entry in known if all(holds(entry) for holds in conditions)))
    if not sort:
        return ordered
    word = fact_of(category, sort)
    stated = [entry for entry in ordered if _value(entry, word) is not None]
    stated.sort(key=lambda entry: _value(entry, word), reverse=descending)
    return stated + [entry for entry in ordered if _value(entry, word) is None]


def _in_order(category: str, entries: Iterable[Entry]) -> list[Entry]:
    """Entries in the order in which people look for them."""

    def place(entry: Entry) -> list[tuple[bool, Any]]:
        values = [_linked(entry, word) for _, word in ORDER.get(category, ())]
        return [*((value is None, value) for value in values), (False, entry.name.casefold())]

    return sorted(entries, key=place)


def _linked(entry: Entry, word: str) -> Any:
    """What an entry says, or, with a role in front of the word, an entry that it is made of."""
    role, _, rest = word.partition(".")
    made_of = LINKS.get(entry.category, {})
    if not rest or role not in made_of:
        return _value(entry, word)
    return _value(standard().find(made_of[role], entry.links[role]), rest) if role in entry.links else None


def fact_of(category: str, word: str) -> str:
    """A fact of a category by its full name, its last words or the heading it is listed under.

    Raises:
        UnknownNameError: the category has none; the nearest are suggested.
    """
    if word in ABOUT or meaning(category, word):
        return word
    headings = {heading.casefold(): fact for heading, fact in COLUMNS.get(category, ())}
    if word.casefold() in headings:
        return headings[word.casefold()]
    ends = [name for name in names(category) if name.endswith(f".{word}")]
    if len(ends) == 1:
        return ends[0]
    if word in LINKS.get(category, {}):
        return word
    known = [*ABOUT, *LINKS.get(category, {}), *names(category)]
    raise UnknownNameError(f"fact of {category}", word, known, see=f"it has {', '.join(known[:16])}, ...")


def _value(entry: Entry, word: str) -> Any:
    """What an entry says, as it is compared: a number in coherent units, or a word."""
    if word in ABOUT:
        return getattr(entry, word).casefold()
    if word in LINKS.get(entry.category, {}):
        return entry.links.get(word)
    fact = _fact(entry, word)
    if fact is None or not fact.published:
        return None
    return fact.text.casefold() if fact.number is None else fact.number


def _fact(entry: Entry, word: str) -> Value | None:
    return entry.facts.get(word) or entry.facts.get(_ELSE.get((entry.category, word), ""))


def _unit(values: Iterable[Value]) -> tuple[str, float]:
    """The unit that most values are stated in, and how many coherent units it is; none where all agree."""
    stated = [(*parts, value.number) for value in values if value.number and (parts := leading(value.text))]
    units = Counter(unit for _, unit, _ in stated)
    if len(units) < 2:
        return "", 1.0
    common = units.most_common(1)[0][0]
    return common, next(number / size for size, unit, number in stated if unit == common)


def _told(value: Value, unit: tuple[str, float]) -> str:
    """A value as its column shows it: as published, or in the unit of the others to five digits."""
    name, factor = unit
    parts = leading(value.text)
    if not name or value.number is None or parts is None or parts[1] == name:
        return value.text
    return f"{float(f'{value.number / factor:.5g}'):.15g} {name}"


def _condition(category: str, condition: str) -> Callable[[Entry], bool]:
    match = _CONDITION.fullmatch(condition.rstrip())
    if not match:
        raise InputError(
            f"{condition!r} is no condition",
            hint="write a fact, a sign and a value, such as 'memory.capacity >= 80 GB'",
        )
    name, sign, raw = match.groups()
    sign, word = _MEANT.get(sign, sign), fact_of(category, name)
    said = meaning(category, word) if word not in LINKS.get(category, {}) else None
    number = said is not None and said.unit != WORD and sign != "~"
    if number and said:
        wanted: Any = parse(raw, said.unit, what=name)
    else:
        wanted = raw.casefold()
    compare = _SIGNS[sign]
    return lambda entry: (found := _value(entry, word)) is not None and compare(found, wanted)


def _row(entry: Entry, shown: Sequence[tuple[str, str]], units: Mapping[str, tuple[str, float]]) -> dict[str, Any]:
    row: dict[str, Any] = {"name": entry.name, "title": entry.title}
    for heading, word in shown:
        if word in (*ABOUT, "note"):
            row[heading] = getattr(entry, word) or None
        elif word in LINKS.get(entry.category, {}):
            row[heading] = entry.links.get(word)
        elif word == "scope":
            row[heading] = entry.facts["carbon_intensity"].scope
        else:
            value = _fact(entry, word)
            row[heading] = Published(_told(value, units[heading])) if value and value.published else None
    if entry.facts:
        row["verified"] = f"{sum(value.verified for value in entry.facts.values())}/{len(entry.facts)}"
    return row
