"""Wall 9 against an event simulation of readers, workers and accelerators."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from mlsysim.symbolic.graph import wall


def law(**values: float) -> dict[str, float]:
    """The wall's laws on plain values."""
    found = wall("transformation").wall
    assert found
    return found.evaluate(**values)


def pipeline(
    reading: float,
    training: float,
    workers: int,
    batch: int,
    service: Callable[[], float],
    batches: int,
    depth: int = 24,
) -> tuple[float, float]:
    """Run batches through reading, a pool of workers that take sample after sample, and training.

    At most ``depth`` batches are between the start of reading and the start of training; with none, reading waits until
    training has ended. Returns the time of a step and
    the share of it in which training waits, over the later half of the batches.
    """
    pool = [0.0] * workers
    reader = 0.0
    ended: list[float] = []
    for index in range(batches):
        room = 0.0
        if index >= max(depth, 1):
            room = ended[index - depth] - training if depth else ended[-1]
        reader = max(reader, room) + reading
        ready = 0.0
        for _ in range(batch):
            free = heapq.heappop(pool)
            done = max(free, reader) + service()
            heapq.heappush(pool, done)
            ready = max(ready, done)
        ended.append(max(ready, ended[-1] if ended else 0.0) + training)
    counted = batches // 2
    step = (ended[-1] - ended[-1 - counted]) / counted
    return step, 1 - training / step


@pytest.mark.parametrize(
    ("reading", "training", "workers"),
    [(0.1, 0.2, 1), (0.1, 0.2, 3), (0.1, 0.2, 6), (0.1, 0.2, 9), (0.5, 0.2, 2), (0.5, 0.2, 7), (0.01, 0.01, 5)],
)
def test_a_pipeline_steps_as_fast_as_its_slowest_part(reading: float, training: float, workers: int) -> None:
    """Sample by sample, over a whole number of rounds of the workers, to rounding errors."""
    batch, rate = 32, 20.0
    step, stall = pipeline(reading, training, workers, batch, lambda: 1 / rate, batches=2 * 20 * workers)
    found = law(fetch_time=reading, accelerator_time=training, batch_size=batch, workers=workers, worker_rate=rate)
    assert step == pytest.approx(found["step_time"], rel=1e-9)
    assert stall == pytest.approx(found["stall"], abs=1e-9)


def test_workers_of_random_speed_are_as_fast_as_their_mean() -> None:
    """Exponential times of 16 000 samples: the mean is known to 1/126, and three of those are allowed."""
    generator = random.Random(9)
    batch, rate, workers = 32, 20.0, 4
    step, _ = pipeline(0.1, 0.2, workers, batch, lambda: generator.expovariate(rate), batches=1000)
    found = law(fetch_time=0.1, accelerator_time=0.2, batch_size=batch, workers=workers, worker_rate=rate)
    assert found["step_time"] == found["transform_time"] == pytest.approx(0.4)
    assert step == pytest.approx(found["step_time"], rel=3 / 126)


@pytest.mark.parametrize(("reading", "training", "rate"), [(0.1, 0.2, 20.0), (0.4, 0.2, 20.0), (0.1, 0.3, 13.0)])
def test_the_workers_needed_are_the_fewest_that_do_not_slow_the_pipeline(
    reading: float, training: float, rate: float
) -> None:
    """Adding workers one by one, the simulated step stops shrinking at the number of the law."""
    batch, best = 32, max(reading, training)
    needed = law(fetch_time=reading, accelerator_time=training, batch_size=batch, worker_rate=rate)["workers_needed"]
    for workers in range(1, int(needed) + 3):
        step, _ = pipeline(reading, training, workers, batch, lambda: 1 / rate, batches=2 * 20 * workers)
        assert (step == pytest.approx(best, rel=1e-9)) == (workers >= needed), workers


def test_one_thing_after_another_takes_the_sum() -> None:
    """Without a pipeline, where reading waits until training has ended, nothing hides behind anything."""
    batch, rate, workers = 32, 20.0, 4
    step, _ = pipeline(0.1, 0.2, workers, batch, lambda: 1 / rate, batches=40, depth=0)
    found = law(fetch_time=0.1, accelerator_time=0.2, batch_size=batch, workers=workers, worker_rate=rate)
    assert step == pytest.approx(found["serial_time"]) == pytest.approx(0.1 + 0.4 + 0.2)


def test_one_worker_does_all_the_work() -> None:
    """A worker alone takes as long as its samples, and n workers an n-th of that."""
    alone = law(batch_size=256, workers=1, worker_rate=100)["transform_time"]
    assert alone == pytest.approx(2.56)
    assert law(batch_size=256, workers=8, worker_rate=100)["transform_time"] == pytest.approx(alone / 8)


@pytest.mark.parametrize(("rate", "needed"), [(160.0, 1), (159.9, 2), (80.0, 2), (79.9, 3)])
def test_workers_come_whole(rate: float, needed: int) -> None:
    """A worker more is needed as soon as the others fall short, and none before."""
    assert law(fetch_time=0.1, accelerator_time=0.2, batch_size=32, worker_rate=rate)["workers_needed"] == needed


def test_nobody_waits_when_training_is_slowest() -> None:
    """The stall vanishes when neither reading nor transforming decides."""
    assert law(fetch_time=0.1, accelerator_time=0.2, transform_time=0.2)["stall"] == 0
    assert law(fetch_time=0.1, accelerator_time=0.2, transform_time=0.4)["stall"] == pytest.approx(0.5)
