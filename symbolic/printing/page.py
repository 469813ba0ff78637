"""Pages: a wall's derivation, and the chain of equations behind a number."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mlsysim.symbolic.graph import Chapter, Graph
from mlsysim.symbolic.printing.expression import latex, plain, text
from mlsysim.symbolic.printing.values import LatexValues, TextValues, said, said_in_latex
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.rules import Step
from mlsysim.symbolic.wall import Wall

WIDTH = 88


@dataclass(frozen=True)
class Origin:
    """Where the value of a leaf comes from: a clause, and a source where there is one."""

    says: str
    source: str = ""
    key: str = ""


def derivation(chapter: Chapter, wall: Wall, format: str = "text") -> str:
    """A wall's derivation from its axioms to its laws, every step recomputed while it is printed.

    Raises:
        DerivationError: a step does not follow.
    """
    steps = wall.derivation
    number = {id(step): position for position, step in enumerate(steps, 1)}
    quantities = {q.name: q for step in steps for q in step.result.quantities if q.constant is None}
    page = _WallInLatex() if format == "latex" else _WallInText()
    says = (chapter.module.__doc__ or "").partition(": ")[2].strip()
    parts = [page.heading(wall, " ".join(says.split())), page.symbols(list(quantities.values()))]
    parts += [page.step(number[id(s)], s, [number[id(p)] for p in s.inputs], str(s.verify())) for s in steps]
    parts.append(page.ending(wall, sorted({key for s in steps for key in s.cite.split(",") if key})))
    return "\n".join(parts)


def chain(
    graph: Graph, metric: Quantity, values: Mapping[str, float], origins: Mapping[str, Origin], format: str = "text"
) -> str:
    """Every equation between the leaves and a metric: as symbols, with values, and the result.

    Args:
        graph: the variant that was evaluated.
        metric: the quantity to explain.
        values: every quantity in coherent units, by name.
        origins: where each leaf's value comes from, by name.
        format: ``text`` or ``latex``.
    """
    needed = _ancestors(graph, metric)
    leaves = [leaf for leaf in graph.leaves if leaf in needed]
    page = _ChainInLatex(values) if format == "latex" else _ChainInText(values)
    parts = [page.heading(metric)]
    parts += [page.leaf(leaf, origins[leaf.name]) for leaf in leaves]
    parts.append(page.between())
    parts += [page.line(graph.steps[q], graph.chapter[q].wall) for q in graph.order if q in needed]
    cited = {o.key: o.source for leaf in leaves if (o := origins[leaf.name]).key}
    parts.append(page.ending(metric, dict(sorted(cited.items()))))
    return "\n".join(part for part in parts if part)


def _ancestors(graph: Graph, metric: Quantity) -> set[Quantity]:
    found: set[Quantity] = set()
    queue = [metric]
    while queue:
        quantity = queue.pop()
        if quantity not in found and quantity.constant is None:
            found.add(quantity)
            queue += graph.parents(quantity)
    return found


def _wrap(shown: str, indent: str) -> str:
    return textwrap.fill(shown, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False)


class _WallInText:
    def heading(self, wall: Wall, says: str) -> str:
        title = f"Wall {wall.number}: {wall.name} ({wall.domain})"
        says = says[:1].upper() + says[1:]
        return f"{title}\n{'=' * len(title)}\n{textwrap.fill(says, WIDTH)}\n\nBinds when {wall.binds}.\n"

    def symbols(self, quantities: list[Quantity]) -> str:
        width = max(len(plain(q.latex)) for q in quantities)
        rows = [
            f"  {plain(q.latex):<{width}}  {q.meaning}{f' [{q.display}]' if q.display != '1' else ''}"
            for q in quantities
        ]
        return "Symbols\n" + "\n".join(rows) + "\n\nDerivation"

    def step(self, number: int, step: Step, inputs: list[int], known: str) -> str:
        of = f" of {', '.join(map(str, inputs))}" if inputs else ""
        cited = f" [{step.cite}]" if step.cite else ""
        head = _wrap(f"{text(step.result)}", f"{number:>3}. ")
        return (
            head.replace(f"\n{number:>3}. ", "\n     ")
            + "\n"
            + _wrap(f"{step.rule}{of}: {step.because}{cited} ({known})", "       ")
        )

    def ending(self, wall: Wall, cites: list[str]) -> str:
        assumed = "".join(f"\n  - {assumption}" for assumption in wall.assumptions)
        return f"\nAssumes{assumed}\nHolds for {wall.validity}\nSources: {', '.join(cites)}"


_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[margin=25mm]{geometry}
\usepackage{amsmath,booktabs,longtable,siunitx}
\sisetup{group-minimum-digits=4}
\begin{document}
"""


def _escape(words: str) -> str:
    for old, new in (("&", r"\&"), ("%", r"\%"), ("_", r"\_"), ("#", r"\#"), ("²", r"\textsuperscript{2}")):
        words = words.replace(old, new)
    return words


class _WallInLatex:
    def heading(self, wall: Wall, says: str) -> str:
        title = rf"\section*{{Wall {wall.number}: {wall.name.capitalize()}}}"
        says = says[:1].upper() + says[1:]
        return f"{_PREAMBLE}{title}\n{_escape(says)}\nIt binds when {_escape(wall.binds)}.\n"

    def symbols(self, quantities: list[Quantity]) -> str:
        unit: Callable[[Quantity], str] = lambda q: "" if q.display == "1" else rf"\unit{{{q.display}}}"  # noqa: E731
        rows = "".join(rf"${q.latex}$ & {_escape(q.meaning)} & {unit(q)} \\" + "\n" for q in quantities)
        head = r"\begin{longtable}{@{}llr@{}}" + "\n\\toprule\nSymbol & Meaning & Unit \\\\\n\\midrule\n\\endhead\n"
        return f"{head}{rows}\\bottomrule\n\\end{{longtable}}\n\n\\subsection*{{Derivation}}"

    def step(self, number: int, step: Step, inputs: list[int], known: str) -> str:
        of = f" of ({'), ('.join(map(str, inputs))})" if inputs else ""
        cited = f" [{_escape(step.cite)}]" if step.cite else ""
        words = f"\\emph{{{step.rule}}}{of}: {_escape(step.because)}{cited} ({known})."
        return f"\\begin{{equation}}\n{latex(step.result)} \\tag{{{number}}}\n\\end{{equation}}\n{words}\n"

    def ending(self, wall: Wall, cites: list[str]) -> str:
        items = "".join(f"\\item {_escape(assumption)}\n" for assumption in wall.assumptions)
        assumed = f"\\subsection*{{Assumptions}}\n\\begin{{itemize}}\n{items}\\end{{itemize}}\n" if items else ""
        sources = _escape(", ".join(cites))
        return f"{assumed}Holds for {_escape(wall.validity)}.\n\n\\noindent Sources: {sources}.\n\\end{{document}}"


class _ChainInText:
    def __init__(self, values: Mapping[str, float]) -> None:
        self.values, self.form = values, TextValues(values)

    def heading(self, metric: Quantity) -> str:
        title = f"{metric.name} = {said(metric, self.values[metric.name])}"
        return f"{title}\n{'=' * len(title)}\n{metric.meaning}\n\nFrom the plan and the registry"

    def leaf(self, leaf: Quantity, origin: Origin) -> str:
        shown = f"{plain(leaf.latex)} = {said(leaf, self.values[leaf.name])}"
        return _wrap(f"{shown:<28} {leaf.meaning}; {origin.says}{f' [{origin.key}]' if origin.key else ''}", "  ")

    def between(self) -> str:
        return "\nBy these equations"

    def line(self, step: Step, wall: Wall | None) -> str:
        quantity = step.result.left
        belongs = f" [wall {wall.number}, {wall.name}]" if wall else ""
        lines = [
            _wrap(f"{plain(quantity.latex)}: {quantity.meaning}{belongs}", "  "),
            _wrap(f"= {text(step.result.right)}", "      "),
            _wrap(f"= {self.form.show(step.result.right)}", "      "),
            f"      = {said(quantity, self.values[quantity.name])}",
        ]
        return "\n".join(dict.fromkeys(lines))

    def ending(self, metric: Quantity, cites: Mapping[str, str]) -> str:
        sources = "\n".join(_wrap(f"[{key}] {source}", "  ") for key, source in cites.items())
        return f"\n{metric.name} = {said(metric, self.values[metric.name])}\n\nSources\n{sources}"


class _ChainInLatex:
    def __init__(self, values: Mapping[str, float]) -> None:
        self.values, self.form = values, LatexValues(values)

    def heading(self, metric: Quantity) -> str:
        shown = said_in_latex(metric, self.values[metric.name])
        title = rf"\section*{{{_escape(metric.name)}}}"
        head = r"\begin{longtable}{@{}lp{60mm}p{60mm}@{}}"
        return (
            f"{_PREAMBLE}\\allowdisplaybreaks\n{title}\n\\noindent {_escape(metric.meaning)}: ${shown}$.\n{head}\n\\toprule\n"
            "Value & Meaning & From \\\\\n\\midrule\n\\endhead"
        )

    def leaf(self, leaf: Quantity, origin: Origin) -> str:
        shown = f"${leaf.latex} = {said_in_latex(leaf, self.values[leaf.name])}$"
        key = f" [{origin.key}]" if origin.key else ""
        return rf"{shown} & {_escape(leaf.meaning)} & \small {_escape(origin.says + key)} \\"

    def between(self) -> str:
        return "\\bottomrule\n\\end{longtable}"

    def line(self, step: Step, wall: Wall | None) -> str:
        quantity = step.result.left
        belongs = f" (wall {wall.number}, {wall.name})" if wall else ""
        shown = [
            latex(step.result.right),
            self.form.show(step.result.right),
            said_in_latex(quantity, self.values[quantity.name]),
        ]
        lines = " \\\\\n".join(f"&= {line}" for line in dict.fromkeys(shown))
        return f"\\noindent {_escape(quantity.meaning)}{belongs}:\n\\begin{{align*}}\n{quantity.latex} {lines}\n\\end{{align*}}"

    def ending(self, metric: Quantity, cites: Mapping[str, str]) -> str:
        items = "".join(f"\\item[{{[{key}]}}] {_escape(source)}\n" for key, source in cites.items())
        return f"\\subsection*{{Sources}}\n\\begin{{description}}\n{items}\\end{{description}}\n\\end{{document}}"
