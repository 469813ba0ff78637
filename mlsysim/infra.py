"""What systems stand on: grids, buildings, prices, storage and datasets."""

from __future__ import annotations

from mlsysim.zoo import Family

Grids = Family("grids")
Facilities = Family("facilities")
Prices = Family("prices")
Storage = Family("storage")
Datasets = Family("datasets")

__all__ = ["Datasets", "Facilities", "Grids", "Prices", "Storage"]


def __dir__() -> list[str]:
    return __all__
