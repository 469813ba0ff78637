"""Serving under traffic against a simulated engine, and against its limits."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest

from mlsysim.api import evaluate
from mlsysim.symbolic.dual import Dual
from mlsysim.symbolic.functions import erfinv, erlang_c, erlang_c_of
from tests.physics.engine import Served, serve

LONG_ANSWERS = {"sequence_length": 1024, "output_tokens": 256}
LONG_PROMPTS = {"sequence_length": 4096, "output_tokens": 16}


def served(traffic: float, slots: int, chunk: int, lengths: dict[str, int], **more: Any) -> Any:
    """Llama-3 70B on four pairs of H100."""
    return evaluate({
        "version": "1.0", "workload": {"name": "Llama3_70B", **lengths}, "hardware": {"name": "H100", "accelerators": 8},
        "parallelism": {"tensor": 2, "pipeline": 1, "data": 4},
        "serving": {"requests_per_second": traffic, "slots": slots, "chunk": chunk, **more},
    })  # fmt: skip


def simulated(evaluation: Any, traffic: float, **options: Any) -> Served:
    """The same engine step by step: only the times of its steps are taken from the equations."""
    v = evaluation.values
    return serve(
        traffic / v["split.data"], int(v["serving.slots"]), int(v["serving.chunks"]), int(v["serving.steps"]),
        v["serving.step_decode"] + v["serving.step_exchange"], v["serving.step_prompt"], **options,
    )  # fmt: skip


CASES = pytest.mark.parametrize(("slots", "chunk", "lengths"), [
    (44, 1024, LONG_ANSWERS), (44, 128, LONG_ANSWERS), (12, 512, LONG_PROMPTS), (4, 512, LONG_PROMPTS), (8, 256, LONG_ANSWERS),
])  # fmt: skip


@CASES
def test_what_can_be_served_is_what_a_saturated_engine_serves(slots: int, chunk: int, lengths: dict[str, int]) -> None:
    """With requests always waiting, the simulated engine finishes as many per second as the equations say, within 1 %."""
    evaluation = served(0.1, slots, chunk, lengths)
    rate = simulated(evaluation, math.inf, requests=300 * slots).rate * evaluation.values["split.data"]
    assert evaluation["performance.capacity"] == pytest.approx(rate, rel=0.01)


@CASES
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_latency_is_that_of_a_simulated_engine(slots: int, chunk: int, lengths: dict[str, int], share: float) -> None:
    """At up to 60 % of what can be served: the 99th percentile within 20 %, and so the mean time in a slot.

    An approximation: waits are added at their percentiles, which errs upwards, and the randomness of the time in a slot
    is left out of the queue, which errs downwards. The first token errs upwards most where there is little traffic, for
    the step that runs on arrival is counted whole, and as the longest.
    """
    traffic = share * served(0.1, slots, chunk, lengths)["performance.capacity"]
    evaluation = served(traffic, slots, chunk, lengths)
    found = simulated(evaluation, traffic)
    assert evaluation["performance.latency"] == pytest.approx(Served.at(found.last, 0.99), rel=0.2)
    assert 0.75 < evaluation["performance.ttft"] / Served.at(found.first, 0.99) < 1.6
    if (
        evaluation["performance.utilisation"] < 0.3
    ):  # hardly anybody waits for a slot: the time from arrival is that in it
        assert evaluation["serving.held"] == pytest.approx(sum(found.last) / len(found.last), rel=0.2)


@pytest.mark.parametrize(("slots", "chunk"), [(44, 1024), (8, 256)])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.6])
def test_steps_are_those_of_a_simulated_engine(slots: int, chunk: int, share: float) -> None:
    """With long answers: how long anybody is there, within 3 %; the gaps between tokens, their mean within 2 %; and the use.

    The 99th percentile of the gaps is a step in which a prompt rides as soon as more than one token in a hundred meets one.
    """
    traffic = share * served(0.1, slots, chunk, LONG_ANSWERS)["performance.capacity"]
    evaluation = served(traffic, slots, chunk, LONG_ANSWERS)
    v, found = evaluation.values, simulated(evaluation, traffic)
    step, rides = v["serving.step_decode"] + v["serving.step_exchange"], v["serving.step_prompt"]
    assert v["serving.mean_step"] == pytest.approx(sum(found.gaps) / len(found.gaps), rel=0.02)
    assert evaluation["performance.itl"] == pytest.approx(Served.at(found.gaps, 0.99), rel=0.01)
    computing = v["serving.step_decode"] + found.riding * v["serving.prompt_time"] / v["serving.chunks"]
    used = found.running * computing / (step + found.riding * rides)
    assert evaluation["performance.busy"] == pytest.approx(used, rel=0.03)


def test_without_traffic_nobody_waits() -> None:
    """A request that is alone waits at most for the running step; its answer takes one step for each token."""
    evaluation = served(1e-9, 16, 512, LONG_ANSWERS)
    v = evaluation.values
    assert (v["performance.time_turn"], v["serving.slot_wait"]) == (0, 0)
    assert v["performance.time_answer"] == pytest.approx(
        255 * (v["serving.step_decode"] + v["serving.step_exchange"]), rel=1e-3
    )
    assert v["performance.time_prompt"] == pytest.approx(2 * v["serving.chunk_step"])
    assert v["performance.itl"] == pytest.approx(v["serving.step_decode"] + v["serving.step_exchange"])


def test_traffic_that_cannot_be_served_is_infeasible() -> None:
    """Requests that pile up have no latency; the answer says what could be served."""
    evaluation = served(1000.0, 16, 512, LONG_ANSWERS)
    assert evaluation.exit_code == 4
    assert "requests pile up: 1000 request/s arrive, but at most" in evaluation.to_dict()["f_summary"]
    assert evaluation["performance.latency"] is None


def test_latency_and_use_grow_with_traffic() -> None:
    """More requests are served later, and keep more slots, power and arithmetic busy."""
    before = served(0.5, 44, 512, LONG_ANSWERS)
    for traffic in (1.0, 3.0, 6.0, 9.0, 10.0):
        after = served(traffic, 44, 512, LONG_ANSWERS)
        for metric in ("latency", "ttft", "utilisation", "mfu", "busy", "throughput", "token_latency"):
            if metric == "busy" and traffic > 1:
                continue  # a replica then always has requests; chunks compute beside decode, and only their messages take time
            assert after[f"performance.{metric}"] >= before[f"performance.{metric}"], metric
        assert after["performance.capacity"] == before["performance.capacity"]
        before = after


def test_a_higher_percentile_is_later() -> None:
    """And the median of the wait for a slot is no wait at all, where most find one free."""
    times = [served(8.0, 44, 512, LONG_ANSWERS, percentile=q)["performance.latency"] for q in (50, 90, 99, 99.9)]
    assert times == sorted(times)
    assert len(set(times)) == 4


def test_a_chunk_computes_while_decode_waits_for_data() -> None:
    """A step with a chunk takes the arithmetic or the data of both, whichever is longer: less than one after the other."""
    v = served(1.0, 44, 64, LONG_ANSWERS)
    chunks, decode = v["serving.chunks"], v["serving.decode_time"]
    apart = max(v["serving.prompt_compute"], v["serving.prompt_memory"])
    together = max(
        v["serving.decode_compute"] + v["serving.prompt_compute"] / chunks,
        v["serving.decode_memory"] + v["serving.prompt_memory"] / chunks,
    )
    assert v["serving.decode_memory"] > v["serving.decode_compute"]
    assert decode + v["serving.prompt_time"] / chunks == pytest.approx(together, rel=1e-12)
    assert v["serving.prompt_time"] < 0.9 * apart


def test_small_chunks_shorten_the_longest_gap_and_lengthen_the_prompt() -> None:
    """The trade that chunked prefill makes (Agrawal 2024)."""
    gaps, firsts = zip(*[
        (e["performance.itl"], e["performance.time_prompt"])
        for e in (served(0.5, 8, chunk, LONG_PROMPTS, percentile=99.9) for chunk in (4096, 1024, 256, 64))
    ], strict=True)  # fmt: skip
    assert list(gaps) == sorted(gaps, reverse=True)
    assert list(firsts) == sorted(firsts)


def test_a_profiled_model_is_served_by_passes() -> None:
    """A request waits for a place and the running pass, then takes a pass; throughput is what arrives."""
    evaluation = evaluate({
        "version": "1.0", "workload": {"name": "ResNet50"}, "hardware": {"name": "H100"},
        "serving": {"requests_per_second": 100, "slots": 8},
    })  # fmt: skip
    assert evaluation["performance.sample_throughput"] == pytest.approx(100)
    assert evaluation["performance.latency"] == pytest.approx(2 * evaluation.values["memory.stage_roofline"])
    assert evaluation["performance.capacity"] == pytest.approx(8 / evaluation.values["memory.stage_roofline"])


# Erlang's formula.


def by_recursion(servers: int, load: float) -> float:
    """Erlang C by the recursion of Erlang B over the servers."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


@pytest.mark.parametrize("servers", [1, 2, 7, 15, 16, 17, 100, 2000])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_erlang_c_is_that_of_the_recursion(servers: int, share: float) -> None:
    """Also for thousands of servers, and for arrays."""
    expected = by_recursion(servers, servers * share)
    assert erlang_c(float(servers), servers * share) == pytest.approx(expected, rel=1e-11, abs=1e-300)
    many = erlang_c_of(numpy)(numpy.array([float(servers)] * 2), numpy.array([servers * share] * 2))
    assert many == pytest.approx([expected] * 2, rel=1e-11, abs=1e-300)


def test_slopes_of_the_functions_are_those_of_differences() -> None:
    """What sensitivity needs of them."""
    for function, at in ((lambda x: erlang_c(12.0, x), 8.0), (erfinv, 0.7)):
        exact = function(Dual(at, 1.0)).slope
        assert exact == pytest.approx((function(at + 1e-6) - function(at - 1e-6)) / 2e-6, rel=1e-6)
