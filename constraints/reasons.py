"""Why a condition does not hold, in words: the numbers that it compares, and the values with which it would.

The values are found by trying every one in the equations of the condition, so that no rule of divisibility is stated
outside the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.feasibility import ROUNDING, Finding, failing
from mlsysim.constraints.structure import conditions
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.words import number

#: The most values that are tried of one leaf.
MOST_TRIED = 1 << 17
#: The most values that are listed; of more, only those are named that the accelerators allow, or the nearest.
MOST_LISTED = 12
#: How many changes a sentence offers.
MOST_OFFERED = 3


@dataclass(frozen=True)
class Alternative:
    """The values of one leaf with which a condition holds, everything else as it is.

    Attributes:
        leaf: what may be changed.
        tried: every value that was tried, ascending.
        values: those with which the condition, and all others of its name, hold.
        here: those of them with which every structural condition holds for some number of replicas; of replicas, for some
            tensor ranks and stages.
        words: how they are written, see :class:`mlsysim.symbolic.wall.Change`.
        near: whether the nearest values on either side stand for all.
    """

    leaf: str
    tried: tuple[int, ...]
    values: tuple[int, ...]
    here: tuple[int, ...]
    words: str
    near: bool


def reason(finding: Finding) -> str:
    """Why a condition does not hold: the numbers, and the values that would do, as a sentence."""
    condition, values = finding.condition, finding.values
    quoted = _quoted(condition, values)
    what = failing(condition, finding.needed, finding.available, quoted)
    offers = [_offer(each, values) for each in finding.alternatives[:MOST_OFFERED]]
    if not offers:
        return what
    beside = "".join(f"{words} " for words in _beside(finding))
    return f"{what}; {beside}{', or '.join(offers)}"


def _quoted(condition: Mapping[str, Any], values: Mapping[str, float]) -> dict[str, str]:
    """The numbers that the words of a condition mention."""
    return {word: number(values[name]) for word, name in condition["quoted"].items()}


def alternatives(finding: Finding) -> Iterator[Alternative]:
    """What can be changed so that a condition holds; a leaf of which no value does is left out."""
    import numpy  # only a design that does not exist pays for it

    variant, condition, values = finding.variant, finding.condition, finding.values
    alike = [c for c in conditions(variant) if c["name"] == condition["name"]]
    for change in condition["changes"]:
        leaf, tried = change["leaf"], numpy.array(_tried(change, values), dtype=float)
        does = tried[_held(variant, alike, {**values, leaf: tried})]
        if does.size:
            here = _completed(variant, values, leaf, does)
            yield Alternative(leaf, _whole(tried), _whole(does), here, change["words"], change["near"])


def _tried(change: Mapping[str, Any], values: Mapping[str, float]) -> Sequence[int]:
    """The values of a leaf that are tried."""
    most = change["most"] if isinstance(change["most"], float) else values[change["most"]]
    low, present = int(catalogue().QUANTITIES[change["leaf"]]["low"]), int(values[change["leaf"]])
    low = low if low == 0 else 1
    if change["near"]:
        return range(max(low, present - int(min(most, MOST_TRIED))), present + int(min(most, MOST_TRIED)) + 1)
    return range(low, int(min(max(most, low), MOST_TRIED)) + 1)


def _held(variant: str, wanted: Sequence[Mapping[str, Any]], leaves: Mapping[str, Any]) -> Any:
    """At which points all of some conditions hold."""
    sides = {c[side] for c in wanted for side in ("needed", "available") if isinstance(c[side], str)}
    found = kernel(variant).many(leaves, sides)
    held: Any = True
    for c in wanted:
        available = found[c["available"]] if isinstance(c["available"], str) else c["available"]
        held = held & (found[c["needed"]] <= available * (1 + ROUNDING))
    return held


def _completed(variant: str, values: Mapping[str, float], leaf: str, does: Any) -> tuple[int, ...]:
    """The values of a leaf that some number of replicas, or of their ranks, makes a split of all accelerators."""
    import numpy

    devices = int(values.get("split.devices", 1))
    if leaf == "split.devices" or "split.data" not in values or devices > MOST_TRIED:
        return _whole(does)
    counts = numpy.arange(1.0, devices + 1)
    free = ("split.tensor", "split.pipeline") if leaf == "split.data" else ("split.data",)
    does = does[devices % does == 0] if leaf == "split.data" else does
    grid = numpy.meshgrid(does, *[counts[devices % counts == 0]] * len(free), indexing="ij")
    columns = dict(zip((leaf, *free), (column.ravel() for column in grid), strict=True))
    held = _held(variant, conditions(variant, "structural"), {**values, **columns})
    return _whole(numpy.unique(columns[leaf][held]))


def _whole(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _beside(finding: Finding) -> Iterator[str]:
    """The conditions of the same name that rule out a value which this one would accept, in words."""
    import numpy

    variant, condition, change = finding.variant, finding.condition, finding.condition["changes"][0]
    leaves = {**finding.values, change["leaf"]: numpy.array(_tried(change, finding.values), dtype=float)}
    alone = _held(variant, [condition], leaves)
    others = [c for c in conditions(variant) if c["name"] == condition["name"] and c is not condition]
    for other in others:
        if other["beside"] and (alone & ~_held(variant, [other], leaves)).any():
            yield other["beside"].format_map(_quoted(other, finding.values))


def _offer(found: Alternative, values: Mapping[str, float]) -> str:
    """The values of an alternative in words; empty where none is worth naming."""
    shown, present = found.values, int(values[found.leaf])
    here = ""
    if found.near:
        shown = _nearest(shown, present, 1)
    elif found.leaf.startswith("split.") and found.here and found.here != found.values:
        if len(shown) > MOST_LISTED:
            shown = found.here
        else:
            here = f" ({_listed(found.here, '')} on {_fleet(values)})"
    run = len(shown) > 2 and shown[-1] - shown[0] == len(shown) - 1
    if not run and len(shown) > MOST_LISTED:
        shown = _nearest(shown, present, 2)
    do = "does" if len(shown) == 1 else "do"
    and_, or_ = _listed(shown, " and"), _listed(shown, " or")
    return found.words.format_map({"and": and_, "or": or_, "do": do}) + here


def _nearest(values: Sequence[int], present: int, many: int) -> tuple[int, ...]:
    below, above = [v for v in values if v < present], [v for v in values if v > present]
    return (*below[-many:], *above[:many])


def _listed(values: Sequence[int], last: str) -> str:
    """Numbers in a row, such as ``1, 2 and 4``; all numbers from 1 on, or from another, as a range.

    >>> _listed([1, 2, 4], " and"), _listed([1, 2, 4], ""), _listed([1, 2, 3, 4], " or"), _listed([2, 3, 4], " or")
    ('1, 2 and 4', '1, 2, 4', 'at most 4', '2 to 4')
    """
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"at most {values[-1]:,}" if values[0] <= 1 else f"{values[0]:,} to {values[-1]:,}"
    words = [f"{value:,}" for value in values]
    return f"{last} ".join((", ".join(words[:-1]), words[-1])) if last and len(words) > 1 else ", ".join(words)


def _fleet(values: Mapping[str, float]) -> str:
    devices = values["split.devices"]
    return f"these {number(devices)} accelerators" if devices > 1 else "this accelerator"
