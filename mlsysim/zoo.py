"""The registry by name: ``Hardware.Cloud.H100``, ``Models.Language.Llama3_8B``.

Attributes are looked up in the table of names that the command line uses, so that a name works in both or in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlsysim.registry import CATEGORIES, Entry, Value, standard
from mlsysim.registry.entry import DERIVED
from mlsysim.symbolic.errors import InputError, MlsysimError, UnknownNameError, nearest


def named(name: str, categories: Iterable[str] = CATEGORIES) -> Entry:
    """The entry with a name, identifier or alias, in any of some categories; ``category/name`` says in which.

    Raises:
        UnknownNameError: there is none.
        InputError: several categories have one.

    >>> named("nvidia-h100-sxm5-80gb").name, named("grids/Quebec").category
    ('H100', 'grids')
    """
    zoo, categories = standard(), list(categories)
    category, slash, rest = name.partition("/")
    if slash and category in categories:
        return zoo.find(category, rest)
    known_in = [each for each in zoo.categories_of(name) if each in categories]
    if not known_in:
        elsewhere = [f"{name!r} stands in `mlsysim zoo {other}`" for other in zoo.categories_of(name)]
        known = () if elsewhere else [entry for each in categories for entry in zoo.entries(each)]
        raise UnknownNameError("entry", name, known, see="; ".join(["see `mlsysim zoo`", *elsewhere]))
    exactly = [each for each in known_in if zoo.find(each, name).name == name]
    if len(known_in) > 1 and len(exactly) != 1:
        choices = " or ".join(f"{each}/{name}" for each in known_in)
        raise InputError(f"{name!r} stands in {', '.join(known_in)}", hint=f"say which: {choices}")
    return zoo.find((exactly or known_in)[0], name)


class Family:
    """The entries of one category, or of one family in it, as attributes and as items; by any of their names.

    >>> Family("hardware").Cloud.H100 is Family("hardware")["nvidia-h100-sxm5-80gb"] is Family("hardware").H100_SXM
    True
    """

    def __init__(self, category: str, family: str | None = None) -> None:
        """Show a category of the registry, or one family of it."""
        self._category, self._family = category, family

    def _families(self) -> list[str]:
        """The families of a category; a family has none."""
        return [] if self._family is not None else sorted({entry.family for entry in self} - {""})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        families = self._families()
        if name in families:
            return Family(self._category, name)
        try:
            return self[name]
        except UnknownNameError as error:
            near = nearest(name, families)
            hint = f"\n  hint: did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"{error.what}{hint}" if hint else str(error)) from None

    def __getitem__(self, name: str) -> Entry:
        entry = standard().find(self._category, name)
        if self._family not in (None, entry.family):
            see = f"{entry.name} is of the family {entry.family}"
            raise UnknownNameError(f"entry of {self._family}", name, (), see=see)
        return entry

    def __dir__(self) -> list[str]:
        return [*self._families(), *(entry.name for entry in self)]

    def _ipython_key_completions_(self) -> list[str]:
        return [entry.name for entry in self]

    def __iter__(self) -> Iterator[Entry]:
        known = standard().entries(self._category).values()
        return iter([entry for entry in known if self._family in (None, entry.family)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        shown = self._families() or [entry.name for entry in self]
        return f"<{self._family or self._category}: {', '.join(shown)}>"


class Layer:
    """Several categories of the registry as attributes, and the entries of all of them.

    >>> Layer(Grids=Family("grids"), Facilities=Family("facilities")).Quebec is Family("grids").Quebec
    True
    """

    def __init__(self, **categories: Family) -> None:
        """Show categories under their names in Python."""
        self._categories = categories

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._categories:
            return self._categories[name]
        try:
            return named(name, [family._category for family in self._categories.values()])
        except MlsysimError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> list[str]:
        names = [entry.name for family in self._categories.values() for entry in family]
        return [*self._categories, *(name for name in names if names.count(name) == 1)]


Hardware = Family("hardware")
Models = Family("models")


def _parameters(model: Entry) -> Value | None:
    from mlsysim.profiles import counted

    try:
        return counted(model)
    except InputError:  # an entry of one's own that does not state all of its architecture
        return None


DERIVED["models", "parameters"] = _parameters
