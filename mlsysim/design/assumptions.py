"""What a plan left open and what was taken, as sentences: no default is silent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import cache

from mlsysim.constraints.asserts import metrics
from mlsysim.constraints.structure import leaves_of
from mlsysim.design import Design, encodes
from mlsysim.registry import Value
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

#: Formats in the order in which a plan that names none takes them.
TRAINING_FORMATS = ("bf16", "fp16", "fp32")
INFERENCE_FORMATS = ("bf16", "fp16", "int8", "fp32")

#: What defaults of a kind are of, before where they come from.
_OF = {"reliability": "failures as in ", "storage": "checkpoints to ", "facility": "facility: "}
#: The order in which leaves are listed, by the first word of their names; and those of software that kinds of work share.
_KINDS = ("workload", "split", "serving", "software", "optimizer", "reliability", "storage", "price", "facility")
_EFFICIENCIES = ("software.efficiency", "software.decode_single", "software.decode_batched")
#: Leaves of what an encoder does not do: writing an answer.
_OF_ANSWERS = frozenset(
    {"workload.output_tokens", "software.decode_single", "software.decode_batched", "software.full_batch"}
)
#: Leaves of the data that training reads, where the plan names a data set; and of its loss, where it gives tokens.
_OF_DATA, _OF_LOSS = ("data.", "dataset.", "storage.read_", "storage.filesystem_read_"), "scaling."


def assumptions(design: Design, idle: Collection[str]) -> Iterator[str]:
    """Every choice that the plan did not make, once.

    Args:
        design: with every leaf bound that is not of the split.
        idle: leaves that change nothing in this plan.
    """
    if design.model.note:
        yield f"{design.model.name}: {design.model.note}"
    yield from _of_the_work(design)
    timed = design.loaded.plan.ops.duration_days is not None or design.loaded.plan.workload.tokens is not None
    if timed or (design.bindings["split.devices"].value or 1) > 1:
        yield from _of_the_node(design)
    if timed:
        yield from _of_operations(design)
    shown = _shown(design.variant, timed)
    if encodes(design.model):
        shown -= _OF_ANSWERS
    if design.loaded.plan.data.dataset is None:
        shown = frozenset(leaf for leaf in shown if not leaf.startswith(_OF_DATA))
    if design.loaded.plan.workload.tokens is None:
        shown = frozenset(leaf for leaf in shown if not leaf.startswith(_OF_LOSS))
    yield from _of_leaves(design, (leaf for leaf in shown if leaf not in idle))


@cache
def _shown(variant: str, timed: bool) -> frozenset[str]:
    """The leaves that some metric rests on: of the macro lens only where there is a time that it is of."""
    shown = (name for name in metrics(variant) if timed or not name.startswith("macro."))
    return frozenset[str]().union(*(leaves_of(variant, name) for name in shown))


def _of_the_work(design: Design) -> Iterator[str]:
    said = design.loaded.plan.workload
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
    if design.loaded.phase == "inference" and encodes(design.model):
        yield design.bindings["workload.output_tokens"].says
    longest = design.model.facts.get("context_length")
    length = design.bindings.get("workload.sequence_length")
    if longest and longest.number and length and length.value and length.value > longest.number:
        most = f"the {longest.number:,.0f} that {design.model.name} accepts as published"
        yield f"sequence length {length.value:,.0f} tokens: longer than {most}"


def _of_the_node(design: Design) -> Iterator[str]:
    """The node that the plan leaves to the registry, and what of its power is derived."""
    if design.loaded.plan.hardware.node is None and design.node.name != design.hardware.name:
        yield f"node {design.node.title}: the standard one of {design.hardware.name}"


def _of_operations(design: Design) -> Iterator[str]:
    said, bindings = design.loaded.plan.ops, design.bindings
    if said.duration_days is None:
        yield f"time held: {bindings['ops.duration'].says}"
    elif design.loaded.plan.workload.tokens is not None:
        yield f"time held: the {said.duration_days:g} days of ops.duration_days, not the time of the run"
    carbon = bindings["grid.carbon_intensity"].fact
    if carbon is not None and carbon.scope:
        yield f"carbon of {said.region}: {carbon.text}, {carbon.scope}, {carbon.method}, {carbon.year}"
    power = bindings["node.power_max"].fact
    if power is not None and power.kind in ("derived", "estimate"):
        yield f"power of {design.node.title}: {power.how}"
    electricity = bindings["grid.electricity_price"].fact
    if electricity is not None:
        yield f"electricity of {said.region}: {electricity.text}{', ' if electricity.note else ''}{electricity.note}"


def _of_leaves(design: Design, leaves: Iterable[str]) -> Iterator[str]:
    """The leaves that took a default or are left out: those of one origin in one line."""
    lines: dict[str, list[str]] = {}
    for leaf in sorted(leaves, key=_order):
        binding = design.bindings[leaf]
        if binding.left_out and (without := left_out(leaf)):
            lines.setdefault(f"{without}; {binding.says}", [])
        elif binding.origin == "default" and binding.value is not None and not binding.left_out:
            sentence = _of_one(design, leaf, binding.value)
            if sentence is not None:
                lines.setdefault(sentence, [])
                continue
            origin = f"{_OF.get(leaf.partition('.')[0], '')}{binding.says}"
            lines.setdefault(origin, []).append(f"{_label(leaf)} {_amount(design, leaf)}")
    yield from (f"{origin}: {', '.join(words)}" if words else origin for origin, words in lines.items() if origin)


def _order(leaf: str) -> tuple[int, int, str]:
    """Leaves as people read them: what is done, by which software, on what, for how much."""
    kind = leaf.partition(".")[0]
    of_work = _EFFICIENCIES.index(leaf) if leaf in _EFFICIENCIES else len(_EFFICIENCIES)
    return (_KINDS.index(kind) if kind in _KINDS else len(_KINDS)), of_work, leaf


def _of_one(design: Design, leaf: str, value: float) -> str | None:
    """A leaf's default in a sentence of its own: empty where another line says it, None where it is one of several."""
    says, fact = design.bindings[leaf].says, design.bindings[leaf].fact
    match leaf:
        case "ops.duration":
            return ""
        case "workload.output_tokens":
            return f"answer {value:,.0f} tokens: {says}"
        case "workload.sequence_length" | "serving.chunk":
            return f"{_label(leaf)} {value:,.0f} tokens: {says}"
        case _ if leaf in _EFFICIENCIES:
            return f"efficiency {value:g}: {says}"
        case "serving.in_time":
            return f"latencies at percentile {100 * value:g}"
        case "optimizer.state_bytes" | "optimizer.gradient_bytes":
            state, gradient = (design.bindings[f"optimizer.{n}_bytes"].value or 0 for n in ("state", "gradient"))
            return f"optimizer {says}: {state:g} bytes of state and {gradient:g} of a gradient per parameter"
        case _ if leaf.startswith(_OF_LOSS):
            return f"loss as fitted: {says}"
        case "price.accelerator_hour":
            return f"price {value * 3600:g} USD per accelerator and hour: {says}{age(fact)}"
        case _:
            return catalogue().QUANTITIES[leaf].get("unsaid")


def _amount(design: Design, leaf: str) -> str:
    return amount(design.bindings[leaf].value or 0.0, catalogue().QUANTITIES[leaf])


def left_out(leaf: str) -> str:
    """What leaving out an unpublished leaf does to the answer; empty where it is not to be said."""
    return str(catalogue().QUANTITIES[leaf].get("without", ""))


def _label(leaf: str) -> str:
    """What a leaf is called in a line of several."""
    return str(catalogue().QUANTITIES[leaf].get("called", leaf.rpartition(".")[2].replace("_", " ")))


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
