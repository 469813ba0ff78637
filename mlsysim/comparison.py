"""What changes from one plan to another: every metric, what is feasible, and which wall binds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlsysim.constraints.asserts import metrics
from mlsysim.design.assumptions import left_out
from mlsysim.evaluation import Evaluation
from mlsysim.page import wrapped
from mlsysim.result import figure, key
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.words import amount, number

#: Values that differ by less than this share are the same.
SAME = 1e-12
#: A change by this factor or more is said as one.
FACTOR = 10


@dataclass(frozen=True)
class Change:
    """A metric of both plans or of one, in coherent units; None where a plan does not have it or skips it.

    Attributes:
        metric: its full name.
        before, after: its values.
        notes: by ``before`` and ``after``, what one plan does not know or count of it and the other does.
    """

    metric: str
    before: float | None
    after: float | None
    notes: Mapping[str, str]

    @property
    def ratio(self) -> float | None:
        """The second value per first; None where one of them is unknown or the first is nothing."""
        return None if self.before is None or self.after is None or not self.before else self.after / self.before


@dataclass(frozen=True)
class Comparison:
    """Two plans, evaluated."""

    before: Evaluation
    after: Evaluation

    @property
    def changes(self) -> list[Change]:
        """The metrics that differ, by name."""
        both = [metrics(self.before.variant), metrics(self.after.variant)]
        names = sorted({*both[0], *both[1]})
        found = ((name, self.before.metrics.get(name), self.after.metrics.get(name)) for name in names)
        return [Change(*each, self._notes(each[0])) for each in found if not _same(each[1], each[2])]

    def _notes(self, metric: str) -> dict[str, str]:
        """What one plan does not know or count of a metric and the other does, by side."""
        lacks = {side: _lacking(each, metric, self._moved[side]) for side, each in self._sides.items()}
        only = {
            "before": [why for leaf, why in lacks["before"].items() if leaf not in lacks["after"]],
            "after": [why for leaf, why in lacks["after"].items() if leaf not in lacks["before"]],
        }
        return {side: "; ".join(reasons) for side, reasons in only.items() if reasons}

    @property
    def _sides(self) -> dict[str, Evaluation]:
        return {"before": self.before, "after": self.after}

    @cached_property
    def _moved(self) -> dict[str, dict[str, frozenset[str]]]:
        """By side, the quantities that leaves which are left out would change."""
        return {side: _moved_by_what_is_left_out(each) for side, each in self._sides.items()}

    @property
    def exit_code(self) -> int:
        """That of the second plan."""
        return self.after.exit_code

    def to_dict(self) -> dict[str, Any]:
        """The changes as plain data: each metric under its key in a result, with both values and their ratio."""
        rows = {}
        for each in self.changes:
            before, after = figure(each.metric, each.before), figure(each.metric, each.after)
            note = "; ".join(f"{side}: {why}" for side, why in each.notes.items()) or None
            rows[key(each.metric)] = {"before": before, "after": after, "ratio": each.ratio, "note": note}
        sides = self._sides
        return {
            "changes": rows, **{f"f_status_{side}": e.status("feasibility") for side, e in sides.items()},
            **{f"p_binding_wall_{side}": e.binding_wall if e.feasible else None for side, e in sides.items()},
            **{f"exit_code_{side}": e.exit_code for side, e in sides.items()}, "exit_code": self.exit_code,
        }  # fmt: skip

    def page(self) -> str:
        """The changes as a table."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        for side, evaluation in self._sides.items():
            yield f"{side:<8}{evaluation.name}"
            binds = f"the {evaluation.binding_wall} wall binds"
            yield f"        {binds if evaluation.feasible else evaluation.summary}"
        changes = self.changes
        yield ""
        if not changes:
            yield "every metric is the same"
            return
        rows: list[tuple[str, ...]] = [("", "before", "after", "change")]
        for each in changes:
            record = catalogue().QUANTITIES[each.metric]
            values = ["-" if v is None else amount(v, record) for v in (each.before, each.after)]
            rows.append((each.metric, *values, _change(each.ratio)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            yield "  ".join(cells).rstrip()
        yield from self._noted(changes)

    def _noted(self, changes: Sequence[Change]) -> Iterator[str]:
        """What only one side knows or counts: the metrics of one reason together. What does not fit is said above."""
        together: dict[tuple[str, str], list[str]] = {}
        for each in changes:
            for side, why in each.notes.items():
                if self._sides[side].feasible:
                    together.setdefault((side, why), []).append(each.metric)
        if together:
            yield ""
        for (side, why), names in together.items():
            yield from wrapped(f"{side}: {', '.join(names)}: {why}", hanging="  ")


def _lacking(evaluation: Evaluation, metric: str, moved: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """What an evaluation does not know or count of a metric: why, by the leaf that is left out, or by "" for all of it."""
    if metric not in evaluation.metrics:
        return {"": f"it is no metric of {evaluation.variant.replace('_', ' ')}"}
    if metric in evaluation.skipped:
        return {"": evaluation.skipped[metric]}
    bindings = evaluation.design.bindings
    return {leaf: f"{left_out(leaf)}; {bindings[leaf].says}" for leaf, names in moved.items() if metric in names}


def _moved_by_what_is_left_out(evaluation: Evaluation) -> dict[str, frozenset[str]]:
    """The quantities that another value of a leaf would change, for every leaf that nobody has published."""
    bindings, compiled, here = evaluation.design.bindings, kernel(evaluation.variant), evaluation.values
    found = {}
    for leaf in (leaf for leaf, bound in bindings.items() if bound.left_out and left_out(leaf)):
        there = compiled([1.0 if name == leaf else here[name] for name in compiled.leaves])
        known = (item for item in zip(compiled.names, there, strict=True) if not math.isnan(here[item[0]]))
        found[leaf] = frozenset(name for name, value in known if value != here[name])
    return found


def _change(ratio: float | None) -> str:
    """A ratio as people say it: in percent, or as a factor where it is large."""
    if ratio is None:
        return ""
    return f"{ratio - 1:+.1%}" if 1 / FACTOR < ratio < FACTOR else f"x {number(ratio)}"


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) <= SAME * max(abs(one), abs(other))
