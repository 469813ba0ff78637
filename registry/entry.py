"""Entries as programs meet them: immutable, and every value knows its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """A publication that a value was taken from."""

    key: str
    title: str
    author: str
    year: int
    url: str
    type: str
    venue: str

    def __str__(self) -> str:
        author = self.author.replace("{", "").replace("}", "").replace(" and others", " et al.")
        return f"{author}: {self.title} ({self.year})"


@dataclass(frozen=True)
class Value:
    """A number with its provenance.

    Attributes:
        text: the value with its unit, as published.
        number: in coherent units; None for a word or where nothing is published.
        source: where it was published.
        kind: datasheet, paper, report, measured, derived, estimate or definition.
        verified: whether it was read at its source or confirmed by another.
        how: how it was verified, or why it is not.
        alternatives: other published values as (text, source key, why not chosen).
    """

    text: str
    number: float | None
    unit: str
    source: Source
    kind: str
    verified: bool
    how: str
    where: str = ""
    note: str = ""
    alternatives: tuple[tuple[str, str, str], ...] = ()

    @property
    def published(self) -> bool:
        """Whether there is a value at all."""
        return self.text != "not published"

    @property
    def quantity(self) -> Any:
        """The value as a pint quantity, in the unit it was published in."""
        from mlsysim.symbolic.units import registry

        number, _, unit = self.text.partition(" ")
        return registry().Quantity(float(number), unit)

    def __str__(self) -> str:
        return self.text


class Entry:
    """One entity of the registry. Facts with dotted names are reached step by step: ``entry.memory.bandwidth``."""

    __slots__ = (
        "_facts",
        "_prefix",
        "aliases",
        "category",
        "family",
        "id",
        "kind",
        "licence",
        "links",
        "name",
        "title",
    )

    def __init__(self, category: str, record: Mapping[str, Any], facts: Mapping[str, Value], prefix: str = "") -> None:
        """Hold a record of the index; ``facts`` are its values by name."""
        set_ = object.__setattr__
        for slot in ("id", "name", "title", "family", "kind", "licence"):
            set_(self, slot, record[slot])
        set_(self, "aliases", tuple(record["aliases"]))
        set_(self, "links", dict(record["links"]))
        set_(self, "category", category)
        set_(self, "_facts", facts)
        set_(self, "_prefix", prefix)

    def __reduce__(self) -> Any:
        record = {
            slot: getattr(self, slot)
            for slot in ("id", "name", "title", "family", "kind", "licence", "aliases", "links")
        }
        return Entry, (self.category, record, dict(self._facts))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{self.name} is a registry entry and cannot be changed")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self._prefix}{name}"
        if full in self._facts:
            return self._facts[full]
        if any(fact.startswith(full + ".") for fact in self._facts):
            part = object.__new__(_Part)
            object.__setattr__(part, "_facts", self._facts)
            object.__setattr__(part, "_prefix", full + ".")
            return part
        known = ", ".join(
            sorted({f[len(self._prefix) :].split(".")[0] for f in self._facts if f.startswith(self._prefix)})
        )
        raise AttributeError(f"{self.__class__.__name__.lower().strip('_')} has no {full!r}; it has {known}")

    def __dir__(self) -> list[str]:
        own = [] if isinstance(self, _Part) else [s for s in Entry.__slots__ if not s.startswith("_")]
        return sorted(
            {*own, *(f[len(self._prefix) :].split(".")[0] for f in self._facts if f.startswith(self._prefix))}
        )

    def __repr__(self) -> str:
        return f"<{self.category}: {self.title}>"

    @property
    def facts(self) -> Mapping[str, Value]:
        """Every value by its full name."""
        return self._facts

    def numbers(self) -> Iterator[tuple[str, Value]]:
        """The published numbers by name."""
        return ((name, value) for name, value in self._facts.items() if value.number is not None)


class _Part(Entry):
    """A group of facts inside an entry."""

    __slots__ = ()

    def __init__(self) -> None:
        """Made by ``Entry.__getattr__`` alone."""
        raise TypeError("groups of facts are reached through their entry")

    def __repr__(self) -> str:
        return f"<{self._prefix[:-1]}: {', '.join(dir(self))}>"
