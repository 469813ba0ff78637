"""Printing keeps the author's order and says what it means."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import sympy

from mlsysim.api import derive
from mlsysim.symbolic.foundations import many_servers
from mlsysim.symbolic.graph import chapters
from mlsysim.symbolic.printing import latex, text
from mlsysim.symbolic.printing.expression import plain
from mlsysim.symbolic.printing.mathml import mathml
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.walls.fleet.communication import messages, pipeline_schedule
from mlsysim.symbolic.walls.fleet.fragility import interval as fragility
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.memory import recomputation
from mlsysim.symbolic.walls.node.serving import request
from mlsysim.symbolic.walls.operations.safety import accountant, fairness
from mlsysim.symbolic.words import number
from tests.conftest import EXAMPLE


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (compute.law, "T_compute = O / (F_peak·η)"),
        (messages.all_reduce, "T_AR = 2·(n - 1)·(α + M / (n·BW))"),
        (pipeline_schedule.bubble_share, "x_bubble = (p - 1) / (v·m + p - 1)"),
        (fragility.best, "τ = √(2·δ·M)"),
        (fragility.flat, "1 / (2·M) - δ / τ^2 = 0"),
        (many_servers.states, "p_i = p_0·a^i / i!"),
        (many_servers.free_states, "P_free = Σ[i=0..c - 1] p_i"),
        (many_servers.one_up_by_load, "p_i = a·p_(i-1) / i"),
        (many_servers.wait_tail, "P_(W>t) = C·exp(-(c·μ - λ)·t)"),
        (accountant.expanded, "V = Σ[k=0..α] C(α, k)·(1 - q)^(α - k)·q^k·u^k"),
        (fairness.alarm_law, "z_α = √(2)·erfinv(1 - α_test)"),
        (request.context_sum, "s̄ = (Σ[i=1..g] (s + i)) / g"),
    ],
)
def test_equations_read_as_they_were_written(step: object, shown: str) -> None:
    """Factors and terms stand in the author's order, fractions and brackets where they belong."""
    assert text(step.result) == shown  # type: ignore[attr-defined]


def test_a_symbol_means_one_thing_on_a_page() -> None:
    """On the page of a wall, and among all that the steps of a module rest on, no two quantities print alike."""
    pages = {f"wall {c.wall.name}": c.wall.derivation for c in chapters() if c.is_wall and c.wall}
    pages |= {c.module.__name__: [a for _, step in c.steps for a in step.ancestry] for c in chapters()}
    alike = []
    for page, steps in pages.items():
        shown: dict[str, set[str]] = {}
        for side in (side for step in steps for side in (step.result.left, step.result.right)):
            for symbol in side.free_symbols:
                if getattr(symbol, "constant", None) is None:
                    shown.setdefault(plain(getattr(symbol, "latex", symbol.name)), set()).add(symbol.name)
        alike += [f"{page}: {name} is {sorted(means)}" for name, means in shown.items() if len(means) > 1]
    assert not alike


def test_latex_has_fractions_roots_and_upright_words() -> None:
    """The LaTeX form of the same tree."""
    assert latex(compute.law.result) == r"T_{\mathrm{compute}} = \frac{O}{F_{\mathrm{peak}} \, \eta}"
    assert latex(fragility.best.result) == r"\tau = \sqrt{2 \, \delta \, M}"
    assert r"\binom{\alpha}{k}" in latex(accountant.expanded.result)
    assert latex(fairness.alarm_law.result).endswith(r"\operatorname{erf}^{-1}\left(1 - \alpha_{\mathrm{test}}\right)")


def test_printed_text_means_what_the_equation_means() -> None:
    """Text read back by sympy is the same expression: no bracket is missing."""
    checked = 0
    for chapter in chapters():
        for _, step in chapter.steps:
            right = step.result.right
            if right.has(
                sympy.Piecewise, sympy.ceiling, sympy.floor, sympy.Mod, sympy.Sum, sympy.exp, sympy.Max, sympy.Min,
                sympy.erfinv,
            ):  # fmt: skip
                continue
            if not all(isinstance(q, Quantity) for q in right.free_symbols):
                continue  # a term of a series still has its index
            symbols = sorted((q for q in right.free_symbols if q.constant is None), key=str)
            names = {plain(q.latex): sympy.Symbol(f"q{i}") for i, q in enumerate(symbols)}
            if len(names) < len(symbols):
                continue
            shown = text(right)
            for position, name in enumerate(sorted(names, key=len, reverse=True)):
                shown = shown.replace(name, f"<{chr(0x4E00 + position)}>")
            for position, name in enumerate(sorted(names, key=len, reverse=True)):
                shown = shown.replace(f"<{chr(0x4E00 + position)}>", str(names[name]))
            # Signs come last: q, r, s and t are names, and a name may have a star.
            back = sympy.sympify(shown.replace("·", "*").replace("^", "**").replace("√", "sqrt"))
            meant = {q: sympy.Integer(q.constant) for q in right.free_symbols if q.constant is not None}
            forward = right.xreplace({**meant, **{q: names[plain(q.latex)] for q in symbols}}).doit()
            at = {symbol: sympy.Rational(7 + 3 * i, 5) for i, symbol in enumerate(names.values())}
            assert complex(back.xreplace(at).evalf()) == pytest.approx(complex(forward.xreplace(at).evalf())), text(
                right
            )
            checked += 1
    assert checked > 80


def test_a_derivation_shows_rules_reasons_and_how_each_step_is_known() -> None:
    """The page of a wall."""
    page = derive("compute")
    assert "T_compute = O / (F_peak·η)" in page
    assert "solve of 3: the time is what was asked for (proved)" in page
    assert "[williams2009]" in page


def groups(shown: str, at: int, many: int) -> list[str]:
    """The groups in braces that follow a place in LaTeX."""
    found: list[str] = []
    for _ in range(many):
        assert shown[at] == "{"
        depth, start = 0, at
        while True:
            depth += {"{": 1, "}": -1}.get(shown[at], 0) if shown[at - 1] != "\\" else 0
            at += 1
            if not depth:
                break
        found.append(shown[start:at])
    return found


def tall_fractions(page: str) -> list[str]:
    """The fractions of a page in LaTeX, TeX for the web or MathML that hold cases, which are taller than a fraction."""
    fractions = ["".join(groups(page, found.end(), 2)) for found in re.finditer(r"\\frac(?={)", page)]
    tall = [fraction for fraction in fractions if r"\begin{cases}" in fraction]
    for formula in re.findall(r"<math.*?</math>", page, re.S):
        below = [part for node in ElementTree.fromstring(formula).iter() if node.tag.endswith("mfrac") for part in node]
        tall += [formula for part in below if any(node.tag.endswith("mtable") for node in part.iter())]
    return tall


def test_fractions_that_hold_cases_are_found() -> None:
    """The test below sees what it forbids."""
    assert tall_fractions(r"\frac{a}{\begin{cases} 1 & \text{if } x > 0 \\ {b}^{2} & \text{otherwise} \end{cases}}")
    assert tall_fractions("<math><mfrac><mi>a</mi><mrow><mtable/></mrow></mfrac></math>")
    assert not tall_fractions(r"\frac{a}{b} \, \begin{cases} \frac{1}{c} & d \end{cases}")


def test_cases_stand_beside_a_fraction() -> None:
    """Those below the line as cases of reciprocals; in brackets, unless they are all that there is."""
    cases = (
        r"\left(\begin{cases} \frac{1}{t} & \text{if } \sigma = \text{yes} \\ 1 & \text{otherwise} \end{cases}\right)"
    )
    assert latex(recomputation.full_count.result) == (
        r"A_{\mathrm{inp}} = \frac{b \, s \, d \, b_{\mathrm{a}}}{c} \, " + cases
    )
    x, y = sympy.symbols("x y")
    chosen = sympy.Piecewise((x, x > 1), (1, True))
    shown = r"\left(\begin{cases} x & \text{if } x > 1 \\ 1 & \text{otherwise} \end{cases}\right)"
    one = sympy.Integer(1)
    assert latex(sympy.Mul(y, sympy.Pow(sympy.Add(one, chosen, evaluate=False), -1), evaluate=False)) == (
        rf"y \, {{\left(1 + {shown}\right)}}^{{-1}}"
    )
    assert latex(sympy.Mul(chosen, sympy.Pow(y, -1), evaluate=False)) == rf"\frac{{1}}{{y}} \, {shown}"
    assert latex(chosen) == shown.removeprefix(r"\left(").removesuffix(r"\right)")


@pytest.mark.parametrize("metric", ["performance.latency", "feasibility.memory_required"])
def test_the_chain_behind_a_number_has_no_fraction_of_cases(metric: str) -> None:
    """Neither in symbols nor with values."""
    assert tall_fractions(derive(metric, plan=EXAMPLE, format="latex")) == []


def test_no_step_has_a_fraction_of_cases() -> None:
    """In LaTeX and in MathML, whether a wall rests on it or not."""
    for chapter in chapters():
        for _, step in chapter.steps:
            assert tall_fractions(latex(step.result) + mathml(step.result)) == []


#: How many parts MathML says that an element has.
PARTS = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munderover": 3}


def test_mathml_shows_cases_as_rows() -> None:
    """A brace and one row for each case, in the author's order."""
    cases = next(f for f in re.findall(r"<math.*?</math>", derive("reasoning", format="mathml")) if "<mtable" in f)
    assert cases.count("<mtr>") == 2
    assert "<mo>{</mo>" in cases
    assert cases.index("if&#xa0;") < cases.index("otherwise")


@pytest.mark.parametrize("what", [c.wall.name for c in chapters() if c.is_wall and c.wall])
@pytest.mark.parametrize("format", ["text", "latex", "web", "mathml"])
def test_every_wall_prints(what: str, format: str) -> None:
    """No line of text is wider than a page, LaTeX is balanced, and what is sought comes first."""
    page = derive(what, format=format)
    assert tall_fractions(page) == []
    begin = {"text": "\n{}", "latex": r"\subsection*{{{}}}"}.get(format, "<h2>{}</h2>")
    places = [page.index(begin.format(part)) for part in ("Laws", "Symbols", "Derivation")]
    assert places == sorted(places)
    if format == "text":
        assert max(len(line) for line in page.splitlines()) <= 160
    elif format == "mathml":
        for formula in re.findall(r"<math.*?</math>", page, re.S):
            for node in ElementTree.fromstring(formula).iter():
                assert len(node) == PARTS.get(node.tag.rpartition("}")[2], len(node)), formula
    elif format == "web":
        assert page.count("<li") == page.count("</li>") > 4
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    else:
        assert page.count("{") - page.count(r"\{") == page.count("}") - page.count(r"\}")
        assert page.count(r"\begin{") == page.count(r"\end{")
        assert page.startswith(r"\documentclass")


@pytest.mark.parametrize(
    ("value", "shown"), [(61234.5, "61,230"), (512.0, "512"), (0.04215, "0.04215"), (0.1 + 0.2, "0.3"), (0.0, "0")]
)
def test_numbers_have_four_digits(value: float, shown: str) -> None:
    """Numbers are rounded for people."""
    assert number(value) == shown
