"""The problem ``batching``: how many requests at once, in which chunks, over how many replicas, to serve traffic in time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.asserts import limit, read_limit
from mlsysim.constraints.compiler import Bound
from mlsysim.design import Design
from mlsysim.design.binding import bind
from mlsysim.design.degrees import describe
from mlsysim.design.slots import SLOTS
from mlsysim.evaluation import evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.plan.options import as_field
from mlsysim.search.parallelism import degrees, with_split
from mlsysim.search.replicas import CHUNK, DEVICES, LAYOUT, replica_space
from mlsysim.search.task import Choice, Task
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.words import counted


@dataclass(frozen=True)
class BatchingTask(Task):
    """Choosing slots, chunk and replicas.

    Attributes:
        most: accelerators that there are; infinite where the plan does not say.
    """

    most: float

    noun = "batching"
    decided = "the batching"
    usual = "accelerators"
    distinct = LAYOUT

    @property
    def bounds(self) -> list[Bound]:
        """The asserts, and the accelerators that there are."""
        return [*super().bounds, *self.names]

    @property
    def names(self) -> Mapping[Bound, str]:
        """What the limit on accelerators is called."""
        if math.isinf(self.most):
            return {}
        return {Bound(DEVICES, self.most): f"at most {self.most:,.0f} accelerators, which the plan's hardware has"}

    def design(self, choice: Choice, says: str) -> Design:
        """The plan with its batching chosen."""
        plan = self.first.design.loaded.with_data(self.plan(choice))
        leaves = {leaf: value for leaf, value in choice.items() if leaf != LAYOUT}
        return bind(plan).with_split({**leaves, **self._layout(choice)}, "search", says)

    def describe(self, choice: Choice) -> str:
        """A batching in words."""
        words = f"{counted(choice[DEVICES], 'accelerator')}, {counted(choice[SLOTS], 'slot')} to a replica"
        if CHUNK not in choice:
            return words
        split = describe({**self._layout(choice), "split.data": choice["split.data"]})
        return f"{words}, chunks of {choice[CHUNK]:,} tokens, {split}"

    def named(self, decision: str, value: int) -> str:
        """One decision in words."""
        if decision == LAYOUT:
            return describe(self._layout({LAYOUT: value}))
        word = {DEVICES: "accelerator", SLOTS: "slot", CHUNK: "token to a chunk", "split.data": "replica"}[decision]
        return counted(value, word)

    def data(self, choice: Choice) -> dict[str, Any]:
        """A batching under the keys of a result."""
        found = {"o_accelerators": choice[DEVICES], "o_slots": choice[SLOTS]}
        found["o_replicas"] = choice.get("split.data", choice[DEVICES])
        if CHUNK in choice:
            found["o_chunk"] = choice[CHUNK]
        return {**found, **degrees({**self._layout(choice), **choice})}

    def plan(self, choice: Choice) -> dict[str, Any]:
        """The plan with its accelerators, split and batching filled in."""
        loaded = self.first.design.loaded
        data = with_accelerators(loaded.document.data, choice[DEVICES])
        data.pop("search", None)
        serving = {**data["serving"], "slots": choice[SLOTS]}
        if CHUNK not in choice:
            return {**data, "serving": serving}
        split = with_split(loaded, {**choice, **self._layout(choice)})["parallelism"]
        return {**data, "parallelism": split, "serving": {**serving, "chunk": choice[CHUNK]}}

    def _layout(self, choice: Choice) -> dict[str, int]:
        """How a replica is split in a choice."""
        if LAYOUT not in choice:
            return {}
        return {leaf: int(column[choice[LAYOUT]]) for leaf, column in self.space.options[LAYOUT].leaves.items()}


def task(
    loaded: LoadedPlan, sla: Sequence[str] = (), qps: float | str | None = None, percentile: float | str | None = None
) -> BatchingTask:
    """Every batching of a plan's model.

    Args:
        loaded: the plan; what it fixes stays fixed. Its accelerators, where it names them, are the most that may be used.
        sla: limits, such as ``"ttft <= 500 ms"``; a time alone limits the latency per token of a model that writes
            tokens, and the latency of any other.
        qps: requests that arrive per second, or text with a unit.
        percentile: of the latencies, such as 99 or ``p99``.

    Raises:
        InputError: nothing arrives, or a limit cannot be read.
    """
    data = _as_serving(loaded, qps, percentile)
    served = loaded.with_data(data)
    most = _there_are(served)
    one = bind(served.with_data(with_accelerators(data, 1)))
    asserts = [*data.get("constraints", {}).get("assert", []), *(_assert(text, one) for text in sla)]
    if asserts:
        data = {**data, "constraints": {"assert": asserts}}
    first = evaluate(bind(served.with_data(with_accelerators(data, 1))))
    bounds = [Bound.of(each) for each in first.enforced]
    return BatchingTask(replica_space(one, bounds), first, most)


def with_accelerators(data: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A plan on a number of accelerators."""
    hardware = {key: value for key, value in data["hardware"].items() if key != "nodes"}
    return {**data, "hardware": {**hardware, "accelerators": number}}


def _as_serving(loaded: LoadedPlan, qps: float | str | None, percentile: float | str | None) -> dict[str, Any]:
    """The plan as one that serves; what it says of a batch is what is searched."""
    data = dict(loaded.document.data)
    given = (("--qps", "requests_per_second", qps), ("--percentile", "percentile", percentile))
    said = {field: as_field(option, "serving", field, value) for option, field, value in given if value is not None}
    serving = {**data.get("serving", {}), **said}
    if "requests_per_second" not in serving:
        raise InputError(
            "no traffic to serve", where=loaded.where("workload", key=True),
            hint="give --qps 10, or `serving: {requests_per_second: 10}` in the plan",
        )  # fmt: skip
    kept = {field: value for field, value in data["workload"].items() if field not in ("batch_size", "phase")}
    return {**data, "workload": kept, "serving": serving}


def _there_are(served: LoadedPlan) -> float:
    """The accelerators that a plan names; infinite where it names none."""
    choice = served.plan.hardware
    if choice.nodes is None and choice.accelerators is None:
        return math.inf
    return bind(served).bindings[DEVICES].value or math.inf


def _assert(text: str, design: Design) -> dict[str, Any]:
    """A limit as a plan writes it."""
    if any(sign in text for sign in "<>="):
        found = read_limit(text, design.variant, "--sla")
    else:
        metric = "performance.token_latency" if CHUNK in design.bindings else "performance.latency"
        found = limit(metric, "max", text, variant=design.variant, where=None, path="--sla")
    if found.value <= 0:
        raise InputError(f"--sla: {text!r} is not above 0", hint='give a limit that could be kept, such as "50 ms"')
    return found.as_assert
