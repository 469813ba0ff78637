"""The registry by name: ``Hardware.Cloud.H100``, ``Models.Language.Llama3_8B``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlsysim.registry import Entry, entries
from mlsysim.symbolic.errors import UnknownNameError


class Family:
    """The entries of one category, or of one family in it, as attributes."""

    def __init__(self, category: str, family: str | None = None) -> None:
        self._category, self._family = category, family

    def _members(self) -> dict[str, Any]:
        found = entries(self._category)
        if self._family is not None:
            return {name: entry for name, entry in found.items() if entry.family == self._family}
        families = sorted({entry.family for entry in found.values()})
        return {family: Family(self._category, family) for family in families}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        members = self._members()
        if name in members:
            return members[name]
        raise AttributeError(str(UnknownNameError(self._category, name, members)))

    def __dir__(self) -> list[str]:
        return list(self._members())

    def __iter__(self) -> Iterator[Entry]:
        found = entries(self._category).values()
        return iter([entry for entry in found if self._family in (None, entry.family)])

    def __repr__(self) -> str:
        return f"<{self._family or self._category}: {', '.join(self._members())}>"


Hardware = Family("hardware")
Models = Family("models")
