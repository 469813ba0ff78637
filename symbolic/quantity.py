"""Quantities: named symbols with a unit, a meaning and an admissible range."""

from __future__ import annotations

from typing import Any, Unpack

import sympy

from mlsysim.symbolic.facets import Facets

#: Every variant of the graph: how the model is known, and what is done with it: training, a batch of inference at once,
#: or serving requests that arrive one by one.
VARIANTS = tuple(
    f"{model}_{phase}" for model in ("transformer", "profiled") for phase in ("training", "inference", "serving")
)
ALL = frozenset(VARIANTS)
TRAINING = frozenset(v for v in VARIANTS if v.endswith("training"))
BATCH = frozenset(v for v in VARIANTS if v.endswith("inference"))
SERVING = frozenset(v for v in VARIANTS if v.endswith("serving"))
INFERENCE = BATCH | SERVING
TRANSFORMER = frozenset(v for v in VARIANTS if v.startswith("transformer"))
PROFILED = ALL - TRANSFORMER
TRANSFORMER_TRAINING = TRANSFORMER & TRAINING
TRANSFORMER_INFERENCE = TRANSFORMER & INFERENCE
TRANSFORMER_BATCH = TRANSFORMER & BATCH
TRANSFORMER_SERVING = TRANSFORMER & SERVING
PROFILED_TRAINING = PROFILED & TRAINING
PROFILED_INFERENCE = PROFILED & INFERENCE
PROFILED_BATCH = PROFILED & BATCH
PROFILED_SERVING = PROFILED & SERVING


class Quantity(sympy.Symbol):
    """A symbol of the equation graph.

    Attributes:
        latex: how the symbol prints in LaTeX.
        unit: the coherent unit its float counts ("1" for a plain number).
        meaning: what it is, as a clause one can read aloud.
        display: the unit it is shown in, and in which a bare number in an assert is read.
        low, high: the admissible range, in coherent units.
        choices: for a categorical quantity, the name of each integer value.
        constant: the value, for a definitional constant such as the two operations of a multiply-add.
        absent: what a value that nobody has published counts as, where leaving the term out is sound.
        facets: what else is declared of it: how a plan says it, what a search decides of it, ...
    """

    __slots__ = ("absent", "choices", "constant", "display", "facets", "high", "latex", "low", "meaning", "unit")

    latex: str
    unit: str
    meaning: str
    display: str
    low: float
    high: float
    choices: tuple[str, ...]
    constant: float | None
    absent: float | None
    facets: Facets

    def __new__(
        cls,
        name: str,
        latex: str,
        unit: str,
        meaning: str,
        *,
        display: str | None = None,
        low: float = 1e-3,
        high: float = 1e3,
        integer: bool = False,
        choices: tuple[str, ...] = (),
        constant: float | None = None,
        absent: float | None = None,
        **facets: Unpack[Facets],
    ) -> Quantity:
        """Make a quantity; sympy assumes it positive when its range is, nonnegative otherwise."""
        if choices:
            integer, low, high = True, 0, len(choices) - 1
        sign = {"positive": True} if low > 0 else {"nonnegative": True} if low == 0 else {"real": True}
        quantity = sympy.Symbol.__xnew__(cls, name, integer=integer or None, **sign)
        quantity.latex, quantity.unit, quantity.meaning = latex, unit, meaning
        quantity.display = display or unit
        quantity.low, quantity.high, quantity.choices = low, high, choices
        quantity.constant, quantity.absent, quantity.facets = constant, absent, facets
        return quantity

    def __getnewargs_ex__(self) -> Any:
        """Quantities are looked up in the modules that define them, never pickled."""
        raise TypeError(f"{self.name} cannot be pickled; import it from the module that defines it")


def count(
    name: str,
    latex: str,
    meaning: str,
    *,
    unit: str = "1",
    low: float = 1,
    high: float = 64,
    absent: float | None = None,
    **facets: Unpack[Facets],
) -> Quantity:
    """An integer quantity, at least one unless ``low`` says otherwise."""
    return Quantity(name, latex, unit, meaning, integer=True, low=low, high=high, absent=absent, **facets)


def time(
    name: str, latex: str, meaning: str, *, display: str = "ms", low: float = 1e-3, **facets: Unpack[Facets]
) -> Quantity:
    """A time in seconds, shown in milliseconds unless ``display`` says otherwise."""
    return Quantity(name, latex, "s", meaning, display=display, low=low, **facets)


def data(name: str, latex: str, meaning: str, *, display: str = "GB", low: float = 1e-3) -> Quantity:
    """An amount of data in bytes."""
    return Quantity(name, latex, "byte", meaning, display=display, low=low)


def ratio(
    name: str, latex: str, meaning: str, *, low: float = 1e-3, high: float = 1, **facets: Unpack[Facets]
) -> Quantity:
    """A plain number, between zero and one unless the range says otherwise."""
    return Quantity(name, latex, "1", meaning, low=low, high=high, **facets)


def flag(name: str, latex: str, meaning: str, **facets: Unpack[Facets]) -> Quantity:
    """A yes-or-no quantity: 1 or 0."""
    return Quantity(name, latex, "1", meaning, choices=("no", "yes"), **facets)


def constant(name: str, value: int, unit: str, meaning: str) -> Quantity:
    """A definitional constant with a unit; prints as its value, and a 1 does not print at all."""
    return Quantity(name, str(value), unit, meaning, constant=value)
