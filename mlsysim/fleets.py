"""Choosing a fleet: kinds of accelerator and numbers of nodes, jointly with the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.binding import bind
from mlsysim.choices import joint_space, offered
from mlsysim.constraints.space import Space
from mlsysim.plan import LoadedPlan
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
        precision: the number format, where the plan offers several.
    """

    name: str
    nodes: int
    plan: Mapping[str, Any]
    precision: str = ""


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
    formats = offered(loaded)
    if len(names) * len(numbers) * len(formats) > MOST:
        raise InputError(f"more than {MOST:,} fleets", hint="give fewer numbers of nodes, such as --nodes 64,128,256")
    if loaded.plan.search.precisions:
        for name in names:  # a format that one of them lacks is refused by its own name
            bind(loaded.with_data({**data, "hardware": {"name": name, "nodes": numbers[0]}}))
    return [
        Fleet(name, number, {**kept, "hardware": {"name": name, "nodes": number}}, precision)
        for name in dict.fromkeys(names)
        for number in numbers
        for precision, kept in formats.items()
    ]


def fleet_space(loaded: LoadedPlan, choices: Sequence[Fleet]) -> Space:
    """The decisions of a fleet and of the split over it.

    Raises:
        InputError: one of the fleets cannot hold the plan's model in its precision.
    """
    return joint_space(FLEET, {number: bind(loaded.with_data(fleet.plan)) for number, fleet in enumerate(choices)})
