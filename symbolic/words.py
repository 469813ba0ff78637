"""Numbers with units as people read them. Nothing here imports sympy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PRETTY = {"us": "µs", "Gparam": "billion parameters"}
_DATA = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}


def amount(value: float, quantity: Mapping[str, Any]) -> str:
    """A value in coherent units as text in the quantity's display unit.

    Args:
        value: in coherent units.
        quantity: the quantity's record in the catalogue.

    >>> amount(8e10, {"display": "GB", "scale": 1e9, "integer": False})
    '80 GB'
    """
    if quantity.get("choices"):
        return str(quantity["choices"][int(value)])
    unit = quantity["display"]
    if unit in _DATA and 0 < value < float("inf"):
        unit, value = _fitting(value)
    else:
        value /= quantity["scale"]
    return number(value) if unit == "1" else f"{number(value)} {_PRETTY.get(unit, unit)}"


def _fitting(data: float) -> tuple[str, float]:
    """The data unit in which an amount reads best, and the amount in it."""
    unit, size = next(
        (item for item in reversed(_DATA.items()) if data >= item[1] * (10 if item[0] == "TB" else 1)), ("B", 1.0)
    )
    return unit, data / size


def number(value: float) -> str:
    """Four significant digits with thousands separators, whole numbers in full.

    >>> number(61234.5), number(0.04215), number(512.0), number(7.1e-9)
    ('61,230', '0.04215', '512', '7.1e-09')
    """
    if value != value or value in (float("inf"), float("-inf")):
        return "∞" if value == float("inf") else "-∞" if value == float("-inf") else "unknown"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    rounded = float(f"{value:.4g}")
    if abs(rounded) >= 1e15:
        return f"{rounded:.4g}"
    if abs(rounded) >= 1000:
        return f"{rounded:,.0f}"
    if 0 < abs(rounded) < 1e-4:
        return f"{rounded:.4g}"
    return f"{rounded:.10f}".rstrip("0").rstrip(".")
