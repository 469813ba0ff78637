"""Pages: a wall's derivation, and the chain of equations behind a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlsysim.symbolic.coverage import ALONE, stands_alone
from mlsysim.symbolic.errors import UnknownNameError
from mlsysim.symbolic.graph import Chapter, Graph
from mlsysim.symbolic.printing import latex_page, text_page, web_page
from mlsysim.symbolic.printing.expression import text
from mlsysim.symbolic.printing.origin import Origin
from mlsysim.symbolic.printing.worked import ancestors, example
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.wall import Wall

WALL_FORMATS = ("text", "latex", "web", "mathml")
CHAIN_FORMATS = ("text", "latex")


def derivation(chapter: Chapter, wall: Wall, format: str = "text") -> str:
    """A wall's laws, and their derivation from its axioms, every step verified (see :attr:`Step.verdict`).

    Args:
        chapter: the module that states the wall.
        wall: the wall.
        format: ``text``, ``latex`` (a document that compiles), ``web`` (HTML with KaTeX) or ``mathml``.

    Raises:
        DerivationError: a step does not follow.
        UnknownNameError: no such format.
    """
    _known(format, WALL_FORMATS)
    pages: dict[str, Any] = {
        "text": text_page.WallPage, "latex": latex_page.WallPage, "web": web_page.WallPage, "mathml": web_page.MathMLPage,
    }  # fmt: skip
    page = section(chapter, wall, pages[format]())
    return latex_page.document(page) if format == "latex" else page


def section(chapter: Chapter, wall: Wall, page: Any) -> str:
    """A wall's laws, symbols and derivation through a page of one's choice, such as ``latex_page.WallPage`` for a book."""
    steps = wall.derivation
    number = {id(step): position for position, step in enumerate(steps, 1)}
    laws = {text(step.result): (number[id(step)], step) for step in wall.core}
    quantities = {q.name: q for step in (*wall.core, *steps) for q in step.result.quantities if q.constant is None}
    says = (chapter.module.__doc__ or "").partition(": ")[2].strip()
    if stands_alone(wall):
        says += f" It is {ALONE}."
    parts = [page.heading(wall, " ".join(says.split())), page.laws(list(laws.values()))]
    parts.append(page.symbols(list(quantities.values())))
    parts += [page.step(number[id(s)], s, [number[id(p)] for p in s.inputs], str(s.verdict)) for s in steps]
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

    Raises:
        UnknownNameError: no such format.
    """
    _known(format, CHAIN_FORMATS)
    needed = ancestors(graph, metric)
    leaves = [leaf for leaf in graph.leaves if leaf in needed]
    page: Any = latex_page.ChainPage(values) if format == "latex" else text_page.ChainPage(values)
    parts = [page.heading(metric)]
    parts += [page.leaf(leaf, origins[leaf.name]) for leaf in leaves]
    parts.append(page.between())
    parts += [page.line(graph.steps[q], graph.chapter[q].wall) for q in graph.order if q in needed]
    cited = {o.key: o.source for leaf in leaves if (o := origins[leaf.name]).key}
    parts.append(page.ending(metric, dict(sorted(cited.items()))))
    whole = "\n".join(part for part in parts if part)
    return latex_page.document(whole + "\n") if format == "latex" else whole


def worked_example(
    graph: Graph, metric: Quantity, values: Mapping[str, float], origins: Mapping[str, Origin], format: str = "text"
) -> str:
    """Where a metric comes from, as a worked example: no more than carries it, without what is neutral in the plan.

    The arguments are those of :func:`chain`, which prints all.

    Raises:
        DerivationError: a specialised definition does not follow.
        UnknownNameError: no such format.
    """
    _known(format, CHAIN_FORMATS)
    shown = example(graph, metric, values)
    page: Any = latex_page.ExamplePage(values) if format == "latex" else text_page.ExamplePage(values)
    parts = [page.heading(metric), *map(page.line, shown.lines), page.rest(shown.rest, shown.nothing)]
    parts.append(page.leaves(_by_origin(shown.leaves, origins)))
    cited = {o.key: o.source for leaf in shown.leaves if (o := origins[leaf.name]).key}
    parts.append(page.ending(dict(sorted(cited.items()))))
    whole = "\n".join(part for part in parts if part)
    return latex_page.document(whole + "\n") if format == "latex" else whole


def _by_origin(leaves: Sequence[Quantity], origins: Mapping[str, Origin]) -> dict[Origin, list[Quantity]]:
    groups: dict[Origin, list[Quantity]] = {}
    for leaf in leaves:
        groups.setdefault(origins[leaf.name], []).append(leaf)
    return groups


def _known(format: str, formats: Sequence[str]) -> None:
    if format not in formats:
        raise UnknownNameError("format", format, formats, see=f"the formats are {', '.join(formats)}")
