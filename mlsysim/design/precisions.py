"""The number format of a plan: what it names, or the first that its accelerator has."""

from __future__ import annotations

from mlsysim.design.assumptions import INFERENCE_FORMATS, TRAINING_FORMATS
from mlsysim.plan import LoadedPlan
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InputError

#: Formats that have gradients.
TRAINED = ("fp32", "tf32", "bf16", "fp16", "fp8")


def chosen_precision(loaded: LoadedPlan, hardware: Entry) -> str:
    """The number format that a plan computes in.

    Raises:
        InputError: the accelerator does not compute in it, it has no gradients where the plan trains, or two fields say it.
    """
    peaks = [name.rpartition(".")[2] for name, _ in hardware.numbers() if name.startswith("compute.peak.")]
    said, offered = loaded.plan.workload.precision, loaded.plan.search.precisions
    for position, wanted in enumerate(offered):
        _format(loaded, hardware, wanted, peaks, f"search.precisions[{position}]", "search", "precisions", position)
    if offered and said is not None:
        raise InputError(
            "workload.precision: search.precisions leaves it open", where=loaded.where("workload", "precision", key=True),
            hint="leave one of them out",
        )  # fmt: skip
    if said is not None:
        return _format(loaded, hardware, said, peaks, "workload.precision", "workload", "precision")
    formats = TRAINING_FORMATS if loaded.phase == "training" else INFERENCE_FORMATS
    chosen = next((f for f in formats if f in peaks), None)
    if chosen is None:
        other = f"choose workload.precision: it computes in {', '.join(peaks)}" if peaks else "choose another"
        raise InputError(
            f"{hardware.name} has no format for {loaded.phase} that its maker publishes a rate for",
            where=loaded.where("hardware", "name"), hint=other,
        )  # fmt: skip
    return chosen


def _format(loaded: LoadedPlan, hardware: Entry, wanted: str, peaks: list[str], what: str, *path: str | int) -> str:
    """A number format that the accelerator computes in, and trains in where the plan trains."""
    where = loaded.where(*path)
    found = loaded.zoo.find("datatypes", wanted, where=where).name
    if found not in peaks:
        raise InputError(
            f"{what}: {hardware.name} does not compute in {found}", where=where,
            hint=f"it computes in {', '.join(peaks)}",
        )  # fmt: skip
    if loaded.phase == "training" and found not in TRAINED:
        raise InputError(f"{what}: {found} has no gradients", where=where, hint="train in bf16, fp16, fp32 or fp8")
    return found
