"""The scorecard: an evaluation as a page of text, feasibility first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlsysim.design.degrees import describe
from mlsysim.page import wrapped
from mlsysim.result import summary
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

if TYPE_CHECKING:
    from mlsysim.design import Design
    from mlsysim.evaluation import Evaluation

_COLORS = {"PASS": "32", "FAIL": "31", "SKIPPED": "33", "PARTIAL": "33", "WARN": "33", "head": "1", "faint": "2"}

#: What each lens shows; a row whose metric a variant does not have is left out.
_PERFORMANCE = (
    ("latency", "performance.latency"), ("time to first token", "performance.ttft"),
    ("time between tokens", "performance.itl"), ("latency per token", "performance.token_latency"),
    ("throughput", "performance.throughput"), ("throughput", "performance.sample_throughput"),
    ("could serve", "performance.capacity"), ("slots in use", "performance.utilisation"),
    ("MFU", "performance.mfu"), ("goodput", "performance.goodput"),
    ("reading the data", "performance.time_ingest"), ("transforming it", "performance.time_transform"),
    ("waiting for data", "performance.data_stall"), ("loss", "performance.loss"),
    ("tokens per parameter", "performance.tokens_per_parameter"), ("compute-optimal loss", "performance.optimal_loss"),
    ("compute-optimal model", "performance.optimal_parameters"), ("compute-optimal tokens", "performance.optimal_tokens"),
)  # fmt: skip
#: The same of a plan that says how it reasons.
_REASONING = (
    ("time to the answer", "performance.time_to_answer"), ("problems answered", "performance.problem_throughput"),
    ("problem solved", "performance.success"),
)  # fmt: skip
_MACRO = (
    ("total cost", "macro.tco"), ("electricity in it", "macro.electricity"),
    ("cost of a million tokens", "macro.cost_per_million_tokens"),
    ("cost of a million samples", "macro.cost_per_million_samples"), ("tokens", "macro.tokens"),
    ("cost of a solved problem", "macro.cost_per_solved"),
    ("wait for the cluster", "macro.queue_wait"), ("time to the result", "macro.time_to_result"),
    ("time of the run", "macro.run_time"), ("cost of the run", "macro.run_cost"),
    ("carbon of the run", "macro.run_carbon"), ("energy", "macro.energy"), ("carbon", "macro.carbon"), ("water", "macro.water"),
)  # fmt: skip
#: What is of a training run, whatever time the fleet is held.
RUN = ("macro.run_time", "macro.run_cost", "macro.run_carbon")
#: Rows that say nothing at this value: nothing lost, nothing paid.
_USUAL = {"performance.goodput": 1.0, "macro.electricity": 0.0}
#: Parts of the latency as people call them.
_SPENT = {
    "tensor": "tensor-parallel communication", "context": "context-parallel communication",
    "expert": "expert-parallel communication", "data": "data-parallel communication", "pipeline": "pipeline communication",
    "bubble": "pipeline bubble", "optimizer": "optimizer update", "offload": "traffic with the host",
    "decode_communication": "communication in decode", "prefill_communication": "communication in prefill",
    "turn": "waiting for prefill", "wait": "waiting for a slot", "prompt": "reading the prompt",
    "answer": "writing the answer", "pass": "the pass",
}  # fmt: skip
#: What work is, by the wall that binds it; and the parts that are work under another name.
_WORK = {"compute": "arithmetic", "memory": "memory traffic"}
_BOUND = ("decode", "prefill", "prompt", "answer", "pass")
_OF_REASONING = ("thought_tokens", "samples", "solve_rate")
_SHARES = (
    "performance.success",
    "performance.mfu",
    "performance.goodput",
    "performance.utilisation",
    "performance.data_stall",
)


def render(evaluation: Evaluation, *, color: bool = False) -> str:
    """The scorecard as text, as wide as a page."""
    paint = _paint if color else _plain
    return "\n".join(line.rstrip() for line in _lines(evaluation, paint)) + "\n"


def _lines(evaluation: Evaluation, paint: _Paint) -> Iterator[str]:
    design = evaluation.design
    plan = design.loaded.plan
    count = int(design.bindings["split.devices"].value or 1)
    fleet = f"{count:,} x {design.hardware.title}" if count > 1 else design.hardware.title
    name = "".join(c if c.isprintable() else " " for c in plan.name).strip()
    yield from (paint("head", line) for line in wrapped(name or f"{design.model.title} on {fleet}"))
    about = f"{design.model.title}, {design.loaded.phase} in {design.precision} on {fleet}"
    split = {n: b.value for n, b in design.bindings.items() if n.startswith("split.") and b.value is not None}
    if count > 1 and "split.tensor" in split:
        about += f", {describe(split)}"
    if design.loaded.phase == "serving":
        about += f", {traffic(design)}"
    for line in wrapped(about):
        yield paint("faint", line)
    yield ""
    yield from _feasibility(evaluation, paint)
    yield ""
    yield from _performance(evaluation, paint)
    yield ""
    yield from _macro(evaluation, paint)
    if evaluation.limits:
        yield ""
        yield from _asserts(evaluation, paint)
    if evaluation.assumptions:
        yield ""
        yield paint("faint", "Left open by the plan, and what was taken")
        for sentence in evaluation.assumptions:
            yield from wrapped(sentence, "  - ", "    ")


def traffic(design: Design) -> str:
    """What arrives, and how it is batched, in words."""
    value = design.values
    slots = value["serving.slots"]
    words = f"{value['serving.arrivals']:g} requests/s, {slots:,.0f} slot{'s' * (slots > 1)} each"
    if "serving.chunk" in value:
        words += f", chunks of {value['serving.chunk']:,.0f} tokens"
    return f"{words}, latencies at percentile {100 * value['serving.in_time']:g}"


def _heading(name: str, status: str, paint: _Paint) -> str:
    return f"{paint('head', name)}  {paint(status, status)}"


def _feasibility(evaluation: Evaluation, paint: _Paint) -> Iterator[str]:
    yield _heading("Feasibility", evaluation.status("feasibility"), paint)
    yield from wrapped(summary(evaluation), "  ", "  ")
    for failure in evaluation.failures[1:]:
        yield from wrapped(failure.sentence, "  ", "  ")
    yield f"  decided by {evaluation.decided_by}"
    parts = ("memory.weights", "memory.gradients", "memory.optimizer", "memory.activations", "memory.gathered",
             "memory.staged",              "memory.cache", "memory.workspace")  # fmt: skip
    held = [(n, evaluation.values[n]) for n in parts if evaluation.values.get(n)]
    words = ", ".join(f"{n.partition('.')[2]} {amount(v, catalogue().QUANTITIES[n])}" for n, v in held)
    yield from wrapped(f"memory: {words}", "  ", "  ")


def _performance(evaluation: Evaluation, paint: _Paint) -> Iterator[str]:
    yield _heading("Performance", evaluation.status("performance"), paint)
    if not evaluation.feasible:
        yield "  the design is not feasible"
        return
    yield from _rows(evaluation, _PERFORMANCE)
    if any(evaluation.design.loaded.said(f"workload.{field}") is not None for field in _OF_REASONING):
        yield from _rows(evaluation, _REASONING)
    yield f"  {'binding wall':<26}{evaluation.binding_wall}"
    sums = catalogue().VARIANTS[evaluation.variant]["sums"]
    terms = sums.get("performance.latency") or sums.get("performance.time_accelerators", ())
    latency = evaluation.values["performance.latency"]
    spent = sorted(((evaluation.values[t] / latency, t) for t in terms if latency), reverse=True)
    words = [f"{_spoken(t, evaluation.cause(t))} {_percent(share)}" for share, t in spent if share >= 0.001]
    stalled = evaluation.values.get("performance.data_stall", 0)
    if stalled >= 0.001:
        words = [f"waiting for data ({evaluation.cause('performance.latency')}) {_percent(stalled)}", *words]
    if words:
        yield from wrapped(f"where the time goes: {', '.join(words)}", "  ", "  ")


def _spoken(term: str, wall: str) -> str:
    """A part of the latency in words, with the wall where it says what to improve."""
    name = term.partition(".")[2].removeprefix("time_")
    if name == "work":
        return _WORK.get(wall, f"work ({wall})")
    bound = f" ({wall}-bound)" if name in _BOUND and wall in _WORK else ""
    return f"{_SPENT.get(name, name.replace('_', ' '))}{bound}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _macro(evaluation: Evaluation, paint: _Paint) -> Iterator[str]:
    plan = evaluation.design.loaded.plan
    tokens = plan.workload.tokens
    # Without a duration of the plan's own the fleet is held for the run, whose cost and carbon are then those above.
    of_the_run = () if tokens is None else ("macro.run_time",) if plan.ops.duration_days is None else RUN
    lines = [(label, name) for label, name in _MACRO if name not in RUN or name in of_the_run]
    shown = [(label, name) for label, name in lines if evaluation.metrics.get(name) is not None]
    yield _heading("Macro", evaluation.status("macro"), paint)
    if not evaluation.feasible:
        yield "  the design is not feasible"
        return
    if evaluation.design.bindings["ops.duration"].value is None and tokens is None:
        yield f"  {evaluation.design.bindings['ops.duration'].says}"
        return
    yield from _rows(evaluation, shown)
    reasons: dict[str, list[str]] = {}
    for label, name in lines:
        if name in evaluation.skipped:
            reasons.setdefault(evaluation.skipped[name], []).append(label)
    for why, labels in reasons.items():
        text = f"skipped: {', '.join(labels)}: {why}"
        yield from wrapped(text, "  ", "    ")


def _rows(evaluation: Evaluation, rows: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> Iterator[str]:
    for label, name in rows:
        value = evaluation.metrics.get(name)
        if value is not None and value != _USUAL.get(name):
            yield f"  {label:<26}{_value(name, value)}"


def _value(name: str, value: float) -> str:
    if name in _SHARES:
        return _percent(value)
    shown = amount(value, catalogue().QUANTITIES[name])
    return f"{shown} ({number(value)} s)" if shown.endswith(" ms") and value >= 1 else shown


def _asserts(evaluation: Evaluation, paint: _Paint) -> Iterator[str]:
    broken = {id(v.limit): v for v in evaluation.violations}
    status = "FAIL" if evaluation.errors else "WARN" if broken else "PASS"
    yield _heading("Asserts", status if evaluation.feasible else "SKIPPED", paint)
    for limit in evaluation.limits:
        violation = broken.get(id(limit))
        text = violation.placed if violation else f"{limit.text} holds"
        if not evaluation.feasible and evaluation.metrics[limit.metric] is None:
            text = f"{limit.text}: not decided, the design is not feasible"
        yield from wrapped(text, "  ", "    ")


class _Paint:
    """Colours a word, or leaves it alone."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, kind: str, text: str) -> str:
        return f"\x1b[{_COLORS[kind]}m{text}\x1b[0m" if self.on else text


_paint, _plain = _Paint(True), _Paint(False)
