"""The registry by name: ``Hardware.Cloud.H100``, ``Models.Language.Llama3_8B``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlsysim.registry import Entry, standard
from mlsysim.symbolic.errors import UnknownNameError


class Family:
    """The entries of one category, or of one family in it, as attributes; by any of their names as items.

    >>> Family("hardware").Cloud.H100 is Family("hardware")["nvidia-h100-sxm5-80gb"]
    True
    """

    def __init__(self, category: str, family: str | None = None) -> None:
        """Show a category of the registry, or one family of it."""
        self._category, self._family = category, family

    def _members(self) -> dict[str, Any]:
        """Families where the category has some, else entries."""
        found = {entry.name: entry for entry in self}
        families = sorted({entry.family for entry in found.values()} - {""})
        if self._family is not None or not families:
            return dict(found)
        return {family: Family(self._category, family) for family in families}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        members = self._members()
        if name in members:
            return members[name]
        known = {entry.name: entry for entry in self}
        if name in known:
            return known[name]
        raise AttributeError(str(UnknownNameError(self._category, name, [*members, *known])))

    def __getitem__(self, name: str) -> Entry:
        return standard().find(self._category, name)

    def __dir__(self) -> list[str]:
        return list(self._members())

    def __iter__(self) -> Iterator[Entry]:
        found = standard().entries(self._category).values()
        return iter([entry for entry in found if self._family in (None, entry.family)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<{self._family or self._category}: {', '.join(self._members())}>"


Hardware = Family("hardware")
Models = Family("models")
