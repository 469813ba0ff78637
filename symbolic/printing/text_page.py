"""Pages as text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from mlsysim.symbolic.checking import PROVED
from mlsysim.symbolic.printing.expression import plain, text
from mlsysim.symbolic.printing.origin import Origin
from mlsysim.symbolic.printing.values import TextValues, percent, said
from mlsysim.symbolic.printing.worked import RULE, Line
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Wall

WIDTH = 88
#: The width of a terminal that nobody made wider.
NARROW = 80


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


class ExamplePage:
    """A worked example, as wide as a terminal of 80 columns."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values, self.form = values, TextValues(values)

    def heading(self, metric: Quantity) -> str:
        title = f"{metric.name} = {said(metric, self.values[metric.name])}"
        meaning = metric.meaning[:1].upper() + metric.meaning[1:]
        return f"{title}\n{'=' * len(title)}\n{textwrap.fill(f'{meaning}. {RULE}', NARROW)}\n"

    def line(self, line: Line) -> str:
        quantity, right = line.step.result.left, line.step.result.right
        belongs = f" [wall {line.wall.number}, {line.wall.name}]" if line.wall else ""
        symbol = plain(quantity.latex)
        head = _narrow(f"{symbol}: {quantity.meaning}{belongs}, {percent(line.carried)}", "", "  ")
        says = [text(right), self.form.show(right), said(quantity, self.values[quantity.name])]
        says = [f"= {shown}" for shown in dict.fromkeys(says)]
        together = f"  {symbol} {' '.join(says)}"
        if len(together) > NARROW:
            together = "\n".join(
                [_narrow(f"{symbol} {says[0]}", "  "), *(_narrow(shown, "    ") for shown in says[1:])]
            )
        return "\n".join([head, together, *self._because(line)])

    def _because(self, line: Line) -> list[str]:
        says = line.because(self._equal, text)
        known = "" if line.step.verdict == PROVED else f" ({line.step.verdict})"
        return [_narrow(f"{line.step.rule}{known}: {says}", "  ", "    ")] if says else []

    def _equal(self, quantity: Quantity, by: Any) -> str:
        return f"{plain(quantity.latex)} = {said(quantity, self.values[quantity.name]) if by is None else text(by)}"

    def rest(self, rest: Mapping[Quantity, float], nothing: Sequence[Quantity]) -> str:
        lines = []
        if rest:
            lines += ["", "Not followed: what carries less, or does not decide"]
        for quantity, share in rest.items():
            carries = f", {percent(share)}" if share else ""
            lines.append(self._row(quantity, f"{quantity.meaning}{carries}"))
        if nothing:
            names = "; ".join(f"{plain(q.latex)}: {q.meaning}" for q in nothing)
            lines += ["", "Nothing in this plan", _narrow(names, "  ", "  ")]
        return "\n".join(lines)

    def _row(self, quantity: Quantity, says: str) -> str:
        return _narrow(f"{self._equal(quantity, None):<26}  {says}", "  ", " " * 30)

    def leaves(self, leaves: Mapping[Origin, Sequence[Quantity]]) -> str:
        lines = ["", "From the plan and the registry"]
        for origin, group in leaves.items():
            lines.append(_narrow(f"{origin.says}{f' [{origin.key}]' if origin.key else ''}", ""))
            lines += [self._row(leaf, leaf.meaning) for leaf in group]
        return "\n".join(lines)

    def ending(self, cites: Mapping[str, str]) -> str:
        return (
            "\n".join(["", "Sources", *(_narrow(f"[{key}] {source}", "") for key, source in cites.items())])
            if cites
            else ""
        )


def _narrow(shown: str, indent: str, further: str = "") -> str:
    further = further or indent + "    "
    return textwrap.fill(shown, NARROW, initial_indent=indent, subsequent_indent=further, break_long_words=False)
