"""Units at the borders: parse what people write, refuse what has the wrong dimension.

Inside, every number is a float in the coherent unit of its dimension (second, joule, byte, flop, token, ...).
pint is imported on first use only: a command that meets no unit string does not pay for it. No sympy here.
"""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from mlsysim.symbolic.errors import UnitError, nearest

Dimension = tuple[tuple[str, float], ...]

UNIT_FILE = Path(__file__).with_name("units.txt")

_WORD = r"[A-Za-zµ%][A-Za-z0-9_µ]{0,30}(\^-?[1-4])?"
#: Words with powers, multiplied and divided: all that a unit can be.
_UNIT = re.compile(rf"(1/)?{_WORD}( ?[*/] ?{_WORD}){{0,5}}")
#: Units as people write them, for a guess at what was meant.
_USUAL = (
    "ns", "us", "ms", "s", "min", "h", "day", "year", "kB", "MB", "GB", "TB", "GiB", "Gb/s", "GB/s", "TB/s", "GFLOP/s",
    "TFLOP/s", "token", "token/s", "sample/s", "W", "kW", "MW", "kWh", "MWh", "USD", "USD/h", "USD/kWh", "USD/MWh",
    "USD/tCO2e", "gCO2e", "kgCO2e", "tCO2e", "gCO2e/kWh", "L", "L/kWh",
)  # fmt: skip
_EXAMPLES = "write it like ms, GB/s, TFLOP/s, USD/h or gCO2e/kWh"
#: A number that its unit follows without a space.
_TIGHT = re.compile(r"([-+]?[0-9][0-9.]{0,40}(?:[eE][-+]?[0-9]{1,3})?)([A-Za-zµ%].{0,60})")
#: Characters of a unit; what is longer is none, and is not compared with any.
_LONGEST = 100
#: Units that are kept once they were looked up.
_KEPT = 2048

#: The coherent unit of each dimension: what a float inside the program counts.
COHERENT = {
    "[time]": "second",
    "[energy]": "joule",
    "[information]": "byte",
    "[operation]": "flop",
    "[token]": "token",
    "[sample]": "sample",
    "[request]": "request",
    "[parameter]": "parameter",
    "[currency]": "dollar",
    "[emission]": "gram_co2e",
    "[water]": "liter",
}


@cache
def registry() -> Any:
    """The pint unit registry of mlsysim, made from ``units.txt``."""
    import pint

    return pint.UnitRegistry(str(UNIT_FILE), cache_folder=None, autoconvert_to_preferred=False)


@lru_cache(_KEPT)
def factor(unit: str) -> float:
    """How many coherent units one ``unit`` is.

    >>> factor("ms"), factor("GiB"), factor("TFLOP/s")
    (0.001, 1073741824.0, 1000000000000.0)
    """
    # An exact factor is wanted: a thousandth must be 0.001, not what 1/3600*3.6 rounds to.
    return float(f"{_unit(unit).to_root_units().magnitude:.15g}")


@lru_cache(_KEPT)
def dimension(unit: str) -> Dimension:
    """The dimension of a unit as sorted (base dimension, power) pairs.

    >>> dimension("GB/s")
    (('[information]', 1), ('[time]', -1))
    """
    return tuple(sorted((name, power) for name, power in _unit(unit).dimensionality.items()))


@lru_cache(_KEPT)
def _unit(unit: str) -> Any:
    import pint

    if unit in ("", "1"):
        return registry().Quantity(1.0)
    if len(unit) > _LONGEST or not _UNIT.fullmatch(unit):  # pint would evaluate what looks like arithmetic
        raise UnitError(f"unknown unit {unit!r}", hint=_EXAMPLES)
    try:
        return registry().Quantity(1.0, unit)
    except (pint.errors.PintError, AttributeError, ValueError, TypeError, SyntaxError) as error:
        raise UnitError(f"unknown unit {unit!r}", hint=_EXAMPLES) from error


def coherent(unit: str) -> str:
    """The coherent unit with the dimension of ``unit``, for people and for LaTeX.

    >>> coherent("GB/s")
    'byte / second'
    """
    return str(_unit(unit).to_root_units().units) or "1"


def parse(text: str, unit: str, *, where: str | None = None, what: str = "this value") -> float:
    """Read ``"50 ms"`` as a float in coherent units, refusing another dimension than that of ``unit``.

    Args:
        text: a number and a unit with a space between, such as ``"3.35 TB/s"``.
        unit: any unit of the dimension that is wanted.
        where: the place for the error message, such as ``plan.yaml:7:3``.
        what: the name of the value for the error message.

    Raises:
        UnitError: no number, no unit, an unknown unit, the wrong dimension, NaN or infinity.

    >>> parse("50 ms", "s")
    0.05
    """
    number, _, label = text.strip().partition(" ")
    plain = not dimension(unit)
    example = "write a plain number" if plain else f'write a number, a space and a unit, such as "3 {unit}"'
    try:
        value = float(number)
    except ValueError:
        what = f"{what}: {text!r} is not a number{'' if plain else ' with a unit'}"
        raise UnitError(what, where=where, hint=_spaced(text, unit) or example) from None
    label = label.strip()
    if not label and not plain:
        raise UnitError(f"{what}: {text!r} has no unit", where=where, hint=example)
    try:
        found = dimension(label)
    except UnitError as error:
        near = _nearest(label, unit)
        hint = f"did you mean {near!r}?" if near else example
        raise UnitError(f"{what}: {error.what}", where=where, hint=hint) from None
    if found != dimension(unit):
        raise UnitError(f"{what} is {named(dimension(unit))}, {text!r} is {named(found)}", where=where, hint=example)
    value *= factor(label)
    if not math.isfinite(value):
        raise UnitError(f"{what}: {text!r} is not a finite number", where=where, hint=example)
    return value


def _spaced(text: str, unit: str) -> str | None:
    """The cure where the space between number and unit is all that lacks."""
    tight = _TIGHT.fullmatch(text.strip())
    try:
        right = tight and dimension(tight[2]) == dimension(unit)
    except UnitError:
        return None
    return f'put a space before the unit: "{tight[1]} {tight[2]}"' if tight and right else None


def _nearest(label: str, unit: str) -> str | None:
    """The usual unit of the wanted dimension that is most like what was written."""
    known = [usual for usual in dict.fromkeys((unit, *_USUAL)) if dimension(usual) == dimension(unit)]
    return next(iter(nearest(label, known)), None)


_NAMED: dict[Dimension, str] = {
    (): "a plain number",
    (("[time]", 1),): "a time",
    (("[information]", 1),): "an amount of data",
    (("[information]", 1), ("[time]", -1)): "a bandwidth",
    (("[operation]", 1),): "an amount of work",
    (("[operation]", 1), ("[time]", -1)): "a rate of work",
    (("[time]", -1),): "a frequency",
    (("[time]", -1), ("[token]", 1)): "a rate of tokens",
    (("[sample]", 1), ("[time]", -1)): "a rate of samples",
    (("[energy]", 1),): "an energy",
    (("[energy]", 1), ("[time]", -1)): "a power",
    (("[currency]", 1),): "an amount of money",
    (("[currency]", 1), ("[time]", -1)): "a price per time",
    (("[emission]", 1),): "a mass of emissions",
    (("[water]", 1),): "a volume of water",
}


#: What is counted, for dimensions that have no name of their own.
_COUNTED = {
    "[time]": "time", "[energy]": "energy", "[information]": "data", "[operation]": "work", "[token]": "tokens",
    "[sample]": "samples", "[request]": "requests", "[parameter]": "parameters", "[currency]": "money",
    "[emission]": "emissions", "[water]": "water",
}  # fmt: skip


def named(dim: Dimension) -> str:
    """A dimension in words for messages, such as ``a time`` or ``money per energy``.

    >>> named(dimension("USD/tCO2e")), named(dimension("1/ms^2"))
    ('money per emissions', 'one per time^2')
    """
    if dim in _NAMED:
        return _NAMED[dim]
    above = [_counted(name, power) for name, power in dim if power > 0]
    below = [_counted(name, -power) for name, power in dim if power < 0]
    return " per ".join([" times ".join(above) or "one", *below])


def _counted(name: str, power: float) -> str:
    return _COUNTED[name] + (f"^{power:g}" if power != 1 else "")
