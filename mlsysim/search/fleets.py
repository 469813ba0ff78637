"""The problem ``nodes``: kinds of accelerator and numbers of nodes, jointly with the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.space import Space
from mlsysim.design import Design
from mlsysim.design.binding import bind
from mlsysim.design.degrees import describe
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.search.choices import joint_space, offered
from mlsysim.search.parallelism import degree, degrees, divisible, with_split
from mlsysim.search.runs import with_run
from mlsysim.search.task import Choice, Task, refuse_skipped
from mlsysim.symbolic.errors import InputError

#: The decision that stands for a fleet.
FLEET = "choice.fleet"
#: The most fleets that are looked at together.
MOST = 2_000
#: The longest number or range that is read, and the most numbers of a range.
LONGEST, FARTHEST = 15, 10_000


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


@dataclass(frozen=True)
class FleetTask(Task):
    """Choosing a fleet and the split over it.

    Attributes:
        fleets: what the decision of a fleet numbers.
        kinds: a fleet of each accelerator, evaluated.
    """

    fleets: tuple[Fleet, ...]
    kinds: tuple[Evaluation, ...]

    noun = "fleet"
    decided = "the fleet"
    distinct = FLEET

    def check(self, metrics: Sequence[str]) -> None:
        """Refuse metrics and asserts that the plan cannot decide on one of the accelerators."""
        for evaluation in self.kinds:
            refuse_skipped(evaluation, metrics)

    def fleet(self, choice: Choice) -> Fleet:
        """The fleet of a choice."""
        return self.fleets[choice[FLEET]]

    def loaded(self, choice: Choice) -> LoadedPlan:
        """The plan with the fleet of a choice."""
        return self.first.design.loaded.with_data(self.fleet(choice).plan)

    def design(self, choice: Choice, says: str) -> Design:
        """The plan with a fleet and a split chosen."""
        return bind(self.loaded(choice)).with_split(_split(choice), "search", says)

    def describe(self, choice: Choice) -> str:
        """A fleet and its split in words."""
        return f"{self.named(FLEET, choice[FLEET])}: {describe(_split(choice))}"

    def named(self, decision: str, value: int) -> str:
        """One decision in words."""
        if decision == FLEET:
            fleet = self.fleets[value]
            return f"{fleet.nodes:,} nodes of {fleet.name}" + f" in {fleet.precision}" * bool(fleet.precision)
        return degree(decision, value)

    def data(self, choice: Choice) -> dict[str, Any]:
        """The fleet and the degrees under the keys of a result."""
        fleet = self.fleet(choice)
        found = {**degrees(choice), "o_hardware": fleet.name, "o_nodes": fleet.nodes}
        return found | ({"o_precision": fleet.precision} if fleet.precision else {})

    def plan(self, choice: Choice) -> dict[str, Any]:
        """The plan with its hardware and its parallelism filled in."""
        return with_split(self.loaded(choice), choice)


def task(
    loaded: LoadedPlan,
    hardware: Sequence[str] = (),
    nodes: Sequence[int] | str = (),
    tokens: float | str | None = None,
    deadline: str | None = None,
    budget: str | None = None,
    carbon_cap: str | None = None,
) -> FleetTask:
    """Every fleet of some accelerators and numbers of nodes, with every split over it.

    Args:
        loaded: the plan; its own accelerator is taken where none is given.
        hardware: accelerators, by name.
        nodes: numbers of nodes, or a text such as ``1-64`` or ``8,16,32``.
        tokens: of the training run.
        deadline, budget, carbon_cap: what the run must keep.

    Raises:
        InputError: an unknown accelerator, no number of nodes, too many fleets, or one that cannot hold the model.
    """
    loaded = with_run(loaded, tokens, deadline=deadline, budget=budget, carbon_cap=carbon_cap)
    choices = fleets(loaded, hardware, numbers(nodes) if isinstance(nodes, str) else nodes)
    one_each = {fleet.name: fleet for fleet in reversed(choices)}.values()
    kinds = [evaluate(divisible(bind(loaded.with_data(fleet.plan)))) for fleet in reversed(one_each)]
    return FleetTask(fleet_space(loaded, choices), kinds[0], tuple(choices), tuple(kinds))


def numbers(text: str, what: str = "--nodes", where: str | None = None) -> list[int]:
    """Numbers of nodes: whole numbers separated by commas, and ranges.

    Args:
        text: as a person writes them.
        what, where: what messages call it, and its place.

    Raises:
        InputError: something else.

    >>> numbers("1-3, 8")
    [1, 2, 3, 8]
    """
    found: list[int] = []
    for word in (part.strip() for part in text.split(",")):
        low, dash, high = word.partition("-")
        whole = word.isascii() and low.isdecimal() and (high.isdecimal() or not dash) and len(word) <= LONGEST
        if not whole or int(high or low) < int(low):
            raise InputError(f"{what}: {word!r} is no number of nodes", where=where, hint="write 1-64, or 8,16,32")
        found += range(int(low), min(int(high or low), int(low) + FARTHEST) + 1)
    return found


def _split(choice: Choice) -> dict[str, int]:
    """The split of a choice."""
    return {leaf: value for leaf, value in choice.items() if leaf != FLEET}


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
