"""Models by name: ``mlsysim.models`` has every family and entry of ``mlsysim.Models``."""

from __future__ import annotations

from typing import Any

from mlsysim.zoo import Models


def __getattr__(name: str) -> Any:
    return getattr(Models, name)


def __dir__() -> list[str]:
    return dir(Models)
