"""The numbers that an input may be: as a plan limits its fields, for design points and columns of them too."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import Any

from mlsysim.plan.acceptance import number_rule
from mlsysim.plan.leaves import by_leaf
from mlsysim.plan.wording import cure, said
from mlsysim.registry.vocabulary import AT_MOST, Meaning, meaning
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue

#: Leaves that are facts of the registry under the same name: their namespace, and the category.
_FACTS = {"facility": "facilities", "model": "models", "node": "nodes", "software": "software"}
#: The units in which a fact is the leaf's own number.
_PLAIN = ("1", "sample")
#: The most of what has no limit of its own: products of such numbers are still numbers.
_LARGEST = 1e60


@dataclass(frozen=True, slots=True)
class Limits:
    """What an input may be, in coherent units.

    Attributes:
        name: what messages call it: the plan's field where there is one, else the leaf.
        low, high: the least and the most.
        above: whether the least is left out.
        whole: whether it is a whole number.
        choices: the names of its whole numbers, where it has any; yes and no are also true and false.
    """

    name: str
    low: float
    high: float
    above: bool = False
    whole: bool = False
    choices: tuple[str, ...] = ()

    def number(self, given: Any) -> float:
        """A value as a number.

        Raises:
            InputError: it is no number, or one that the input cannot be.
        """
        value = given if type(given) is float else self._converted(given)
        inside = self.low < value <= self.high if self.above else self.low <= value <= self.high
        if not inside or (self.whole and value % 1):
            raise self.mistake(given, self._wrong(value))
        return float(value)

    def column(self, given: Any) -> Any:
        """Values as an array of floats; a single number as a float.

        Raises:
            InputError: one of them is no number, or one that the input cannot be; it is named by its position.
        """
        import numpy

        if isinstance(given, Iterator):
            given = list(given)
        if isinstance(given, str | bytes) or not hasattr(given, "__len__") or not numpy.ndim(given):
            return self.number(given)
        array = numpy.asarray(given)
        if array.ndim != 1:
            raise InputError(
                f"{self.name}: {array.ndim} dimensions", hint="give a sequence of numbers, or a single one"
            )
        mixed = not isinstance(given, numpy.ndarray) and not {bool, numpy.bool_}.isdisjoint(map(type, given))
        if array.dtype.kind not in "iuf" or mixed:  # numpy reads true among numbers as 1
            array = numpy.array([self._at(position, value) for position, value in enumerate(given)], dtype=float)
        values = array.astype(float)
        good = (values > self.low if self.above else values >= self.low) & (values <= self.high)
        if self.whole:
            good &= numpy.floor(values) == values
        if not good.all():
            position = int(numpy.argmin(good))
            self._at(position, given[position])
        return values

    def _at(self, position: int, given: Any) -> float:
        try:
            return self.number(given)
        except InputError as error:
            what = error.what.removeprefix(self.name)
            raise InputError(f"{self.name}[{position}]{what}", hint=error.hint) from None

    def _converted(self, given: Any) -> float:
        plain = given.item() if hasattr(given, "item") and not getattr(given, "ndim", 0) else given
        if isinstance(plain, str) and plain in self.choices:
            return float(self.choices.index(plain))
        if isinstance(plain, Real) and (not isinstance(plain, bool) or self.choices == ("no", "yes")):
            try:
                return float(plain)
            except OverflowError:
                raise self.mistake(math.inf if plain == abs(plain) else -math.inf, "finite_number") from None
        raise self.mistake(plain, "literal_error" if self.choices else "int_type" if self.whole else "float_type")

    def _wrong(self, value: float) -> str:
        """Which mistake a number is, in the words of a plan's form."""
        if not math.isfinite(value):
            return "finite_number"
        if self.whole and value % 1:
            return "int_from_float"
        below = value < self.low or (self.above and value <= self.low)
        return ("greater_than" if self.above else "greater_than_equal") if below else "less_than_equal"

    def mistake(self, given: Any, kind: str) -> InputError:
        """The error of a value that the input cannot be, in the words in which a plan's form says it.

        Args:
            given: the value.
            kind: what is wrong, as pydantic calls it.
        """
        context = {"ge": self.low, "gt": self.low, "le": self.high, "expected": ", ".join(map(repr, self.choices))}
        detail = {"type": kind, "input": given, "ctx": context, "loc": (self.name,)}
        return InputError(f"{self.name}: {said(detail, given)}", hint=cure(detail, None))


@cache
def limits(leaf: str) -> Limits:
    """The limits of a leaf: of the plan's field that binds it, else of the registry's fact, else what its quantity allows."""
    record = catalogue().QUANTITIES[leaf]
    if record["choices"]:
        names: Sequence[str] = record["choices"]
        said = by_leaf().get(leaf)
        return Limits(
            f"{said.section}.{said.name}" if said else leaf, 0, len(names) - 1, whole=True, choices=tuple(names)
        )
    section, field, scale = _field(leaf)
    if not section:
        fact = _fact(leaf)
        if fact is not None:
            return Limits(leaf, fact.low, fact.high, fact.above, fact.whole)
        whole, low = bool(record["integer"]), float(record["low"])
        least = float(low >= 1) if whole else 0.0
        most = math.inf if record["absent"] == "inf" else _LARGEST
        return Limits(leaf, least, most, above=low > 0 and not whole, whole=whole)
    rule = number_rule(section, field)
    low = rule.get("exclusiveMinimum", rule.get("minimum", 0)) * scale
    high = rule.get("maximum", _LARGEST / scale) * scale
    return Limits(f"{section}.{field}", low, high, "exclusiveMinimum" in rule, bool(record["integer"]))


def _field(leaf: str) -> tuple[str, str, float]:
    """The section and the field of a plan that bind a leaf, and the leaf's value for a 1; empty where there is none."""
    if leaf == "split.devices":
        return "hardware", "accelerators", 1.0
    field = by_leaf().get(leaf)
    return (field.section, field.name, field.scale) if field else ("", "", 1.0)


def _fact(leaf: str) -> Meaning | None:
    """The fact of the registry that binds a leaf, where it is counted in the same unit."""
    namespace, _, name = leaf.partition(".")
    found = meaning(_FACTS[namespace], name) if namespace in _FACTS else None
    return found if found is not None and found.unit in _PLAIN else None


def refuse_disorder(values: Mapping[str, Any], varied: Collection[str]) -> None:
    """Refuse a fact of a model that is above another which bounds it, such as key-value heads above heads.

    Args:
        values: a number or a column of every leaf.
        varied: the leaves that are not as in the plan.

    Raises:
        InputError: one is.
    """
    for pair in AT_MOST:
        small, large = (f"model.{name}" for name in pair)
        if large not in values or small not in values or not {small, large} & {*varied}:
            continue
        import numpy

        some, most = numpy.broadcast_arrays(values[small], values[large])
        above = numpy.flatnonzero(some > most)
        if len(above):
            first = above[0]
            raise InputError(
                f"{small}: {some.flat[first]:,.10g} is above {large}, {most.flat[first]:,.10g}",
                hint=f"give at most as many, or vary {large} too",
            )
