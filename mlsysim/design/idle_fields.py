"""Fields of a plan that would change nothing: each is refused where it stands."""

from __future__ import annotations

from mlsysim.design import encodes
from mlsysim.plan import MAY_BE_NOTHING, SPLIT, LoadedPlan
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InputError

#: Fields that count in training alone, in inference and serving alone, and of a transformer alone.
TRAINING = (
    *(("parallelism", name) for name in SPLIT if name not in ("tensor", "pipeline", "data")),
    ("workload", "optimizer"), ("workload", "tokens"), ("software", "overlap"), ("search", "offload"),
)  # fmt: skip
INFERENCE = (("workload", "output_tokens"), ("software", "page"))
TRANSFORMER = (
    *(("parallelism", name) for name in SPLIT if name != "zero"), ("workload", "sequence_length"), ("workload", "tokens"),
    ("search", "offload"), ("serving", "chunk"), *INFERENCE,
)  # fmt: skip
#: Fields of ops that say something of the time held, and nothing without it.
OF_THE_TIME = ("region", "facility", "price_per_accelerator_hour", *MAY_BE_NOTHING)


#: Fields of the network that count between nodes, and inside one.
BETWEEN, INSIDE = ("fabric", "bandwidth", "latency"), ("link", "link_bandwidth", "link_latency")


def refuse_idle_fields(loaded: LoadedPlan, model: Entry, accelerators: int, node: int) -> None:
    """Refuse what a plan says that would change nothing.

    Args:
        loaded: the plan.
        model: what its workload names.
        accelerators: how many there are.
        node: how many of them a node holds.

    Raises:
        InputError: at the first such field.
    """
    phase, plan = f"{loaded.phase} of {model.name}", loaded.plan
    training, transformer = loaded.phase == "training", model.kind == "transformer"
    if encodes(model):
        _refuse(loaded, "workload", "output_tokens", f"{phase}, an encoder, which writes no tokens")
    for section, name in INFERENCE if training else TRAINING:
        _refuse(loaded, section, name, phase)
    _refuse_idle_traffic(loaded, phase)
    for section, name in () if transformer else TRANSFORMER:
        _refuse(loaded, section, name, phase)
    offload = plan.parallelism.offload_optimizer or plan.parallelism.offload_activations
    for name in ("link_efficiency", "overlap") if accelerators == 1 and not offload else ():
        _refuse(loaded, "software", name, f"{phase} on one accelerator")
    for name in BETWEEN if accelerators <= node else ():
        _refuse(loaded, "network", name, f"{phase} inside one node")
    for name in INSIDE if min(accelerators, node) == 1 else ():
        _refuse(loaded, "network", name, f"{phase} with one accelerator to a node")
    if not transformer and not training:
        for section, name in (("software", "link_efficiency"), *(("network", each) for each in (*BETWEEN, *INSIDE))):
            _refuse(loaded, section, name, phase)
    for name in OF_THE_TIME if plan.ops.duration_days is None and plan.workload.tokens is None else ():
        if getattr(plan.ops, name) is not None:
            raise InputError(
                f"ops.{name}: without a duration it changes nothing", where=loaded.where("ops", name, key=True),
                hint="add `duration_days:` to ops, or `tokens:` of a training run to workload, or leave it out",
            )  # fmt: skip


def _refuse_idle_traffic(loaded: LoadedPlan, phase: str) -> None:
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
    for name in () if serving else vars(loaded.plan.serving):
        _refuse(loaded, "serving", name, phase)
    if serving and "batch_size" in loaded.document.data["workload"]:
        raise InputError(
            "workload.batch_size: in serving, requests arrive by themselves",
            where=loaded.where("workload", "batch_size", key=True),
            hint="give serving.slots, the requests of a replica at once",
        )  # fmt: skip


def _refuse(loaded: LoadedPlan, section: str, name: str, phase: str) -> None:
    if getattr(getattr(loaded.plan, section), name) is not None:
        raise InputError(
            f"{section}.{name}: it changes nothing in {phase}",
            where=loaded.where(section, name, key=True),
            hint="leave it out",
        )
