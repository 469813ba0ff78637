"""Choosing a fleet: kinds of accelerator and numbers of nodes, jointly with the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.binding import bind
from mlsysim.constraints.space import Options, Space
from mlsysim.plan import LoadedPlan
from mlsysim.split import domains
from mlsysim.symbolic.errors import InputError

#: The decision that stands for a fleet.
FLEET = "choice.fleet"
#: The most fleets that are looked at together.
MOST = 2_000


@dataclass(frozen=True)
class Fleet:
    """Accelerators in nodes.

    Attributes:
        name: the accelerator.
        nodes: how many nodes of it.
        plan: the plan with this fleet, its split left open where it was.
    """

    name: str
    nodes: int
    plan: Mapping[str, Any]


def fleets(loaded: LoadedPlan, hardware: Sequence[str], nodes: Sequence[int]) -> list[Fleet]:
    """Every fleet of some accelerators and numbers of nodes.

    Args:
        loaded: the plan; its own accelerator is taken where none is given.
        hardware: accelerators, by name.
        nodes: numbers of nodes.

    Raises:
        InputError: an unknown accelerator, no number of nodes, or too many fleets.
    """
    if loaded.phase != "training":
        raise InputError("fleets of nodes are chosen for training", where=loaded.where("workload"),
                         hint="give hardware.nodes, or workload.phase: training")  # fmt: skip
    data = loaded.document.data
    own = data["hardware"]
    names = [loaded.zoo.find("hardware", name).name for name in (hardware or [own["name"]])]
    numbers = sorted(set(nodes))
    if not numbers or numbers[0] < 1:
        raise InputError("no number of nodes to choose from", hint="give --nodes 1-64, or --nodes 8,16,32")
    if len(names) * len(numbers) > MOST:
        raise InputError(f"more than {MOST:,} fleets", hint="give fewer numbers of nodes, such as --nodes 64,128,256")
    kept = {key: value for key, value in data.items() if key != "hardware"}
    return [
        Fleet(name, number, {**kept, "hardware": {"name": name, "nodes": number}})
        for name in dict.fromkeys(names)
        for number in numbers
    ]


def fleet_space(loaded: LoadedPlan, choices: Sequence[Fleet]) -> Space:
    """The decisions of a fleet and of the split over it.

    Raises:
        InputError: one of the fleets cannot hold the plan's model in its precision.
    """
    designs = [bind(loaded.with_data(fleet.plan)) for fleet in choices]
    each = [domains(design) for design in designs]
    first = designs[0].values
    columns = {leaf: tuple(design.values[leaf] for design in designs) for leaf in first if leaf not in each[0]}
    leaves = {leaf: values for leaf, values in columns.items() if any(not _same(v, values[0]) for v in values)}
    together = {name: tuple(sorted({value for one in each for value in one[name]})) for name in each[0]}
    return Space(
        designs[0].variant,
        first,
        {FLEET: tuple(range(len(choices))), **together},
        {FLEET: Options(leaves, tuple(each))},
    )


def _same(one: float, other: float) -> bool:
    """Whether two values are equal, or both unknown."""
    return one == other or (one != one and other != other)
