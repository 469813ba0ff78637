"""What can be traded: the exact front of a plan's designs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from mlsysim.constraints.effort import Effort
from mlsysim.constraints.fronts import Front, Point
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount


class Decided(Protocol):
    """What a front needs of a problem: its name, and what a choice means."""

    noun: ClassVar[str]

    def describe(self, choice: Mapping[str, int]) -> str:
        """A choice in words."""

    def data(self, choice: Mapping[str, int]) -> dict[str, Any]:
        """A choice under the keys of a result."""


#: The most points of a table; the data holds all.
SHOWN = 40


@dataclass(frozen=True)
class ParetoFront:
    """The designs of which none is better in one metric without being worse in another.

    Attributes:
        task: what was decided.
        metrics: what was traded, the first ordering the points.
        front: the points, and whether all are there.
        effort: what the searches could spend.
        notes: what could not be compared, as sentences.
    """

    task: Decided
    metrics: tuple[str, ...]
    front: Front
    effort: Effort
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 where the front is complete, 4 where there is no design, 5 where time ended the search."""
        return 5 if not self.front.complete else 0 if self.front.points else 4

    def rows(self) -> list[dict[str, Any]]:
        """The points with values in the metrics' own units."""
        scales = {name: catalogue().QUANTITIES[name]["scale"] for name in self.metrics}
        return [
            {**{name: point.values[name] / scales[name] for name in self.metrics}, **self.task.data(point.choice)}
            for point in self.front.points
        ]

    def to_dict(self) -> dict[str, Any]:
        """The front as plain data."""
        units = {name: catalogue().QUANTITIES[name]["display"] for name in self.metrics}
        return {"o_status": "optimal" if self.front.complete else "feasible", "o_units": units, "o_front": self.rows(),
                "o_seed": self.effort.seed, "o_workers": self.effort.workers, "assumptions": list(self.notes),
                "exit_code": self.exit_code}  # fmt: skip

    def _shown(self) -> list[Point]:
        """The points of the table: all, or so many from one end to the other."""
        points = self.front.points
        if len(points) <= SHOWN:
            return list(points)
        return [points[round(place * (len(points) - 1) / (SHOWN - 1))] for place in range(SHOWN)]

    def page(self) -> str:
        """The front as a table and, of the first two metrics, a picture."""
        from mlsysim.search.picture import scatter

        if not self.front.points and not self.front.complete:
            return "the search ended before any point was known; give more with --time-limit"
        if not self.front.points:
            return f"no {self.task.noun} keeps the conditions and the asserts"
        records = {name: catalogue().QUANTITIES[name] for name in self.metrics}
        lines = ["  " + "".join(f"{name:<32}" for name in self.metrics) + self.task.noun]
        for point in self._shown():
            lines.append(
                "  "
                + "".join(f"{amount(point.values[n], records[n]):<32}" for n in self.metrics)
                + self.task.describe(point.choice)
            )
        lines += [
            "",
            f"{len(self.front.points):,} points"
            + (f", of which {SHOWN} are shown; --output json has all" if len(self.front.points) > SHOWN else "")
            + ("" if self.front.complete else ", the time limit ended the search"),
            *self.notes,
            "",
        ]
        labels = [f"{name} [{records[name]['display']}]" for name in self.metrics[:2]]
        pairs = [(row[self.metrics[0]], row[self.metrics[1]]) for row in self.rows()]
        return "\n".join([*lines, scatter(pairs, *labels)])
