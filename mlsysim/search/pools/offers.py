"""Fleets that serve: pools of accelerators of one or more kinds, each with its batching and its share of the traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.constraints.space import Rows, row
from mlsysim.design.slots import SLOTS
from mlsysim.plan import LoadedPlan
from mlsysim.search.batching import BatchingTask, task
from mlsysim.search.objectives import Objective
from mlsysim.search.replicas import CHUNK, DEVICES, LAYOUT, MOST_REPLICAS
from mlsysim.symbolic.errors import InputError

#: Traffic is divided among pools in this many parts.
PARTS = 16
ARRIVALS = "serving.arrivals"
REPLICAS = "split.data"


@dataclass(frozen=True)
class Kind:
    """A kind of accelerator that a pool can be of.

    Attributes:
        name: the accelerator.
        most: how many of it there are; infinite where nobody says.
        task: its batching for the whole traffic.
    """

    name: str
    most: float
    task: BatchingTask

    @property
    def traffic(self) -> float:
        """Requests per second of the whole traffic."""
        return self.task.space.values[ARRIVALS]


@dataclass(frozen=True)
class Offers:
    """The pools of one kind that are worth considering: for every number of parts, none of them better in all that counts.

    Attributes:
        kind: of which accelerator.
        rows: their decisions, and the parts of the traffic that each takes.
        parts: how many.
        cost: what each adds to the objective.
        totals: what each adds to the limited totals.
    """

    kind: Kind
    rows: Rows
    parts: Any
    cost: Any
    totals: Mapping[str, Any]

    def alternative(self, position: int) -> int:
        """How many of those before it take equally many parts."""
        return int((self.parts[:position] == self.parts[position]).sum())

    def choice(self, position: int) -> dict[str, int]:
        """The decisions of one of them."""
        return row(self.rows, position)


def kinds(
    loaded: LoadedPlan,
    hardware: Sequence[str],
    sla: Sequence[str],
    qps: float | str | None,
    percentile: float | str | None,
) -> list[Kind]:
    """The kinds of accelerator to choose from, each with how many there are.

    Args:
        loaded: the plan; its own accelerator is taken where none is given.
        hardware: accelerators by name; ``H100=16`` where there are only so many.
        sla, qps, percentile: as for batching.

    Raises:
        InputError: an unknown accelerator, one that is named twice, or a number that is none.
    """
    data = loaded.document.data
    found: dict[str, Kind] = {}
    for word in hardware or [_own(data)]:
        name, _, number = word.partition("=")
        entry = loaded.zoo.find("hardware", name).name
        if number and not (number.isascii() and number.isdigit() and 0 < int(number) <= MOST_REPLICAS):
            raise InputError(f"--hardware: {word!r} is no accelerator and number", hint="write H100, or H100=16")
        if entry in found:
            raise InputError(f"--hardware: {entry} is named twice", hint="name each accelerator once")
        own = loaded.with_data({**data, "hardware": {"name": entry}})
        found[entry] = Kind(entry, float(number or "inf"), task(own, sla, qps, percentile))
    return list(found.values())


def _own(data: Mapping[str, Any]) -> str:
    """The plan's own accelerator, with its number where the plan gives one."""
    hardware = data["hardware"]
    if "nodes" in hardware:
        raise InputError("hardware.nodes: pools that serve are counted in accelerators",
                         hint="give hardware.accelerators, or --hardware H100=16")  # fmt: skip
    return "=".join(str(hardware[field]) for field in ("name", "accelerators") if field in hardware)


def adds_up(limit: Limit) -> bool:
    """Whether a limit holds for all pools together, not for each."""
    return limit.metric.startswith("macro.")


class Offering:
    """Makes the offers of a kind."""

    def __init__(self, kind: Kind, objective: Objective) -> None:
        self.kind, self.objective = kind, objective
        limits = kind.task.first.enforced
        self.each = [Bound.of(v) for v in limits if not adds_up(v)]
        self.whole = [v.metric for v in limits if adds_up(v)]

    @cached_property
    def lattice(self) -> Rows:
        """Every way to split a replica, with its slots and chunks, for every number of parts of the traffic."""
        space = self.kind.task.space
        offers = space.options[LAYOUT].domains if LAYOUT in space.options else ({**space.domains},)
        names = (SLOTS, CHUNK) if CHUNK in space.domains else (SLOTS,)
        columns: dict[str, list[Any]] = {name: [] for name in (LAYOUT, *names, "ranks", "parts")}
        for number, offered in enumerate(offers):
            ranks = offered[DEVICES][0] // offered.get(REPLICAS, offered[DEVICES])[0]
            axes = numpy.meshgrid(*(offered[name] for name in names), numpy.arange(1, PARTS + 1), indexing="ij")
            flat = [axis.ravel().astype(float) for axis in axes]
            for name, column in zip((*names, "parts"), flat, strict=True):
                columns[name].append(column)
            columns[LAYOUT].append(numpy.full(len(flat[0]), float(number)))
            columns["ranks"].append(numpy.full(len(flat[0]), float(ranks)))
        return {name: numpy.concatenate(parts) for name, parts in columns.items()}

    def rows(self, lattice: Rows, replicas: Any) -> Rows:
        """Points of the graph: a lattice with numbers of replicas."""
        space = self.kind.task.space
        rows = {name: column for name, column in lattice.items() if name not in ("ranks", "parts")}
        if REPLICAS in space.values or REPLICAS in space.domains:
            rows[REPLICAS] = replicas
        else:
            rows.pop(LAYOUT)
        return {**rows, DEVICES: lattice["ranks"] * replicas, ARRIVALS: self.kind.traffic * lattice["parts"] / PARTS}

    def keeps(self, lattice: Rows, replicas: Any) -> Any:
        """Which points keep the graph's conditions and the limits that hold for each pool."""
        space, rows = self.kind.task.space, self.rows(lattice, replicas)
        values = space.evaluate(rows, {bound.quantity for bound in self.each})
        keep = space.holds(rows)
        for bound in self.each:
            keep &= bound.sign * values[bound.quantity] <= bound.sign * bound.value + abs(bound.value) * ROUNDING
        return keep

    def fewest(self) -> tuple[Rows, Any]:
        """The points that can keep the limits, each with the fewest replicas that do: more never are worse for one request."""
        lattice = self.lattice
        most = numpy.floor(min(self.kind.most, float(MOST_REPLICAS)) / lattice["ranks"])
        lattice, most = _only(lattice, most, most >= 1)
        lattice, most = _only(lattice, most, self.keeps(lattice, most))
        low, high = numpy.zeros(len(most)), numpy.ones(len(most))
        while True:
            missing = ~self.keeps(lattice, high)
            if not missing.any():
                break
            low = numpy.where(missing, high, low)
            high = numpy.where(missing, numpy.minimum(2 * high, most), high)
        while (high - low > 1).any():
            middle = numpy.maximum(numpy.floor((low + high) / 2), 1)
            keep = self.keeps(lattice, middle)
            low, high = numpy.where(keep, low, middle), numpy.where(keep, middle, high)
        return lattice, high

    def offers(self) -> Offers:
        """The pools that are worth considering."""
        lattice, replicas = self.fewest()
        rows, space = self.rows(lattice, replicas), self.kind.task.space
        values = space.evaluate(rows, {*self.objective.goal.quantities, *self.whole})
        cost = numpy.broadcast_to(self.objective.goal.cost(values), (len(replicas),))
        counted = numpy.array([cost, *(values[name] for name in self.whole)])
        best = numpy.array(sorted(_undominated(counted, lattice["parts"])), dtype=int)
        decided = [name for name in rows if name in space.domains]
        return Offers(
            self.kind, {name: rows[name][best] for name in decided}, lattice["parts"][best].astype(int), cost[best],
            {name: values[name][best] for name in self.whole},
        )  # fmt: skip


def _only(lattice: Rows, numbers: Any, keep: Any) -> tuple[Rows, Any]:
    return {name: column[keep] for name, column in lattice.items()}, numbers[keep]


def _undominated(counted: Any, parts: Any) -> list[int]:
    """Of the points with equally many parts, those that no other is as good as in everything."""
    kept: list[int] = []
    for number in numpy.unique(parts):
        there = numpy.flatnonzero(parts == number)
        found: list[int] = []
        for position in there[numpy.lexsort(counted[::-1, there])]:
            here = counted[:, position]
            if not any((counted[:, other] <= here + ROUNDING * numpy.abs(here)).all() for other in found):
                found.append(int(position))
        kept += found
    return kept
