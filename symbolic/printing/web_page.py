"""Pages for the web: HTML whose formulas are TeX that KaTeX renders in strict mode, or MathML that needs no script."""

from __future__ import annotations

from html import escape

from mlsysim.symbolic.equation import Equation
from mlsysim.symbolic.escapes import html
from mlsysim.symbolic.printing import mathml
from mlsysim.symbolic.printing.expression import latex
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Wall


class WallPage:
    """A wall's derivation as an HTML article."""

    def formula(self, equation: Equation) -> str:
        """A displayed formula."""
        return f'<div class="math">\\[{escape(latex(equation))}\\]</div>'

    def symbol(self, quantity: Quantity) -> str:
        """A symbol in running text."""
        return f"\\({escape(quantity.latex)}\\)"

    def heading(self, wall: Wall, says: str) -> str:
        """The title and what the wall says."""
        title = f"Wall {wall.number}: {wall.name.replace('_', ' ')}"
        says = says[:1].upper() + says[1:]
        return f"<article>\n<h1>{html(title)}</h1>\n<p>{html(says)}</p>\n<p>It binds when {html(wall.binds)}.</p>"

    def laws(self, laws: list[tuple[int, Step]]) -> str:
        """The laws, with links to the steps that derive them."""
        rows = "".join(
            f'<div class="stated">{self.formula(step.result)}<a href="#step-{number}">step {number}</a></div>\n'
            for number, step in laws
        )
        return f"<h2>Laws</h2>\n{rows}"

    def symbols(self, quantities: list[Quantity]) -> str:
        """The table of symbols."""
        rows = "".join(
            f"<tr><td>{self.symbol(q)}</td><td>{html(q.meaning)}</td><td>{html(q.display.removeprefix('1'))}</td></tr>\n"
            for q in quantities
        )
        head = "<tr><th>Symbol</th><th>Meaning</th><th>Unit</th></tr>"
        return f"<h2>Symbols</h2>\n<table>\n{head}\n{rows}</table>\n<h2>Derivation</h2>\n<ol>"

    def step(self, number: int, step: Step, inputs: list[int], known: str) -> str:
        """One step: its formula, rule, reason and how it is known."""
        of = f" of {', '.join(map(str, inputs))}" if inputs else ""
        cited = f" [{html(step.cite)}]" if step.cite else ""
        words = f"<p><em>{step.rule}</em>{of}: {html(step.because)}{cited} ({html(known)})</p>"
        return f'<li id="step-{number}" value="{number}">{self.formula(step.result)}{words}</li>'

    def ending(self, wall: Wall, cites: list[str]) -> str:
        """Assumptions, validity, sources."""
        items = "".join(f"<li>{html(assumption)}</li>" for assumption in wall.assumptions)
        assumed = f"<h2>Assumptions</h2>\n<ul>{items}</ul>\n" if items else ""
        holds = f"<p>It holds for {html(wall.validity)}.</p>\n<p>Sources: {html(', '.join(cites))}</p>"
        return f"</ol>\n{assumed}{holds}\n</article>"


class MathMLPage(WallPage):
    """The same article with MathML."""

    def formula(self, equation: Equation) -> str:
        """A displayed formula."""
        return mathml.mathml(equation)

    def symbol(self, quantity: Quantity) -> str:
        """A symbol in running text."""
        return f"<math>{mathml.symbol(quantity.latex)}</math>"
