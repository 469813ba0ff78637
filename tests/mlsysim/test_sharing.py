"""A job on a shared cluster: its wait as a queue has it, simulated, and in closed form."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

import mlsysim
from mlsysim.symbolic.errors import InputError

DAY = 86400.0


def job(**shared: float) -> mlsysim.Evaluation:
    """A training job of fourteen days."""
    return mlsysim.evaluate({
        "version": "1.0", "workload": {"name": "Llama3_70B", "batch_size": 4096},
        "hardware": {"name": "H100", "nodes": 64}, "ops": {"duration_days": 14, **shared},
    })  # fmt: skip


def simulated(load: float, places: int, duration: Callable[[random.Random], float], jobs: int = 400_000) -> float:
    """The mean wait of jobs that arrive at random at so many places, in mean durations."""
    draw = random.Random(places)
    free = [0.0] * places
    now = waited = 0.0
    for _ in range(jobs):
        now += draw.expovariate(load * places)
        start = max(now, heapq.heappop(free))
        waited += start - now
        heapq.heappush(free, start + duration(draw))
    return waited / jobs


@pytest.mark.parametrize(("load", "places"), [(0.5, 1), (0.8, 1), (0.7, 4), (0.9, 8)])
def test_a_job_waits_as_long_as_in_a_simulated_cluster(load: float, places: int) -> None:
    """Jobs whose times are exponential, for which the law is exact."""
    found = job(shared_load=load, shared_places=places)
    expected = simulated(load, places, lambda draw: draw.expovariate(1.0))
    assert found["macro.queue_wait"] / (14 * DAY) == pytest.approx(expected, rel=0.05)
    assert found["macro.time_to_result"] == pytest.approx(found["macro.queue_wait"] + 14 * DAY)


@pytest.mark.parametrize("spread", [0.0, 0.5, 3.0])
def test_one_place_is_pollaczek_and_khinchine(spread: float) -> None:
    """Exact for any spread: load / (1 - load) times half of one and the spread's square."""
    wait = job(shared_load=0.6, shared_spread=spread)["macro.queue_wait"]
    assert wait == pytest.approx(0.6 / 0.4 * (1 + spread**2) / 2 * 14 * DAY)


def test_equal_jobs_at_many_places_wait_about_half() -> None:
    """The law is an approximation there: a simulation of equal times is within a tenth."""
    found = job(shared_load=0.9, shared_places=4, shared_spread=0)["macro.queue_wait"] / (14 * DAY)
    assert found == pytest.approx(simulated(0.9, 4, lambda draw: 1.0), rel=0.1)


def test_waiting_costs_nothing_and_an_idle_cluster_has_no_queue() -> None:
    """Nothing is held while the job waits; of a cluster that a plan says nothing of, nothing is known."""
    alone, idle, busy = job(), job(shared_load=0), job(shared_load=0.9)
    assert alone["macro.queue_wait"] is None
    assert "ops.shared_load" in alone.skipped["macro.queue_wait"]
    assert idle["macro.queue_wait"] == 0
    assert busy["macro.tco"] == alone["macro.tco"]


def test_a_cluster_that_is_always_busy_is_refused() -> None:
    """Its queue grows without end."""
    with pytest.raises(InputError, match=r"ops\.shared_load: 1\.0 is above 0\.999"):
        job(shared_load=1.0)
