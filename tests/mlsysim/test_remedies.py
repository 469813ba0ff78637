"""What an infeasible plan is told to do instead, done literally."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

import mlsysim
from mlsysim.remedies import remedies
from mlsysim.symbolic.errors import InputError
from tests.conftest import plan

MODELS = [
    "Phi4",
    "Qwen2_7B",
    "Llama3_8B",
    "Llama3_70B",
    "Mixtral_8x7B",
    "DeepSeek_V3",
    "Yi_34B",
    "GPT3_175B",
    "Llama32_3B",
]
DEGREES = {"TP": "tensor", "PP": "pipeline", "DP": "data", "CP": "context", "EP": "expert", "microbatch": "microbatch",
           "ZeRO": "zero"}  # fmt: skip


def drawn(seed: int) -> dict[str, Any]:
    """A random plan whose split is given, and seldom one that exists and fits."""
    draw = random.Random(seed)
    trains = draw.random() < 0.6
    workload: dict[str, Any] = {"name": draw.choice(MODELS), "phase": "training" if trains else "inference",
                                "batch_size": draw.choice([8, 48, 64, 100, 256]),
                                "sequence_length": draw.choice([512, 1000, 2048])}  # fmt: skip
    count = draw.choice([4, 6, 8, 12, 24, 40, 64]) if trains else draw.choice([2, 4, 6, 8, 16, 20])
    split: dict[str, Any] = {"tensor": draw.choice([2, 3, 4, 5, 8])}
    if draw.random() < 0.5:
        split["pipeline"] = draw.choice([2, 3, 4])
    if draw.random() < 0.3:
        split["data"] = draw.choice([1, 2, 4])
    if trains and draw.random() < 0.5:
        split |= draw.choice(
            [{"context": 2}, {"microbatch": 3}, {"interleave": 3, "pipeline": 2}, {"zero": 0}, {"expert": 3}]
        )
    name = draw.choice(["H100", "A100", "L4", "MI300X"])
    return plan(workload=workload, hardware={"name": name, "accelerators": count}, parallelism=split)


def parsed(words: str) -> dict[str, Any]:
    """A split that is written in words, as a plan writes it."""
    split: dict[str, Any] = {DEGREES[label]: int(number.replace(",", "")) for label, number in
                             re.findall(r"\b(TP|PP|DP|CP|EP|microbatch|ZeRO) ([\d,]*\d)", words)}  # fmt: skip
    if saved := re.search(r"(no|selective|full) recomputation", words):
        split["recompute"] = {"no": "none"}.get(saved[1], saved[1])
    if chunks := re.search(r"(\d+) chunks a stage", words):
        split["interleave"] = int(chunks[1])
    return split


def applied(document: dict[str, Any], words: str) -> dict[str, Any]:
    """A plan with a remedy applied as it is written."""
    if split := re.fullmatch(r"the split (TP .*) fits", words):
        return {**document, "parallelism": parsed(split[1])}
    if fleet := re.fullmatch(r"([\d,]+) accelerators fit \((TP .*)\)", words):
        count = int(fleet[1].replace(",", ""))
        return {
            **document,
            "hardware": {**document["hardware"], "accelerators": count},
            "parallelism": parsed(fleet[2]),
        }
    if batch := re.fullmatch(r"batch_size ([\d,]+) fits", words):
        return {**document, "workload": {**document["workload"], "batch_size": int(batch[1].replace(",", ""))}}
    if precision := re.fullmatch(r"precision (\S+) fits", words):
        return {**document, "workload": {**document["workload"], "precision": precision[1]}}
    larger = re.fullmatch(r"(\S+) \(.*\) fits", words)
    assert larger, words
    return {**document, "hardware": {**document["hardware"], "name": larger[1]}}


@pytest.mark.parametrize("first", range(0, 120, 10))
def test_a_remedy_that_is_applied_as_it_is_written_fits(first: int) -> None:
    """The split that a remedy names exists, and the plan with it fits."""
    for seed in range(first, first + 10):
        document = drawn(seed)
        try:
            evaluation = mlsysim.evaluate(document)
        except InputError:  # a field that would change nothing
            continue
        if not evaluation.feasible:
            for words in remedies(evaluation):
                changed = applied(document, words)
                assert mlsysim.evaluate(changed).feasible, (seed, words)
