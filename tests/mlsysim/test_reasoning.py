"""Plans that say how their model reasons: thoughts before the answer, several answers to a problem."""

from __future__ import annotations

import random

import pytest

import mlsysim
from mlsysim.symbolic.errors import InputError

PLAN = {
    "version": "1.0",
    "workload": {"name": "Llama3_8B", "phase": "inference", "batch_size": 64, "sequence_length": 1000, "output_tokens": 4000},
    "hardware": {"name": "H100", "accelerators": 1}, "ops": {"duration_days": 1},
}  # fmt: skip


def reasoning(**fields: float) -> mlsysim.Evaluation:
    """The plan with further fields of its workload."""
    return mlsysim.evaluate({**PLAN, "workload": {**PLAN["workload"], **fields}})


def test_the_answer_begins_when_its_thoughts_are_written() -> None:
    """One token after another; without thoughts it begins with the first token."""
    plain, thinking = reasoning(), reasoning(thought_tokens=3000)
    assert plain["performance.time_to_answer"] is None
    assert "workload.thought_tokens" in plain.skipped["performance.time_to_answer"]
    assert reasoning(samples=2)["performance.time_to_answer"] == plain["performance.ttft"]
    waits = thinking["performance.time_to_answer"] - thinking["performance.ttft"]
    assert waits == pytest.approx(3000 * thinking["performance.itl"])
    assert thinking["performance.latency"] == plain["performance.latency"]
    almost = reasoning(thought_tokens=3999)  # the answer is its last token
    assert almost["performance.time_to_answer"] == pytest.approx(almost["performance.latency"], rel=1e-3)


@pytest.mark.parametrize(("rate", "samples"), [(0.3, 8), (0.05, 20), (0.9, 2), (0.5, 1)])
def test_one_of_many_answers_is_right_as_often_as_in_a_simulation(rate: float, samples: int) -> None:
    """And each problem that is solved pays for those that are not."""
    draw, problems = random.Random(samples), 200_000
    solved = sum(any(draw.random() < rate for _ in range(samples)) for _ in range(problems)) / problems
    found = reasoning(samples=samples, solve_rate=rate)
    success = found["performance.success"]
    assert success == pytest.approx(solved, abs=4 * (solved * (1 - solved) / problems) ** 0.5)
    answers = found["macro.tokens"] / 4000
    assert found["macro.cost_per_solved"] * answers / samples * success == pytest.approx(found["macro.tco"])
    assert found["performance.problem_throughput"] == pytest.approx(64 / found["performance.latency"] / samples)


def test_what_is_not_said_is_not_guessed() -> None:
    """How often an answer is right is the model's and the problem's: without it nobody knows what a solution costs."""
    found = reasoning(samples=4)
    assert found["performance.success"] is None
    assert found["macro.cost_per_solved"] is None
    assert "workload.solve_rate" in found.skipped["performance.success"]


def test_thoughts_are_part_of_the_answer() -> None:
    """More of them than the answer has tokens are refused where they stand, and following the hint helps."""
    with pytest.raises(InputError, match="an answer has 4,000 tokens") as refused:
        reasoning(thought_tokens=4000)
    assert "workload.output_tokens" in str(refused.value.hint)
    assert reasoning(thought_tokens=4000, output_tokens=4500)["performance.time_to_answer"] is not None


def test_training_does_not_reason() -> None:
    """The fields change nothing there, and are refused."""
    training = {**PLAN, "workload": {"name": "Llama3_8B", "phase": "training", "samples": 4}}
    with pytest.raises(InputError, match=r"workload\.samples: it changes nothing in training"):
        mlsysim.evaluate(training)
