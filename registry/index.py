"""The index that commands read: a file for each category, with the values in coherent units.

``python -m mlsysim.registry.build`` makes the files in ``index/`` from the YAML files, which stay the one source; each
carries a checksum of those it was made from and is refused when it no longer matches.
"""

from __future__ import annotations

import json
import os
import zlib
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from mlsysim.registry.categories import CATEGORIES, category_of
from mlsysim.registry.entry import ABOUT, Entry, Lazy, Source, Value
from mlsysim.symbolic.errors import SUGGESTED, StaleKernelError, UnknownNameError, nearest

FOLDER = Path(__file__).parent
INDEX = FOLDER / "index"
#: The part of the index that is no category.
SOURCES = "sources"
#: The environment variable that names a file or folder of a user's own entries.
OWN = "MLSYSIM_ZOO"
#: The file beside a plan that is looked in without being named.
BESIDE = "zoo.yaml"


def yaml_files(part: str | None = None) -> list[Path]:
    """The files that the index, or one part of it, is made from."""
    return [path for path, category in _by_category(FOLDER) if part in (None, category)]


@cache
def _by_category(folder: Path) -> list[tuple[Path, str]]:
    """Every file of the registry's folder, and the category that its entries are of."""
    return [(path, category_of(path.relative_to(folder).parts)) for path in sorted(folder.rglob("*.yaml"))]


def checksum(part: str) -> str:
    """A checksum of the YAML files of one part, whatever ends their lines."""
    found = 0
    for path in yaml_files(part):
        found = zlib.crc32(path.relative_to(FOLDER).as_posix().encode(), found)
        found = zlib.crc32(path.read_bytes().replace(b"\r\n", b"\n"), found)
    return f"{found:08x}"


def _read(part: str) -> Any:
    """One part of the index."""
    cure = "run `make generate`"
    try:
        found = json.loads((INDEX / f"{part}.json").read_bytes())
    except FileNotFoundError:
        raise StaleKernelError(f"the registry's index of {part} has not been generated", hint=cure) from None
    if found["checksum"] != checksum(part):
        raise StaleKernelError(f"the registry's index of {part} does not match its YAML files", hint=cure)
    return found["content"]


class Layer:
    """Entries that were built together: the registry's own, or a user's.

    Args:
        part: what was built of a category: its ``origins`` and its ``entries``; of ``sources``, the publications.
        known: publications that values may name besides.
    """

    def __init__(self, part: Callable[[str], Any], known: Mapping[str, Source] | None = None) -> None:
        """Look up parts; each is asked for once, and entries are made when they are asked for."""
        self._read, self._part, self._known = part, cache(part), known or {}
        self._made: dict[str, Mapping[str, Entry]] = {}
        self._words: dict[str, Mapping[str, str]] = {}

    def __reduce__(self) -> Any:
        if self._read is _read:
            return _builtin, ()
        return Layer, (self._read, dict(self._known))

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The publications that values may name, by key."""
        own = {key: {"key": key, **about} for key, about in self._part(SOURCES).items()}
        return ChainMap(Lazy(own, lambda about: Source(**about)), self._known)  # type: ignore[arg-type]

    def entries(self, category: str) -> Mapping[str, Entry]:
        """The entries of a category by name."""
        if category not in self._made:
            part = self._part(category)
            value = self._maker(part["origins"])

            def entry(row: Sequence[Any]) -> Entry:
                return Entry(category, dict(zip(ABOUT, row[:-1], strict=True)), Lazy(row[-1], value))

            self._made[category] = Lazy({row[1]: row for row in part["entries"]}, entry)
        return self._made[category]

    def words(self, category: str) -> Mapping[str, str]:
        """Every word that finds an entry of a category, and the entry's name.

        Names, identifiers and aliases count as they are written; without case and punctuation, and as titles, only where
        they then mean one entry: ``us-east-1`` and ``us-east1`` are two places.
        """
        if category not in self._words:
            exact: dict[str, str] = {}
            loose: dict[str, set[str]] = {}
            for about in self._part(category)["entries"]:
                id_, name, title = about[:3]
                for word in (id_, name, *about[ABOUT.index("aliases")]):
                    exact[word.casefold()] = name
                    loose.setdefault(plain(word), set()).add(name)
                loose.setdefault(plain(title), set()).add(name)
            single = {word: names.pop() for word, names in loose.items() if len(names) == 1}
            self._words[category] = {**single, **exact}
        return self._words[category]

    def named(self, category: str, word: str) -> str | None:
        """The name of the entry that a word finds."""
        words = self.words(category)
        return words.get(word.casefold()) or words.get(plain(word))

    def _maker(self, origins: Sequence[Any]) -> Callable[[Any], Value]:
        def make(raw: Sequence[Any]) -> Value:
            text, number, unit, origin, *more = raw
            source, kind, verified, how, accessed = origins[origin]
            rest = dict(more[0]) if more else {}
            rest["alternatives"] = tuple(tuple(each) for each in rest.get("alternatives", ()))
            return Value(text, number, unit, self.sources[source], kind, verified, how, accessed, **rest)

        return make


class Zoo:
    """Everything that can be looked up: the registry, and before it a user's own entries."""

    def __init__(self, *layers: Layer) -> None:
        """Look in each layer before the next."""
        self.layers = layers

    def __reduce__(self) -> Any:
        return Zoo, self.layers

    def over(self, layer: Layer) -> Zoo:
        """The same with a further layer that is looked in first."""
        return Zoo(layer, *self.layers)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Every publication by its key."""
        return ChainMap(*(layer.sources for layer in self.layers))  # type: ignore[arg-type]

    def entries(self, category: str) -> Mapping[str, Entry]:
        """Every entry of a category, by its name.

        Raises:
            UnknownNameError: there is no such category.
        """
        if category not in CATEGORIES:
            raise UnknownNameError("category", category, CATEGORIES, see=f"the zoo has {', '.join(CATEGORIES)}")
        if len(self.layers) == 1:
            return self.layers[0].entries(category)
        return {name: entry for layer in reversed(self.layers) for name, entry in layer.entries(category).items()}

    def find(self, category: str, name: str, *, where: str | None = None) -> Entry:
        """Find an entry by name, identifier or alias; case and punctuation do not matter.

        Raises:
            UnknownNameError: there is none; the nearest names are suggested.
        """
        if category not in CATEGORIES:
            raise UnknownNameError("category", category, CATEGORIES)
        for layer in self.layers:
            found = layer.named(category, name)
            if found is not None:
                return layer.entries(category)[found]
        known = self.entries(category)
        elsewhere = [f"{name!r} stands in `mlsysim zoo {other}`" for other in self.categories_of(name)]
        called = {alias: entry.name for entry in known.values() for alias in entry.aliases} | {n: n for n in known}
        # A name that stands elsewhere is not misspelt. An entry is suggested once, by the nearest of its names.
        near: dict[str, str] = {}
        for each in () if elsewhere else nearest(name, called, len(called)):
            near.setdefault(called[each], each)
        see = "; ".join([f"see `mlsysim zoo {category}`", *elsewhere])
        raise UnknownNameError(CATEGORIES[category], name, (), where=where, see=see, meant=[*near.values()][:SUGGESTED])

    def knows(self, category: str, name: str) -> bool:
        """Whether an entry of a category is called so."""
        return any(layer.named(category, name) for layer in self.layers)

    def categories_of(self, name: str) -> list[str]:
        """The categories that know a name."""
        return [category for category in CATEGORIES if self.knows(category, name)]


@cache
def _builtin() -> Layer:
    return Layer(_read)


@cache
def _standard(own: str) -> Zoo:
    zoo = Zoo(_builtin())
    if own:
        from mlsysim.registry.own import read_own

        return zoo.over(read_own(Path(own), zoo))
    return zoo


def standard(own: str | Path | None = None) -> Zoo:
    """The registry, with a user's own entries over it where the environment names some.

    Args:
        own: the file or folder of such entries, instead of the environment's; an empty word for none.
    """
    return _standard(os.environ.get(OWN, "") if own is None else str(own))


def source(key: str) -> Source:
    """The publication with a key."""
    return standard().sources[key]


def entries(category: str) -> Mapping[str, Entry]:
    """Every entry of a category, by its name; see :meth:`Zoo.entries`."""
    return standard().entries(category)


def find(category: str, name: str, *, where: str | None = None) -> Entry:
    """Find an entry by name, identifier or alias; see :meth:`Zoo.find`.

    >>> find("hardware", "nvidia-h100-sxm5-80gb").name
    'H100'
    """
    return standard().find(category, name, where=where)


def plain(name: str) -> str:
    """A name without case and punctuation, as names are compared."""
    return "".join(c for c in name.casefold() if c.isalnum())
