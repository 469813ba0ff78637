"""Entries as programs meet them: immutable, and every value knows its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from mlsysim.symbolic.errors import nearest


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


class Published(str):
    """A value as it was published, a number with its unit or a word, which tables write otherwise than names."""

    __slots__ = ()


@dataclass(frozen=True, eq=False, repr=False)
class Value:
    """A number with its provenance.

    Attributes:
        text: the value with its unit, as published.
        number: in coherent units; None for a word or where nothing is published.
        unit: the coherent unit.
        source: where it was published.
        kind: datasheet, paper, report, measured, derived, estimate or definition.
        verified: whether it was read at its source or confirmed by another.
        how: how it was verified, or why it is not.
        accessed: the day it was read, as ``2026-11-22``; empty where nobody noted it.
        where: page, table or section in the source.
        low, high: the ends of its range as published, where it has one.
        year, scope, method: what it holds for, where that matters.
        alternatives: other published values as (text, source key, why not chosen).
    """

    text: str
    number: float | None
    unit: str
    source: Source
    kind: str
    verified: bool
    how: str
    accessed: str = ""
    where: str = ""
    note: str = ""
    low: str = ""
    high: str = ""
    year: int | None = None
    scope: str = ""
    method: str = ""
    alternatives: tuple[tuple[str, str, str], ...] = ()

    @property
    def published(self) -> bool:
        """Whether there is a value at all."""
        return self.text != "not published"

    @property
    def quantity(self) -> Any:
        """The value as a pint quantity, in the unit it was published in.

        Raises:
            TypeError: it is a word, or nothing is published.
        """
        from mlsysim.symbolic.units import registry

        if self.number is None:
            raise TypeError(f"{self.text!r} is not a number")
        number, _, unit = self.text.partition(" ")
        return registry().Quantity(float(number), unit)

    def to(self, unit: str) -> Any:
        """The value as a pint quantity in another unit."""
        return self.quantity.to(unit)

    def __float__(self) -> float:
        return float(self.quantity.to_base_units().magnitude)

    def __mul__(self, other: Any) -> Any:
        return self.quantity * _quantity(other)

    def __truediv__(self, other: Any) -> Any:
        return self.quantity / _quantity(other)

    def __add__(self, other: Any) -> Any:
        return self.quantity + _quantity(other)

    def __sub__(self, other: Any) -> Any:
        return self.quantity - _quantity(other)

    def __rtruediv__(self, other: Any) -> Any:
        return _quantity(other) / self.quantity

    def __rsub__(self, other: Any) -> Any:
        return _quantity(other) - self.quantity

    __rmul__, __radd__ = __mul__, __add__

    def __lt__(self, other: Any) -> bool:
        return bool(self.quantity < _quantity(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.quantity > _quantity(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.quantity <= _quantity(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.quantity >= _quantity(other))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.text} [{self.source.key}]{'' if self.verified else ', not verified'}>"


def _quantity(other: Any) -> Any:
    return other.quantity if isinstance(other, Value) else other


T = TypeVar("T")


class Lazy(Mapping[str, T]):
    """A mapping whose values are made when they are first asked for."""

    __slots__ = ("_made", "_make", "_raw")

    def __init__(self, raw: Mapping[str, Any], make: Callable[[Any], T]) -> None:
        """Hold what there is of each value, and how to make one of it."""
        self._raw, self._make, self._made = raw, make, dict[str, T]()

    def __getitem__(self, name: str) -> T:
        if name not in self._made:
            self._made[name] = self._make(self._raw[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


#: Values that follow from the facts of an entry, by category and name, and what computes one; None where it cannot. What
#: computes them knows equations, so that it stands in the rooms above and is put in by them.
DERIVED: dict[tuple[str, str], Callable[[Entry], Value | None]] = {}

#: What libraries call them.
_CALLED = dict.fromkeys(
    ("params", "n_params", "num_params", "num_parameters", "param_count", "parameter_count"), "parameters"
)

#: What an entry says of itself.
ABOUT = (
    "id", "name", "title", "vendor", "family", "kind", "status", "licence", "note", "aliases", "links", "plan",
)  # fmt: skip


class Entry:
    """One entity of the registry. Facts with dotted names are reached step by step: ``entry.memory.bandwidth``.

    Attributes:
        category: such as ``hardware``.
        id, name, title: the identifier, the name in Python and in plans, and the maker's name.
        vendor, family, kind: who made it, and what sort of thing it is.
        status: shipping, announced or withdrawn.
        licence: the licence of its data, where it is not that of the project.
        note: what else must be said of it.
        aliases: other names that find it.
        links: the identifiers of entries it is made of, by role.
        plan: the plan of a scenario; None for all others.
    """

    __slots__ = ("_facts", "_prefix", "category", *ABOUT)

    category: str
    id: str
    name: str
    title: str
    vendor: str
    family: str
    kind: str
    status: str
    licence: str
    note: str
    aliases: tuple[str, ...]
    links: Mapping[str, str]
    plan: Mapping[str, Any] | None

    def __init__(self, category: str, record: Mapping[str, Any], facts: Mapping[str, Value], prefix: str = "") -> None:
        """Hold a record of the index; ``facts`` are its values by name."""
        set_ = object.__setattr__
        for slot in ABOUT:
            set_(self, slot, record[slot])
        set_(self, "aliases", tuple(record["aliases"]))
        set_(self, "category", category)
        set_(self, "_facts", facts)
        set_(self, "_prefix", prefix)

    def __reduce__(self) -> Any:
        return Entry, (self.category, {slot: getattr(self, slot) for slot in ABOUT}, dict(self._facts))

    def replaced(self, **numbers: float) -> Entry:
        """The same entry with other numbers in coherent units; dots of names are written as two underscores.

        >>> from mlsysim.registry import find
        >>> find("hardware", "H100").replaced(memory__capacity=1e12).facts["memory.capacity"].number
        1000000000000.0
        """
        facts = dict(self._facts)
        for name, number in numbers.items():
            fact = name.replace("__", ".")
            facts[fact] = replace(facts[fact], number=number)
        return Entry(self.category, {slot: getattr(self, slot) for slot in ABOUT}, facts)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or (self._texts(), self._prefix) == (other._texts(), other._prefix)

    def __hash__(self) -> int:
        return hash((tuple(self._facts), self._prefix))

    def _texts(self) -> dict[str, str]:
        """What its values say: entries of the same category that say the same are the same."""
        about = "" if isinstance(self, _Part) else f"{self.category}/{self.id}"
        return {"": about, **{name: f"{value.text} {value.number}" for name, value in self._facts.items()}}

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
        derived = self._derived(full)
        if derived is not None:
            return derived
        own = [fact[len(self._prefix) :] for fact in self._facts if fact.startswith(self._prefix)]
        if not self._prefix:
            own += [fact for category, fact in DERIVED if category == self.category]
        near = [_CALLED[name]] if _CALLED.get(name) in own else nearest(name, own)
        cure = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {', '.join(self._own())}"
        raise AttributeError(f"{self.__class__.__name__.lower().strip('_')} has no {full!r}; {cure}")

    def _derived(self, name: str) -> Value | None:
        """What follows from the facts under a name that none of them has."""
        compute = DERIVED.get((self.category, name))
        return compute(self) if compute else None

    def _own(self) -> list[str]:
        """The first words of the facts below here."""
        return sorted({f[len(self._prefix) :].split(".")[0] for f in self._facts if f.startswith(self._prefix)})

    def __dir__(self) -> list[str]:
        derived = [name for category, name in DERIVED if category == self.category and self._derived(name)]
        return sorted({"category", "facts", "numbers", "replaced", *ABOUT, *self._own(), *derived})

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

    def _derived(self, name: str) -> Value | None:
        return None

    def __dir__(self) -> list[str]:
        return self._own()

    def __repr__(self) -> str:
        return f"<{self._prefix[:-1]}: {', '.join(self._own())}>"


def alone(accelerator: Entry) -> Entry:
    """The node of an accelerator that no node design holds: itself, with nothing joined to it."""
    definition = Source("definition", "By definition", "mlsysim", 2026, "", "online", "")

    def say(text: str, number: float | None, unit: str, how: str) -> Value:
        return Value(text, number, unit, definition, "definition", verified=True, how=how)

    facts = {
        "accelerators": say("1", 1.0, "1", "no node design is known"),
        "reach": say("1", 1.0, "1", "nothing joins it to others"),
    }
    if "power.maximum" in accelerator.facts:
        facts["power.maximum"] = accelerator.facts["power.maximum"]
    record = dict.fromkeys(ABOUT, "") | {
        "id": f"{accelerator.id}-alone", "name": f"{accelerator.name}_alone", "title": f"{accelerator.title} alone",
        "status": accelerator.status, "aliases": (), "links": {"accelerator": accelerator.id}, "plan": None,
    }  # fmt: skip
    return Entry("nodes", record, facts)
