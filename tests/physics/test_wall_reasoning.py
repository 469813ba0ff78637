"""Wall 12 against published formulas and tables, token-by-token loops and drawn samples."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest

from mlsysim.symbolic.graph import wall

LAW = wall("reasoning").wall
assert LAW is not None
STEP = dict(once=9e-3, each=4e-5, growth=2e-8, ttft=0.3)


def decode(sequences: int, context: int) -> float:
    """One step: weights for all, work and context for each."""
    return STEP["once"] + sum(STEP["each"] + STEP["growth"] * context for _ in range(sequences))


@pytest.mark.parametrize(("prompt", "thoughts", "thought"), [(1, 1, 1), (100, 3, 7), (2048, 20, 50)])
@pytest.mark.parametrize("samples", [1, 8])
def test_chains_take_as_long_as_their_tokens(prompt: int, thoughts: int, thought: int, samples: int) -> None:
    """Token by token, with the context growing, the chain takes what the closed form says."""
    clock, context = STEP["ttft"], prompt
    for _ in range(thoughts):
        for _ in range(thought):
            context += 1
            clock += decode(samples, context)
    found = LAW.evaluate(**STEP, prompt=prompt, thoughts=thoughts, thought=thought, samples=samples)
    assert found["batch_time"] == pytest.approx(clock, rel=1e-12)
    if samples == 1:
        assert found["chain_time"] == pytest.approx(clock, rel=1e-12)
        steps = thoughts * thought
        assert found["mean_step"] == pytest.approx((clock - STEP["ttft"]) / steps, rel=1e-12)


def grow(width: int, depth: int, thought: int, prompt: int) -> tuple[float, int]:
    """Write a tree level by level, token by token; its time and how many thoughts it has."""
    clock, thoughts = STEP["ttft"], 0
    leaves = [prompt]
    for _ in range(depth):
        leaves = [context for context, _ in product(leaves, range(width))]
        thoughts += len(leaves)
        for _ in range(thought):
            leaves = [context + 1 for context in leaves]
            clock += STEP["once"] + sum(STEP["each"] + STEP["growth"] * context for context in leaves)
    return clock, thoughts


@pytest.mark.parametrize(("width", "depth"), [(1, 1), (1, 6), (2, 1), (2, 5), (3, 4), (5, 3)])
def test_a_tree_takes_as_long_as_its_levels(width: int, depth: int) -> None:
    """A tree that is grown node by node has the closed form's thoughts and takes its time."""
    clock, thoughts = grow(width, depth, thought=11, prompt=70)
    found = LAW.evaluate(**STEP, prompt=70, thought=11, width=width, depth=depth)
    assert found["nodes"] == thoughts
    assert found["tree_time"] == pytest.approx(clock, rel=1e-12)


def test_a_tree_that_does_not_branch_is_a_chain() -> None:
    """Width one gives the chain with as many thoughts as levels."""
    values = dict(**STEP, prompt=512, thought=64)
    tree = LAW.evaluate(**values, width=1, depth=9)["tree_time"]
    assert tree == pytest.approx(LAW.evaluate(**values, thoughts=9)["chain_time"], rel=1e-15)


MODEL = dict(
    weights=140e9, token_cache=327680, bandwidth=3.35e12, memory_efficiency=1, parameters=70e9, pair=32768, layers=80,
    peak=989e12, efficiency=1, prompt=1000, thoughts=10, thought=100, ttft=0,
)  # fmt: skip


def rooflines(samples: int, cache: float) -> float:
    """Add up the roofline of every single step."""
    clock = 0.0
    for context in range(1001, 2001):
        moving = (140e9 + samples * cache * context) / 3.35e12
        computing = samples * (2 * 70e9 + 80 * 32768 * context) / 989e12
        clock += max(moving, computing)
    return clock


@pytest.mark.parametrize(("samples", "cache"), [(1, 327680), (4, 327680), (4096, 70272)])
def test_side_by_side_waits_for_data_or_for_arithmetic(samples: int, cache: float) -> None:
    """While one side binds throughout, every step's roofline added up is the time of N chains."""
    found = LAW.evaluate(**{**MODEL, "token_cache": cache}, samples=samples)
    assert found["parallel_time"] == pytest.approx(rooflines(samples, cache), rel=1e-12)


def test_where_the_branch_changes_the_law_is_a_lower_bound() -> None:
    """Chains that start bound by arithmetic and end bound by data take longer than either sum, at most both."""
    found = LAW.evaluate(**MODEL, samples=4096)
    exact = rooflines(4096, 327680)
    assert found["parallel_time"] < exact < found["memory_time"] + found["compute_time"]


def test_without_caches_many_chains_turn_from_data_to_arithmetic() -> None:
    """Until arithmetic binds, more chains take no more time; after, time grows with their number."""
    bare = {**MODEL, "token_cache": 0, "pair": 0}
    time = {n: LAW.evaluate(**bare, samples=n)["parallel_time"] for n in (1, 200, 1000, 2000)}
    assert time[1] == time[200] == pytest.approx(1000 * 140e9 / 3.35e12)
    assert time[2000] == pytest.approx(2 * time[1000]) == pytest.approx(1000 * 2000 * 2 * 70e9 / 989e12)


def test_costs_count_every_token_once() -> None:
    """Counting tokens one by one gives the cost of the best of N and of a tree, in chains."""
    prompt, thought, samples, model, verifier = 300, 40, 16, 7.0, 2.0
    chain = sum(2 * model for _ in range(prompt + 5 * thought))
    written = sum(2 * model for _ in range(prompt)) + sum(2 * model for _ in range(samples * 5 * thought))
    checked = sum(2 * verifier for _ in range(samples) for _ in range(prompt + 5 * thought))
    found = LAW.evaluate(
        prompt=prompt, thoughts=5, thought=thought, samples=samples, parameters=model, verifier=verifier, width=2,
        depth=5,
    )  # fmt: skip
    assert found["best_cost"] == pytest.approx((written + checked) / chain)
    _, thoughts = grow(2, 5, thought=1, prompt=0)
    tree = sum(2 * (model + verifier) for _ in range(prompt + thoughts * thought))
    assert found["tree_cost"] == pytest.approx(tree / chain)
    assert found["plain_cost"] == samples


def test_one_of_one_without_a_verifier_costs_one_chain() -> None:
    """Nothing is added where nothing is searched."""
    found = LAW.evaluate(prompt=300, thoughts=5, thought=40, samples=1, parameters=7, verifier=0, width=1, depth=5)
    assert found["best_cost"] == found["tree_cost"] == found["plain_cost"] == 1


@pytest.mark.parametrize("load", [0.16, 0.79, 22.0])
def test_thinking_longer_matches_a_14_times_larger_model(load: float) -> None:
    """At the loads of Snell et al. 2024, section 7 and figure 9, the totals 6ND + 2ND agree with their factor M + 3(M-1)/R."""
    found = LAW.evaluate(larger=14, load=load)["multiplier"]
    small, trained = 3e9, 1e12
    served = load * trained
    larger = 6 * 14 * small * trained + 2 * 14 * small * served
    assert 6 * small * trained + found * 2 * small * served == pytest.approx(larger, rel=1e-12)
    assert found == pytest.approx(14 + 3 * (trained / served) * (14 - 1), rel=1e-12)


def test_a_model_of_the_same_size_leaves_nothing_to_think_longer() -> None:
    """Without growth the multiplier is one; where training costs nothing next to serving it is the growth."""
    assert LAW.evaluate(larger=1, load=0.5)["multiplier"] == 1
    assert LAW.evaluate(larger=14, load=1e12)["multiplier"] == pytest.approx(14)


@pytest.mark.parametrize("chance", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("samples", [1, 5, 10])
def test_success_is_what_pass_at_k_estimates(chance: float, samples: int) -> None:
    """The unbiased estimator of Chen et al. 2021 (equation 1), averaged over all draws, is the law's probability."""
    drawn = 30
    mean = sum(
        math.comb(drawn, right) * chance**right * (1 - chance) ** (drawn - right)
        * (1 - math.comb(drawn - right, samples) / math.comb(drawn, samples))
        for right in range(drawn + 1)
    )  # fmt: skip
    assert LAW.evaluate(chance=chance, samples=samples)["success"] == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize(("chance", "success"), [(0.5, 0.75), (0.159, 0.56), (0.01, 0.99), (0.3, 0.2)])
def test_as_many_samples_as_are_needed_and_no_more(chance: float, success: float) -> None:
    """Counting up from one finds the same number of samples."""
    samples = next(n for n in range(1, 10000) if 1 - (1 - chance) ** n >= success - 1e-15)
    assert LAW.evaluate(chance=chance, success=success)["needed"] == samples


@pytest.mark.parametrize("samples", [1, 2, 9, 50])
def test_the_best_of_uniform_draws(samples: int) -> None:
    """The mean of the best of N uniform draws is N/(N+1), within four standard errors of its known variance."""
    generator = random.Random(7)
    runs = 20000
    mean = sum(max(generator.random() for _ in range(samples)) for _ in range(runs)) / runs
    error = math.sqrt(samples / ((samples + 1) ** 2 * (samples + 2)) / runs)
    found = LAW.evaluate(samples=samples)["rank"]
    assert abs(mean - found) < 4 * error
    grid = 20000  # the integral of the best's density, N x^N, by the midpoint rule
    integral = sum(samples * ((i + 0.5) / grid) ** samples for i in range(grid)) / grid
    assert found == pytest.approx(integral, abs=samples**2 / grid**2)


def test_the_rank_is_that_of_any_score() -> None:
    """Draws that are not uniform: the best of N beats the same share of a large crowd."""
    generator = random.Random(11)
    crowd = sorted(generator.lognormvariate(0, 1) for _ in range(20000))
    runs, samples, beaten = 4000, 9, 0.0
    for _ in range(runs):
        best = max(generator.lognormvariate(0, 1) for _ in range(samples))
        low, high = 0, len(crowd)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if crowd[middle] < best else (low, middle)
        beaten += low / len(crowd)
    error = math.sqrt(samples / ((samples + 1) ** 2 * (samples + 2)) / runs) + 0.5 / math.sqrt(len(crowd))
    assert abs(beaten / runs - LAW.evaluate(samples=samples)["rank"]) < 4 * error


def expected_normal_best(samples: float) -> float:
    """The mean of the best of N standard normal scores, by the midpoint rule."""
    width = 1e-3
    total = 0.0
    for i in range(int(12 / width)):
        tail = 0.5 * math.erfc((i + 0.5) * width / math.sqrt(2))
        total += (-math.expm1(samples * math.log1p(-tail)) - tail**samples) * width
    return total


@pytest.mark.parametrize(("samples", "table"), [(2, 0.56419), (5, 1.16296), (10, 1.53875), (100, 2.50759)])
def test_the_best_of_normal_scores_stays_below_the_bound(samples: int, table: float) -> None:
    """The expected best of normal scores (Harter 1961, table 1) is below the bound, and scales with the spread."""
    assert expected_normal_best(samples) == pytest.approx(table, abs=1e-5)
    bound = LAW.evaluate(samples=samples, spread=1)["bound"]
    assert table < bound
    assert LAW.evaluate(samples=samples, spread=3)["bound"] == pytest.approx(3 * bound)


def test_the_bound_is_tight_for_many_samples() -> None:
    """The ratio of the expected best to its bound rises towards one."""
    shares = [
        expected_normal_best(10.0**power) / LAW.evaluate(samples=10.0**power, spread=1)["bound"] for power in (1, 4, 12)
    ]
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] < 1
