"""Failures against Monte-Carlo runs, Daly's printed intervals and limits."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from mlsysim.symbolic.graph import wall

MINUTE, HOUR = 60.0, 3600.0


def law(**values: float) -> dict[str, float]:
    """The wall's laws at some values."""
    return wall("fragility").wall.evaluate(**values)


@pytest.mark.parametrize(("mtbf", "printed"), [(24 * HOUR, 117), (6 * HOUR, 57), (15 * MINUTE, 9.1)])
def test_the_interval_is_the_one_daly_prints(mtbf: float, printed: float) -> None:
    """Daly 2006, figures 3 to 5 (write 5 min, restart 10 min): 117, 57 and 9.1 minutes, to the digits printed."""
    found = law(job_mtbf=mtbf, stall=5 * MINUTE)["daly"] / MINUTE
    assert found == pytest.approx(printed, abs=0.05 if printed < 10 else 0.5)


def best_by_search(write: float, mtbf: float) -> float:
    """The interval that minimises the expected time, by golden section."""
    low, high = 1e-6 * mtbf, mtbf
    cost = lambda tau: math.log(math.expm1((tau + write) / mtbf)) - math.log(tau)  # noqa: E731
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(200):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return (low + high) / 2


@pytest.mark.parametrize("share", [1e-4, 1e-3, 1e-2, 0.1, 0.5])
def test_the_higher_order_is_nearer_the_true_optimum(share: float) -> None:
    """A search over Daly's whole cost finds his interval up to the third power of the root, and Young's up to the first."""
    mtbf = 10 * HOUR
    found = law(job_mtbf=mtbf, stall=share * mtbf)
    true = best_by_search(share * mtbf, mtbf)
    root = math.sqrt(share / 2)
    assert found["daly"] == pytest.approx(true, rel=root**3 + 1e-7)
    assert abs(found["daly"] - true) < 0.2 * abs(found["period"] - true)


def test_a_write_longer_than_two_failures_saves_once_per_failure() -> None:
    """Beyond a write of twice the time between failures the interval is the time between failures, and meets the series."""
    assert law(job_mtbf=100, stall=500)["daly"] == 100
    below = law(job_mtbf=100, stall=200 * (1 - 1e-12))["daly"]
    assert below == pytest.approx(200 * (1 + 1 / 3 + 1 / 9) - 200, rel=1e-9)
    assert best_by_search(5000, 100) == pytest.approx(100, rel=1e-6)


def elapsed(write: float, mtbf: float, restart: float, period: float, segments: int, seed: int) -> float:
    """Let a job fail at random, also while it restarts, until it has passed some segments of work."""
    generator = random.Random(seed)
    clock = 0.0
    to_failure = generator.expovariate(1 / mtbf)
    for _ in range(segments):
        needed = period + write
        while to_failure < needed:
            clock += to_failure
            to_failure = generator.expovariate(1 / mtbf)
            needed = restart + period + write
        clock, to_failure = clock + needed, to_failure - needed
    return clock


@pytest.mark.parametrize(
    ("write", "mtbf", "restart", "period"),
    [(60, 3 * HOUR, 600, 1200), (300, 6 * HOUR, 600, 57 * MINUTE), (300, 900, 600, 9.1 * MINUTE)],
)
def test_the_whole_cost_is_that_of_random_failures(write: float, mtbf: float, restart: float, period: float) -> None:
    """Forty independent runs take the expected time within four standard errors of their mean."""
    segments = 400
    runs = [elapsed(write, mtbf, restart, period, segments, seed) for seed in range(40)]
    found = law(job_mtbf=mtbf, stall=write, restart=restart, period=period, solution=segments * period)
    error = statistics.stdev(runs) / math.sqrt(len(runs))
    assert abs(statistics.mean(runs) - found["elapsed"]) < 4 * error
    assert error < 0.05 * found["elapsed"]
    assert found["progress"] == pytest.approx(segments * period / found["elapsed"])


def test_random_failures_prefer_dalys_interval() -> None:
    """Where a third of the time between failures goes into a write, runs at Daly's interval beat Young's and others."""
    mtbf, write, restart, work = 900.0, 300.0, 60.0, 200_000.0
    found = law(job_mtbf=mtbf, stall=write)
    mean = {}
    for name, period in {"daly": found["daly"], "young": found["period"], "short": found["daly"] / 3}.items():
        segments = round(work / period)
        runs = [elapsed(write, mtbf, restart, period, segments, seed) / (segments * period) for seed in range(60)]
        mean[name] = statistics.mean(runs)
    assert mean["daly"] < mean["young"]
    assert mean["daly"] < mean["short"]


def test_without_failures_only_writes_cost() -> None:
    """The limits of the exact cost: no failures, and the first order for rare failures."""
    rare = law(job_mtbf=1e15, stall=30, restart=60, period=970)
    assert rare["progress"] == pytest.approx(970 / 1000, rel=1e-9)
    found = law(job_mtbf=1e8, stall=30, restart=60)
    assert 1 - found["progress"] == pytest.approx(found["lost_by_period"], rel=2e-3)


def test_the_chance_of_a_failure_is_that_of_the_first_of_many() -> None:
    """Drawing the first failure of 64 accelerators gives the probability within four standard errors."""
    devices, mtbf, span, draws = 64, 5e4 * HOUR, 500 * HOUR, 20000
    generator = random.Random(15)
    failed = sum(generator.expovariate(devices / mtbf) < span for _ in range(draws)) / draws
    found = law(devices=devices, device_mtbf=mtbf, span=span)["failure"]
    assert abs(failed - found) < 4 * math.sqrt(found * (1 - found) / draws)
    assert law(devices=devices, device_mtbf=mtbf, span=1e-3)["failure"] == pytest.approx(1e-3 * devices / mtbf)
    assert law(devices=devices, device_mtbf=mtbf, span=1e12)["failure"] == 1


def test_the_failures_of_llama_3_give_its_mean_time() -> None:
    """Grattafiori et al. 2024, section 3.3.4: 419 unexpected interruptions in 54 days on 16384 GPUs, about one in 3 h."""
    per_device = 16384 * 54 * 24 * HOUR / 419
    found = law(devices=16384, device_mtbf=per_device, span=24 * HOUR)
    assert found["job_mtbf"] == pytest.approx(3.09 * HOUR, rel=2e-3)
    assert found["failure"] > 0.999  # "at least one training interruption daily"


def interruptions(devices: int, group: int, own: float, shared: float, horizon: float, seed: int) -> int:
    """Count the moments at which something that the job needs fails: every accelerator and every group is a clock."""
    generator = random.Random(seed)
    count = 0
    for rate, parts in ((own, devices), (shared, devices // group)):
        for _ in range(parts):
            clock = generator.expovariate(rate) if rate else math.inf
            while clock < horizon:
                count += 1
                clock += generator.expovariate(rate)
    return count


def test_shared_parts_and_common_causes_interrupt_as_counted() -> None:
    """Counting failures of accelerators and of groups gives both laws within four standard deviations of a count."""
    devices, group, device_mtbf, group_mtbf, horizon = 32, 8, 1000.0, 3000.0, 2e5
    shared = law(devices=devices, group=group, device_mtbf=device_mtbf, group_mtbf=group_mtbf)["joint_mtbf"]
    count = interruptions(devices, group, 1 / device_mtbf, 1 / group_mtbf, horizon, 1)
    assert abs(count - horizon / shared) < 4 * math.sqrt(horizon / shared)
    common = 0.3
    found = law(devices=devices, group=group, device_mtbf=device_mtbf, common=common)["common_mtbf"]
    count = interruptions(devices, group, (1 - common) / device_mtbf, common / device_mtbf, horizon, 2)
    assert abs(count - horizon / found) < 4 * math.sqrt(horizon / found)


def test_correlation_has_its_two_ends() -> None:
    """No common cause is independence; only common causes leave as many parts as groups."""
    base = {"devices": 64, "group": 8, "device_mtbf": 1e6}
    assert law(common=0, **base)["common_mtbf"] == pytest.approx(1e6 / 64)
    assert law(common=1, **base)["common_mtbf"] == pytest.approx(8 * 1e6 / 64)
    assert law(group_mtbf=math.inf, **base)["joint_mtbf"] == pytest.approx(1e6 / 64)
