"""Pages as LaTeX: sections to be put into a document, and the document to compile them alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlsysim.symbolic.checking import PROVED
from mlsysim.symbolic.escapes import bibtex_key
from mlsysim.symbolic.escapes import latex as escaped
from mlsysim.symbolic.printing.expression import latex
from mlsysim.symbolic.printing.origin import Origin
from mlsysim.symbolic.printing.values import LatexValues, percent, said_in_latex
from mlsysim.symbolic.printing.worked import RULE, Line
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Wall

#: What a section needs of the document that it is put into.
PREAMBLE = r"""\usepackage[margin=25mm]{geometry}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,array,adjustbox,booktabs,longtable,needspace,siunitx}
\sisetup{group-minimum-digits=4}
"""


#: Formulas and what is said of them stand closer to each other than the class has it.
_CLOSE = r"""\allowdisplaybreaks
\setlength\parskip{4pt}
\setlength\parindent{0pt}
\abovedisplayskip=3pt \belowdisplayskip=3pt \abovedisplayshortskip=3pt \belowdisplayshortskip=3pt
"""
#: The length in LaTeX up to which a formula, with its values and its result, stands in one line.
_LINE = 150


def document(section: str) -> str:
    """A page that compiles by itself."""
    return f"\\documentclass[11pt]{{article}}\n{PREAMBLE}\\begin{{document}}\n{section}\\end{{document}}\n"


def _fitting(formula: str) -> str:
    """A formula that shrinks where it would leave the line."""
    if len(formula) < 150:
        return formula
    return rf"\adjustbox{{max width=0.9\linewidth}}{{$\displaystyle {formula}$}}"


class WallPage:
    """A wall's derivation as a section to be put into a document; ``cite`` says how a source is cited."""

    def __init__(self, cite: str = "[{}]") -> None:
        r"""Cite as ``[key]`` in a page of its own, as ``\cite{{key}}`` in a book."""
        self.cite = cite

    def heading(self, wall: Wall, says: str) -> str:
        title = rf"\section*{{Wall {wall.number}: {wall.name.capitalize().replace('_', ' ')}}}"
        says = says[:1].upper() + says[1:]
        return f"{title}\n{escaped(says)}\nIt binds when {escaped(wall.binds)}.\n"

    def laws(self, laws: list[tuple[int, Step]]) -> str:
        rows = " \\\\\n".join(rf"{_fitting(latex(step.result))} \tag{{{number}}}" for number, step in laws)
        shown = f"{{\\allowdisplaybreaks\n\\begin{{gather*}}\n{rows}\n\\end{{gather*}}}}"
        return f"\\subsection*{{Laws}}\n{shown}\n\\subsection*{{Symbols}}"

    def symbols(self, quantities: list[Quantity]) -> str:
        unit: Callable[[Quantity], str] = lambda q: "" if q.display == "1" else rf"\unit{{{q.display}}}"  # noqa: E731
        rows = "".join(rf"${q.latex}$ & {escaped(q.meaning)} & {unit(q)} \\" + "\n" for q in quantities)
        head = (
            r"\begin{longtable}{@{}l>{\raggedright\arraybackslash}p{88mm}r@{}}"
            + "\n\\toprule\nSymbol & Meaning & Unit \\\\\n\\midrule\n\\endhead\n"
        )
        return f"{head}{rows}\\bottomrule\n\\end{{longtable}}\n\n\\subsection*{{Derivation}}"

    def step(self, number: int, step: Step, inputs: list[int], known: str) -> str:
        of = f" of ({'), ('.join(map(str, inputs))})" if inputs else ""
        cited = f" {self.cite.format(step.cite.replace(',', ', '))}" if step.cite else ""
        words = f"\\emph{{{step.rule}}}{of}: {escaped(step.because)}{cited} ({known})."
        return f"\\begin{{equation}}\n{_fitting(latex(step.result))} \\tag{{{number}}}\n\\end{{equation}}\n{words}\n"

    def ending(self, wall: Wall, cites: list[str]) -> str:
        items = "".join(f"\\item {escaped(assumption)}\n" for assumption in wall.assumptions)
        assumed = f"\\subsection*{{Assumptions}}\n\\begin{{itemize}}\n{items}\\end{{itemize}}\n" if items else ""
        sources = f"\n\n\\noindent Sources: {escaped(', '.join(cites))}." if self.cite == "[{}]" else ""
        return f"{assumed}\\noindent It holds for {escaped(wall.validity)}.{sources}\n"


class ChainPage:
    """The chain behind a number."""

    def __init__(self, values: Mapping[str, float], cite: str = "[{}]") -> None:
        r"""Cite as ``[key]`` in a page of its own, as ``\cite{{key}}`` in a book."""
        self.values, self.form, self.cite = values, LatexValues(values), cite

    def heading(self, metric: Quantity) -> str:
        shown = said_in_latex(metric, self.values[metric.name])
        title = rf"\section*{{{escaped(metric.name)}}}"
        return f"\\allowdisplaybreaks\n{title}\n\\noindent {escaped(metric.meaning)}: ${shown}$.\n{self._HEAD}"

    def example(self, title: str, leaves: Mapping[Quantity, Origin], steps: Sequence[Step]) -> str:
        """Equations with values, as a subsection of a book."""
        rows = "\n".join(self.leaf(leaf, origin) for leaf, origin in leaves.items())
        table = f"{self._HEAD}\n{rows}\n{self.between()}\n" if leaves else ""
        lines = "\n".join(self.line(step, None) for step in steps)
        # A table whose title moves to the next page would leave its head above that title.
        return f"\\Needspace{{15\\baselineskip}}\n\\subsection*{{Worked example: {escaped(title)}}}\n{table}{lines}\n"

    _HEAD = (
        r"\begin{longtable}{@{}l>{\raggedright}p{50mm}>{\raggedright\arraybackslash}p{50mm}@{}}"
        "\n\\toprule\nValue & Meaning & From \\\\\n\\midrule\n\\endhead"
    )

    def leaf(self, leaf: Quantity, origin: Origin) -> str:
        shown = f"${leaf.latex} = {said_in_latex(leaf, self.values[leaf.name])}$"
        key = f" {self.cite.format(self._key(origin.key))}" if origin.key else ""
        return rf"{shown} & {escaped(leaf.meaning)} & \small {escaped(origin.says)}{key} \\"

    def _key(self, key: str) -> str:
        return escaped(key) if self.cite == "[{}]" else bibtex_key(key)

    def between(self) -> str:
        return "\\bottomrule\n\\end{longtable}"

    def line(self, step: Step, wall: Wall | None) -> str:
        quantity = step.result.left
        belongs = f" (wall {wall.number}, {escaped(wall.name)})" if wall else ""
        shown = [
            latex(step.result.right),
            self.form.show(step.result.right),
            said_in_latex(quantity, self.values[quantity.name]),
        ]
        lines = " \\\\\n".join(f"&= {_fitting(line)}" for line in dict.fromkeys(shown))
        return f"\\noindent {escaped(quantity.meaning)}{belongs}:\n\\begin{{align*}}\n{quantity.latex} {lines}\n\\end{{align*}}"

    def ending(self, metric: Quantity, cites: Mapping[str, str]) -> str:
        return _sources(cites)


class ExamplePage:
    """A worked example."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values, self.form = values, LatexValues(values)

    def heading(self, metric: Quantity) -> str:
        title = rf"\section*{{{escaped(metric.name)} ${{}} = {said_in_latex(metric, self.values[metric.name])}$}}"
        return f"{_CLOSE}{title}\n{escaped(metric.meaning[:1].upper() + metric.meaning[1:])}. {escaped(RULE)}\n"

    def line(self, line: Line) -> str:
        quantity, right = line.step.result.left, line.step.result.right
        belongs = f" (wall {line.wall.number}, {escaped(line.wall.name)})" if line.wall else ""
        shown = [] if right.is_number else list(dict.fromkeys([latex(right), self.form.show(right)]))
        shown.append(said_in_latex(quantity, self.values[quantity.name]))
        says = f"{escaped(quantity.meaning)}{belongs}, {escaped(percent(line.carried))}"
        head = f"\\Needspace{{3\\baselineskip}}${quantity.latex}$, {says}:"
        if sum(map(len, shown)) < _LINE:
            formula = f"\\[{quantity.latex} = {' = '.join(shown)}\\]"
        else:
            rows = " \\\\\n".join(f"&= {_fitting(row)}" for row in shown)
            formula = f"\\begin{{align*}}\n{quantity.latex} {rows}\n\\end{{align*}}"
        return "\n".join([head, formula, self._because(line)])

    def _because(self, line: Line) -> str:
        says = line.because(self._equal, lambda relation: f"${latex(relation)}$")
        known = "" if line.step.verdict == PROVED else f" ({line.step.verdict})"
        return rf"{{\footnotesize\emph{{{line.step.rule}}}{known}: {says}\par}}" + "\n" if says else ""

    def _equal(self, quantity: Quantity, by: Any) -> str:
        value = said_in_latex(quantity, self.values[quantity.name]) if by is None else latex(by)
        return f"${quantity.latex} = {value}$"

    def rest(self, rest: Mapping[Quantity, float], nothing: Sequence[Quantity]) -> str:
        parts = []
        if rest:
            rows = [
                self._row(quantity, escaped(f"{quantity.meaning}{f', {percent(share)}' if share else ''}"))
                for quantity, share in rest.items()
            ]
            parts.append(_table("Not followed: what carries less, or does not decide", rows))
        if nothing:
            names = "; ".join(f"${quantity.latex}$, {escaped(quantity.meaning)}" for quantity in nothing)
            parts.append(f"\\subsection*{{Nothing in this plan}}\n{{\\small {names}.\\par}}")
        return "\n".join(parts)

    def _row(self, quantity: Quantity, says: str) -> str:
        return rf"{self._equal(quantity, None)} & {says} \\"

    def leaves(self, leaves: Mapping[Origin, Sequence[Quantity]]) -> str:
        rows = []
        for origin, group in leaves.items():
            key = f" [{escaped(origin.key)}]" if origin.key else ""
            rows.append(rf"\multicolumn{{2}}{{@{{}}p{{150mm}}@{{}}}}{{\emph{{{escaped(origin.says)}}}{key}}} \\*")
            rows += [self._row(leaf, escaped(leaf.meaning)) for leaf in group]
        return _table("From the plan and the registry", rows)

    def ending(self, cites: Mapping[str, str]) -> str:
        return _sources(cites)


def _table(title: str, rows: Sequence[str]) -> str:
    """Values and what they mean, below a title."""
    columns = r"{@{}l>{\raggedright\arraybackslash}p{95mm}@{}}"
    shown = "\n".join(rows)
    return f"\\subsection*{{{title}}}\n{{\\small\n\\begin{{longtable}}[l]{columns}\n{shown}\n\\end{{longtable}}}}"


def _sources(cites: Mapping[str, str]) -> str:
    if not cites:
        return ""
    items = "".join(f"\\item[{{[{escaped(key)}]}}] {escaped(source)}\n" for key, source in cites.items())
    return f"\\subsection*{{Sources}}\n{{\\small\\raggedright\n\\begin{{description}}\n{items}\\end{{description}}}}"
