"""One expression printer and two of its back-ends, plain Unicode text and LaTeX; ``mathml.py`` has a third."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.functions.elementary.miscellaneous import MinMaxBase

from mlsysim.symbolic.equation import Equation
from mlsysim.symbolic.quantity import Quantity

SUM, PRODUCT, POWER, ATOM = range(4)

_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "psi": "ψ", "omega": "ω", "Delta": "Δ", "Gamma": "Γ", "Lambda": "Λ", "Phi": "Φ", "ell": "ℓ",
}  # fmt: skip


_ACCENT = {"bar": "\N{COMBINING MACRON}", "hat": "\N{COMBINING CIRCUMFLEX ACCENT}"}


def latex(thing: Equation | Any) -> str:
    """An equation or expression as LaTeX that amsmath and KaTeX understand."""
    return _print(thing, LatexForm())


def text(thing: Equation | Any) -> str:
    """An equation or expression as one line of Unicode text."""
    return _print(thing, TextForm())


def _print(thing: Any, form: Form) -> str:
    if isinstance(thing, Equation):
        return f"{form.show(thing.left)}{form.equals}{form.show(thing.right)}"
    return form.show(sympy.sympify(thing, evaluate=False))


class Form(ABC):
    """Walks an expression; subclasses say how a fraction, a power or a set of cases looks."""

    product = " "
    #: Between a factor and a number, which would read as one number, and how a number begins.
    product_of_numbers, number = " ", r"\d"

    def show(self, node: Any) -> str:
        """The printed form of an expression."""
        return self._of(node)[0]

    def _of(self, node: Any) -> tuple[str, int]:
        """The printed form and how tightly it holds together."""
        if isinstance(node, Quantity):
            return self.symbol(node), ATOM
        for kinds, method in self._methods:
            if isinstance(node, kinds):
                return method(self, node)
        raise TypeError(f"no printed form for {type(node).__name__}")

    def _inside(self, node: Any, at_least: int) -> str:
        shown, tightness = self._of(node)
        return shown if tightness >= at_least else self.brackets(shown)

    def _number(self, node: Any) -> tuple[str, int]:
        if node.is_infinite:
            return self.infinity, ATOM
        if node < 0:
            return f"{self.minus.strip()}{self.show(-node)}", SUM
        if node.is_Rational and not node.is_Integer:
            return self.fraction([self.digits(str(node.p))], [self.digits(str(node.q))]), PRODUCT
        return self.digits(str(node)), ATOM

    def _symbol(self, node: Any) -> tuple[str, int]:
        return self.index(str(node)), ATOM

    def _sum(self, node: Any) -> tuple[str, int]:
        shown = ""
        for term in _terms(node):
            negative, positive = signed(term)
            part = self._inside(positive, PRODUCT)
            if not shown:
                shown = f"{self.minus.strip()}{part}" if negative else part
            else:
                shown += f"{self.minus if negative else self.plus}{part}"
        return shown, SUM

    def times(self, factors: list[str]) -> str:
        """A product as it is written."""
        shown = factors[0] if factors else ""
        for factor in factors[1:]:
            shown += (self.product_of_numbers if re.match(self.number, factor) else self.product) + factor
        return shown

    def _product(self, node: Any) -> tuple[str, int]:
        negative, positive = signed(node)
        if negative:
            return f"{self.minus.strip()}{self._inside(positive, PRODUCT)}", SUM
        above: list[Any] = []
        below: list[Any] = []
        for factor in _flat(node, sympy.Mul):
            inverse = isinstance(factor, sympy.Pow) and factor.exp == -1
            parts = _flat(factor.base if inverse else factor, sympy.Mul)
            (below if inverse else above).extend(part for part in parts if not _is_one(part))
        if below:
            return self._fraction(above, below), PRODUCT
        if not above:
            return self.digits("1"), ATOM
        if len(above) == 1:
            return self._of(above[0])
        return self.times([self._inside(f, POWER) for f in above]), PRODUCT

    def _fraction(self, above: list[Any], below: list[Any]) -> str:
        """A quotient; on paper, factors with cases stand beside it, since cases are taller than a fraction's line."""
        beside: list[str] = []
        if self.two_dimensional:
            above, tall = _without_cases(above)
            below, inverse = _without_cases(below)
            beside = [self._inside(f, POWER) for f in tall] + [self._reciprocal(f) for f in inverse]
        if not below:
            return self.times([*(self._inside(f, POWER) for f in above), *beside])
        return self.times([self.fraction(self._line(above), self._line(below)), *beside])

    def _line(self, factors: list[Any]) -> list[str]:
        """The factors above or below the line of a fraction, where one that is alone needs no brackets on paper."""
        loosest = SUM if len(factors) == 1 and self.two_dimensional else PRODUCT
        return [self._inside(factor, loosest) for factor in factors]

    def _reciprocal(self, node: Any) -> str:
        """One over something with cases: the cases of one over each value."""
        if isinstance(node, sympy.Piecewise):
            rows = [(sympy.Pow(value, -1, evaluate=False), condition) for value, condition in node.args]
            return self._inside(sympy.Piecewise(*rows, evaluate=False), POWER)
        return self.power(self._inside(node, ATOM), f"{self.minus.strip()}{self.digits('1')}")

    def _power(self, node: Any) -> tuple[str, int]:
        base, exponent = node.args
        if exponent in (sympy.Rational(1, 2), sympy.Pow(2, -1, evaluate=False)):
            return self.root(self.show(base)), ATOM
        if exponent == -1:
            return self._product(sympy.Mul(1, node, evaluate=False))
        return self.power(self._inside(base, ATOM), self.show(exponent)), POWER

    def _extreme(self, node: Any) -> tuple[str, int]:
        name = "max" if isinstance(node, sympy.Max) else "min"
        return self.call(name, [self.show(argument) for argument in node.args]), ATOM

    def _function(self, node: Any) -> tuple[str, int]:
        return self.call(type(node).__name__, [self.show(argument) for argument in node.args]), ATOM

    def _factorial(self, node: Any) -> tuple[str, int]:
        return f"{self._inside(node.args[0], ATOM)}{self.factorial}", ATOM

    def _choose(self, node: Any) -> tuple[str, int]:
        return self.choose(*(self.show(argument) for argument in node.args)), ATOM

    def _round(self, node: Any) -> tuple[str, int]:
        left, right = self.round_up if isinstance(node, sympy.ceiling) else self.round_down
        return f"{left}{self.show(node.args[0])}{right}", ATOM

    def _mod(self, node: Any) -> tuple[str, int]:
        return f"{self._inside(node.args[0], POWER)}{self.mod}{self._inside(node.args[1], POWER)}", PRODUCT

    def _cases(self, node: Any) -> tuple[str, int]:
        rows = [
            (self.show(value), "" if condition is sympy.true else self._relation(condition))
            for value, condition in node.args
        ]
        # On paper only the brace on the left says where cases begin.
        return self.cases(rows), SUM if self.two_dimensional else ATOM

    def _related(self, node: Any) -> tuple[str, int]:
        return self._relation(node), SUM

    def _relation(self, node: Any) -> str:
        sign = {"Equality": self.equals, "Unequality": self.differs, "GreaterThan": self.at_least, "LessThan": self.at_most,
                "StrictGreaterThan": self.above, "StrictLessThan": self.under}[type(node).__name__]  # fmt: skip
        left, right = node.args
        if isinstance(left, Quantity) and left.choices and right.is_Integer:
            return f"{self.chosen(left)}{sign}{self.word(left.choices[int(right)])}"
        return f"{self.show(left)}{sign}{self.show(right)}"

    def _series(self, node: Any) -> tuple[str, int]:
        index, low, high = node.limits[0]
        return self.series(self.show(index), self.show(low), self.show(high), self._inside(node.function, PRODUCT)), SUM

    _methods: tuple[tuple[Any, Callable[..., tuple[str, int]]], ...] = (
        (sympy.Number, _number),
        (sympy.Symbol, _symbol),
        (sympy.Add, _sum),
        (sympy.Mul, _product),
        (sympy.Pow, _power),
        (MinMaxBase, _extreme),
        ((sympy.ceiling, sympy.floor), _round),
        (sympy.Mod, _mod),
        (sympy.Piecewise, _cases),
        (Relational, _related),
        (sympy.Sum, _series),
        (sympy.factorial, _factorial),
        (sympy.binomial, _choose),
        (sympy.Function, _function),
    )

    # What a back-end must say.
    infinity = mod = at_least = at_most = differs = ""
    plus, minus, equals, above, under, factorial = " + ", " - ", " = ", " > ", " < ", "!"
    round_up = round_down = ("", "")
    #: Whether fractions and cases are set in lines above one another.
    two_dimensional = False

    @abstractmethod
    def symbol(self, quantity: Quantity) -> str:
        """A quantity's symbol."""

    def chosen(self, quantity: Quantity) -> str:
        """A quantity that is one of several words, where it is compared with one of them."""
        return self.symbol(quantity)

    def digits(self, shown: str) -> str:
        """A number without sign."""
        return shown

    def index(self, shown: str) -> str:
        """The index of a sum."""
        return shown

    def brackets(self, shown: str) -> str:
        """Something in round brackets."""
        return f"({shown})"

    @abstractmethod
    def fraction(self, above: list[str], below: list[str]) -> str:
        """A quotient of products."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """A power."""

    @abstractmethod
    def root(self, shown: str) -> str:
        """A square root."""

    def call(self, name: str, arguments: list[str]) -> str:
        """A function of arguments."""
        return f"{name}({', '.join(arguments)})"

    def choose(self, whole: str, part: str) -> str:
        """A binomial coefficient."""
        return f"C({whole}, {part})"

    @abstractmethod
    def cases(self, rows: list[tuple[str, str]]) -> str:
        """Alternatives with their conditions, the last one without."""

    @abstractmethod
    def series(self, index: str, low: str, high: str, term: str) -> str:
        """A sum from one index to another."""

    def word(self, shown: str) -> str:
        """A word among symbols."""
        return shown


class LatexForm(Form):
    """LaTeX of amsmath that KaTeX also accepts."""

    product, product_of_numbers = r" \, ", r" \cdot "
    infinity = r"\infty"
    round_up, round_down = (r"\left\lceil ", r" \right\rceil"), (r"\left\lfloor ", r" \right\rfloor")
    mod, at_least, at_most, differs = r" \bmod ", r" \ge ", r" \le ", r" \ne "
    two_dimensional = True

    def symbol(self, quantity: Quantity) -> str:
        return quantity.latex

    def brackets(self, shown: str) -> str:
        return rf"\left({shown}\right)"

    def fraction(self, above: list[str], below: list[str]) -> str:
        return rf"\frac{{{self.times(above) or '1'}}}{{{self.times(below)}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent}}}"

    def root(self, shown: str) -> str:
        return rf"\sqrt{{{shown}}}"

    def call(self, name: str, arguments: list[str]) -> str:
        named = {"erf": r"\operatorname{erf}", "erfinv": r"\operatorname{erf}^{-1}", "ErlangC": r"E_{\mathrm{C}}"}
        command = named.get(name, rf"\{name}")
        return rf"{command}\left({', '.join(arguments)}\right)"

    def choose(self, whole: str, part: str) -> str:
        return rf"\binom{{{whole}}}{{{part}}}"

    def cases(self, rows: list[tuple[str, str]]) -> str:
        lines = [
            rf"{value} & \text{{if }} {when}" if when else rf"{value} & \text{{otherwise}}" for value, when in rows
        ]
        between = r" \\ "
        return rf"\begin{{cases}} {between.join(lines)} \end{{cases}}"

    def series(self, index: str, low: str, high: str, term: str) -> str:
        return rf"\sum_{{{index}={low}}}^{{{high}}} {term}"

    def word(self, shown: str) -> str:
        return shown if shown.isdigit() else rf"\text{{{shown}}}"


class TextForm(Form):
    """One line of Unicode."""

    product = product_of_numbers = "·"
    infinity = "∞"
    round_up, round_down = ("⌈", "⌉"), ("⌊", "⌋")
    mod, at_least, at_most, differs = " mod ", " ≥ ", " ≤ ", " ≠ "

    def symbol(self, quantity: Quantity) -> str:
        return plain(quantity.latex)

    def fraction(self, above: list[str], below: list[str]) -> str:
        bottom = self.times(below)
        return f"{self.times(above) or '1'} / {bottom if len(below) == 1 else self.brackets(bottom)}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{exponent}" if re.fullmatch(r"\w+", exponent) else f"{base}^({exponent})"

    def root(self, shown: str) -> str:
        return f"√({shown})"

    def cases(self, rows: list[tuple[str, str]]) -> str:
        return "{" + "; ".join(f"{value} if {when}" if when else f"{value} otherwise" for value, when in rows) + "}"

    def series(self, index: str, low: str, high: str, term: str) -> str:
        return f"Σ[{index}={low}..{high}] {term}"


def plain(symbol: str) -> str:
    r"""A LaTeX symbol as Unicode text.

    >>> plain(r"T_{\mathrm{compute}}"), plain(r"\eta"), plain(r"I^{*}"), plain("p_{i-1}")
    ('T_compute', 'η', 'I*', 'p_(i-1)')
    """
    shown = re.sub(r"\\(?:mathrm|text)\{([^{}]*)\}", r"\1", symbol)
    shown = re.sub(r"\\(bar|hat) (\w)", lambda m: m.group(2) + _ACCENT[m.group(1)], shown)
    shown = re.sub(r"\\([A-Za-z]+)", lambda m: _GREEK.get(m.group(1), m.group(1)), shown)
    shown = re.sub(r"_\{(\w+[-+>]\w+)\}", r"_(\1)", shown)
    return shown.replace("{", "").replace("}", "").replace("^*", "*")


def _flat(node: Any, kind: Any) -> list[Any]:
    if not isinstance(node, kind):
        return [node]
    return [leaf for argument in node.args for leaf in _flat(argument, kind)]


def _terms(node: Any) -> list[Any]:
    """The terms of a sum, also those of a sum that is multiplied by a constant that does not print."""
    if isinstance(node, sympy.Mul):
        factors = [factor for factor in _flat(node, sympy.Mul) if not _is_one(factor)]
        if len(factors) == 1 and isinstance(factors[0], sympy.Add):
            return _terms(factors[0])
    return [term for part in node.args for term in _terms(part)] if isinstance(node, sympy.Add) else [node]


def _without_cases(factors: list[Any]) -> tuple[list[Any], list[Any]]:
    """The factors without cases in them, and those with."""
    tall = [factor for factor in factors if factor.has(sympy.Piecewise)]
    return [factor for factor in factors if factor not in tall], tall


def _is_one(node: Any) -> bool:
    return node == 1 or (isinstance(node, Quantity) and node.constant == 1)


def signed(node: Any) -> tuple[bool, Any]:
    """Whether a term carries a minus, and the term without it."""
    if node.is_Number and node < 0:
        return True, -node
    if isinstance(node, sympy.Mul):
        factors = _flat(node, sympy.Mul)
        if factors[0].is_Number and factors[0] < 0:
            rest = factors[1:] if factors[0] == -1 else [-factors[0], *factors[1:]]
            return True, sympy.Mul(*rest, evaluate=False) if len(rest) > 1 else rest[0]
    return False, node
