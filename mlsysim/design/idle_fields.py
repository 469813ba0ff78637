"""Fields of a plan that would change nothing: each is refused where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlsysim.design import encodes
from mlsysim.design.data_input import unfitted
from mlsysim.plan import LoadedPlan
from mlsysim.plan.leaves import leaf_fields
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InputError

#: Fields that say no leaf and count in training alone.
_TRAINING = (
    ("workload", "optimizer"), ("search", "offload"), ("workload", "scaling"), ("data", "dataset"), ("data", "storage"),
)  # fmt: skip
#: The same of a transformer alone.
_TRANSFORMER = (("search", "offload"), ("workload", "scaling"))


#: Fields of the network that count between nodes, and inside one.
BETWEEN, INSIDE = ("fabric", "bandwidth", "latency"), ("link", "link_bandwidth", "link_latency")


def idle_fields(loaded: LoadedPlan, model: Entry, accelerators: int, node: int) -> dict[tuple[str, str], str]:
    """The fields that change nothing in a plan of this kind, each with what it changes nothing in.

    Args:
        loaded: the plan.
        model: what its workload names.
        accelerators: how many there are.
        node: how many of them a node holds.
    """
    phase, plan = f"{loaded.phase} of {model.name}", loaded.plan
    training, transformer = loaded.phase == "training", model.kind == "transformer"
    idle: dict[tuple[str, str], str] = {}

    def add(fields: Iterable[tuple[str, str]], where: str) -> None:
        idle.update({field: where for field in fields if field not in idle})

    if encodes(model):
        add([("workload", "output_tokens")], f"{phase}, an encoder, which writes no tokens")
    variant = f"{model.kind}_{loaded.phase}"
    add(((field.section, field.name) for field in leaf_fields() if variant not in field.variants), phase)
    add(() if training else _TRAINING, phase)
    add(() if transformer else _TRANSFORMER, phase)
    experts = model.facts.get("experts")
    if transformer and not (experts and experts.number):
        add([("software", "imbalance")], f"{phase}, which has no experts")
    if accelerators == 1 or plan.parallelism.expert == 1:
        add([("software", "imbalance")], f"{phase} with all experts on every rank")
    if transformer and (unfit := unfitted(model)):
        add([("workload", "scaling")], f"{phase}: {unfit}")
    if plan.workload.tokens is None:
        add([("workload", "scaling")], f"{phase} without the tokens of a run (workload.tokens)")
    if plan.ops.shared_load is None:
        add((("ops", name) for name in ("shared_places", "shared_spread")), f"{phase} without ops.shared_load")
    offload = plan.parallelism.offload_optimizer or plan.parallelism.offload_activations
    if accelerators == 1 and not offload:
        add((("software", name) for name in ("link_efficiency", "overlap")), f"{phase} on one accelerator")
    if accelerators <= node:
        add((("network", name) for name in BETWEEN), f"{phase} inside one node")
    if min(accelerators, node) == 1:
        add((("network", name) for name in INSIDE), f"{phase} with one accelerator to a node")
    if not transformer and not training:
        add([("software", "link_efficiency"), *(("network", name) for name in (*BETWEEN, *INSIDE))], phase)
    return idle


def refuse_idle_fields(loaded: LoadedPlan, idle: Mapping[tuple[str, str], str]) -> None:
    """Refuse what a plan says that would change nothing.

    Args:
        loaded: the plan.
        idle: what :func:`idle_fields` returns of it.

    Raises:
        InputError: at the first such field.
    """
    plan = loaded.plan
    _refuse_idle_traffic(loaded)
    for (section, name), where in idle.items():
        if getattr(getattr(plan, section), name) is not None:
            raise InputError(
                f"{section}.{name}: it changes nothing in {where}", where=loaded.where(section, name, key=True),
                hint="leave it out",
            )  # fmt: skip
    for name in vars(plan.ops) if plan.ops.duration_days is None and plan.workload.tokens is None else ():
        if getattr(plan.ops, name) is not None:
            raise InputError(
                f"ops.{name}: without a duration it changes nothing", where=loaded.where("ops", name, key=True),
                hint="add `duration_days:` to ops, or `tokens:` of a training run to workload, or leave it out",
            )  # fmt: skip


def _refuse_idle_traffic(loaded: LoadedPlan) -> None:
    """Traffic where nothing is served, and a batch where requests arrive by themselves."""
    serving = loaded.phase == "serving"
    meant = [name for name, value in vars(loaded.plan.serving).items() if value is not None]
    if meant and loaded.plan.workload.phase is None and not serving:
        raise InputError(
            "serving.requests_per_second: missing, so nothing arrives", where=loaded.where("serving", key=True),
            hint="add it, or leave the section out",
        )  # fmt: skip
    if serving and loaded.plan.serving.requests_per_second is None:
        raise InputError(
            "serving.requests_per_second: missing, so nothing arrives", where=loaded.where("workload", "phase", key=True),
            hint="add it to a `serving:` section",
        )  # fmt: skip
    if serving and "batch_size" in loaded.document.data["workload"]:
        raise InputError(
            "workload.batch_size: in serving, requests arrive by themselves",
            where=loaded.where("workload", "batch_size", key=True),
            hint="give serving.slots, the requests of a replica at once",
        )  # fmt: skip
