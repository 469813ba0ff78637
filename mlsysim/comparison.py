"""What changes from one plan to another: every metric, what is feasible, and which wall binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.asserts import metrics
from mlsysim.evaluation import Evaluation
from mlsysim.result import figure, key
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

#: Values that differ by less than this share are the same.
SAME = 1e-12
#: A change by this factor or more is said as one.
FACTOR = 10


@dataclass(frozen=True)
class Change:
    """A metric of both plans or of one, in coherent units; None where a plan does not have it or skips it."""

    metric: str
    before: float | None
    after: float | None

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
        found = [Change(n, self.before.metrics.get(n), self.after.metrics.get(n)) for n in names]
        return [each for each in found if not _same(each.before, each.after)]

    @property
    def exit_code(self) -> int:
        """That of the second plan."""
        return self.after.exit_code

    def to_dict(self) -> dict[str, Any]:
        """The changes as plain data: each metric under its key in a result, with both values and their ratio."""
        rows = {}
        for each in self.changes:
            before, after = figure(each.metric, each.before), figure(each.metric, each.after)
            rows[key(each.metric)] = {"before": before, "after": after, "ratio": each.ratio}
        sides = {"before": self.before, "after": self.after}
        return {
            "changes": rows, **{f"f_status_{side}": "PASS" if e.feasible else "FAIL" for side, e in sides.items()},
            **{f"p_binding_wall_{side}": e.binding_wall if e.feasible else None for side, e in sides.items()},
            **{f"exit_code_{side}": e.exit_code for side, e in sides.items()}, "exit_code": self.exit_code,
        }  # fmt: skip

    def page(self) -> str:
        """The changes as a table."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        for side, evaluation in (("before", self.before), ("after", self.after)):
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


def _change(ratio: float | None) -> str:
    """A ratio as people say it: in percent, or as a factor where it is large."""
    if ratio is None:
        return ""
    return f"{ratio - 1:+.1%}" if 1 / FACTOR < ratio < FACTOR else f"x {number(ratio)}"


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) <= SAME * max(abs(one), abs(other))
