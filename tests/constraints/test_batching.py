"""Batching against brute force, and the replicas it starts from against counting upwards."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from mlsysim.constraints import problem as problem_module
from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.constraints.feasibility import holds
from mlsysim.constraints.search import search
from mlsysim.constraints.space import Options
from mlsysim.design.slots import SLOTS
from mlsysim.plan import load
from mlsysim.search.batching import BatchingTask, task
from mlsysim.search.replicas import CHUNK, DEVICES, LAYOUT
from mlsysim.symbolic.kernels import kernel
from tests.conftest import plan
from tests.constraints.brute_force import best_of, proves


def serving(**sections: Any) -> dict[str, Any]:
    """A plan without a batch, for searching one."""
    document = plan(**sections)
    document["workload"].pop("batch_size", None)
    return document


def instance(seed: int) -> tuple[BatchingTask, str, int]:
    """A small random problem: model, accelerator, traffic, limits, objective."""
    draw = random.Random(seed)
    workload: dict[str, Any] = {"name": draw.choice(["Llama3_8B", "Llama3_70B", "Mixtral_8x7B", "GPT2_XL", "ResNet50"])}
    tokens = workload["name"] != "ResNet50"
    if tokens:
        longest = 700 if workload["name"] == "GPT2_XL" else 1024
        workload |= {"sequence_length": draw.choice([256, 700, longest]), "output_tokens": draw.choice([16, 128, 256])}
    hardware: dict[str, Any] = {"name": draw.choice(["H100", "A100", "L4", "H200", "B200"])}
    if draw.random() < 0.3:
        hardware["accelerators"] = draw.choice([4, 16, 64])
    limits = ["latency <= 40 ms"]
    if tokens:
        limits = draw.sample(["60 ms", "itl <= 80 ms", "ttft <= 900 ms", "latency <= 12 s"], draw.choice([1, 2]))
    made = task(
        load(serving(workload=workload, hardware=hardware, ops={"region": "Quebec", "duration_days": 1.0})),
        sla=limits, qps=draw.choice([0.2, 1.0, 7.5, 40.0]), percentile=draw.choice([50.0, 90.0, 99.0]),
    )  # fmt: skip
    objective, sense = draw.choice(
        [(DEVICES, 1), ("performance.latency", 1), ("macro.carbon", 1), ("performance.mfu", -1)]
    )
    return replace(made, space=thinned(made.space, draw)), objective, sense


def thinned(space: Any, draw: random.Random) -> Any:
    """A space that brute force can walk in a moment: some of every decision's values, under every option."""

    def some(values: tuple[int, ...], most: int) -> tuple[int, ...]:
        return tuple(sorted(draw.sample(values, min(len(values), most))))

    if LAYOUT not in space.options:
        return replace(space, domains={DEVICES: some(space.domains[DEVICES], 4), SLOTS: some(space.domains[SLOTS], 6)})
    kept = some(space.domains[LAYOUT], 3)
    held = space.options[LAYOUT]
    chunks = some(space.domains[CHUNK], 2)
    domains = []
    for number in kept:
        offered = held.domains[number]
        replicas = some(offered["split.data"][:6], 3)
        ranks = offered[DEVICES][0] // offered["split.data"][0]
        domains.append({
            "split.data": replicas, DEVICES: tuple(ranks * r for r in replicas), SLOTS: some(offered[SLOTS], 4), CHUNK: chunks,
        })  # fmt: skip
    leaves = {leaf: tuple(column[number] for number in kept) for leaf, column in held.leaves.items()}
    together = {name: tuple(sorted({v for one in domains for v in one[name]})) for name in domains[0]}
    return replace(
        space, domains={LAYOUT: tuple(range(len(kept))), **together}, options={LAYOUT: Options(leaves, tuple(domains))}
    )


def points(space: Any) -> Any:
    """Every combination of values, with all leaves."""
    options = space.options.get(LAYOUT)
    for number in space.domains.get(LAYOUT, (None,)):
        domains = dict(space.domains) if number is None else dict(options.domains[number])
        chosen = {} if number is None else {leaf: column[number] for leaf, column in options.leaves.items()}
        for combination in itertools.product(*domains.values()):
            yield {**space.values, **chosen, **dict(zip(domains, map(float, combination), strict=True))}


def brute_force(space: Any, objective: str, sense: int, bounds: list[Bound]) -> float | None:
    """Every combination."""
    return best_of(points(space), space.variant, objective, sense, bounds)


@pytest.mark.parametrize("seed", range(50))
def test_the_optimum_is_that_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-SAT finds the best of all combinations, or proves that there is none; its bound never passes it."""
    monkeypatch.setattr(problem_module.Problem, "everything", None)  # the solver alone, without its own check
    made, objective, sense = instance(seed)
    expected = brute_force(made.space, objective, sense, made.bounds)
    answer = search(made.space, Goal.of(objective, sense), bounds=made.bounds)
    proves(answer, expected, sense)


def test_random_problems_have_answers_and_have_none() -> None:
    """What brute force is compared with is neither always possible nor never."""
    found = [
        brute_force(made.space, objective, sense, made.bounds) for made, objective, sense in map(instance, range(50))
    ]
    assert 25 <= sum(each is not None for each in found) <= 45


@pytest.mark.parametrize("seed", range(300, 312))
def test_replicas_start_at_the_fewest_that_do(seed: int) -> None:
    """Counting upwards from one, no fewer replicas keep the limits with any slots and chunk that are looked at."""
    draw = random.Random(seed)
    name = draw.choice(["Llama3_8B", "Llama3_70B"])
    made = task(
        load(serving(workload={"name": name, "sequence_length": 512, "output_tokens": 64}, hardware={"name": "H100"})),
        sla=[draw.choice(["30 ms", "ttft <= 400 ms"])], qps=draw.choice([3.0, 20.0, 60.0]),
    )  # fmt: skip
    options = made.space.options[LAYOUT]
    number = draw.randrange(len(options.domains))
    offered, compiled = options.domains[number], kernel(made.space.variant)
    chosen = {leaf: column[number] for leaf, column in options.leaves.items()}
    ranks = offered[DEVICES][0] // offered["split.data"][0]

    def keeps(replicas: int, slots: int, chunk: int) -> bool:
        leaves = {
            **made.space.values,
            **chosen,
            "split.data": replicas,
            DEVICES: ranks * replicas,
            SLOTS: slots,
            CHUNK: chunk,
        }
        values = {**leaves, **dict(zip(compiled.names, compiled([leaves[n] for n in compiled.leaves]), strict=True))}
        return holds(made.space.variant, values) and all(values[b.quantity] <= b.value for b in made.bounds)

    first = offered["split.data"][0]
    several = offered[SLOTS][:: max(1, len(offered[SLOTS]) // 12)]
    assert any(keeps(first, s, c) for s in offered[SLOTS] for c in offered[CHUNK])
    assert not any(keeps(r, s, c) for r in range(1, first) for s in several for c in offered[CHUNK])
