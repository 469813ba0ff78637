"""Numbers with units as people read them. Nothing here imports sympy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PRETTY = {"us": "µs", "Gparam": "billion parameters"}
_DATA = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}

#: A value that differs from its shown digits by this share is the same.
SAME = 1e-13


def amount(value: float, quantity: Mapping[str, Any], toward: int = 0) -> str:
    """A value in coherent units as text in the quantity's display unit.

    Args:
        value: in coherent units.
        quantity: the quantity's record in the catalogue.
        toward: as in :func:`number`.

    >>> amount(8e10, {"display": "GB", "scale": 1e9, "integer": False})
    '80 GB'
    >>> amount(61.2301, {"display": "ms", "scale": 1e-3, "integer": False}, toward=1)
    '61240 ms'
    """
    if quantity.get("choices"):
        return str(quantity["choices"][int(value)])
    unit = quantity["display"]
    if unit in _DATA and 0 < value < float("inf"):
        unit, value = _fitting(value)
    else:
        value /= quantity["scale"]
    shown = number(value, toward)
    return shown if unit == "1" else f"{shown} {_PRETTY.get(unit, unit)}"


def _fitting(data: float) -> tuple[str, float]:
    """The data unit in which an amount reads best, and the amount in it."""
    unit, size = next(
        (item for item in reversed(_DATA.items()) if data >= item[1] * (10 if item[0] == "TB" else 1)), ("B", 1.0)
    )
    return unit, data / size


def number(value: float, toward: int = 0) -> str:
    """Four significant digits with thousands separators, whole numbers in full.

    Args:
        value: any number.
        toward: 1 to round up, -1 to round down: a number for a reader to copy, which then keeps what it is said to keep. It
            has no separators, so that it can be read again. 0 rounds to the nearest.

    >>> number(61234.5), number(0.04215), number(512.0), number(7.1e-9)
    ('61,230', '0.04215', '512', '7.1e-09')
    >>> number(61234.5, 1), number(61234.5, -1), number(1024.0, 1)
    ('61240', '61230', '1024')
    """
    if value != value or value in (float("inf"), float("-inf")):
        return "∞" if value == float("inf") else "-∞" if value == float("-inf") else "unknown"
    comma = "" if toward else ","
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):{comma}}"
    rounded = float(f"{value:.4g}")
    if toward and abs(rounded - value) > SAME * abs(value):
        rounded = _outward(value, toward)
    if abs(rounded) >= 1e15:
        return f"{rounded:.4g}"
    if abs(rounded) >= 1000:
        return f"{rounded:{comma}.0f}"
    if 0 < abs(rounded) < 1e-4:
        return f"{rounded:.4g}"
    return f"{rounded:.10f}".rstrip("0").rstrip(".")


def _outward(value: float, toward: int) -> float:
    """The next number of four significant digits above (``toward`` 1) or below (-1) a value."""
    from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

    exact = Decimal(value)
    rounding = ROUND_CEILING if toward > 0 else ROUND_FLOOR
    return float(exact.quantize(Decimal(1).scaleb(exact.adjusted() - 3), rounding=rounding))


def counted(number: int, what: str) -> str:
    """A number of things, the first word in the plural where there is not one.

    >>> counted(1, "slot"), counted(73992, "token to a chunk")
    ('1 slot', '73,992 tokens to a chunk')
    """
    first, *rest = what.split(" ", 1)
    return " ".join([f"{number:,} {first}{'s' * (number != 1)}", *rest])
