"""Wall 7 against textbooks, the solved chain of states and simulated queues."""

from __future__ import annotations

import math
import random

import numpy
import pytest

from mlsysim.symbolic.errors import DerivationError, InputError
from mlsysim.symbolic.foundations import many_servers
from mlsysim.symbolic.graph import wall
from mlsysim.symbolic.laws import decided
from mlsysim.symbolic.rules import recurrence
from mlsysim.symbolic.walls.node.tail_latency import delay_cycle
from mlsysim.symbolic.walls.node.tail_latency import wall as tail_latency
from tests.physics.queues import Measured, erlang, exponential, fixed, measured, replications


def laws(arrivals: float, rate: float, servers: int = 1, **values: float) -> dict[str, float]:
    """The wall's laws; random arrivals and services unless said otherwise."""
    found = wall("tail_latency").wall
    assert found is not None
    spreads = {"arrival_spread": 1.0, "service_spread": 1.0}
    return found.evaluate(arrivals=arrivals, rate=rate, servers=servers, **{**spreads, **values})


def erlang_c(load: float, servers: int) -> float:
    """Erlang C by the recursion of Erlang B (Jagerman 1974), another way than the wall's sum."""
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


def chain(load: float, servers: int, states: int = 1500) -> numpy.ndarray:
    """The steady state of the chain, cut off far out, solved as linear equations."""
    generator = numpy.zeros((states, states))
    for state in range(states - 1):
        generator[state, state + 1] = load
        generator[state + 1, state] = min(state + 1, servers)
    generator -= numpy.diag(generator.sum(axis=1))
    equations = generator.T.copy()
    equations[0] = 1.0
    right = numpy.zeros(states)
    right[0] = 1.0
    return numpy.linalg.solve(equations, right)


@pytest.mark.parametrize(
    ("arrivals", "rate", "servers", "waiting", "wait"),
    [
        (24.0, 30.0, 1, 3.2, 4 / 30),  # 23.3, per hour: L = 4 and W = 1/6 h, of which a service is 1/30 h
        (30.0, 40.0, 1, 2.25, 4.5 / 60),  # 23.14, per hour
        (60.0, 80.0, 1, 2.25, 2.25 / 60),  # 23.16, per hour
        (300.0, 182.5, 3, 0.352, 0.001175),  # 24.6, per year
    ],
)
def test_waits_are_those_of_a_textbook(arrivals: float, rate: float, servers: int, waiting: float, wait: float) -> None:
    """Bronson, Schaum's Outline of Operations Research (1982), solved problems 23.3, 23.14, 23.16 and 24.6."""
    found = laws(arrivals, rate, servers)
    assert found["mean_wait"] == pytest.approx(wait, rel=5e-4)
    assert arrivals * found["mean_wait"] == pytest.approx(waiting, rel=1.5e-3)


def test_the_eye_clinic_keeps_its_patients_as_long_as_the_textbook_says() -> None:
    """Gross and Harris, example 2.3: 6 patients an hour, 3 doctors, 20 minutes each: 8/9 wait, for 4/27 of an hour."""
    found = laws(6.0, 3.0, 3)
    assert found["must_wait"] == pytest.approx(4 / 9)
    assert 6 * found["mean_wait"] == pytest.approx(8 / 9)
    assert found["mean_wait"] == pytest.approx(4 / 27)


def test_two_servers_wait_by_the_known_formula() -> None:
    """C = 2 rho^2 / (1 + rho) for two servers; a third where each is half busy."""
    assert laws(1.0, 1.0, 2)["must_wait"] == pytest.approx(1 / 3)
    for rho in (0.1, 0.7, 0.95):
        assert laws(2 * rho, 1.0, 2)["must_wait"] == pytest.approx(2 * rho**2 / (1 + rho))


@pytest.mark.parametrize(("load", "servers"), [(0.5, 1), (1.8, 2), (6.0, 10), (9.5, 10), (90.0, 100), (390.0, 400)])
def test_erlang_c_is_that_of_the_recursion(load: float, servers: int) -> None:
    """Another way to compute it agrees, also for hundreds of servers."""
    assert laws(load, 1.0, servers)["must_wait"] == pytest.approx(erlang_c(load, servers), rel=1e-10)


@pytest.mark.parametrize(("load", "servers"), [(0.8, 1), (2.4, 3), (7.6, 8)])
def test_the_probabilities_are_the_steady_state_of_the_chain(load: float, servers: int) -> None:
    """Solving the balance of every state by linear algebra gives the wall's probability and mean wait."""
    states = chain(load, servers)
    found = laws(load, 1.0, servers)
    assert states[servers:].sum() == pytest.approx(found["must_wait"], rel=1e-9)
    waiting = sum((n - servers) * p for n, p in enumerate(states) if n > servers)
    assert waiting / load == pytest.approx(found["mean_wait"], rel=1e-9)


@pytest.mark.parametrize("rho", [0.01, 0.5, 0.9, 0.999])
def test_one_server_is_the_simple_queue(rho: float) -> None:
    """With c = 1, C is rho and the wait rho / (mu (1 - rho))."""
    found = laws(10 * rho, 10.0)
    assert found["must_wait"] == pytest.approx(rho)
    assert found["mean_wait"] == pytest.approx(rho / (10 * (1 - rho)))
    assert found["single_wait"] == pytest.approx(found["mean_wait"])


@pytest.mark.parametrize(("rho", "servers"), [(0.6, 1), (0.8, 1), (0.7, 2), (0.85, 5), (0.9, 16)])
def test_a_simulated_queue_waits_as_long(rho: float, servers: int) -> None:
    """Request by request, the mean wait and the shares in time are the wall's within the statistical error."""
    arrivals = rho * servers
    runs = replications(exponential(1 / arrivals), exponential(1.0), servers, runs=16)
    found = laws(arrivals, 1.0, servers)
    mean = measured([float(run.mean()) for run in runs])
    assert mean.error < 0.04 * mean.mean
    assert mean.agrees(found["mean_wait"])
    assert measured([float((run > 0).mean()) for run in runs]).agrees(found["must_wait"])
    for share in (0.9, 0.99):
        quantile = laws(arrivals, 1.0, servers, share=share)["wait_quantile"]
        slow = measured([float((run > quantile).mean()) for run in runs])
        assert slow.error < 0.2 * (1 - share)
        assert slow.agrees(1 - share)
        assert laws(arrivals, 1.0, servers, moment=quantile)["late"] == pytest.approx(1 - share)


def test_a_quantile_is_no_wait_where_few_must_wait() -> None:
    """At 30 % load with four servers fewer than one in twenty waits: the 95th percentile is zero."""
    assert laws(1.2, 1.0, 4)["must_wait"] < 0.05
    assert laws(1.2, 1.0, 4, share=0.95)["wait_quantile"] == 0
    assert laws(1.2, 1.0, 4, share=0.99)["wait_quantile"] > 0


def test_an_answer_at_low_load_is_not_just_the_service_time() -> None:
    """10 ms of service have a median of 6.93 ms and a p99 of 46.05 ms without a queue; 1 % of load adds 1/99."""
    for share, idle in [(0.5, 6.93e-3), (0.99, 46.05e-3)]:
        assert laws(1e-9, 100.0, share=share)["answer_quantile"] == pytest.approx(idle, rel=1e-3)
        assert laws(1.0, 100.0, share=share)["answer_quantile"] == pytest.approx(idle * 100 / 99, rel=1e-3)


def test_simulated_answers_take_as_long() -> None:
    """Wait and service together: the quantiles of the time to an answer, one server."""
    services = exponential(1.0)
    slow: dict[float, list[float]] = {0.5: [], 0.99: []}
    for seed in range(20):
        generator = numpy.random.default_rng(seed)
        gaps, lengths = generator.exponential(1 / 0.7, 40_000), services(generator, 40_000)
        walk = numpy.concatenate(([0.0], numpy.cumsum(lengths[:-1] - gaps[1:])))
        answers = (walk - numpy.minimum.accumulate(walk) + lengths)[8000:]
        for share, found in slow.items():
            quantile = laws(0.7, 1.0, share=share)["answer_quantile"]
            found.append(float((answers > quantile).mean()))
    for share, found in slow.items():
        assert measured(found).agrees(1 - share)


@pytest.mark.parametrize(("arrivals", "servers"), [(1.0, 1), (1.5, 1), (4.0, 4), (400.0, 4)])
def test_a_queue_that_gets_too_much_has_no_number(arrivals: float, servers: int) -> None:
    """From full utilisation on, every wait is infinite and everybody waits."""
    found = laws(arrivals, 1.0, servers, share=0.99, moment=5.0, asked=3)
    assert found["utilisation"] >= 1
    for name in ("mean_wait", "single_wait", "wait_quantile", "answer_quantile", "fan_out_quantile"):
        assert found[name] == math.inf, name
    assert found["must_wait"] == found["late"] == 1


def test_waits_grow_without_bound_towards_full_utilisation() -> None:
    """The wait times the spare share tends to one service per server."""
    waits = [laws(4 * rho, 1.0, 4)["mean_wait"] for rho in (0.9, 0.99, 0.999, 0.9999)]
    assert waits == sorted(waits)
    assert waits[-1] * 1e-4 == pytest.approx(1 / 4, rel=1e-3)


def test_more_servers_of_the_same_speed_wait_less() -> None:
    """At the same utilisation a larger pool waits less: that is why queues are shared."""
    pools = [laws(0.8 * c, 1.0, c)["mean_wait"] for c in (1, 2, 4, 8, 16)]
    assert pools == sorted(pools, reverse=True)


@pytest.mark.parametrize(
    ("between", "arrival_square", "stages"), [("erlang", 0.5, 2), ("fixed", 0.0, 4), ("erlang", 0.25, 8)]
)
def test_other_variabilities_wait_as_kingman_says(between: str, arrival_square: float, stages: int) -> None:
    """Near saturation a simulated queue with other spreads waits v times as long; what is missed goes with what is spare."""
    missed = {}
    for rho in (0.8, 0.95):
        gaps = fixed(1 / rho) if between == "fixed" else erlang(1 / rho, round(1 / arrival_square))
        runs = replications(gaps, erlang(1.0, stages), requests=200_000)
        mean = measured([float(run.mean()) for run in runs])
        found = laws(rho, 1.0, arrival_spread=math.sqrt(arrival_square), service_spread=math.sqrt(1 / stages))
        assert found["single_wait"] == pytest.approx(found["mean_wait"])
        assert mean.error < 0.03 * mean.mean
        # Kingman (1962) from above, Marshall (1968) from below for arrivals more regular than random: no queue leaves
        # this band, and its width stays finite while the wait grows without bound.
        above = rho * (arrival_square / rho**2 + 1 / stages) / (2 * (1 - rho))
        below = above - (rho + arrival_square) / (2 * rho)
        assert below <= found["single_wait"] <= above
        assert below - 3.5 * mean.error <= mean.mean <= above + 3.5 * mean.error
        missed[rho] = Measured(1 - mean.mean / found["single_wait"], mean.error / found["single_wait"])
    noise = 3.5 * math.hypot(missed[0.95].error, missed[0.8].error / 2)
    assert missed[0.95].mean < missed[0.8].mean / 2 + noise


def test_the_spread_counts_by_its_square() -> None:
    """Services of four times the squared spread wait 2.5 times as long, in the mean and in the quantile."""
    plain, wide = (laws(3.6, 1.0, 4, service_spread=s, share=0.99) for s in (1.0, 2.0))
    for name in ("mean_wait", "single_wait", "wait_quantile"):
        assert wide[name] == pytest.approx(2.5 * plain[name])


@pytest.mark.parametrize(("slow", "asked", "any_slow"), [(0.01, 100, 0.63), (0.0001, 2000, 0.18)])
def test_fan_out_makes_rare_slowness_common(slow: float, asked: int, any_slow: float) -> None:
    """Dean and Barroso 2013: 1 in 100 slow, 100 asked: 63 % slow; 1 in 10,000, 2000 asked: almost one in five."""
    found = laws(1.0, 10.0, share=1 - any_slow, asked=asked)
    assert found["replica_share"] == pytest.approx(1 - slow, abs=0.02 * slow)


def test_one_replica_is_the_whole() -> None:
    """With n = 1 nothing is lost by asking."""
    found = laws(5.0, 10.0, share=0.99, asked=1)
    assert found["replica_share"] == pytest.approx(0.99)
    assert found["fan_out_quantile"] == pytest.approx(found["answer_quantile"])


@pytest.mark.parametrize("asked", [3, 50])
def test_the_slowest_of_many_simulated_answers_decides(asked: int) -> None:
    """Drawing n answers and taking the last gives the quantile of the fan-out."""
    quantile = laws(0.6, 1.0, share=0.95, asked=asked)["fan_out_quantile"]
    runs = []
    for seed in range(20):
        generator = random.Random(seed)
        slow = sum(any(generator.expovariate(0.4) > quantile for _ in range(asked)) for _ in range(4000))
        runs.append(slow / 4000)
    assert measured(runs).agrees(0.05)


def test_a_part_of_a_server_is_refused() -> None:
    """Servers are counted."""
    with pytest.raises(InputError, match="servers counts whole things"):
        laws(1.0, 1.0, 2.5)  # type: ignore[arg-type]


def test_the_derivation_proves_what_it_prints() -> None:
    """The chain's closed form fails when a factorial, a start or a step is wrong."""
    state, below, empty, load = many_servers.state, many_servers.below, many_servers.empty, many_servers.load
    right = many_servers.states.result
    assert many_servers.states.verify().holds
    one_up = many_servers.one_up_by_load
    again = {"start": (0, empty), "because": "again"}
    equation = type(right)
    for wrong in (empty * load**state, 2 * right.right, empty * load**state / (state + 1)):
        with pytest.raises(DerivationError):
            recurrence(one_up, state, below, equation(right.left, wrong), **again).verify()
    with pytest.raises(DerivationError):
        recurrence(one_up, state, below, right, start=(1, empty), because="again").verify()
    assert tail_latency.idle_tail.verify().holds
    assert tail_latency.alone.verify().holds


@pytest.mark.parametrize(("alone", "added", "arrivals"), [(2.0, 0.5, 1.0), (10.0, 0.1, 7.0), (0.3, 1.0, 0.2)])
def test_a_delay_cycle_is_as_long_and_varies_as_simulated(alone: float, added: float, arrivals: float) -> None:
    """A delay to which each random arrival adds the same time: mean and deviation within five standard errors."""
    draw = random.Random(20261122)
    found = []
    for _ in range(20_000):
        ends, arrival = alone, draw.expovariate(arrivals)
        while arrival < ends:
            ends, arrival = ends + added, arrival + draw.expovariate(arrivals)
        found.append(ends)
    mean = sum(found) / len(found)
    deviations = [(time - mean) ** 2 for time in found]
    variance = sum(deviations) / len(found)
    doubt = math.sqrt(sum((square - variance) ** 2 for square in deviations)) / len(found)
    laws_of_cycle = [law.result for law in (delay_cycle.share_of_time, delay_cycle.mean_law, delay_cycle.spread_law)]
    law = decided(laws_of_cycle, {"alone": alone, "added": added, "arrivals": arrivals})
    assert law[delay_cycle.mean].value == pytest.approx(mean, abs=5 * math.sqrt(variance / len(found)))
    assert law[delay_cycle.spread].value ** 2 == pytest.approx(variance, abs=5 * doubt)


@pytest.mark.parametrize(("load", "share"), [(0.15, 0.9), (0.5, 0.6), (0.015, 0.99)])
def test_the_wait_at_one_server_is_that_of_the_textbook(load: float, share: float) -> None:
    """Kleinrock 1975, section 3.2: P(W > t) = rho exp(-mu (1 - rho) t), also where hardly more wait than are let off."""
    found = laws(load, 1.0, share=share)
    assert load * math.exp(-(1 - load) * found["wait_quantile"]) == pytest.approx(1 - share, rel=1e-12)
