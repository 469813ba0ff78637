"""Pages as LaTeX: sections to be put into a document, and the document to compile them alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mlsysim.symbolic.escapes import bibtex_key
from mlsysim.symbolic.escapes import latex as escaped
from mlsysim.symbolic.printing.expression import latex
from mlsysim.symbolic.printing.origin import Origin
from mlsysim.symbolic.printing.values import LatexValues, said_in_latex
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
        if not cites:
            return ""
        items = "".join(f"\\item[{{[{escaped(key)}]}}] {escaped(source)}\n" for key, source in cites.items())
        return f"\\subsection*{{Sources}}\n\\begin{{description}}\n{items}\\end{{description}}"
