"""The split that evaluation takes where a plan gives none: the first that fits, by a stated rule.

Training: tensor parallelism grows inside the node, then pipeline stages; at each size ZeRO 0 then 1, no recomputation
then selective. Inference: as few accelerators to a replica as fit it, tensor-parallel inside the node, then stages.
Stages come with the widest tensor parallelism inside the node that the conditions of the graph admit.
Where the rule finds none, every split is looked at, so a split that does not fit is never reported while another does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from mlsysim.constraints.feasibility import holds
from mlsysim.constraints.structure import conditions, rests_on
from mlsysim.design import Design
from mlsysim.design.degrees import degrees, describe
from mlsysim.design.hosts import unknown_host
from mlsysim.design.slots import SLOTS, slots_that_fit
from mlsysim.design.slots import said as slots_said
from mlsysim.symbolic.kernels import kernel

Split = dict[str, float]

#: ZeRO and recomputation (none, selective, full) in the order in which they are tried: what costs least first.
_LADDER = ((0, 0), (1, 0), (1, 1), (1, 2), *((z, r) for z in (2, 3, 0) for r in (0, 1, 2) if (z, r) != (0, 0)))
#: What a search looks at of the layers that an end of a pipeline is spared.
SPARED = (0, 1, 2)


def complete(design: Design) -> Design:
    """Bind what the plan leaves open of the split, and say so."""
    open_ = [n for n, b in design.bindings.items() if n.startswith(("split.", SLOTS)) and b.value is None]
    if not open_:
        return design
    chosen, fits = choose(design)
    said = {name: value for name, value in chosen.items() if name in open_}
    words = describe(chosen)
    if design.variant == "profiled_training":
        how = "the least ZeRO stage that fits"
    elif design.variant.endswith("training"):
        how = "tensor parallelism within the node, then pipeline stages, with ZeRO 1 and selective recomputation as needed"
    else:
        how = "the fewest accelerators to a replica"
    rule = f"the first that fits ({how})" if fits else "none fits; this one comes nearest"
    design = design.with_split(said, "default", f"the split that evaluation takes: {rule}")
    if SLOTS in said:
        design = design.assuming(slots_said(design))
    if design.values["split.devices"] > 1 or design.variant == "transformer_training":
        return replace(
            design, by_rule=f"split {words}{_unsaid(design, said)}: {rule}; see `mlsysim optimize parallelism`"
        )
    return design


def _unsaid(design: Design, chosen: Split) -> str:
    """What a rule chose in training and a split in words does not name, in brackets."""
    if design.variant != "transformer_training":
        return ""
    values = design.values
    left = [
        degree.words(values[leaf])
        for leaf, degree in degrees().items()
        if leaf in chosen and not degree.names(values[leaf]) and (not degree.beside or values[degree.beside] > 1)
    ]
    return f" ({', '.join(left)})" if left else ""


def choose(design: Design, near: Iterable[Split] = (), *, every: bool = True) -> tuple[Split, bool]:
    """The split by the rule, and whether it fits.

    Args:
        design: a plan that leaves its split open.
        near: splits to try where the rule finds none, for who takes any that fits.
        every: whether to look at every split of a transformer at last.
    """
    values = design.values
    first: Split = {} if design.variant.startswith("transformer") else slots_that_fit(design, values)
    for candidate in _by_rule(design):
        candidate |= slots_that_fit(design, {**values, **candidate})
        first = first or candidate
        if _fits(design, values, candidate):
            return candidate, True
    if design.variant.endswith("serving"):
        return first, False if design.variant.startswith("transformer") else _fits(design, values, first)
    if not design.variant.startswith("transformer"):
        return first, _fits(design, values, first)
    for candidate in near:
        if _fits(design, values, candidate):
            return candidate, True
    found = _best_of_all(design) if every else None
    return found or (first or next(_by_rule(design, strict=False)), False)


def _best_of_all(design: Design) -> tuple[Split, bool] | None:
    """Of every split with microbatches of one sequence: the first that fits, else the one that needs the least memory."""
    import numpy  # only a plan that the rule does not settle pays for these

    from mlsysim.constraints.space import Space, count

    found = domains(design)
    for name in found:
        if (
            isinstance(degrees()[name].values, str)
            and not degrees()[name].ranks
            and design.bindings[name].value is None
        ):
            found[name] = found[name][:1]
    space = Space(design.variant, design.values, found)
    if not space.possible("structural"):
        return None
    rows = space.lattice(space.decisions)
    if not count(rows):
        return None
    memory = space.evaluate(rows, ["feasibility.memory_required"])["feasibility.memory_required"]
    fits = space.holds(rows)
    rank = _rank(
        design, {name: rows.get(name, numpy.full(count(rows), float(domain[0]))) for name, domain in found.items()}
    )
    order = numpy.lexsort((*rank, memory if not fits.any() else ~fits))
    best = int(order[0])
    chosen = {name: float(rows[name][best]) if name in rows else float(domain[0]) for name, domain in found.items()}
    return chosen, bool(fits[best])


def _rank(design: Design, rows: Mapping[str, Any]) -> list[Any]:
    """What is preferred among splits that fit, least important first: few stages, little saved, tensor inside the node."""
    import numpy

    node = design.bindings["node.accelerators"].value or 1
    rank = [rows["split.pipeline"], rows["split.tensor"]]
    if "split.zero" in rows:
        ladder = numpy.array(
            [_LADDER.index((z, r)) if (z, r) in _LADDER else len(_LADDER) for z in range(4) for r in range(3)]
        )
        rank.append(ladder[(rows["split.zero"] * 3 + rows["split.recompute"]).astype(int)])
    return [*rank, rows["split.expert"], rows["split.context"], rows["split.tensor"] > node]


def domains(design: Design) -> dict[str, tuple[int, ...]]:
    """The values that each degree could take: what the plan fixes, else every number that could divide."""
    values = design.values
    devices, layers = int(values["split.devices"]), int(values["model.layers"])
    training = design.variant.endswith("training")
    stages = [p for p in divisors(devices) if p <= layers]
    tried = {
        "devices": divisors(devices), "stages": stages, "ends": list(SPARED), "host": _offload(design),
        "batch": divisors(int(values["workload.batch_size"])) if training else [1],
        "chunks": sorted({v for p in stages if p > 1 for v in divisors(-(-layers // p))} | {1}),
    }  # fmt: skip
    choices: dict[str, list[int]] = {}
    for leaf, degree in degrees().items():
        if leaf not in design.bindings:
            continue
        options = list(tried[degree.values] if isinstance(degree.values, str) else degree.values)
        if not degree.counts_in(design.variant):
            options = [degree.neutral]
        elif degree.values == "devices" and leaf != "split.data":
            options = admissible(design, leaf, options)
        choices[leaf] = options
    if not _has_ends(design, choices):
        choices |= {leaf: [0] for leaf, degree in degrees().items() if degree.values == "ends" and leaf in choices}
    said = {leaf: design.bindings[leaf].value for leaf in choices}
    return {leaf: tuple(options) if (v := said[leaf]) is None else (int(v),) for leaf, options in choices.items()}


def admissible(design: Design, leaf: str, tried: Iterable[int], others: Mapping[str, float] | None = None) -> list[int]:
    """The values of a degree that the structural conditions accept whatever is still open.

    Args:
        design: the plan; what it fixes of the split counts.
        leaf: the degree.
        tried: its values to choose from, ascending; the first is kept where no condition accepts any.
        others: further degrees that are fixed.
    """
    others = others or {}
    open_ = {n for n, b in design.bindings.items() if n.startswith(("split.", SLOTS)) and b.value is None} - {*others}
    own = [
        c for c in conditions(design.variant, "structural") if rests_on(design.variant, c) & {*open_, leaf} == {leaf}
    ]
    values = {**design.values, **dict.fromkeys(open_, 1.0), **others}
    tried = list(tried)
    return [v for v in tried if holds(design.variant, _results(design, values, {leaf: v}), own)] or tried[:1]


def _has_ends(design: Design, choices: Mapping[str, list[int]]) -> bool:
    """Whether ends may be spared layers: where there can be others; beside expert groups there would be too many splits."""
    stages, groups = (_said(design, name, choices.get(f"split.{name}", [1])) for name in ("pipeline", "expert"))
    return max(stages, default=1) > 1 and len(groups) <= 1


def _offload(design: Design) -> list[int]:
    """Whether something may go to the host: where the plan allows it and the host is known."""
    return [0, 1] if design.loaded.plan.search.offload and not unknown_host(design.bindings) else [0]


def _fits(design: Design, values: Mapping[str, float], candidate: Split) -> bool:
    return holds(design.variant, _results(design, values, candidate))


def _results(design: Design, values: Mapping[str, float], candidate: Split) -> dict[str, float]:
    compiled = kernel(design.variant)
    leaves = {**values, **candidate}
    return {**leaves, **dict(zip(compiled.names, compiled([leaves[n] for n in compiled.leaves]), strict=True))}


def _said(design: Design, name: str, choices: Iterable[float]) -> list[float]:
    """What the plan says about a degree, else the choices."""
    binding = design.bindings.get(f"split.{name}")
    return [binding.value] if binding and binding.value is not None else list(choices)


def _by_rule(design: Design, strict: bool = True) -> Iterator[Split]:
    if design.variant == "profiled_training":
        yield from ({"split.zero": zero} for zero in _said(design, "zero", range(4)))
    if not design.variant.startswith("transformer"):
        return
    devices = int(design.bindings["split.devices"].value or 1)
    layers = int(design.bindings["model.layers"].value or 1)
    serving = design.variant.endswith("serving")
    batch = inf if serving else design.bindings["workload.batch_size"].value or 1
    named = ("tensor", "pipeline", "data", "zero", "recompute", "sequence")  # what the rule itself decides
    fixed = {
        leaf.partition(".")[2]: _said(design, leaf.partition(".")[2], [degree.neutral])[0]
        for leaf, degree in degrees().items()
        if leaf.partition(".")[2] not in named
    }
    for tensor, pipeline in _sizes(design, devices, layers):
        ranks = tensor * pipeline * fixed["context"]
        for data in _said(design, "data", [max(1, devices // ranks)]):
            if not design.variant.endswith("training"):
                if strict and data > batch:
                    continue
                yield _split(tensor=tensor, pipeline=pipeline, data=data, context=1, expert=1)
                continue
            for zero, recompute in _savers(design, _LADDER[:3]):
                sequence = _said(design, "sequence", [float(tensor > 1)])[0]
                yield _split(tensor=tensor, pipeline=pipeline, data=data, **fixed, zero=zero, recompute=recompute,
                             sequence=sequence)  # fmt: skip


def _sizes(design: Design, devices: int, layers: int) -> Iterator[tuple[float, float]]:
    """Tensor ranks and stages in the order of the rule: tensor inside the node, then stages of the widest admissible."""
    serving = design.variant.endswith("serving")
    node = int(design.bindings["node.accelerators"].value or 1)
    inside = [t for t in divisors(devices) if t <= node]
    if pipelines := _said(design, "pipeline", []):
        yield from ((t, pipelines[0]) for t in _said(design, "tensor", divisors(devices) if serving else inside))
        return
    tensors = [int(t) for t in _said(design, "tensor", inside)]
    yield from ((t, 1) for t in tensors)
    at_once = {"split.context": _said(design, "context", [1])[0], "split.sequence": _said(design, "sequence", [1])[0]}
    widest = admissible(design, "split.tensor", tensors, at_once)[-1]
    yield from ((widest, p) for p in divisors(max(1, devices // widest)) if 1 < p <= layers)
    if serving and design.bindings["split.tensor"].value is None:
        # Which of the others keeps up with the traffic is seen only at the traffic itself.
        every = ((t, p) for t in divisors(devices) for p in divisors(devices // t) if p <= layers)
        yield from ((t, p) for t, p in every if t not in (inside if p == 1 else [widest]))


def _savers(design: Design, ladder: Iterable[tuple[int, int]]) -> list[tuple[float, float]]:
    """The ladder of ZeRO and recomputation, with what the plan fixes held."""
    seen: dict[tuple[float, float], None] = {}
    for zero, recompute in ladder:
        seen[_said(design, "zero", [zero])[0], _said(design, "recompute", [recompute])[0]] = None
    return list(seen)


def _split(**degrees: float) -> Split:
    return {f"split.{name}": float(value) for name, value in degrees.items()}


def divisors(number: int) -> list[int]:
    """The divisors of a positive number, ascending.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]
