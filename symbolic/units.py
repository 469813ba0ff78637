"""Units at the borders: parse what people write, refuse what has the wrong dimension.

Inside, every number is a float in the coherent unit of its dimension (second, joule, byte, flop, token, ...).
pint is imported on first use only: a command that meets no unit string does not pay for it. No sympy here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from mlsysim.symbolic.errors import UnitError, nearest
from mlsysim.symbolic.numerals import DIGITS, NUMBER, leading, rewritten

Dimension = tuple[tuple[str, float], ...]

UNIT_FILE = Path(__file__).with_name("units.txt")

_WORD = r"[A-Za-zµ%][A-Za-z0-9_µ]{0,30}(\^-?[1-4])?"
#: Words with powers, multiplied and divided: all that a unit can be.
_UNIT = re.compile(rf"(1/)?{_WORD}( ?[*/] ?{_WORD}){{0,5}}")
#: Units as people write them, for a guess at what was meant.
USUAL = (
    "ns", "us", "ms", "s", "min", "h", "day", "year", "kB", "MB", "GB", "TB", "GiB", "Gb/s", "GB/s", "TB/s", "GFLOP/s",
    "TFLOP/s", "token", "token/s", "sample/s", "W", "kW", "MW", "kWh", "MWh", "USD", "USD/h", "USD/kWh", "USD/MWh",
    "USD/tCO2e", "gCO2e", "kgCO2e", "tCO2e", "gCO2e/kWh", "L", "L/kWh",
)  # fmt: skip
_EXAMPLES = "write it like ms, GB/s, TFLOP/s, USD/h or gCO2e/kWh"
#: What a unit can begin with.
_BEGINS = re.compile(r"[A-Za-zµ%(_/]|1/")
#: The symbol of the bit, with its prefix.
_BITS = re.compile(r"(?<![A-Za-z])([kKMGTPEZY]i?)?b(?![A-Za-z])")
#: A percentile as people write it.
_PERCENTILE = re.compile(rf"[pP] ?({NUMBER})")
#: Letters and signs that stand for others in a unit: the Greek mu for the micro sign, the dollar's sign for its name.
_SAME = str.maketrans({"\u03bc": "\u00b5", "$": "USD"})
#: An amount of money with the sign in front.
_DOLLARS = re.compile(rf"\$ ?({NUMBER}) ?(.*)", re.DOTALL)
#: Digits of another base behind their zero, such as ``x10``.
_OTHER_BASE = re.compile(r"[xXoObB][0-9a-fA-F]+")
#: The unit of a percentile.
PERCENT = "%"
#: What a count may be multiplied with.
MULTIPLES = {
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "G": 1e9, "B": 1e9, "bn": 1e9, "T": 1e12,
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
}  # fmt: skip
#: The same, where of whole numbers a power of two may be meant: decimal and binary.
_EITHER = {"k": (1e3, 2.0**10), "K": (1e3, 2.0**10), "M": (1e6, 2.0**20)}
#: Units whose name is a word, which several of them add an s to.
_PLURAL = ("day", "hour", "year", "token", "sample", "request")
#: Characters of a unit; what is longer is none, and is not compared with any.
_LONGEST = 100
#: Characters of a label that a usual unit can have been meant by.
_LONGEST_LIKE = 12
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
    return known()[unit][0] if unit in known() else computed_factor(unit)


def computed_factor(unit: str) -> float:
    """The same by pint alone."""
    # An exact factor is wanted: a thousandth must be 0.001, not what 1/3600*3.6 rounds to.
    return float(f"{_unit(unit).to_root_units().magnitude:.15g}")


@lru_cache(_KEPT)
def dimension(unit: str) -> Dimension:
    """The dimension of a unit as sorted (base dimension, power) pairs.

    >>> dimension("GB/s")
    (('[information]', 1), ('[time]', -1))
    """
    return known()[unit][1] if unit in known() else computed_dimension(unit)


def computed_dimension(unit: str) -> Dimension:
    """The same by pint alone."""
    return tuple(sorted((name, power) for name, power in _unit(unit).dimensionality.items()))


@cache
def known() -> Mapping[str, tuple[float, Dimension]]:
    """What pint says of usual units, as ``codegen`` wrote it down: importing pint takes longer than evaluating a plan.

    Empty where it was written down from another ``units.txt``.
    """
    try:
        from mlsysim.symbolic.kernels import _units
    except ImportError:
        return {}
    return _units.KNOWN if units_digest() == _units.SOURCE else {}


def units_digest() -> str:
    """A digest of the units that pint reads."""
    return sha256(UNIT_FILE.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:16]


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
        text: a number and a unit, such as ``"3.35 TB/s"``; of what is counted also ``"15 T"`` or ``"32 Ki"``.
        unit: any unit of the dimension that is wanted.
        where: the place for the error message, such as ``plan.yaml:7:3``.
        what: the name of the value for the error message.

    Raises:
        UnitError: no number, no unit, an unknown unit, the wrong dimension, an amount of data in bits, NaN or infinity.

    >>> parse("50 ms", "s"), parse("40%", "1"), parse("15T tokens", "token")
    (0.05, 0.4, 15000000000000.0)
    """
    number, label = _amount(text, unit, _Wanted(where, what))
    return _finite(number * factor(label), text, where, what)


def convert(
    text: str, unit: str, *, also: Sequence[str] = (), whole: bool = False, where: str | None = None,
    what: str = "this value",
) -> float:  # fmt: skip
    """Read ``"2 weeks"`` as a number of ``unit``.

    Args:
        text: a number and a unit.
        unit: what the number that is returned counts.
        also: further words for the unit.
        whole: whether it counts in whole numbers, of which ``8k`` is either 8000 or 8192.
        where, what: as for :func:`parse`.

    Raises:
        UnitError: as by :func:`parse`, or a ``k`` or ``M`` that may be a power of two.

    >>> convert("2 weeks", "day"), convert("32 Ki", "token"), convert("p99", "%")
    (14.0, 32768.0, 99.0)
    """
    number, label = _amount(text, unit, _Wanted(where, what, tuple(also), whole, bare=True))
    return _finite(float(f"{number * factor(label) / factor(unit):.15g}"), text, where, what)


@dataclass(frozen=True)
class _Wanted:
    """How a text is read, and what messages call it."""

    where: str | None
    what: str
    also: tuple[str, ...] = ()
    whole: bool = False
    bare: bool = False

    def refused(self, text: str, said: str, hint: str | None) -> UnitError:
        return UnitError(f"{self.what}: {text!r} {said}", where=self.where, hint=hint)


def _amount(text: str, unit: str, wanted: _Wanted) -> tuple[float, str]:
    """The number and the unit of a text, which is of the dimension of ``unit``."""
    simple, example = not dimension(unit), _example(unit, wanted.whole)
    written, text = text, text.translate(_SAME) if leading(text) else text
    if unit == PERCENT and (percentile := _PERCENTILE.fullmatch(text.strip())):
        return float(percentile[1]), unit
    parts = leading(text)
    no_number = f"is not a number{'' if simple or wanted.bare else ' with a unit'}"
    if cure := rewritten(text, wanted.whole):
        raise wanted.refused(written, no_number, f"write {cure}; {DIGITS}")
    if dollars := _DOLLARS.fullmatch(text.strip()):
        raise wanted.refused(written, no_number, f"write {dollars[1]} USD{dollars[2] or unit.removeprefix('USD')}")
    if parts is None or (parts[1] and not _BEGINS.match(parts[1])):  # such as "12:30"
        raise wanted.refused(written, no_number, example)
    number, label = parts[0], _counted_above(parts[1], unit)
    if dimension(unit) in _COUNTS:
        number, label = _multiplied(number, label, text, unit, wanted)
    label = unit if label.casefold() in {word.casefold() for word in wanted.also} else label
    if not label and not simple:
        raise wanted.refused(written, "has no unit", example)
    try:
        found = dimension(label)
    except UnitError as error:
        near = _nearest(label, unit)
        apart = text.strip()[: -len(label)][-1:] == " "
        if not near and not apart and (_OTHER_BASE.fullmatch(label) or not _UNIT.fullmatch(label)):  # such as "0x10 s"
            raise wanted.refused(written, no_number, example) from None
        hint = f"did you mean {near!r}?" if near else example
        raise UnitError(f"{wanted.what}: {error.what}", where=wanted.where, hint=hint) from None
    if found != dimension(unit):
        what = f"{wanted.what} is {named(dimension(unit))}, {written!r} is {named(found)}"
        raise UnitError(what, where=wanted.where, hint=example)
    _refuse_bits(number, label, written, wanted)
    return number, label


def _counted_above(label: str, unit: str) -> str:
    """A rate without what it counts, such as ``/min``, in what the unit counts; any other label as it is."""
    above, rate, _ = unit.partition("/")
    return above + label if rate and label.startswith("/") and dimension(above) in _COUNTS else label


def _multiplied(number: float, label: str, text: str, unit: str, wanted: _Wanted) -> tuple[float, str]:
    """A count with its multiple, such as ``15 T tokens``, in the unit."""
    word, _, rest = label.partition(" ")
    rest = rest.strip() or unit
    if wanted.whole and word in _EITHER:
        either = [f"{number * size:.15g}" for size in _EITHER[word] if float(f"{number * size:.15g}").is_integer()]
        if len(either) == 1:
            return float(either[0]), rest
        if either:
            raise wanted.refused(text, f"may be {either[0]} or {either[1]}", f"write {either[0]} or {either[1]}")
    size = MULTIPLES.get(word) or _EITHER.get(word, (0.0,))[0]
    return (number * size, rest) if size else (number, label)


def _refuse_bits(number: float, label: str, text: str, wanted: _Wanted) -> None:
    """Refuse an amount of data in bits: ``80 Gb`` was meant as 80 GB. Rates in bits are usual, ``Gbit`` says what it is."""
    powers = dict(dimension(label))
    if "[information]" not in powers or "[time]" in powers or not (bits := _BITS.search(label)):
        return
    byte = f"{label[: bits.start()]}{bits[1] or ''}B{label[bits.end() :]}"
    meant, eighth = f"{number:.15g} {byte}", f"{number / 8:.15g} {byte}"
    prefix = bits[1] or ""
    raise wanted.refused(
        text, f"is {number:.15g} {prefix}bit ({eighth})", f"write {meant}, or {eighth} if you mean bits"
    )


def _example(unit: str, whole: bool) -> str:
    """How an amount is written."""
    if unit == PERCENT:
        return "write a number, such as 99 or p99"
    if not dimension(unit):
        return "write a plain number, such as 64" if whole else "write a plain number, such as 0.5 or 50 %"
    if whole:
        return f'write a plain number, such as 64, or a number with its unit, such as "64 {unit}s"'
    plural = "s" if unit in _PLURAL else ""
    return f'write a number, a space and a unit, such as "3 {unit}{plural}"'


def _finite(value: float, text: str, where: str | None, what: str) -> float:
    if not math.isfinite(value):
        raise UnitError(f"{what}: {text!r} is not a finite number", where=where, hint="give a smaller one")
    return value


def _nearest(label: str, unit: str) -> str | None:
    """The usual unit of the wanted dimension that is most like what was written."""
    if len(label) > _LONGEST_LIKE:
        return None
    known = [usual for usual in dict.fromkeys((unit, *USUAL)) if dimension(usual) == dimension(unit)]
    return next(iter(nearest(label, known)), None)


#: Dimensions of what is counted.
_COUNTS: tuple[Dimension, ...] = (
    (), (("[token]", 1),), (("[sample]", 1),), (("[request]", 1),), (("[parameter]", 1),),
)  # fmt: skip
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
