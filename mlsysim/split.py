"""The split that evaluation takes where a plan gives none: the first that fits, by a stated rule.

Training: tensor parallelism grows inside the node, then pipeline stages; at each size ZeRO 0 then 1, no recomputation
then selective. Inference: as few accelerators to a replica as fit it, tensor-parallel inside the node, then stages.
Where the rule finds none, every split is looked at, so a split that does not fit is never reported while another does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from mlsysim.constraints.feasibility import holds
from mlsysim.design import Design
from mlsysim.symbolic.kernels import catalogue, kernel

Split = dict[str, float]

#: ZeRO and recomputation (none, selective, full) in the order in which they are tried: what costs least first.
_LADDER = ((0, 0), (1, 0), (1, 1), (1, 2), *((z, r) for z in (2, 3, 0) for r in (0, 1, 2) if (z, r) != (0, 0)))
_ONE = {"context": 1, "expert": 1, "interleave": 1, "microbatch": 1}


def complete(design: Design) -> Design:
    """Bind what the plan leaves open of the split, and say so."""
    open_ = [name for name, b in design.bindings.items() if name.startswith("split.") and b.value is None]
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
    rule = f"the first that fits ({how})" if fits else "none fits; this one needs the least memory"
    design = design.with_split(said, "default", f"the split that evaluation takes: {rule}")
    if any(
        design.bindings[name].value != 1
        for name in open_
        if name not in ("split.zero", "split.recompute", "split.sequence")
    ):
        return design.assuming(f"split {words}: {rule}; see `mlsysim optimize parallelism`")
    return design


def describe(split: Mapping[str, float]) -> str:
    """A split in words, such as ``TP 8 x PP 1 x DP 64, ZeRO 1, selective recomputation``."""
    get = {name.partition(".")[2]: value for name, value in split.items()}
    shown = [
        f"{label} {get[key]:g}" for key, label in (("tensor", "TP"), ("pipeline", "PP"), ("data", "DP")) if key in get
    ]
    shown += [f"{label} {get[key]:g}" for key, label in (("context", "CP"), ("expert", "EP")) if get.get(key, 1) > 1]
    words = " x ".join(shown)
    if get.get("microbatch", 1) > 1:
        words += f", microbatch {get['microbatch']:g}"
    if get.get("interleave", 1) > 1:
        words += f", {get['interleave']:g} chunks a stage"
    if "zero" in get:
        words += f"{', ' if words else ''}ZeRO {get['zero']:g}"
    if "recompute" in get:
        words += f", {('no', 'selective', 'full')[int(get['recompute'])]} recomputation"
    return words


def choose(design: Design) -> tuple[Split, bool]:
    """The split by the rule, and whether it fits."""
    values = design.values
    for candidate in _by_rule(design):
        if _fits(design, values, candidate):
            return candidate, True
    least: tuple[float, Split] | None = None
    for candidate in _all(design):
        results = _results(design, values, candidate)
        if holds(design.variant, results):
            return candidate, True
        memory = _needed(design, results)
        if least is None or memory < least[0]:
            least = memory, candidate
    if least is not None:
        return least[1], False
    return next(iter(_by_rule(design, strict=False))), False


def _needed(design: Design, results: Mapping[str, float]) -> float:
    """Memory where the split exists, infinity where it does not."""
    for condition in catalogue().VARIANTS[design.variant]["conditions"]:
        limit = condition["available"]
        if condition["kind"] == "structural" and results[condition["needed"]] > (
            results[limit] if isinstance(limit, str) else limit
        ):
            return float("inf")
    return results["feasibility.memory_required"]


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
    node = int(design.bindings["node.accelerators"].value or 1)
    layers = int(design.bindings["model.layers"].value or 1)
    batch = design.bindings["workload.batch_size"].value or 1
    inside = [t for t in divisors(devices) if t <= node]
    sizes = [(t, 1) for t in inside] + [(inside[-1], p) for p in divisors(devices // inside[-1]) if 1 < p <= layers]
    fixed = {name: _said(design, name, [one])[0] for name, one in _ONE.items()}
    for tensor, pipeline in _around(design, sizes, devices, layers):
        ranks = tensor * pipeline * fixed["context"]
        for data in _said(design, "data", [devices // ranks]):
            if design.variant.endswith("inference"):
                if strict and data > batch:
                    continue
                yield _split(tensor=tensor, pipeline=pipeline, data=data, context=1, expert=1)
                continue
            for zero, recompute in _savers(design, _LADDER[:3]):
                sequence = _said(design, "sequence", [float(tensor > 1)])[0]
                yield _split(tensor=tensor, pipeline=pipeline, data=data, **fixed, zero=zero, recompute=recompute,
                             sequence=sequence)  # fmt: skip


def _around(design: Design, sizes: list[tuple[int, int]], devices: int, layers: int) -> list[tuple[float, float]]:
    """The sizes of the rule, or those around what the plan fixes."""
    tensors = _said(design, "tensor", [])
    pipelines = _said(design, "pipeline", [])
    if not tensors and not pipelines:
        return [(float(t), float(p)) for t, p in sizes]
    if tensors and pipelines:
        return [(tensors[0], pipelines[0])]
    if tensors:
        return [(tensors[0], float(p)) for p in divisors(max(1, devices // int(tensors[0]))) if p <= layers]
    return [(float(t), pipelines[0]) for t, p in sizes if p == 1]


def _savers(design: Design, ladder: Iterable[tuple[int, int]]) -> list[tuple[float, float]]:
    """The ladder of ZeRO and recomputation, with what the plan fixes held."""
    seen: dict[tuple[float, float], None] = {}
    for zero, recompute in ladder:
        seen[_said(design, "zero", [zero])[0], _said(design, "recompute", [recompute])[0]] = None
    return list(seen)


def _all(design: Design) -> Iterator[Split]:
    """Every split with microbatches of one sequence, tensor parallelism inside the node before beyond it."""
    if not design.variant.startswith("transformer"):
        yield from _by_rule(design)
        return
    devices = int(design.bindings["split.devices"].value or 1)
    node = int(design.bindings["node.accelerators"].value or 1)
    layers = int(design.bindings["model.layers"].value or 1)
    heads = int(design.bindings["model.heads"].value or 1)
    experts = int(design.bindings["model.experts"].value or 0)
    training = design.variant.endswith("training")
    savers = _savers(design, _LADDER) if training else [(0.0, 0.0)]
    tensors = _said(design, "tensor", [t for t in divisors(heads) if devices % t == 0])
    contexts = _said(design, "context", divisors(devices)[:8] if training else [1])
    sharing = _said(design, "expert", divisors(experts) if experts and training else [1])
    fixed = {name: _said(design, name, [1])[0] for name in ("microbatch", "interleave")}
    for beyond, context, expert, (zero, recompute), tensor in product(
        (False, True), contexts, sharing, savers, tensors
    ):
        if (tensor > node) != beyond:
            continue
        for pipeline in _said(design, "pipeline", [p for p in divisors(devices) if p <= layers]):
            ranks = tensor * pipeline * context
            if devices % ranks:
                continue
            for data in _said(design, "data", [devices // ranks]):
                if not training:
                    yield _split(tensor=tensor, pipeline=pipeline, data=data, context=1, expert=1)
                    continue
                sequence = _said(design, "sequence", [float(tensor > 1)])[0]
                yield _split(tensor=tensor, pipeline=pipeline, data=data, context=context, expert=expert, **fixed,
                             zero=zero, recompute=recompute, sequence=sequence)  # fmt: skip


def _split(**degrees: float) -> Split:
    return {f"split.{name}": float(value) for name, value in degrees.items()}


def divisors(number: int) -> list[int]:
    """The divisors of a positive number, ascending.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return small + [number // d for d in reversed(small) if d * d != number]
