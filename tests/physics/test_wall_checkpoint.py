"""Checkpoints against a published size, a clock that saves step by step, and a search for the best period."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from mlsysim.symbolic.graph import wall


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("checkpoint").wall.evaluate(**values)


def test_adam_keeps_fourteen_bytes() -> None:
    """Rajbhandari et al. 2020, section 3.1: two bytes of weights and twelve of optimizer state, gradients left out."""
    assert law(nodes=1, node_bandwidth=1, filesystem_bandwidth=1)["per_parameter"] == 2 + 4 + 4 + 4


def test_a_trillion_parameters_take_the_checkpoint_narayanan_prints() -> None:
    """Narayanan et al. 2021, section 5.10: 13.8 terabytes, 13.7 bytes of each of 1.008e12 parameters, within 3 %.

    Written at the 273 GB/s that the section prints, which 384 nodes share, the job waits for 51 seconds.
    """
    found = law(
        parameters=1.008e12, weight_bytes=2, state_bytes=12, nodes=384, node_bandwidth=25e9, filesystem_bandwidth=273e9
    )
    assert found["size"] == pytest.approx(13.8e12, rel=0.03)
    assert found["rate"] == 273e9
    assert found["stall"] == pytest.approx(13.8e12 / 273e9, rel=0.03)


def test_few_nodes_write_slower_than_the_file_system_takes() -> None:
    """Until they fill the file system, twice the nodes write in half the time; then no more."""
    base = dict(size=1e12, node_bandwidth=2e9, filesystem_bandwidth=62e9)
    assert law(nodes=8, **base)["stall"] == pytest.approx(2 * law(nodes=16, **base)["stall"])
    assert law(nodes=64, **base)["stall"] == law(nodes=128, **base)["stall"] == pytest.approx(1e12 / 62e9)


def saving(copy: float, write: float, period: float, times: int) -> float:
    """Run a job that copies its state when host memory is free and writes it behind its work; its mean stall."""
    clock = work = written_at = 0.0
    for _ in range(times):
        work, clock = work + period, clock + period
        clock = max(clock, written_at) + copy
        written_at = clock + write
    return (clock - work) / times


@pytest.mark.parametrize("period", [30.0, 60.0, 200.0])
def test_an_asynchronous_save_stalls_as_a_clock_says(period: float) -> None:
    """Stepping from save to save stalls for the copy, and for a write that is not yet done."""
    size, devices, host, rate = 8e12, 512, 50e9, 100e9
    found = law(size=size, devices=devices, host_bandwidth=host, rate=rate, period=period)
    copy, write = size / devices / host, size / rate
    assert found["copy_time"] == pytest.approx(copy)
    # The first save finds no write before it.
    assert found["async_stall"] == pytest.approx(saving(copy, write, period, 5000), rel=1e-3)


def lost(stall: float, mtbf: float, period: float) -> float:
    """First-order loss at any period."""
    return stall / period + period / (2 * mtbf)


def test_the_penalty_is_that_of_the_best_period() -> None:
    """Searching the period of least loss gives the penalty, for the whole write and for the copy alone."""
    size, devices, host, rate, mtbf = 2e12, 512, 50e9, 50e9, 4 * 3600.0
    found = law(size=size, devices=devices, host_bandwidth=host, rate=rate, job_mtbf=mtbf)
    grid = [math.exp(0.0005 * i) for i in range(20000)]
    for stall, penalty in ((size / rate, found["penalty"]), (size / devices / host, found["async_penalty"])):
        best = min(grid, key=lambda period: lost(stall, mtbf, period))
        assert penalty == pytest.approx(stall / best, rel=1e-3)
    assert found["gain"] == pytest.approx(found["penalty"] / found["async_penalty"])
    assert found["gain"] == pytest.approx(math.sqrt(devices * host / rate))


def failing(copy: float, write: float, period: float, mtbf: float, restart: float, periods: int, seed: int) -> float:
    """Let a job with background writes fail at random; share of time that was not progress.

    A failure falls back to the last checkpoint whose write had ended.
    """
    generator = random.Random(seed)
    clock = done = safe = 0.0
    pending: list[tuple[float, float]] = []  # when a write ends, and the work it holds
    failure = generator.expovariate(1 / mtbf)
    while done < periods * period:
        step = period + copy
        if clock + step <= failure:
            clock, done = clock + step, done + period
            pending.append((clock + write, done))
        else:
            safe = max([safe, *(work for ends, work in pending if ends <= failure)])
            clock, done, pending = failure + restart, safe, []
            failure = clock + generator.expovariate(1 / mtbf)
    return 1 - done / clock


def test_a_background_write_loses_what_was_not_yet_saved() -> None:
    """Random failures lose the first-order share of the law within four standard errors and its own order."""
    copy, write, mtbf, restart = 2.0, 60.0, 20000.0, 100.0
    period = math.sqrt(2 * copy * mtbf)
    runs = [failing(copy, write, period, mtbf, restart, 6000, seed) for seed in range(24)]
    expected = copy / period + (period / 2 + write) / mtbf + restart / mtbf
    error = statistics.stdev(runs) / math.sqrt(len(runs))
    found = law(copy_time=copy, job_mtbf=mtbf, write_time=write, restart=restart)
    assert found["period"] == pytest.approx(period)
    assert found["async_loss"] == pytest.approx(expected)
    assert abs(statistics.mean(runs) - expected) < 4 * error + expected**2
    assert error < 0.05 * expected


def test_a_write_must_end_within_the_period() -> None:
    """A write shorter than the best period delays nothing; a longer one delays by the difference."""
    mtbf, copy = 10000.0, 2.0
    best = math.sqrt(2 * copy * mtbf)
    assert law(copy_time=copy, job_mtbf=mtbf, write_time=best / 2)["late"] == 0
    assert law(copy_time=copy, job_mtbf=mtbf, write_time=best + 7)["late"] == pytest.approx(7)
