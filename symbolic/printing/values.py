"""The same expressions with numbers in place of symbols."""

from __future__ import annotations

from collections.abc import Mapping

from mlsysim.symbolic.printing.expression import LatexForm, TextForm
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.words import amount


def record(quantity: Quantity) -> dict[str, object]:
    """What ``words.amount`` needs to know of a quantity."""
    from mlsysim.symbolic.units import factor

    scale = factor(quantity.display) / factor(quantity.unit)
    return {"display": quantity.display, "scale": scale, "choices": quantity.choices}


def said(quantity: Quantity, value: float) -> str:
    """A value of a quantity in its display unit, as text."""
    return amount(value, record(quantity))


def said_in_latex(quantity: Quantity, value: float) -> str:
    r"""A value of a quantity as LaTeX, through siunitx: ``\qty{80}{GB}``."""
    shown = said(quantity, value)
    number, _, unit = shown.partition(" ")
    if quantity.choices or number == "unknown":
        return rf"\text{{{number if number == 'unknown' else shown}}}"
    number = {"∞": r"\infty", "-∞": r"-\infty"}.get(number, number.replace(",", ""))
    if "infty" in number:
        return number
    return rf"\qty{{{number}}}{{{_siunitx(unit)}}}" if unit else rf"\num{{{number}}}"


def _siunitx(unit: str) -> str:
    return unit.replace("%", r"\percent").replace("µ", r"\micro ").replace("billion parameters", "Gparam")


def percent(share: float) -> str:
    """A share as a percentage.

    >>> percent(0.8512), percent(0.00003)
    ('85.1 %', '0.003 %')
    """
    return f"{min(100 * share, 100):.3g} %"


def _counted(quantity: Quantity, values: Mapping[str, float]) -> str:
    """A yes or no among numbers, where it counts as 1 or 0; empty for any other quantity."""
    return f"{values[quantity.name]:g}" if quantity.choices == ("no", "yes") else ""


class TextValues(TextForm):
    """Text with values for symbols."""

    product = product_of_numbers = " · "

    def __init__(self, values: Mapping[str, float]) -> None:
        """Print each quantity as its value, by name."""
        self.values = values

    def symbol(self, quantity: Quantity) -> str:
        if quantity.constant is not None:
            return f"{quantity.constant:g}"
        return _counted(quantity, self.values) or said(quantity, self.values[quantity.name])

    def chosen(self, quantity: Quantity) -> str:
        return said(quantity, self.values[quantity.name])


class LatexValues(LatexForm):
    """LaTeX with values for symbols."""

    product = product_of_numbers = r" \cdot "

    def __init__(self, values: Mapping[str, float]) -> None:
        """Print each quantity as its value, by name."""
        self.values = values

    def symbol(self, quantity: Quantity) -> str:
        if quantity.constant is not None:
            return f"{quantity.constant:g}"
        if quantity.name not in self.values:  # the index of a sum
            return quantity.latex
        return _counted(quantity, self.values) or said_in_latex(quantity, self.values[quantity.name])

    def chosen(self, quantity: Quantity) -> str:
        return said_in_latex(quantity, self.values[quantity.name])
