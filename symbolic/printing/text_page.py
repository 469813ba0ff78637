"""Pages as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from mlsysim.symbolic.printing.expression import plain, text
from mlsysim.symbolic.printing.origin import Origin
from mlsysim.symbolic.printing.values import TextValues, said
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Wall

WIDTH = 88


def _wrap(shown: str, indent: str) -> str:
    return textwrap.fill(shown, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False)


class WallPage:
    """A wall's derivation."""

    def heading(self, wall: Wall, says: str) -> str:
        title = f"Wall {wall.number}: {wall.name.replace('_', ' ')} ({wall.domain})"
        says = says[:1].upper() + says[1:]
        return f"{title}\n{'=' * len(title)}\n{textwrap.fill(says, WIDTH)}\n\nBinds when {wall.binds}.\n"

    def laws(self, laws: list[tuple[int, Step]]) -> str:
        rows = [_wrap(f"{text(step.result)} ({number})", "  ") for number, step in laws]
        return "Laws, with the steps that derive them\n" + "\n".join(rows) + "\n"

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
        return f"\nAssumes{assumed}\nHolds for {wall.validity}\n" + _wrap(f"Sources: {', '.join(cites)}", "")


class ChainPage:
    """The chain behind a number."""

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
