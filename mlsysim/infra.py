"""What systems stand on: grids, buildings, prices, storage and datasets, by category and name: ``infra.Grids.Quebec``."""

from __future__ import annotations

from typing import Any

from mlsysim.zoo import Family, Layer

Grids = Family("grids")
Facilities = Family("facilities")
Prices = Family("prices")
Storage = Family("storage")
Datasets = Family("datasets")

_layer = Layer(Grids=Grids, Facilities=Facilities, Prices=Prices, Storage=Storage, Datasets=Datasets)
__all__ = ["Datasets", "Facilities", "Grids", "Prices", "Storage"]


def __getattr__(name: str) -> Any:
    return getattr(_layer, name)


def __dir__() -> list[str]:
    return dir(_layer)
