"""Where work may run: sites with what their grid and facility bind, window by window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mlsysim.design.binding import OF_THE_GRID, bind
from mlsysim.plan import LoadedPlan
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue

#: The leaves that a place binds.
LEAVES = (
    "grid.carbon_intensity", "grid.water_intensity", "grid.electricity_price", "facility.pue", "facility.wue",
)  # fmt: skip
#: Latencies of a plan are in milliseconds.
MILLISECOND = 1e-3
#: Fields of a site that may have one value for each window, and the leaf that they bind.
BY_WINDOW = {"carbon_intensity": "grid.carbon_intensity", "electricity_price": "grid.electricity_price"}


@dataclass(frozen=True, eq=False)
class Site:
    """A place where work may run.

    Attributes:
        name: what it is called.
        region: its grid, by its name in the registry.
        ops: what a plan's ops section says of it, where one value holds throughout.
        leaves: the leaves that it binds, one value for each window, in coherent units.
        by_window: the fields of ops that have one value for each window.
        unpublished: leaves that nobody has published and that count as nothing.
        capacity: accelerators that can run there at once; None where there is no limit.
        latency: to the users, in seconds; None where it is not said.
        jurisdiction: whose law holds there; None where it is not said.
        where: its place in the plan's document.
        listed: whether the plan names it.
    """

    name: str
    region: str
    ops: Mapping[str, Any]
    leaves: Mapping[str, Any]
    by_window: tuple[str, ...]
    unpublished: frozenset[str]
    capacity: int | None
    latency: float | None
    jurisdiction: str | None
    where: str | None
    listed: bool

    def over(self, leaf: str, length: int) -> Any:
        """The mean of a leaf over so many windows, from each first window on."""
        values = self.leaves[leaf]
        means = numpy.lib.stride_tricks.sliding_window_view(values, length).mean(axis=-1)
        return numpy.where(values.min() == values.max(), values[: len(means)], means)

    def said(self, start: int, length: int) -> dict[str, Any]:
        """What a plan's ops section says of it from one window on."""
        told = dict(self.ops)
        for field in self.by_window:
            mean = float(self.over(BY_WINDOW[field], length)[start])
            told[field] = mean / float(catalogue().QUANTITIES[BY_WINDOW[field]]["scale"])
        return told


def sites_of(loaded: LoadedPlan, regions: Sequence[str], windows: int) -> tuple[list[Site], list[str]]:
    """The sites of a plan, or every grid of the registry; and which of those are left out, as sentences.

    Args:
        loaded: a plan.
        regions: those that are wanted alone; all where it is empty.
        windows: how many there are.

    Raises:
        InputError: an unknown region or facility, a name that stands twice, or a list that is not as long as the windows.
    """
    listed = loaded.plan.placement.sites
    if loaded.plan.ops.carbon_intensity is not None:
        raise InputError(
            "ops.carbon_intensity: it would hold wherever the work runs", where=loaded.where("ops", "carbon_intensity"),
            hint="give it to a site of placement.sites",
        )  # fmt: skip
    if not listed:
        grids = loaded.zoo.entries("grids")
        names = [loaded.zoo.find("grids", name, where="--regions").name for name in regions] or list(grids)
        names = list(dict.fromkeys(names))
        left_out = []
        wanted = ["carbon_intensity", *["electricity_price"] * (loaded.plan.ops.electricity_price == OF_THE_GRID)]
        for fact in wanted if not regions else ():
            known = [name for name in names if _published(grids[name], fact)]
            if len(known) < len(names):
                left_out.append(
                    f"{len(names) - len(known)} regions are left out: their {fact.replace('_', ' ')} is not published"
                )
            names = known
        return [_site(loaded, _Unlisted(name), None, windows) for name in names], left_out
    found = [_site(loaded, said, position, windows) for position, said in enumerate(listed)]
    names = [site.name for site in found]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise InputError(
                f"placement.sites[{position}]: {name!r} stands here twice", hint="give one of them a `name:` of its own",
                where=loaded.where("placement", "sites", position),
            )  # fmt: skip
    wanted_names = _wanted(loaded, regions, found) if regions else names
    return [site for site in found if site.name in wanted_names], []


def _published(grid: Any, fact: str) -> bool:
    return fact in grid.facts and grid.facts[fact].number is not None


def _wanted(loaded: LoadedPlan, regions: Sequence[str], found: Sequence[Site]) -> set[str]:
    """The names of the sites that are called, or lie in, one of some regions."""
    wanted = set()
    for word in regions:
        region = (
            word if word in {site.name for site in found} else loaded.zoo.find("grids", word, where="--regions").name
        )
        these = {site.name for site in found if region in (site.name, site.region)}
        if not these:
            raise UnknownNameError("site", word, [site.name for site in found], where="--regions",
                                   see=f"the sites are {', '.join(site.name for site in found)}")  # fmt: skip
        wanted |= these
    return wanted


class _Unlisted:
    """A site that the plan does not list: a grid and nothing else."""

    name = facility = electricity_price = carbon_intensity = capacity = latency = jurisdiction = None

    def __init__(self, region: str) -> None:
        self.region = region


def _site(loaded: LoadedPlan, said: Any, position: int | None, windows: int) -> Site:
    path = ("placement", "sites", position) if position is not None else ()

    def where(*field: str | int) -> str | None:
        return loaded.where(*path, *field) if position is not None else None

    def called(field: str) -> str:
        return f"placement.sites[{position}].{field}"

    grid = loaded.zoo.find("grids", said.region, where=where("region"))
    if said.facility is not None:
        loaded.zoo.find("facilities", said.facility, where=where("facility"))
    own = {field: getattr(said, field) for field in ("facility", *BY_WINDOW) if getattr(said, field) is not None}
    rates = {field: own.pop(field) for field in BY_WINDOW if isinstance(own.get(field), list | tuple)}
    plan_ops = {field: value for field, value in loaded.document.data.get("ops", {}).items() if field not in rates}
    ops = {**plan_ops, "region": grid.name, **own}
    bindings = bind(loaded.with_data(without_placement(loaded, ops={"duration_days": 1.0, **ops}))).bindings
    leaves = {
        leaf: numpy.full(windows, numpy.nan if bindings[leaf].value is None else bindings[leaf].value)
        for leaf in LEAVES
    }
    for field, values in rates.items():
        if len(values) != windows:
            raise InputError(
                f"{called(field)}: {len(values)} for {windows} window{'s' * (windows > 1)}", where=where(field),
                hint="give one for each window, or one for all",
            )  # fmt: skip
        leaves[BY_WINDOW[field]] = numpy.array(values) * float(catalogue().QUANTITIES[BY_WINDOW[field]]["scale"])
    latency = None if said.latency is None else said.latency * MILLISECOND
    return Site(
        said.name or grid.name, grid.name, {k: v for k, v in ops.items() if k not in rates}, leaves, tuple(rates),
        frozenset(leaf for leaf in LEAVES if bindings[leaf].left_out), said.capacity, latency, said.jurisdiction,
        loaded.where(*path) if position is not None else None, position is not None,
    )  # fmt: skip


def without_placement(loaded: LoadedPlan, **sections: Any) -> dict[str, Any]:
    """The plan's data without its placement, with other sections."""
    return {**{key: value for key, value in loaded.document.data.items() if key != "placement"}, **sections}
