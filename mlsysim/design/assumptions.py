"""What a plan left open and what was taken, as sentences: no default is silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mlsysim.design import Design, encodes
from mlsysim.registry import Value

#: Formats in the order in which a plan that names none takes them.
TRAINING_FORMATS = ("bf16", "fp16", "fp32")
INFERENCE_FORMATS = ("bf16", "fp16", "int8", "fp32")

#: Facts that may be left out where nobody has published them, and what that does to the answer.
_LEFT_OUT = {
    "accelerator.bandwidth": "memory bandwidth: times are lower bounds",
    "model.activation_bytes": "activations: memory is a lower bound",
}
_LEFT_OUT_OF_MACRO = {
    "node.embodied": "emissions of making the hardware are left out",
    "grid.water_intensity": "water of the grid is left out",
}


def assumptions(design: Design) -> Iterator[str]:
    """Every choice that the plan did not make, once."""
    if design.model.note:
        yield f"{design.model.name}: {design.model.note}"
    yield from _of_the_work(design)
    if design.loaded.plan.ops.duration_days is not None or design.loaded.plan.workload.tokens is not None:
        yield from _of_operations(design)
    for leaf, what in _LEFT_OUT.items():
        if leaf in design.bindings and design.bindings[leaf].left_out:
            yield f"{what}; {design.bindings[leaf].says}"


def _of_the_work(design: Design) -> Iterator[str]:
    said, bindings = design.loaded.plan.workload, design.bindings
    training = design.loaded.phase == "training"
    if said.phase is None:
        why = (
            "requests arrive"
            if design.loaded.phase == "serving"
            else f"hardware.nodes is {'' if training else 'not '}given"
        )
        yield f"phase {design.loaded.phase}: {why}"
    if said.precision is None:
        formats = ", ".join(TRAINING_FORMATS if training else INFERENCE_FORMATS)
        yield f"precision {design.precision}: the first of {formats} that {design.hardware.name} has"
    for leaf, label in (
        ("workload.sequence_length", "sequence length"), ("workload.output_tokens", "answer"), ("serving.chunk", "chunk"),
    ):  # fmt: skip
        if leaf == "workload.output_tokens" and leaf in bindings and encodes(design.model):
            yield bindings[leaf].says
        elif _known(design, leaf) and bindings[leaf].origin == "default":
            yield f"{label} {bindings[leaf].value:,.0f} tokens: {bindings[leaf].says}"
    longest = design.model.facts.get("context_length")
    length = bindings.get("workload.sequence_length")
    if longest and longest.number and length and length.value and length.value > longest.number:
        most = f"the {longest.number:,.0f} that {design.model.name} accepts as published"
        yield f"sequence length {length.value:,.0f} tokens: longer than {most}"
    if said.efficiency is None:
        for leaf in ("software.efficiency", "software.decode_single", "software.decode_batched"):
            if _known(design, leaf):
                yield f"efficiency {bindings[leaf].value:g}: {bindings[leaf].says}"
    if training and said.optimizer is None and _known(design, "optimizer.state_bytes"):
        yield f"optimizer adam: {bindings['optimizer.state_bytes'].value:g} bytes of state per parameter"


def _known(design: Design, leaf: str) -> bool:
    """Whether a leaf counts here and has a value, which an entry of somebody's own need not."""
    return leaf in design.bindings and design.bindings[leaf].value is not None


def _of_operations(design: Design) -> Iterator[str]:
    said, bindings = design.loaded.plan.ops, design.bindings
    if said.facility is None and _known(design, "facility.pue"):
        yield f"facility AWS: PUE {bindings['facility.pue'].value:g}"
    carbon = bindings["grid.carbon_intensity"].fact
    if carbon is not None and carbon.scope:
        yield f"carbon of {said.region}: {carbon.text}, {carbon.scope}, {carbon.method}, {carbon.year}"
    power = bindings["node.power_max"].fact
    if power is not None and power.kind in ("derived", "estimate"):
        yield f"power of {design.node.title}: {power.how}"
    price = bindings["price.accelerator_hour"]
    if price.value is not None and said.price_per_accelerator_hour is None:
        yield f"price {price.value * 3600:g} USD per accelerator and hour: {price.says}{age(price.fact)}"
    electricity = bindings["grid.electricity_price"].fact
    if electricity is not None:
        yield f"electricity of {said.region}: {electricity.text}{', ' if electricity.note else ''}{electricity.note}"
    if said.electricity_price is None:
        yield "electricity: in the price of the accelerators; give ops.electricity_price where it is paid beside it"
    for leaf, what in _LEFT_OUT_OF_MACRO.items():
        if bindings[leaf].left_out:
            yield f"{what}; {bindings[leaf].says}"


#: Days after which a price is old.
OLD = 180


def age(price: Value | None, today: date | None = None) -> str:
    """When a price was read, as the end of a sentence; a warning where that is long ago.

    Args:
        price: the registry's value, if the price is one.
        today: the day to count from.
    """
    if price is None or not price.accessed:
        return ""
    days = ((today or date.today()) - date.fromisoformat(price.accessed)).days
    old = f", {days} days ago: prices change, give ops.price_per_accelerator_hour" if days > OLD else ""
    return f", read on {price.accessed}{old}"
