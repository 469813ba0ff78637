"""Choices that set several leaves at once: each binds the plan anew, and together they are one space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy

from mlsysim.constraints.space import Options, Space, Tie
from mlsysim.design import Design
from mlsysim.design.binding import bind
from mlsysim.design.split import complete, domains
from mlsysim.plan import LoadedPlan
from mlsysim.registry.vocabulary import FORMATS
from mlsysim.search.variation import varied

#: The decision that stands for a number format; its values are places in ``FORMATS``.
PRECISION = "choice.precision"
#: Designs among which ends may be spared layers; among more that would be too many splits.
FEW = 32
#: The decisions that say how many layers each stage holds, and how many those are.
ENDS = ("split.pipeline", "split.first_spared", "split.last_spared")
LAYOUT = ("split.first_layers", "split.stage_layers", "split.tail_layers", "split.end_lacks")


def design_space(design: Design) -> Space:
    """Every degree that a plan leaves open, with the values that could divide."""
    space = Space(design.variant, complete(design).values, varied(design, domains(design)))
    return replace(space, ties=ties(space))


def ties(space: Space) -> tuple[Tie, ...]:
    """Of the layers that the ends of a pipeline can be spared, what leaves no other choice with fewer layers everywhere."""
    if not set(ENDS[1:]) & set(space.decisions):
        return ()
    every = numpy.array(list(product(*(space.domains[name] for name in ENDS))), dtype=float)
    found = space.evaluate(dict(zip(ENDS, every.T, strict=True)), [*LAYOUT, "split.stray_spared"])
    exists = found["split.stray_spared"] == 0
    layouts = numpy.column_stack([found[name] for name in LAYOUT])
    kept = []
    for position in numpy.flatnonzero(exists):
        others = exists & (every[:, 0] == every[position, 0])
        fewer = others & (layouts <= layouts[position]).all(axis=1)
        equal = fewer & (layouts == layouts[position]).all(axis=1)
        if (fewer == equal).all() and position == equal.argmax():
            kept.append(tuple(int(value) for value in every[position]))
    return (Tie(ENDS, frozenset(kept)),)


def joint_space(name: str, designs: Mapping[int, Design]) -> Space:
    """The decisions of a choice among designs, and of the split of each; of many designs no end is spared layers.

    Args:
        name: of the choice.
        designs: each design by the number that stands for it; they differ in some leaves and in what can divide.
    """
    first = next(iter(designs.values()))
    every = [designs.get(number, first) for number in range(max(designs) + 1)]  # a number that is none is never chosen
    each = [varied(design, domains(design)) for design in every]
    if len(designs) > FEW:
        each = [{leaf: values[:1] if leaf in ENDS[1:] else values for leaf, values in one.items()} for one in each]
    columns = {leaf: tuple(design.values[leaf] for design in every) for leaf in first.values if leaf not in each[0]}
    leaves = {leaf: values for leaf, values in columns.items() if any(not _same(v, values[0]) for v in values)}
    together = {leaf: tuple(sorted({value for one in each for value in one[leaf]})) for leaf in each[0]}
    plain = Space(first.variant, {**complete(first).values, name: float(min(designs))}, together)
    options = {name: Options(leaves, tuple(each))}
    return replace(plain, domains={name: tuple(designs), **together}, options=options, ties=ties(plain))


def _same(one: float, other: float) -> bool:
    """Whether two values are equal, or both unknown."""
    return one == other or (one != one and other != other)


def offered(loaded: LoadedPlan) -> dict[str, dict[str, Any]]:
    """The plan in each number format that it offers to its search, by format; itself under no name where it offers none."""
    data = loaded.document.data
    names = {loaded.zoo.find("datatypes", name).name for name in loaded.plan.search.precisions}
    left = {key: value for key, value in data.get("search", {}).items() if key != "precisions"}
    return {
        name: {**data, "search": left, "workload": {**data["workload"], "precision": name}}
        for name in sorted(names, key=FORMATS.index)
    } or {"": data}


def precision_space(design: Design) -> Space:
    """The number formats that a plan offers to its search, and the split under each."""
    return joint_space(PRECISION, {FORMATS.index(name): in_precision(design, name) for name in offered(design.loaded)})


def in_precision(design: Design, precision: str) -> Design:
    """The same design in another number format that its plan offers."""
    data = offered(design.loaded)[precision]
    return bind(design.loaded.with_data(data), design.model, design.hardware)


def chosen_design(design: Design, choice: Mapping[str, int], says: str) -> Design:
    """A design with what a search chose of its format and its split."""
    if PRECISION in choice:
        design = in_precision(design, FORMATS[choice[PRECISION]])
    return design.with_split({leaf: value for leaf, value in choice.items() if leaf != PRECISION}, "search", says)
