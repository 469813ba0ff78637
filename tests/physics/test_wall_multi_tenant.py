"""Wall 16 against simulated queues, known formulas and every way to place jobs."""

from __future__ import annotations

import itertools
import math

import numpy
import pytest

from mlsysim.symbolic.graph import wall
from mlsysim.symbolic.walls.fleet.multi_tenant import wall as multi_tenant
from tests.physics.queues import Draw, erlang, exponential, fixed, measured, replications, two_kinds


def laws(**values: float) -> dict[str, float]:
    """The wall's laws on the values a test chooses."""
    found = wall("multi_tenant").wall
    assert found is not None
    return found.evaluate(**values)


def queue(rho: float, square_spread: float = 1.0, servers: int = 1, **values: float) -> dict[str, float]:
    """The laws of a queue whose services take one second on average."""
    return laws(arrivals=rho * servers, rate=1.0, servers=servers, service_spread=math.sqrt(square_spread), **values)


SERVICES: dict[str, tuple[Draw, float]] = {
    "equal": (fixed(1.0), 0.0),
    "even": (erlang(1.0, 4), 0.25),
    "random": (exponential(1.0), 1.0),
    "short and long": (two_kinds(1.0, 4.0), 4.0),
}


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("rho", [0.3, 0.8])
def test_a_simulated_server_waits_as_pollaczek_and_khinchine_say(kind: str, rho: float) -> None:
    """Whatever the services, the mean wait is exact within the statistical error."""
    service, square = SERVICES[kind]
    mean = measured([float(run.mean()) for run in replications(exponential(1 / rho), service, requests=60_000)])
    assert mean.error < 0.04 * mean.mean
    assert mean.agrees(queue(rho, square)["random_wait"])


@pytest.mark.parametrize(
    ("mean", "deviation", "arrivals", "waiting"),
    [
        (1.0, 0.0, 0.8, 1.6),  # half of the next
        (1.0, 1.0, 0.8, 3.2),  # Kelton, Smith and Sturrock, Simio and Simulation, problem 2.6.1: L_q = 3.2
        (1.0, math.sqrt(1.8**2 / 12), 0.8, 2.032),  # even between 0.1 and 1.9
    ],
)
def test_the_queue_is_as_long_as_the_textbook_formula_says(
    mean: float, deviation: float, arrivals: float, waiting: float
) -> None:
    """L_q = (lambda^2 sigma^2 + rho^2) / (2 (1 - rho)), the form in which textbooks state it."""
    found = laws(arrivals=arrivals, rate=1 / mean, service_spread=deviation / mean)
    rho = arrivals * mean
    assert arrivals * found["random_wait"] == pytest.approx((arrivals**2 * deviation**2 + rho**2) / (2 * (1 - rho)))
    assert arrivals * found["random_wait"] == pytest.approx(waiting)


@pytest.mark.parametrize("rho", [0.1, 0.5, 0.9, 0.99])
def test_equal_services_wait_half_as_long_as_random_ones(rho: float) -> None:
    """M/D/1 is rho / (2 mu (1 - rho)), half of M/M/1."""
    assert queue(rho)["fixed_wait"] == pytest.approx(rho / (2 * (1 - rho)))
    assert queue(rho)["random_wait"] == pytest.approx(2 * queue(rho)["fixed_wait"])
    assert queue(rho, 0.0)["random_wait"] == pytest.approx(queue(rho)["fixed_wait"])


@pytest.mark.parametrize("rho", [0.5, 0.85])
def test_a_simulated_server_of_equal_services_has_erlangs_distribution(rho: float) -> None:
    """The shares in time of simulated waits, and their quantiles, are those of the distribution."""
    runs = replications(exponential(1 / rho), fixed(1.0), requests=60_000)
    for moment in (1e-12, 0.4, 1.0, 2.7, 6.3):
        share = measured([float((run <= moment).mean()) for run in runs])
        assert share.agrees(queue(rho, moment=moment)["fixed_in_time"]), moment
    for share_wanted in (0.9, 0.99):
        low, high = 0.0, 50.0
        for _ in range(30):
            middle = (low + high) / 2
            low, high = (middle, high) if queue(rho, moment=middle)["fixed_in_time"] < share_wanted else (low, middle)
        assert measured([float((run > high).mean()) for run in runs]).agrees(1 - share_wanted)


def test_the_distribution_of_equal_services_has_the_mean_of_the_law() -> None:
    """Adding up the probability to wait longer gives the mean wait (Simpson's rule, up to 16 services)."""
    rho, step = 0.7, 0.25
    longer = [1 - queue(rho, moment=max(1e-12, i * step))["fixed_in_time"] for i in range(65)]
    integral = step / 3 * (longer[0] + 4 * sum(longer[1::2]) + 2 * sum(longer[2:-1:2]) + longer[-1])
    assert integral == pytest.approx(queue(rho)["fixed_wait"], rel=1e-3)
    assert longer[0] == pytest.approx(rho)
    assert longer == sorted(longer, reverse=True)


@pytest.mark.parametrize("square", [0.25, 4.0])
def test_the_tail_near_saturation_is_that_of_wall_7(square: float) -> None:
    """At 95 % load the slowest tenth of simulated waits begins where the exponential tail says, to the spare share."""
    rho, share = 0.95, 0.9
    service = erlang(1.0, 4) if square < 1 else two_kinds(1.0, 4.0)
    found = wall("tail_latency").wall
    assert found is not None
    quantile = found.evaluate(
        arrivals=rho, rate=1.0, servers=1, arrival_spread=1.0, service_spread=math.sqrt(square), share=share
    )["wait_quantile"]
    runs = replications(exponential(1 / rho), service, runs=40, requests=200_000)
    slow = measured([float((run > quantile).mean()) for run in runs])
    assert slow.error < 0.1 * (1 - share)
    assert slow.agrees(1 - share, also=(1 - rho) * (1 - share))


@pytest.mark.parametrize(("servers", "rho"), [(2, 0.8), (4, 0.9), (8, 0.9)])
def test_many_simulated_servers_of_equal_services_wait_about_as_long(servers: int, rho: float) -> None:
    """The approximation misses M/D/c by what Cosmetatos (1975) found and no more."""
    runs = replications(exponential(1 / (rho * servers)), fixed(1.0), servers, runs=16, requests=40_000)
    mean = measured([float(run.mean()) for run in runs])
    shared = queue(rho, 0.0, servers)["shared_wait"]
    missed = (1 - rho) * (servers - 1) * (math.sqrt(4 + 5 * servers) - 2) / (16 * servers * rho)
    assert mean.error < 0.03 * mean.mean
    assert missed < 0.06
    assert mean.agrees(shared * (1 + missed), also=0.01 * shared)
    assert mean.agrees(shared, also=missed * shared + 0.01 * shared)


@pytest.mark.parametrize("square", [0.0, 0.25, 1.0, 4.0])
def test_many_servers_are_one_server_where_there_is_one(square: float) -> None:
    """For c = 1 the approximation is exact."""
    found = queue(0.8, square)
    assert found["shared_wait"] == pytest.approx(found["random_wait"])
    assert found["gap"] == 0


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.7), (3, 0.8)])
def test_as_many_requests_are_here_as_little_says(servers: int, rho: float) -> None:
    """Counting who is here at every moment of a simulation, not asking how long they stay, gives L."""
    counts = []
    for seed in range(20):
        generator = numpy.random.default_rng(seed)
        arrivals, here, clock, area, watched = rho * servers, 0, 0.0, 0.0, 0.0
        events, steps = generator.random(60_000), generator.exponential(1.0, 60_000)
        for number, (event, step) in enumerate(zip(events.tolist(), steps.tolist(), strict=True)):
            speed = arrivals + min(here, servers)
            if number >= 10_000:
                area, watched = area + here * step / speed, watched + step / speed
            clock += step / speed
            here += 1 if event * speed < arrivals else -1
        counts.append(area / watched)
    found = queue(rho, 1.0, servers)
    assert measured(counts).agrees(found["tenants"])
    assert found["tenants"] == pytest.approx(rho * servers * (found["shared_wait"] + 1))


@pytest.mark.parametrize("arrivals", [1.0, 1.7])
def test_a_fleet_that_gets_too_much_has_no_number(arrivals: float) -> None:
    """From full utilisation on every wait is infinite, and so is the number that waits."""
    found = queue(arrivals, 0.5, 3)
    alone = laws(arrivals=arrivals, rate=1.0, service_spread=0.5, moment=4.0)
    assert {found[name] for name in ("shared_wait", "answer", "tenants")} == {math.inf}
    assert {alone[name] for name in ("random_wait", "fixed_wait")} == {math.inf}
    assert alone["fixed_in_time"] == 0


@pytest.mark.parametrize("free", range(1, 17))
@pytest.mark.parametrize("job", [1, 2, 3, 4, 8])
def test_what_is_stranded_is_what_placing_jobs_leaves(free: int, job: int) -> None:
    """Putting jobs on a node one by one until none fits leaves the stranded accelerators."""
    left = free
    while left >= job:
        left -= job
    found = laws(free=free, job=job)
    assert found["stranded"] == left
    assert found["stranded_share"] == pytest.approx(left / free)


@pytest.mark.parametrize(("nodes", "size", "job"), [(3, 4, 4), (3, 4, 3), (4, 3, 2), (2, 8, 8)])
def test_no_fleet_hides_more_than_the_worst(nodes: int, size: int, job: int) -> None:
    """Of all ways in which accelerators can be free, the most without a place for a job is the law's."""
    stuck = [sum(f) for f in itertools.product(range(size + 1), repeat=nodes) if max(f) < job]
    assert laws(job=job, accelerators=size)["hidden_share"] == pytest.approx(max(stuck) / (nodes * size))


@pytest.mark.parametrize(("nodes", "size"), [(3, 4), (4, 3)])
def test_the_largest_job_that_surely_fits_fits_every_spread(nodes: int, size: int) -> None:
    """Of all ways to spread the free accelerators, the worst still has a node for it, and no larger job is sure."""
    ways = list(itertools.product(range(size + 1), repeat=nodes))
    for free in range(1, nodes * size + 1):
        sure = min(max(way) for way in ways if sum(way) == free)
        assert laws(fleet_free=free, nodes=nodes)["surely"] == sure


@pytest.mark.parametrize(("busy", "size", "nodes"), [(0.3, 8, 20), (0.7, 4, 50), (0.5, 2, 10)])
def test_random_fleets_strand_what_the_law_says(busy: float, size: int, nodes: int) -> None:
    """Throwing dice for every accelerator: the share that whole-node jobs cannot use, and the chance of a free node."""
    found = laws(occupied=busy, accelerators=size, nodes=nodes)
    stranded, some = [], []
    for seed in range(30):
        free = numpy.random.default_rng(seed).random((1000, nodes, size)) >= busy
        whole = free.all(axis=2)
        stranded.append(1 - float(whole.sum() * size / free.sum()))
        some.append(float(whole.any(axis=1).mean()))
    assert measured(stranded).agrees(found["random_stranded"])
    assert measured(some).agrees(found["some_node"])


def test_nodes_of_one_accelerator_strand_nothing() -> None:
    """Fragments need a node to be split."""
    assert laws(occupied=0.9, accelerators=1)["random_stranded"] == 0
    assert laws(job=1, accelerators=8)["hidden_share"] == 0


@pytest.mark.parametrize("step", ["no_wait", "random_service", "single_jobs", "exact_for_one"])
def test_the_special_cases_follow(step: str) -> None:
    """What the laws become in their limits is recomputed."""
    assert getattr(multi_tenant, step).verify().holds
