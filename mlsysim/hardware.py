"""Accelerators and devices by name: ``mlsysim.hardware`` has every family and entry of ``mlsysim.Hardware``."""

from __future__ import annotations

from typing import Any

from mlsysim.zoo import Hardware


def __getattr__(name: str) -> Any:
    return getattr(Hardware, name)


def __dir__() -> list[str]:
    return dir(Hardware)
