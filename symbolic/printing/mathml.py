"""Equations as MathML, which browsers show without a script."""

from __future__ import annotations

import re
from html import escape

from mlsysim.symbolic.equation import Equation
from mlsysim.symbolic.printing.expression import Form, plain
from mlsysim.symbolic.quantity import Quantity

#: A symbol in LaTeX: what stands on the line, below it and above it.
_SYMBOL = re.compile(r"(?P<base>.+?)(_(?P<below>\{.*?\}|\w))?(\^(?P<above>\{.*?\}|\w))?")


def mathml(equation: Equation) -> str:
    """A displayed formula.

    >>> from mlsysim.symbolic.graph import wall
    >>> mathml(wall("compute").module.law.result)[:62]
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="bloc'
    """
    form = MathMLForm()
    shown = form.show(equation.left) + form.equals + form.show(equation.right)
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">{shown}</math>'


def symbol(latex: str) -> str:
    r"""A symbol written in LaTeX.

    >>> symbol(r"T_{\mathrm{compute}}"), symbol(r"\eta")
    ('<msub><mi>T</mi><mi>compute</mi></msub>', '<mi>η</mi>')
    """
    parts = _SYMBOL.fullmatch(re.sub(r"\\(?:mathrm|text)\{([^{}]*)\}", r"\1", latex))
    if parts is None:
        return f"<mi>{escape(plain(latex))}</mi>"
    base, below, above = (
        f"<mi>{escape(plain(part))}</mi>" if part else "" for part in parts.group("base", "below", "above")
    )
    tag = "msubsup" if below and above else "msub" if below else "msup" if above else ""
    return f"<{tag}>{base}{below}{above}</{tag}>" if tag else base


def _operator(sign: str) -> str:
    return f"<mo>{escape(sign)}</mo>"


def _row(shown: str) -> str:
    return f"<mrow>{shown}</mrow>"


class MathMLForm(Form):
    """Presentation MathML in the order of the author."""

    product, product_of_numbers, number = '<mo>&#x2062;</mo><mspace width="0.17em"/>', "<mo>⋅</mo>", r"<m[in]>\d"
    infinity, mod = "<mi>∞</mi>", "<mo>mod</mo>"
    plus, minus, equals, factorial = map(_operator, "+−=!")
    above, under, at_least, at_most, differs = map(_operator, "><≥≤≠")
    round_up, round_down = (_operator("⌈"), _operator("⌉")), (_operator("⌊"), _operator("⌋"))
    two_dimensional = True

    def symbol(self, quantity: Quantity) -> str:
        return symbol(quantity.latex)

    def digits(self, shown: str) -> str:
        return f"<mn>{shown}</mn>"

    def index(self, shown: str) -> str:
        return f"<mi>{shown}</mi>"

    def brackets(self, shown: str) -> str:
        return _row(f"<mo>(</mo>{shown}<mo>)</mo>")

    def fraction(self, above: list[str], below: list[str]) -> str:
        return f"<mfrac>{_row(self.times(above) or self.digits('1'))}{_row(self.times(below))}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup>{_row(base)}{_row(exponent)}</msup>"

    def root(self, shown: str) -> str:
        return f"<msqrt>{shown}</msqrt>"

    def call(self, name: str, arguments: list[str]) -> str:
        head = (
            f"<msup><mi>erf</mi>{_row(_operator('−') + self.digits('1'))}</msup>"
            if name == "erfinv"
            else f"<mi>{name}</mi>"
        )
        return head + self.brackets("<mo>,</mo>".join(arguments))

    def choose(self, whole: str, part: str) -> str:
        return self.brackets(f'<mfrac linethickness="0">{_row(whole)}{_row(part)}</mfrac>')

    def cases(self, rows: list[tuple[str, str]]) -> str:
        said = [
            (value, f"<mtext>if&#xa0;</mtext>{when}" if when else "<mtext>otherwise</mtext>") for value, when in rows
        ]
        # Browsers of today read the style of a cell, not its table's attribute.
        cell = '<mtd style="text-align: left">'
        lines = "".join(f"<mtr>{cell}{value}</mtd>{cell}{when}</mtd></mtr>" for value, when in said)
        return _row(f"<mo>{{</mo><mtable>{lines}</mtable>")

    def series(self, index: str, low: str, high: str, term: str) -> str:
        sign = f"<munderover><mo>∑</mo>{_row(index + self.equals + low)}{_row(high)}</munderover>"
        return sign + term

    def word(self, shown: str) -> str:
        return f"<mtext>{escape(shown)}</mtext>"
