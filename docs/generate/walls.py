"""The walls: each with what it says, its laws and its derivation, as the graph prints them.

Formulas are MathML, which browsers show without a script and without a connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from docs.generate.markdown import html_table, page, raw, table, toctree, words
from docs.generate.sources import anchor, listed


def pages() -> dict[str, str]:
    """The list of walls, and a page for each."""
    from mlsysim.symbolic.kernels import catalogue

    walls = list(catalogue().WALLS)
    heads = ["", "wall", "domain", "core equation", "binds when"]
    rows = [
        [str(wall["number"]), f"[{_title(wall)}]({wall['name']}.md)", wall["domain"], words(wall["core"]), words(wall["binds"])]
        for wall in walls
    ]  # fmt: skip
    told = (
        "A wall is a law that no design gets round: arithmetic takes time, memory is finite, light has a speed. Each is "
        "derived step by step; the steps are recomputed while they are printed, so a page that stands here is algebra "
        "that holds. `mlsysim derive NAME` prints the same page as text, LaTeX, HTML or MathML."
    )
    index = page("Walls", told, table(heads, rows), toctree([wall["name"] for wall in walls]))
    return {"walls/index": index, **{f"walls/{wall['name']}": _wall(wall) for wall in walls}}


def _title(wall: Mapping[str, Any]) -> str:
    return str(wall["name"]).replace("_", " ")


def _wall(record: Mapping[str, Any]) -> str:
    """The page of one wall."""
    from mlsysim.symbolic.graph import wall
    from mlsysim.symbolic.printing.page import section

    chapter = wall(record["name"])
    stated = chapter.wall
    assert stated is not None
    parts = _parts()
    section(chapter, stated, parts)
    return page(
        f"Wall {record['number']}: {_title(record)}",
        words(parts.says[:1].upper() + parts.says[1:]),
        f"It binds when {words(stated.binds)}.",
        "## Laws", raw("\n".join(dict.fromkeys(parts.formula(step.result) for step in stated.core))),
        "## Derivation", raw('<ol class="derivation">\n' + "\n".join(parts.steps) + "\n</ol>"),
        "## Symbols", raw(parts.table),
        "## Assumptions" if stated.assumptions or stated.validity else "",
        "\n".join(f"- {words(each)}" for each in stated.assumptions),
        f"It holds for {words(stated.validity)}." if stated.validity else "",
        *(("## Sources", listed(parts.cites)) if parts.cites else ()),
    )  # fmt: skip


def _parts() -> Any:
    """The parts of a wall's page in MathML, kept as the program hands them over."""
    from mlsysim.symbolic.printing.web_page import MathMLPage

    class Parts(MathMLPage):
        """A page that is put together later."""

        says, table = "", ""

        def __init__(self) -> None:
            self.steps: list[str] = []
            self.cites: list[str] = []

        def formula(self, equation: Any) -> str:
            return f'<div class="law">{super().formula(equation)}</div>'

        def heading(self, wall: Any, says: str) -> str:
            self.says = says
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
