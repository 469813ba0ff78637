"""What would make an infeasible design possible: every cure was evaluated and fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlsysim.design.binding import bind
from mlsysim.design.split import choose, describe
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from mlsysim.design import Design
    from mlsysim.evaluation import Evaluation

#: How far to look for a larger fleet.
_DOUBLINGS = 12


def refuse_infeasible(evaluation: Evaluation) -> None:
    """Refuse to go on with a design that does not fit; the cures are hints.

    Raises:
        InfeasibleError: it does not.
    """
    if not evaluation.feasible:
        raise InfeasibleError(
            f"the design does not fit: {evaluation.failures[0].sentence}", hint=" or ".join(remedies(evaluation)) or None,
            where=evaluation.design.loaded.where("hardware", key=True),
        )  # fmt: skip


def remedies(evaluation: Evaluation, most: int = 3) -> list[str]:
    """Changes that make the design fit, in words; each of them alone is enough."""
    design = evaluation.design
    found = []
    for cure in (_other_split, _more_accelerators, _smaller_batch, _narrower_format, _larger_accelerator):
        words = cure(design)
        if words:
            found.append(words)
    return found[:most]


def _other_split(design: Design) -> str | None:
    if all(value is None for value in vars(design.loaded.plan.parallelism).values()):
        return None
    free = _changed(design, parallelism={})
    if free is None:
        return None
    split, fits = choose(free)
    return f"the split {describe(split)} fits" if fits else None


def _more_accelerators(design: Design) -> str | None:
    size = int(design.bindings["node.accelerators"].value or 1)
    held = int(design.bindings["split.devices"].value or 1)
    for count in _larger_fleets(held, size):
        if design.loaded.phase == "inference" or count < size:
            hardware = {"name": design.hardware.name, "accelerators": count}
        else:
            hardware = {"name": design.hardware.name, "nodes": count // size}
        changed = _changed(design, hardware=hardware)
        if changed and choose(changed)[1]:
            split = describe(choose(changed)[0])
            return f"{count} accelerators fit ({split})"
    return None


def _larger_fleets(held: int, size: int) -> Iterator[int]:
    for power in range(1, _DOUBLINGS + 1):
        count = held * 2**power
        if count <= size or count % size == 0:
            yield count


def _smaller_batch(design: Design) -> str | None:
    if design.variant != "transformer_inference":
        return None
    low, high = 0, design.loaded.plan.workload.batch_size
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(design, workload={"batch_size": middle}) else (low, middle)
    return f"batch_size {low:,} fits" if low else None


def _narrower_format(design: Design) -> str | None:
    if design.loaded.phase == "training":
        return None
    formats = design.loaded.zoo.entries("datatypes")
    held = formats[design.precision].facts["weight_bytes"].number or 0
    has = [n.rpartition(".")[2] for n, _ in design.hardware.numbers() if n.startswith("compute.peak.")]
    narrower = sorted((f for f in has if (formats[f].facts["weight_bytes"].number or 0) < held),
                      key=lambda f: -(formats[f].facts["weight_bytes"].number or 0))  # fmt: skip
    return next((f"precision {f} fits" for f in narrower if _fits(design, workload={"precision": f})), None)


def _larger_accelerator(design: Design) -> str | None:
    """The smallest accelerator of more memory, of the same kind where one fits."""
    room = _room(design.hardware)
    larger = [e for e in design.loaded.zoo.entries("hardware").values() if _room(e) > room and e.status == "shipping"]
    larger.sort(key=lambda e: (e.family != design.hardware.family, e.kind != design.hardware.kind, _room(e)))
    plan = design.loaded.plan.hardware
    for entry in larger:
        many = {"nodes": plan.nodes} if plan.nodes else {"accelerators": plan.accelerators or 1}
        if _fits(design, hardware={"name": entry.name, **many}):
            return f"{entry.name} ({entry.facts['memory.capacity'].text}) fits"
    return None


def _room(entry: Entry) -> float:
    """The memory of an accelerator; none where nobody says."""
    return entry.facts["memory.capacity"].number or 0 if "memory.capacity" in entry.facts else 0


def _fits(design: Design, **sections: Any) -> bool:
    changed = _changed(design, **sections)
    return bool(changed and choose(changed)[1])


def _changed(design: Design, **sections: Any) -> Design | None:
    """The design with parts of its plan replaced; None where that plan is refused."""
    raw = {section: content for section, content in design.loaded.document.data.items() if section != "constraints"}
    for section, changes in sections.items():
        raw[section] = {**raw[section], **changes} if section == "workload" else changes
    try:
        return bind(design.loaded.with_data(raw), model=design.model)
    except InputError:
        return None
