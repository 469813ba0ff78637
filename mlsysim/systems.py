"""Machines put together: nodes, the fabrics that join them, fleets, and scenarios that are ready to be evaluated."""

from __future__ import annotations

from mlsysim.zoo import Family

Nodes = Family("nodes")
Fabrics = Family("fabrics")
Fleets = Family("fleets")
Scenarios = Family("scenarios")

__all__ = ["Fabrics", "Fleets", "Nodes", "Scenarios"]


def __dir__() -> list[str]:
    return __all__
