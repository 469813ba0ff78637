"""The space of replicas that serve: how one is split, how many there are, and what each works on at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.constraints.problem import Problem
from mlsysim.constraints.space import Options, Space
from mlsysim.design import Design
from mlsysim.design.slots import SLOTS, largest
from mlsysim.design.split import admissible
from mlsysim.search.variation import varied

CHUNK = "serving.chunk"
DEVICES = "split.devices"
#: The decision that stands for how a replica is split.
LAYOUT = "choice.layout"
#: Numbers of replicas that are looked at, from the fewest that could do.
REPLICAS = 32
#: The most replicas among which the fewest that do are looked for.
MOST_REPLICAS = 2**20
#: Slots up to this number are all looked at; beyond it eight to every doubling.
ALL_SLOTS = 16
MOST_SLOTS = 1024
#: The smallest chunk that is looked at; the others are its doublings and the whole prompt.
LEAST_CHUNK = 64
#: Pipeline stages are looked at up to this number, and up to twice the fewest that fit.
STAGES = 4
#: How a replica that serves is never split.
_UNSPLIT = {"split.context": 1.0, "split.expert": 1.0}
#: Metrics that more replicas can only improve, by the last word of their names.
_TIMELY = ("latency", "ttft", "itl", "token_latency", "utilisation")


@dataclass(frozen=True)
class _Layout:
    """A split of a replica, and what other decisions may be under it."""

    split: dict[str, float]
    slots: tuple[int, ...]
    chunks: tuple[int, ...]
    replicas: tuple[int, ...] = ()

    @property
    def ranks(self) -> int:
        """Accelerators of a replica."""
        return int(self.split.get("split.tensor", 1) * self.split.get("split.pipeline", 1))

    @property
    def domains(self) -> dict[str, tuple[int, ...]]:
        """The values of the other decisions."""
        found = {DEVICES: tuple(self.ranks * r for r in self.replicas), SLOTS: self.slots}
        return {**found, "split.data": self.replicas, CHUNK: self.chunks} if self.split else found


def replica_space(base: Design, bounds: Sequence[Bound]) -> Space:
    """The decisions of a design that serves: every split of a replica that fits, and its replicas, slots and chunks.

    The numbers of replicas start at the fewest with which some slots and chunk keep the limits on latency.

    Args:
        base: the design; its number of accelerators does not matter.
        bounds: limits on quantities.
    """
    timely = [b for b in bounds if b.sign == 1 and b.quantity.rpartition(".")[2] in _TIMELY]
    layouts = list(_layouts(base))
    for limits in (timely, []):
        counted = [replace(each, replicas=found) for each in layouts if (found := _replicas(base, each, limits))]
        if counted:
            break
    else:
        # Nothing fits: few and many replicas are looked at, so that the answer names what no number of them would cure.
        counted = [replace(each, replicas=tuple(2**power for power in range(0, 21, 4))) for each in layouts]
    values = {**base.values, **(_UNSPLIT if counted[0].split else {})}
    each = tuple(layout.domains for layout in counted)
    together = {name: tuple(sorted({value for one in each for value in one[name]})) for name in each[0]}
    if not counted[0].split:
        return Space(base.variant, values, together)
    leaves = {leaf: tuple(layout.split[leaf] for layout in counted) for leaf in counted[0].split}
    values |= {leaf: column[0] for leaf, column in leaves.items()}
    choices = {LAYOUT: tuple(range(len(counted))), **together}
    return Space(base.variant, values, choices, {LAYOUT: Options(leaves, each)})


def _layouts(base: Design) -> Iterator[_Layout]:
    """The splits of a replica for which memory has room, with fewest ranks first; the widest where it has none."""
    if not base.variant.startswith("transformer"):
        yield _Layout({}, _slots(base, {}) or (1,), ())
        return
    layers = int(base.values["model.layers"])
    open_ = {
        "split.tensor": admissible(base, "split.tensor", range(1, int(base.values["node.accelerators"]) + 1)),
        "split.pipeline": range(1, layers + 1),
    }
    tensors, stages = (_said(base, leaf) or options for leaf, options in varied(base, open_).items())
    found = []
    for tensor in tensors:
        fewest = 0
        for pipeline in stages:
            split = {"split.tensor": float(tensor), "split.pipeline": float(pipeline)}
            slots = _slots(base, split)
            if slots:
                fewest = fewest or pipeline
                found.append(_Layout(split, slots, _chunks(base)))
            if fewest and pipeline >= max(STAGES, 2 * fewest):
                break
    if not found:
        widest = {
            "split.tensor": float(tensors[-1]),
            "split.pipeline": float((_said(base, "split.pipeline") or (layers,))[0]),
        }
        found = [_Layout(widest, _said(base, SLOTS) or (1,), _chunks(base))]
    yield from sorted(found, key=lambda layout: (layout.ranks, layout.split["split.pipeline"]))


def _said(base: Design, leaf: str) -> tuple[int, ...]:
    """What the plan fixes."""
    binding = base.bindings[leaf]
    return (int(binding.value),) if binding.origin == "plan" and binding.value is not None else ()


def _slots(base: Design, split: dict[str, float]) -> tuple[int, ...]:
    """The slots that are looked at under a split; none where not even one fits."""
    values = {**base.values, "split.data": 1.0, **_UNSPLIT, CHUNK: float(LEAST_CHUNK), **split}
    said = _said(base, SLOTS)
    most = largest(base.variant, values, said[0] if said else MOST_SLOTS)
    if said or not most:
        return said if said and most == said[0] else ()
    steps = sorted({2**power * eighth // 8 for power in range(4, 11) for eighth in range(8, 17)})
    return tuple(s for s in (*range(1, ALL_SLOTS), *steps, most) if s <= most)


def _chunks(base: Design) -> tuple[int, ...]:
    """The chunks that are looked at."""
    prompt = int(base.values["workload.sequence_length"])
    doublings = [LEAST_CHUNK * 2**power for power in range(prompt.bit_length())]
    return _said(base, CHUNK) or tuple(sorted({*(c for c in doublings if c < prompt), prompt}))


def _replicas(base: Design, layout: _Layout, limits: Sequence[Bound]) -> tuple[int, ...]:
    """The numbers of replicas that are looked at: from the fewest that keep some limits; none where no number does."""
    said = _said(base, "split.data") if layout.split else ()

    def enough(replicas: int) -> bool:
        domains = replace(layout, replicas=(replicas,)).domains
        space = Space(base.variant, {**base.values, **_UNSPLIT, **layout.split}, domains)
        return Problem(space, Goal.of(DEVICES), tuple(limits)).best(space.lattice(domains)) is not None

    if said:
        return said if enough(said[0]) else ()
    fewest = _fewest(enough)
    return tuple(range(fewest, fewest + REPLICAS)) if fewest else ()


def _fewest(enough: Callable[[int], bool]) -> int:
    """The fewest of something that is enough, where more always is too; 0 where no number is."""
    high = 1
    while not enough(high):
        high *= 2
        if high > MOST_REPLICAS:
            return 0
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
