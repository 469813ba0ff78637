"""The graph against brute-force simulations written here."""

from __future__ import annotations

import math
import random

import pytest

from tests.physics.conftest import Evaluate, gpt


def ring_all_reduce(ranks: int, size: float, latency: float, bandwidth: float) -> float:
    """Pass parts round a ring, one round at a time, until every rank holds the sum of every part."""
    held = [[{rank} for _ in range(ranks)] for rank in range(ranks)]  # which ranks' data each part of a rank holds
    clock = 0.0
    for phase in ("reduce", "share"):
        for round_ in range(ranks - 1):
            sent = []
            for rank in range(ranks):
                shift = round_ if phase == "reduce" else round_ - 1
                part = (rank - shift) % ranks
                sent.append((part, set(held[rank][part])))
            for rank, (part, data) in enumerate(sent):
                neighbour = (rank + 1) % ranks
                held[neighbour][part] = held[neighbour][part] | data if phase == "reduce" else data
            clock += latency + size / ranks / bandwidth
    assert all(part == set(range(ranks)) for rank in held for part in rank)
    return clock


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 7, 8])
def test_an_all_reduce_takes_as_long_as_its_rounds(training: Evaluate, ranks: int) -> None:
    """Step by step, every part passes every rank twice."""
    found = training(
        **gpt(2, 512, 16, 1000, 128), tensor=ranks, accelerators=8, link_bandwidth=1e9, link_latency=1e-6,
        link_efficiency=1, batch_size=1,
    )  # fmt: skip
    expected = ring_all_reduce(ranks, found["communication.tensor_message"], 1e-6, 1e9)
    assert found["communication.tensor_reduce"] == pytest.approx(expected, rel=1e-12)


def one_forward_one_backward(stages: int, microbatches: int, forward: float, backward: float) -> float:
    """Run the 1F1B schedule event by event and return when the last stage-task ends."""
    orders = []
    for stage in range(stages):
        warm = min(stages - stage - 1, microbatches)
        order = [("f", i) for i in range(warm)]
        for i in range(microbatches - warm):
            order += [("f", warm + i), ("b", i)]
        order += [("b", i) for i in range(microbatches - warm, microbatches)]
        orders.append(order)
    ended: dict[tuple[str, int, int], float] = {}
    free = [0.0] * stages
    position = [0] * stages
    while any(position[s] < len(orders[s]) for s in range(stages)):
        progressed = False
        for stage in range(stages):
            if position[stage] == len(orders[stage]):
                continue
            kind, index = orders[stage][position[stage]]
            needs = ("f", stage - 1, index) if kind == "f" else ("b", stage + 1, index)
            if kind == "f" and stage == 0:
                ready = 0.0
            elif kind == "b" and stage == stages - 1:
                ready = ended[("f", stage, index)]
            elif needs in ended:
                ready = ended[needs]
            else:
                continue
            start = max(free[stage], ready)
            free[stage] = ended[(kind, stage, index)] = start + (forward if kind == "f" else backward)
            position[stage] += 1
            progressed = True
        assert progressed, "the schedule deadlocks"
    return max(free)


@pytest.mark.parametrize(("stages", "microbatches"), [(1, 4), (2, 2), (4, 4), (4, 12), (8, 8), (8, 32), (3, 7)])
def test_the_bubble_is_that_of_the_schedule(training: Evaluate, stages: int, microbatches: int) -> None:
    """1F1B, event by event, takes the slots of the equation."""
    found = training(
        **gpt(24, 512, 16, 1000, 128), pipeline=stages, batch_size=microbatches, devices=stages, peak=1e12, bandwidth=math.inf,
        link_bandwidth=math.inf, net_bandwidth=math.inf, accelerators=64, efficiency=0.5,
    )  # fmt: skip
    slot = found["communication.slot"]
    expected = one_forward_one_backward(stages, microbatches, slot / 3, 2 * slot / 3)
    assert microbatches * slot + found["performance.time_bubble"] == pytest.approx(expected, rel=1e-9)


def lost_share(write: float, mtbf: float, restart: float, period: float, seed: int) -> float:
    """Let a job fail at random and count the time that was not progress."""
    generator = random.Random(seed)
    clock = progress = 0.0
    to_failure = generator.expovariate(1 / mtbf)
    while progress < 4000 * mtbf**0.5 * write**0.5:
        whole = period + write
        if to_failure > whole:
            clock, progress, to_failure = clock + whole, progress + period, to_failure - whole
        else:
            clock += to_failure + restart
            to_failure = generator.expovariate(1 / mtbf)
    return 1 - progress / clock


@pytest.mark.parametrize(("write", "mtbf", "restart"), [(10.0, 40000.0, 300.0), (60.0, 90000.0, 600.0)])
def test_the_loss_of_a_failing_job_is_that_of_a_simulation(
    training: Evaluate, write: float, mtbf: float, restart: float
) -> None:
    """Random failures at the optimal period lose what the first-order equation says, within its order and the noise."""
    found = training(
        **gpt(2, 512, 16, 1000, 128), device_mtbf=mtbf * 8, devices=8, restart=restart, accelerators=8,
        filesystem_bandwidth=math.inf, node_bandwidth=1,
    )  # fmt: skip
    scale = found["checkpoint.size"] / write
    found = training(
        **gpt(2, 512, 16, 1000, 128), device_mtbf=mtbf * 8, devices=8, restart=restart, accelerators=8,
        filesystem_bandwidth=math.inf, node_bandwidth=scale,
    )  # fmt: skip
    assert found["checkpoint.stall"] == pytest.approx(write)
    period = found["fragility.period"]
    assert period == pytest.approx(math.sqrt(2 * write * mtbf))
    runs = [lost_share(write, mtbf, restart, period, seed) for seed in range(12)]
    assert sum(runs) / len(runs) == pytest.approx(found["fragility.lost"], rel=0.06)


def test_no_other_period_loses_less(training: Evaluate) -> None:
    """The stationary point is the minimum: the simulation at half and twice the period loses more."""
    write, mtbf = 30.0, 60000.0
    best = math.sqrt(2 * write * mtbf)
    mean = {f: sum(lost_share(write, mtbf, 0.0, f * best, s) for s in range(8)) / 8 for f in (0.4, 1.0, 2.5)}
    assert mean[1.0] < mean[0.4]
    assert mean[1.0] < mean[2.5]


def test_the_mean_context_is_that_of_the_steps(serving: Evaluate) -> None:
    """Averaging the context of every decode step gives the closed form."""
    for prompt, answer in [(100, 2), (512, 338), (8192, 17)]:
        steps = [prompt + i for i in range(1, answer)]
        found = serving(sequence_length=prompt, output_tokens=answer)
        assert found["serving.context"] == pytest.approx(sum(steps) / len(steps))
