"""What can be traded: the exact front of a plan's splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.binding import bind
from mlsysim.constraints.asserts import LARGER_IS_BETTER, metric
from mlsysim.constraints.fronts import Front, front
from mlsysim.evaluation import evaluate
from mlsysim.optimization import divisible, limits_of, refuse_skipped, split_space
from mlsysim.optimum import decisions
from mlsysim.plan import LoadedPlan
from mlsysim.split import describe
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount


@dataclass(frozen=True)
class ParetoFront:
    """The splits of which none is better in one metric without being worse in another.

    Attributes:
        metrics: what was traded, the first ordering the points.
        front: the points, and whether all are there.
        seed: of the searches.
    """

    metrics: tuple[str, ...]
    front: Front
    seed: int

    @property
    def exit_code(self) -> int:
        """0 where the front is complete, 4 where there is no design, 5 where time ended the search."""
        return 5 if not self.front.complete else 0 if self.front.points else 4

    def rows(self) -> list[dict[str, Any]]:
        """The points with values in the metrics' own units."""
        scales = {name: catalogue().QUANTITIES[name]["scale"] for name in self.metrics}
        return [
            {**{name: point.values[name] / scales[name] for name in self.metrics}, **decisions(point.choice)}
            for point in self.front.points
        ]

    def to_dict(self) -> dict[str, Any]:
        """The front as plain data."""
        units = {name: catalogue().QUANTITIES[name]["display"] for name in self.metrics}
        return {"o_status": "optimal" if self.front.complete else "feasible", "o_units": units, "o_front": self.rows(),
                "o_seed": self.seed, "exit_code": self.exit_code}  # fmt: skip

    def page(self) -> str:
        """The front as a table and, of the first two metrics, a picture."""
        from mlsysim.picture import scatter

        if not self.front.points:
            return "no split keeps the conditions and the asserts"
        records = {name: catalogue().QUANTITIES[name] for name in self.metrics}
        lines = ["  " + "".join(f"{name:<32}" for name in self.metrics) + "split"]
        for point in self.front.points:
            lines.append(
                "  "
                + "".join(f"{amount(point.values[n], records[n]):<32}" for n in self.metrics)
                + describe(point.choice)
            )
        lines += [
            "",
            f"{len(self.front.points)} points" + ("" if self.front.complete else ", the time limit ended the search"),
            "",
        ]
        labels = [f"{name} [{records[name]['display']}]" for name in self.metrics[:2]]
        pairs = [(row[self.metrics[0]], row[self.metrics[1]]) for row in self.rows()]
        return "\n".join([*lines, scatter(pairs, *labels)])


def pareto(loaded: LoadedPlan, metrics: Sequence[str], *, time_limit: float = 60.0, seed: int = 1) -> ParetoFront:
    """The exact front of a plan's splits under its asserts.

    Args:
        loaded: the plan.
        metrics: two or more; throughput, utilisation and the like are maximised, all others minimised.
        time_limit: seconds for all searches together.
        seed: of the searches.

    Raises:
        InputError: fewer than two metrics, one that the plan skips, or a space too large for so many.
    """
    design = divisible(bind(loaded))
    names = tuple(dict.fromkeys(metric(name, design.variant) for name in metrics))
    if len(names) < 2:
        raise InputError("a front needs two metrics or more", hint="such as --pareto latency,memory_required")
    first = evaluate(design)
    refuse_skipped(first, names)
    limits = limits_of(first)
    senses = [(name, -1 if name in LARGER_IS_BETTER else 1) for name in names]
    return ParetoFront(names, front(split_space(design), senses, bounds=limits, time_limit=time_limit, seed=seed), seed)
