"""``optimize batching`` as people use it: limits, what a plan fixes, what is written, what is refused."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

import mlsysim
from mlsysim import schemas
from mlsysim.plan import load
from mlsysim.symbolic.errors import InfeasibleError, InputError
from tests.constraints.test_batching import serving

CHAT = serving(
    workload={"name": "Llama3_70B", "sequence_length": 1024, "output_tokens": 256}, hardware={"name": "H100"},
    ops={"region": "Quebec", "duration_days": 30.0},
)  # fmt: skip


def found(plan: Any = CHAT, **options: Any) -> Any:
    """The best batching, at ten requests a second where nobody says otherwise."""
    return mlsysim.optimize(plan, "batching", **{"qps": 10.0, "sla": ["50 ms"], **options})


def test_the_written_plan_evaluates_to_the_same_numbers() -> None:
    """And keeps the limit as an assert."""
    answer = found()
    data, plan = answer.to_dict(), answer.plan()
    jsonschema.validate(data, schemas.schema_of("result"))
    again = mlsysim.evaluate(plan).to_dict()
    assert {k: v for k, v in again.items() if k[:2] in ("f_", "p_", "m_")} == {
        k: v for k, v in data.items() if k[:2] in ("f_", "p_", "m_")
    }
    assert again["exit_code"] == 0
    assert again["p_token_latency_ms"] <= 50
    assert (plan["hardware"]["accelerators"], plan["serving"]["slots"]) == (data["o_accelerators"], data["o_slots"])
    assert data["o_accelerators"] == data["o_replicas"] * data["o_tp"] * data["o_pp"]


def test_traffic_and_limits_decide_how_many_accelerators() -> None:
    """More requests, a higher percentile or a tighter limit never need fewer, and in the end need more."""
    counts = [found(qps=qps).answer.objective for qps in (1.0, 10.0, 40.0, 160.0)]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert found(sla=["20 ms"]).answer.objective > found(sla=["100 ms"]).answer.objective
    assert found(percentile=99.9).answer.objective >= found(percentile=50.0).answer.objective


def test_what_comes_next_splits_a_replica_otherwise() -> None:
    """Not the same batching with one slot less."""
    answer = found(top=4).answer
    layouts = [answer.choice["choice.layout"], *(choice["choice.layout"] for _, choice in answer.runners)]
    assert len(set(layouts)) == 4
    assert [answer.objective, *(value for value, _ in answer.runners)] == sorted(
        [answer.objective, *(v for v, _ in answer.runners)]
    )


def test_what_the_plan_fixes_stays_fixed() -> None:
    """Slots, chunk, and the split of a replica."""
    fixed = {
        **CHAT,
        "parallelism": {"tensor": 8, "pipeline": 1},
        "serving": {"requests_per_second": 10, "slots": 32, "chunk": 256},
    }
    data = found(fixed, qps=None).to_dict()
    assert (data["o_tp"], data["o_pp"], data["o_slots"], data["o_chunk"]) == (8, 1, 32, 256)
    replicas = {**CHAT, "parallelism": {"data": 3}}
    assert found(replicas).to_dict()["o_replicas"] == 3


def test_the_accelerators_of_the_plan_are_the_most_there_are() -> None:
    """Where they do not suffice, the answer says how many would."""
    few = {**CHAT, "hardware": {"name": "H100", "accelerators": 4}}
    answer = found(few)
    assert answer.exit_code == 4
    assert "at most 4 accelerators, which the plan's hardware has, but the best reachable is 8" in answer.conflict
    enough = found({**CHAT, "hardware": {"name": "H100", "accelerators": 8}})
    assert (enough.exit_code, enough.answer.objective) == (0, 8)


def test_a_limit_that_nothing_keeps_is_named_with_the_best_reachable() -> None:
    """However many accelerators."""
    answer = found(sla=["1 ms"])
    assert answer.exit_code == 4
    assert "performance.token_latency <= 1 ms, but the best reachable is" in answer.conflict


def test_a_model_that_fits_no_replica_is_infeasible() -> None:
    """Not even with one slot, split as widely as it can be."""
    with pytest.raises(InfeasibleError, match="no batching of Llama3_405B fits"):
        found(serving(workload={"name": "Llama3_405B", "sequence_length": 1024}, hardware={"name": "Jetson_Orin_Nano"}))


def test_a_training_plan_is_served_with_its_batch_left_out() -> None:
    """The batch is what is searched; its other fields hold."""
    training = load("examples/llama3_70b_training.yaml").document.data
    answer = found({**training, "constraints": {}}, qps=2.0, sla=["200 ms"])
    assert answer.evaluation.design.loaded.phase == "serving"
    assert answer.evaluation.values["workload.sequence_length"] == 8192


def test_an_explanation_knows_the_accelerators_there_are() -> None:
    """Of latency, the more there were the better."""
    few = {**CHAT, "hardware": {"name": "H100", "accelerators": 16}}
    sentences = found(few, objective="latency", explain=True).explanation
    assert any(s.startswith("Without the limit of at most 16 accelerators") for s in sentences)


def test_microcontrollers_serve_each_by_itself() -> None:
    """No link joins them, and none is needed."""
    answer = mlsysim.optimize("Doorbell", "batching", qps=3.0, sla=["2 s"])
    assert answer.exit_code == 0
    assert answer.answer.objective > 1


def test_parallelism_of_a_plan_that_serves() -> None:
    """The split is searched with the plan's slots."""
    plan = {**CHAT, "hardware": {"name": "H100", "accelerators": 8}, "serving": {"requests_per_second": 4, "slots": 16}}
    answer = mlsysim.optimize(plan, "parallelism")
    assert answer.evaluation.feasible
    assert (
        answer.answer.choice["split.tensor"]
        * answer.answer.choice["split.pipeline"]
        * answer.answer.choice["split.data"]
        == 8
    )


@pytest.mark.parametrize(("options", "message"), [
    ({"qps": None}, "no traffic to serve"), ({"qps": -1.0}, "is not above 0"), ({"qps": float("nan")}, "--qps: nan is not a finite number"),
    ({"sla": ["0 ms"]}, "is not above 0"), ({"sla": ["-5 ms"]}, "is not above 0"), ({"sla": ["soon"]}, "--sla"),
    ({"sla": ["50"]}, "--sla"), ({"sla": ["ttftt <= 3 s"]}, "did you mean"), ({"sla": ["ttft <= 3 GB"]}, "is a time"),
    ({"sla": ["mfu >= 3 s"]}, "--sla"), ({"percentile": 100.0}, "percentile"), ({"percentile": 0.0}, "percentile"),
    ({"objective": "latencyy"}, "did you mean"), ({"hardware": ["H100"]}, "is no option of batching"), ({"top": 0}, "below 1"),
])  # fmt: skip
def test_bad_requests_are_refused_in_words(options: dict[str, Any], message: str) -> None:
    """Traffic that is none, limits that are none, options of other problems."""
    with pytest.raises(InputError, match=message):
        found(**options)
