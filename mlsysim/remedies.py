"""What would make an infeasible design possible: every cure was evaluated and fits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlsysim.design.binding import bind
from mlsysim.design.degrees import describe
from mlsysim.design.precisions import chosen_precision
from mlsysim.design.split import Split, choose
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from mlsysim.design import Design
    from mlsysim.evaluation import Evaluation

#: How far to look for a larger fleet.
_DOUBLINGS = 12
#: How many larger accelerators to try.
_TRIED = 6
DEVICES, BATCH = "split.devices", "workload.batch_size"
#: The degrees that could take further accelerators.
WIDENED = ("split.pipeline", "split.data")


def refuse_infeasible(evaluation: Evaluation) -> None:
    """Refuse to go on with a design that does not fit; the cures are hints.

    Raises:
        InfeasibleError: it does not.
    """
    if not evaluation.feasible:
        raise InfeasibleError(
            f"the design does not fit: {evaluation.failures[0].sentence}", hint=" or ".join(evaluation.cures) or None,
            where=evaluation.design.loaded.where("hardware", key=True),
        )  # fmt: skip


def remedies(evaluation: Evaluation, most: int = 3) -> list[str]:
    """Changes that make the design fit, in words; each of them alone is enough.

    Args:
        evaluation: of a design that does not fit.
        most: how many to look for.
    """
    cures = (_other_split, _more_accelerators, _smaller_batch, _narrower_format, _larger_accelerator)
    return list(islice(filter(None, (cure(evaluation) for cure in cures)), most))


def _split_of(evaluation: Evaluation) -> Split:
    """The split that was evaluated: where the rule chose it, the one that needs the least memory."""
    bindings = evaluation.design.bindings
    return {n: b.value for n, b in bindings.items() if n.startswith("split.") and n != DEVICES and b.value is not None}


def _short_of_memory(evaluation: Evaluation) -> float:
    """How many times an accelerator's memory the design needs; 0 where it fits into it."""
    needed, room = evaluation.values["feasibility.memory_required"], evaluation.values["feasibility.memory_capacity"]
    return needed / room if needed > room else 0.0


def _other_split(evaluation: Evaluation) -> str | None:
    if all(value is None for value in vars(evaluation.design.loaded.plan.parallelism).values()):
        return None
    free = _changed(evaluation, parallelism={})
    if free is None:
        return None
    split, fits = choose(free)
    return f"the split {describe(split)} fits" if fits else None


def _more_accelerators(evaluation: Evaluation) -> str | None:
    design, split = evaluation.design, _split_of(evaluation)
    size = int(design.bindings["node.accelerators"].value or 1)
    held = int(design.bindings[DEVICES].value or 1)
    for count in _larger_fleets(held, size):
        times = count / held
        if times < _short_of_memory(evaluation):
            continue  # no split leaves an accelerator less than its part
        if design.loaded.phase == "inference" or count < size:
            hardware = {"name": design.hardware.name, "accelerators": count}
        else:
            hardware = {"name": design.hardware.name, "nodes": count // size}
        changed = _changed(evaluation, hardware=hardware)
        if changed is None:
            continue
        wider = [{**split, degree: split[degree] * times} for degree in WIDENED if _is_open(design, degree)]
        found, fits = choose(changed, wider)
        if fits:
            return f"{count} accelerators fit ({describe(found)})"
    return None


def _is_open(design: Design, degree: str) -> bool:
    """Whether the plan leaves a degree of the split to the rule."""
    return degree in design.bindings and design.bindings[degree].origin != "plan"


def _larger_fleets(held: int, size: int) -> Iterator[int]:
    for power in range(1, _DOUBLINGS + 1):
        count = held * 2**power
        if count <= size or count % size == 0:
            yield count


def _smaller_batch(evaluation: Evaluation) -> str | None:
    design, split = evaluation.design, _split_of(evaluation)
    if design.variant != "transformer_inference":
        return None

    def fits(batch: int) -> bool:
        binding = replace(design.bindings[BATCH], value=float(batch))
        opened = {
            **design.bindings,
            **{n: replace(design.bindings[n], value=None) for n in split if _is_open(design, n)},
        }
        return choose(replace(design, bindings={**opened, BATCH: binding}), [split], every=False)[1]

    low, high = 0, int(design.values["workload.batch_size"])
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return f"batch_size {low:,} fits" if low else None


def _narrower_format(evaluation: Evaluation) -> str | None:
    design = evaluation.design
    if design.loaded.phase == "training":
        return None
    formats = design.loaded.zoo.entries("datatypes")
    held = formats[design.precision].facts["weight_bytes"].number or 0
    has = [n.rpartition(".")[2] for n, _ in design.hardware.numbers() if n.startswith("compute.peak.")]
    has = [
        name for name in has if name in formats
    ]  # a peak of the registry may be in a format that no model is held in
    narrower = sorted((f for f in has if (formats[f].facts["weight_bytes"].number or 0) < held),
                      key=lambda f: -(formats[f].facts["weight_bytes"].number or 0))  # fmt: skip
    return next((f"precision {f} fits" for f in narrower if _fits(evaluation, workload={"precision": f})), None)


def _larger_accelerator(evaluation: Evaluation) -> str | None:
    """The smallest accelerator of more memory, of the same kind where one fits."""
    design, split = evaluation.design, _split_of(evaluation)
    room = _room(design.hardware)
    needed = room * max(1.0, _short_of_memory(evaluation))
    larger = [e for e in design.loaded.zoo.entries("hardware").values() if _room(e) > room and e.status == "shipping"]
    larger.sort(key=lambda e: (e.family != design.hardware.family, e.kind != design.hardware.kind, _room(e)))
    plan = design.loaded.plan.hardware
    many = {"nodes": plan.nodes} if plan.nodes else {"accelerators": plan.accelerators or 1}
    roomy = (entry for entry in larger if _room(entry) >= needed * _narrower_by(design, entry))
    for entry in islice(roomy, _TRIED):
        changed = _changed(evaluation, hardware={"name": entry.name, **many})
        if changed and choose(changed, [split], every=False)[1]:
            return f"{entry.name} ({entry.facts['memory.capacity'].text}) fits"
    return None


def _narrower_by(design: Design, other: Entry) -> float:
    """How large a weight is on another accelerator, per weight now: at most 1; infinite where it has no format for the plan."""
    try:
        formats = (chosen_precision(design.loaded, other), design.precision)
    except InputError:
        return math.inf
    there, here = (design.loaded.zoo.entries("datatypes")[name].facts["weight_bytes"].number or 1 for name in formats)
    return min(1.0, there / here)


def _room(entry: Entry) -> float:
    """The memory of an accelerator; none where nobody says."""
    return entry.facts["memory.capacity"].number or 0 if "memory.capacity" in entry.facts else 0


def _fits(evaluation: Evaluation, **sections: Any) -> bool:
    changed = _changed(evaluation, **sections)
    return bool(changed and choose(changed)[1])


def _changed(evaluation: Evaluation, **sections: Any) -> Design | None:
    """The design with parts of its plan replaced; None where that plan is refused."""
    design = evaluation.design
    raw = {section: content for section, content in design.loaded.document.data.items() if section != "constraints"}
    for section, changes in sections.items():
        raw[section] = {**raw[section], **changes} if section == "workload" else changes
    try:
        return bind(design.loaded.with_data(raw), model=design.model)
    except InputError:
        return None
