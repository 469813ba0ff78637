"""The walls: each with what it says, its laws and its derivation, as the graph prints them.

Formulas are MathML, which browsers show without a script and without a connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from docs.generate.markdown import html_table, page, raw, toctree, words
from docs.generate.sources import anchor, listed


def pages() -> dict[str, str]:
    """The list of walls, and a page for each."""
    from mlsysim.symbolic.kernels import catalogue

    walls = list(catalogue().WALLS)
    told = (
        "A wall is a law that no design gets round: arithmetic takes time, memory is finite, light has a speed. Each is "
        "derived step by step; every step is recomputed when it or what checks it changes, so a page that stands here is "
        "algebra that holds. `mlsysim derive NAME` prints the same page as text, LaTeX, HTML or MathML."
    )
    domains = dict.fromkeys(wall["domain"] for wall in walls)
    lists = [part for domain in domains for part in _domain(domain, [w for w in walls if w["domain"] == domain])]
    index = page("Walls", told, *lists, toctree([wall["name"] for wall in walls]))
    return {"walls/index": index, **{f"walls/{wall['name']}": _wall(wall) for wall in walls}}


def _domain(domain: str, walls: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The walls of a domain: a heading, and a list with the first law of each."""
    items = "\n".join(
        f'<li value="{wall["number"]}"><a href="{wall["name"]}.html">{_title(wall).capitalize()}</a> binds when '
        f"{escape(wall['binds'])}.{_parts().formula(_stated(wall)[1].core[0].result)}</li>"
        for wall in walls
    )
    return f"## {domain.capitalize()}", raw(f'<ol class="walls">\n{items}\n</ol>')


def _title(wall: Mapping[str, Any]) -> str:
    return str(wall["name"]).replace("_", " ")


def _stated(record: Mapping[str, Any]) -> tuple[Any, Any]:
    """A wall of the catalogue with the chapter that states it."""
    from mlsysim.symbolic.graph import wall

    chapter = wall(record["name"])
    assert chapter.wall is not None
    return chapter, chapter.wall


def _wall(record: Mapping[str, Any]) -> str:
    """The page of one wall."""
    from mlsysim.symbolic.printing.page import section

    chapter, stated = _stated(record)
    parts = _parts()
    section(chapter, stated, parts)
    return page(
        f"Wall {record['number']}: {_title(record)}",
        words(parts.says[:1].upper() + parts.says[1:]),
        f"It binds when {words(stated.binds)}.",
        "## Laws", raw(parts.stated),
        "## Symbols", raw(parts.table),
        "## Assumptions" if stated.assumptions or stated.validity else "",
        "\n".join(f"- {words(each)}" for each in stated.assumptions),
        f"It holds for {words(stated.validity)}." if stated.validity else "",
        "## Derivation", raw('<ol class="derivation">\n' + "\n".join(parts.steps) + "\n</ol>"),
        *(("## Sources", listed(parts.cites)) if parts.cites else ()),
    )  # fmt: skip


def _parts() -> Any:
    """The parts of a wall's page in MathML, kept as the program hands them over."""
    from mlsysim.symbolic.printing.web_page import MathMLPage

    class Parts(MathMLPage):
        """A page that is put together later."""

        says, stated, table = "", "", ""

        def __init__(self) -> None:
            self.steps: list[str] = []
            self.cites: list[str] = []

        def formula(self, equation: Any) -> str:
            return f'<div class="law">{super().formula(equation)}</div>'

        def heading(self, wall: Any, says: str) -> str:
            self.says = says
            return ""

        def laws(self, laws: Any) -> str:
            self.stated = super().laws(laws).removeprefix("<h2>Laws</h2>\n")
            return ""

        def symbols(self, quantities: Any) -> str:
            rows = [(self.symbol(q), escape(q.meaning), escape(q.display.removeprefix("1"))) for q in quantities]
            self.table = html_table(["symbol", "meaning", "unit"], rows)
            return ""

        def step(self, number: int, step: Any, inputs: list[int], known: str) -> str:
            self.steps.append(_linked(super().step(number, step, inputs, known), step.cite))
            return ""

        def ending(self, wall: Any, cites: list[str]) -> str:
            self.cites = cites
            return ""

    return Parts()


def _linked(step: str, cites: str) -> str:
    """A step whose sources are links to the list at the end of the page."""
    if not cites:
        return step
    links = ", ".join(f'<a href="#{anchor(key)}">{escape(key)}</a>' for key in cites.split(","))
    return step.replace(f"[{escape(cites)}]", f"[{links}]")
