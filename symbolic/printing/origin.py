"""Where the value of a leaf comes from, as pages say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where the value of a leaf comes from: a clause, and a source with its key where there is one."""

    says: str
    source: str = ""
    key: str = ""
