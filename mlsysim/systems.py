"""Machines put together: nodes, the fabrics that join them, fleets, and scenarios that are ready to be evaluated."""

from __future__ import annotations

from typing import Any

from mlsysim.zoo import Family, Layer

Nodes = Family("nodes")
Fabrics = Family("fabrics")
Fleets = Family("fleets")
Scenarios = Family("scenarios")

_layer = Layer(Nodes=Nodes, Fabrics=Fabrics, Fleets=Fleets, Scenarios=Scenarios)
__all__ = ["Fabrics", "Fleets", "Nodes", "Scenarios"]


def __getattr__(name: str) -> Any:
    return getattr(_layer, name)


def __dir__() -> list[str]:
    return dir(_layer)
