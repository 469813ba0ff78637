"""Facts: YAML with a source for every value, their schema, the index that commands read, and the bibliography."""

from __future__ import annotations

if __name__ != "mlsysim.registry":
    raise ImportError("this package is mlsysim.registry; import it by that name")

from mlsysim.registry.categories import CATEGORIES
from mlsysim.registry.entry import Entry, Source, Value
from mlsysim.registry.index import Zoo, entries, find, source, standard

__all__ = ["CATEGORIES", "Entry", "Source", "Value", "Zoo", "entries", "find", "source", "standard"]
