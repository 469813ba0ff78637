"""Checking entries against the vocabulary, and putting them into the form of the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from mlsysim.registry.categories import CATEGORIES, LINKS
from mlsysim.registry.document import Document, Path_
from mlsysim.registry.entry import ABOUT
from mlsysim.registry.index import SOURCES
from mlsysim.registry.problems import problem
from mlsysim.registry.schema import NOT_PUBLISHED, Alternative, EntryFile, Fact, Origin, SourceFile
from mlsysim.registry.vocabulary import AT_MOST, FACTS, KINDS, WORD, meaning, names
from mlsysim.symbolic.errors import InputError, InputErrors, nearest
from mlsysim.symbolic.numerals import spaced
from mlsysim.symbolic.units import coherent, factor, parse

#: What a file states: the category, the document, the place in it, and the data there.
Item = tuple[str, Document, Path_, Any]
#: The most mistakes that are said at once.
MOST = 50
#: What a user's own entry must state as well where its category requires it: without it nothing can be said of the entry.
NEEDED = ("accelerators", "carbon_intensity", "weight_bytes")


def items(category: str, document: Document, place: Path_, data: Any) -> Iterator[Item]:
    """One entry, or each of a list of them."""
    if isinstance(data, list):
        for position, raw in enumerate(data):
            yield category, document, (*place, position), raw
    else:
        yield category, document, place, data


def compile_entries(
    stated: Iterable[Item],
    sources: Iterable[tuple[Document, Path_, Any]],
    known: Mapping[str, Any] | None = None,
    default: Origin | None = None,
) -> dict[str, Any]:
    """Check entries and put them into the form of the index.

    Args:
        stated: the entries as files state them.
        sources: the publications as files state them: the document, the place in it, and the data there.
        known: publications that a user's own entries may name besides; what the registry must state is optional in them.
        default: where the values of an entry come from that does not say so.

    Raises:
        InputErrors: everything that is wrong with them, each with its place.
    """
    builder = _Builder(known, default)
    for document, place, data in sources:
        builder.add_sources(document, place, data)
    for item in stated:
        builder.add(*item)
    if not builder.problems:  # an entry that was refused would be missed
        builder.check_links()
    if builder.problems:
        raise InputErrors(builder.problems)
    return {SOURCES: builder.sources, **{category: part.content() for category, part in builder.parts.items()}}


class _Part:
    """What is built of one category."""

    def __init__(self) -> None:
        self.entries: list[list[Any]] = []
        self.origins: dict[tuple[Any, ...], int] = {}

    def content(self) -> dict[str, Any]:
        return {"origins": list(self.origins), "entries": self.entries}


class _Builder:
    def __init__(self, known: Mapping[str, Any] | None, default: Origin | None) -> None:
        self.own, self.known, self.default = known is not None, known or {}, default
        self.problems: list[InputError] = []
        self.sources: dict[str, Any] = {}
        self.parts = {category: _Part() for category in CATEGORIES}
        self.taken: dict[tuple[str, str], tuple[str, str, Path_]] = {}
        self.links: list[tuple[str, str, str]] = []

    def refuse(self, what: str, where: str, hint: str = "") -> None:
        self.problems.append(InputError(what, where=where, hint=hint or None))
        if len(self.problems) == MOST:
            last = InputError("more mistakes may follow", where=where.split(":")[0], hint="correct these first")
            raise InputErrors([*self.problems, last])

    def validated(self, model: type[BaseModel], document: Document, place: Path_, raw: Any) -> Any:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            # A union says once for each member what is wrong with a value.
            details = [detail for detail in error.errors() if not _of_another_member(detail)]
            for found in dict.fromkeys(problem(model, document, place, detail) for detail in details):
                self.refuse(*found)
            return None

    def add_sources(self, document: Document, place: Path_, data: Any) -> None:
        if not isinstance(data, dict):
            self.refuse("sources are a mapping from key to publication", document.where(place))
            return
        for key, raw in data.items():
            found = self.validated(SourceFile, document, (*place, key), raw)
            if found is not None:
                self.sources[key] = found.model_dump()

    def add(self, category: str, document: Document, place: Path_, raw: Any) -> None:
        where = document.where(place)
        if category not in CATEGORIES:
            near = nearest(category, list(CATEGORIES))
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(CATEGORIES)}"
            self.refuse(f"{category!r} is no category", where, hint)
            return
        entry: EntryFile | None = self.validated(EntryFile, document, place, raw)
        if entry is None:
            return
        self.claim(category, entry, where, place)
        for role, target in entry.links.items():
            self.link(category, role, target, document.where((*place, "links", role)))
        self.complete(category, entry, where)
        facts = {}
        for name, stated in entry.facts.items():
            fact = stated if isinstance(stated, Fact) else Fact(value=stated)
            made = self.fact(category, entry, name, fact, document, (*place, "facts", name))
            if made is not None:
                facts[name] = made
        if entry.kind == "transformer":
            self.shape(entry, facts, where)
        about = entry.model_dump(mode="json")
        self.parts[category].entries.append([*(about[slot] for slot in ABOUT), facts])

    def claim(self, category: str, entry: EntryFile, where: str, place: Path_) -> None:
        """Take an entry's names, each of which finds one entry only."""
        for word in dict.fromkeys((entry.id, entry.name, *entry.aliases)):
            holder = self.taken.setdefault((category, word.casefold()), (entry.id, where, place))
            if holder[1:] != (where, place):
                self.refuse(f"{word!r} is taken by {holder[0]}", where, f"it stands in {holder[1]}; rename one of them")

    def link(self, category: str, role: str, target: str, where: str) -> None:
        roles = LINKS.get(category, {})
        if role not in roles:
            self.refuse(f"links.{role}: unknown role", where, f"{category} have {', '.join(roles) or 'no links'}")
        else:
            self.links.append((roles[role], target, where))

    def check_links(self) -> None:
        """Every link leads to an entry."""
        ids = {category: {about[0] for about in part.entries} for category, part in self.parts.items()}
        for category, target, where in self.links:
            if target not in ids[category] and not self.own:
                near = nearest(target, list(ids[category]))
                self.refuse(
                    f"no entry of {category} has the id {target!r}", where, f"did you mean {near[0]!r}?" if near else ""
                )

    def complete(self, category: str, entry: EntryFile, where: str) -> None:
        """Refuse an entry that leaves out what its category must state."""
        for name, said in FACTS[category].items():
            if said.required and name not in entry.facts and not (self.own and name not in NEEDED):
                hint = f"add `{name}:` ({said.says}), or `{name}: {NOT_PUBLISHED}`"
                self.refuse(f"{entry.name}: {name} is missing", where, hint)
        kinds = KINDS.get(category, (entry.kind,))
        if entry.kind not in kinds:
            self.refuse(
                f"{entry.name}: kind {entry.kind!r} is not one of {', '.join(filter(None, kinds))}",
                where,
                f"write `kind: {kinds[0]}`",
            )
        if (entry.plan is not None) != (category == "scenarios"):
            self.refuse(f"{entry.name}: a scenario has a plan, and nothing else has", where, "see `mlsysim schema`")

    def shape(self, entry: EntryFile, facts: Mapping[str, list[Any]], where: str) -> None:
        """Refuse a transformer whose numbers do not go together."""
        numbers = {name: made[1] for name, made in facts.items() if made[1] is not None}
        for small, large in AT_MOST:
            if small in numbers and large in numbers and numbers[small] > numbers[large]:
                self.refuse(f"{entry.name}: {small} {numbers[small]:g} is above {large} {numbers[large]:g}", where)
        if 0 < numbers.get("kv_heads", 0) <= numbers.get("heads", 0) and numbers["heads"] % numbers["kv_heads"]:
            self.refuse(
                f"{entry.name}: {numbers['heads']:g} heads do not share {numbers['kv_heads']:g} key-value heads", where
            )
        if numbers.get("experts") and not numbers.get("active_experts"):
            self.refuse(
                f"{entry.name}: of {numbers['experts']:g} experts a token visits none", where, "give active_experts"
            )

    def fact(
        self, category: str, entry: EntryFile, name: str, fact: Fact, document: Document, place: Path_
    ) -> list[Any] | None:
        """A value in the form of the index: text, number, unit, origin, and what else there is."""
        where = document.where(place, key=True)
        value_at = document.where((*place, "value") if (*place, "value") in document.values else place)
        said = meaning(category, name)
        if said is None:
            near = nearest(name, names(category))
            hint = f"did you mean {near[0]!r}?" if near else f"{category} state {', '.join(names(category)[:8])}, ..."
            self.refuse(f"{entry.name}: no fact of {category} is called {name!r}", where, hint)
            return None
        origin = self.origin(entry, name, fact, where)
        if origin is None:
            return None
        if said.dated and not origin[-1]:
            self.refuse(f"{name} changes with time", where, "say when it was read: `accessed: 2026-11-22`")
        for each in fact.alternatives:
            self.known_source(name, each.source, where)
            self.number(f"{name}, alternative", each.value, said.unit, value_at)
        for bound in (fact.low, fact.high):
            if bound is not None:
                self.number(name, bound, said.unit, value_at)
        number, unit = self.number(name, fact.value, said.unit, value_at)
        wrong = None if number is None else said.refuses(number / factor(said.unit) if said.unit != "1" else number)
        if wrong:
            self.refuse(f"{name}: {_text(fact.value)} {wrong}", value_at, f"it is {said.says}")
        more = _more(fact)
        origins = self.parts[category].origins
        position = origins.setdefault(origin, len(origins))
        return [
            _text(fact.value) if number is None else spaced(_text(fact.value)),
            number,
            unit,
            position,
            *([more] if more else []),
        ]

    def origin(self, entry: EntryFile, name: str, fact: Fact, where: str) -> tuple[Any, ...] | None:
        """Where a value comes from: what it says itself, else what its entry says."""
        said = entry.origin or self.default
        default = said.model_dump(mode="json") if said else {}
        own = {k: v for k, v in fact.model_dump(mode="json").items() if k in Origin.model_fields and v is not None}
        if "source" in own and own["source"] != default.get("source"):
            default = {"accessed": default.get("accessed")}  # another source vouches for itself
        whole = Origin.model_construct(
            **{"source": "", "kind": "report", "verified": False, "how": "", "accessed": None, **default, **own}
        )
        if not whole.source:
            self.refuse(f"{name} has no source", where, "add `source:` to it, or `from: {source: ...}` to its entry")
            return None
        self.known_source(name, whole.source, where)
        return whole.source, whole.kind, whole.verified, whole.how, whole.accessed or ""

    def known_source(self, name: str, key: str, where: str) -> None:
        if key not in self.sources and key not in self.known:
            near = nearest(key, [*self.sources, *self.known])
            hint = f"did you mean {near[0]!r}?" if near else "add it to the sources"
            self.refuse(f"{name}: no source {key!r}", where, hint)

    def number(self, name: str, value: float | str, unit: str, where: str) -> tuple[float | None, str]:
        """A value in coherent units, and that unit; refused where it is of another dimension."""
        if value == NOT_PUBLISHED:
            return None, ""
        try:
            return _number(name, value, unit)
        except InputError as error:
            self.refuse(error.what, where, error.hint or "")
            return None, ""


def _number(name: str, value: float | str, unit: str) -> tuple[float | None, str]:
    if unit == WORD:
        if not isinstance(value, str):
            raise InputError(f"{name}: {_text(value)} where a word is needed", hint="put it in quotes")
        return None, ""
    number = parse(_text(value), unit, what=name)
    if number < 0:
        raise InputError(f"{name}: {_text(value)!r} is below 0")
    label = spaced(value).partition(" ")[2] if isinstance(value, str) else ""
    return number, coherent(label) if label else "1"


def _of_another_member(detail: Any) -> bool:
    """Whether a mapping is told that it is neither a number nor a word, besides what is wrong with it as a mapping."""
    return isinstance(detail["input"], dict) and detail["loc"][-1:] in (("float",), ("str",))


def _more(fact: Fact) -> dict[str, Any]:
    """What a value says besides its number and origin, where it says anything."""
    more = {key: getattr(fact, key) for key in ("where", "note", "year", "scope", "method") if getattr(fact, key)}
    more |= {key: _text(bound) for key in ("low", "high") if (bound := getattr(fact, key)) is not None}
    if fact.alternatives:
        more["alternatives"] = [[_text(a.value), a.source, _reason(a)] for a in fact.alternatives]
    return more


def _reason(alternative: Alternative) -> str:
    """Why another value was not chosen, with what it holds for."""
    holds = ", ".join(str(part) for part in (alternative.scope, alternative.method, alternative.year) if part)
    return f"{alternative.reason} ({holds})" if holds else alternative.reason


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"
