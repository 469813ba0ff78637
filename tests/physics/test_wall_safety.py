"""Wall 20 against published accountants, exact distributions and integrals taken by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from mlsysim.registry import find
from mlsysim.symbolic.graph import wall

WALL = wall("safety").wall
NORMAL = NormalDist()


def evaluate(**values: float) -> dict[str, float]:
    """The wall's laws on these values."""
    assert WALL is not None
    return WALL.evaluate(**values)


def best(name: str, orders: range, **values: float) -> tuple[float, int]:
    """The least privacy loss over orders, and its order."""
    return min((evaluate(order=order, **values)[name], order) for order in orders)


def exact_delta(epsilon: float, noise: float) -> float:
    """Balle and Wang 2018, theorem 8: how often a Gaussian release of sensitivity one exceeds a privacy loss."""
    shift, stretch = 1 / (2 * noise), epsilon * noise
    return NORMAL.cdf(shift - stretch) - math.exp(epsilon) * NORMAL.cdf(-shift - stretch)


# The Gaussian mechanism.


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("delta", [1e-9, 1e-5, 0.05])
def test_the_noise_of_the_mechanism_keeps_its_promise(epsilon: float, delta: float) -> None:
    """The exact probability of exceeding the privacy loss is at most delta."""
    assert exact_delta(epsilon, evaluate(epsilon=epsilon, delta=delta)["least_noise"]) <= delta


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("delta", [1e-9, 1e-5])
def test_half_of_the_noise_would_not_keep_the_promise(epsilon: float, delta: float) -> None:
    """For probabilities as small as they are used, the theorem asks for less than twice what is needed."""
    assert exact_delta(epsilon, evaluate(epsilon=epsilon, delta=delta)["least_noise"] / 2) > delta


def test_the_noise_is_the_theorem_s() -> None:
    """Dwork and Roth 2014, theorem 3.22 (A.1): sqrt(2 ln(1.25/delta)) / epsilon."""
    found = evaluate(epsilon=0.5, delta=1e-5)["least_noise"]
    assert found == pytest.approx(2 * math.sqrt(2 * math.log(125000)), rel=1e-12)


@pytest.mark.parametrize("epsilon", [1.0, 8.0])
def test_the_theorem_promises_nothing_from_one_on(epsilon: float) -> None:
    """Outside the theorem's range no finite noise is reported."""
    assert evaluate(epsilon=epsilon, delta=1e-5)["least_noise"] == math.inf


# The accountant.


@pytest.mark.parametrize(("order", "published"), [(5, 2.18075656e-03), (50, 2.38460375e-02), (100, 1.67416308e02)])
def test_the_divergence_is_that_of_the_published_accountant(order: int, published: float) -> None:
    """google/differential-privacy, rdp_privacy_accountant_test: q 0.01, noise 2.5, 50 steps; nine digits are printed."""
    assert evaluate(sampling=0.01, noise=2.5, steps=50, order=order)["spent"] == pytest.approx(published, rel=5e-9)


def test_the_divergence_is_that_of_tensorflow_privacy() -> None:
    """tensorflow/privacy, rdp_accountant_test: q 0.1, noise 2, 10 steps, order 5 spend 0.07737."""
    assert round(evaluate(sampling=0.1, noise=2, steps=10, order=5)["spent"], 5) == 0.07737


def integrated(rate: float, noise: float, order: int) -> float:
    """The Rényi divergence by Simpson's rule over what is released."""
    span, parts = 12 * noise + order, 40000

    def value(z: float) -> float:
        ratio = 1 - rate + rate * math.exp((2 * z - 1) / (2 * noise**2))
        return math.exp(-(z**2) / (2 * noise**2) + order * math.log(ratio)) / (noise * math.sqrt(2 * math.pi))

    width = 2 * span / parts
    total = sum(value(-span + i * width) * (1 if i in (0, parts) else 4 if i % 2 else 2) for i in range(parts + 1))
    return math.log(total * width / 3) / (order - 1)


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.5, 1.0])
@pytest.mark.parametrize(("noise", "order"), [(1.0, 2), (1.0, 13), (2.5, 5), (5.0, 32)])
def test_the_finite_sum_is_the_integral(rate: float, noise: float, order: int) -> None:
    """The divergence of the sampled Gaussian mechanism, integrated numerically from its densities."""
    found = evaluate(sampling=rate, noise=noise, steps=1, order=order)["spent"]
    # The logarithm of a number near one loses the digits that it is away from one.
    assert found == pytest.approx(integrated(rate, noise, order), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("examples", "batch", "noise", "epochs", "delta", "tight", "plain", "order"),
    [
        (60000, 150, 1.3, 15, 1e-5, 0.7242234026109595, 0.941870567, 19),
        (100000, 100, 1.0, 30, 1e-7, 1.4154988495444845, 1.70928734, 13),
    ],
)
def test_the_privacy_loss_is_that_of_tensorflow_privacy(
    examples: int, batch: int, noise: float, epochs: int, delta: float, tight: float, plain: float, order: int
) -> None:
    """tensorflow/privacy, compute_dp_sgd_privacy_test, before and after it took up the tighter conversion."""
    values = {"sampling": batch / examples, "noise": noise, "steps": epochs * examples // batch, "delta": delta}
    orders = range(order - 3, order + 4)
    low, high = best("epsilon_low", orders, **values), best("epsilon_high", orders, **values)
    assert low == (pytest.approx(tight, abs=5e-8), order)  # the published test asks for seven places
    assert high == (pytest.approx(plain, abs=5e-8), order)


def test_the_tight_conversion_is_the_published_one() -> None:
    """google/differential-privacy, by hand: a divergence of 1.1 at order 32 is a loss of 1.32783806176 at 1e-5."""
    assert evaluate(spent=1.1, order=32, delta=1e-5)["epsilon_low"] == pytest.approx(1.32783806176, abs=5e-8)


def test_the_noise_that_was_chosen_for_a_loss_of_one_gives_it() -> None:
    """tensorflow/privacy: noise 4.530877117 without sampling is exactly (1, 1e-6); whole orders come as near."""
    found, _ = best("epsilon_low", range(18, 27), sampling=1, noise=4.530877117, steps=1, delta=1e-6)
    assert found == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("noise", "steps"), [(1.0, 1), (4.0, 10), (20.0, 1000)])
def test_the_claims_hold_and_are_ordered(noise: float, steps: int) -> None:
    """Without sampling T releases are one with noise sigma/sqrt(T): both claims are at least its exact loss."""
    delta, orders = 1e-5, range(2, 40)
    low, _ = best("epsilon_low", orders, sampling=1, noise=noise, steps=steps, delta=delta)
    high, _ = best("epsilon_high", orders, sampling=1, noise=noise, steps=steps, delta=delta)
    assert low <= high
    for claim in (low, high):
        assert exact_delta(claim, noise / math.sqrt(steps)) <= delta


@pytest.mark.parametrize(("noise", "steps"), [(1.0, 1), (4.0, 10), (20.0, 1000)])
def test_the_closed_form_without_sampling_is_the_least_over_all_orders(noise: float, steps: int) -> None:
    """A fine grid of orders, whole or not, finds nothing lower and comes as near."""
    delta = 1e-5
    found = evaluate(noise=noise, steps=steps, delta=delta)["epsilon_full"]
    grid = [
        steps * order / (2 * noise**2) + math.log(1 / delta) / (order - 1)
        for order in (1 + 1.001**i / 100 for i in range(12000))
    ]
    assert found <= min(grid)
    assert found == pytest.approx(min(grid), rel=1e-6)


def test_more_noise_and_fewer_steps_and_less_sampling_spend_less() -> None:
    """The privacy loss moves the way each knob says."""
    base = {"sampling": 0.01, "noise": 1.0, "steps": 1000, "order": 8, "delta": 1e-5}
    loss = evaluate(**base)["epsilon_high"]
    assert evaluate(**base | {"noise": 2.0})["epsilon_high"] < loss
    assert evaluate(**base | {"steps": 100})["epsilon_high"] < loss
    assert evaluate(**base | {"sampling": 0.001})["epsilon_high"] < loss


# What gradients of single examples cost.


def test_ghost_clipping_s_work_is_that_of_the_published_comparison() -> None:
    """Bu et al. 2023: 1.03 times ordinary training and 0.61 times ghost clipping, which is thus 1.69 times.

    The norms, which the passes leave out, are the little that is missing.
    """
    found = evaluate(noise=1, steps=1, delta=0.1)["work"]
    assert found <= 1.03 / 0.61
    assert found == pytest.approx(1.03 / 0.61, rel=0.5 / 103 + 0.5 / 61 + 0.005)


@pytest.mark.parametrize("method", ["opacus", "ghost_clipping", "book_keeping"])
def test_the_time_of_a_private_step_is_the_sourced_range(method: str) -> None:
    """Each method's range is a range, starts above one and scales the step."""
    facts = find("privacy", method).facts
    low, high = facts["slowdown_low"].number, facts["slowdown_high"].number
    assert low is not None
    assert high is not None
    found = evaluate(slowdown_low=low, slowdown_high=high, step_time=0.2)
    assert 0.2 < found["time_low"] < found["time_high"]
    assert (found["time_low"], found["time_high"]) == (pytest.approx(0.2 * low), pytest.approx(0.2 * high))


def test_the_published_slowdowns_are_the_sources() -> None:
    """Rodriguez Beltran et al. 2024: Opacus is 2.6 to 8 times slower; Bu et al. 2023: 1.03 times the work."""
    opacus, kept = find("privacy", "opacus").facts, find("privacy", "book_keeping").facts
    assert (opacus["slowdown_low"].number, opacus["slowdown_high"].number) == (2.6, 8)
    assert kept["slowdown_low"].number == 1.03


def test_gradients_of_every_example_outgrow_the_card_of_the_published_example() -> None:
    """PyTorch's blog on ghost clipping: 7 million parameters of BERT with 1024 examples fit in 16 GB only with it."""
    bert = {"microbatch": 1024, "parameters": 7e6, "gradient_bytes": 4, "memory_required": 2e9, "memory_overhead": 1.01}
    found = evaluate(**bert)
    assert found["memory_low"] < 16e9 < found["memory_high"]
    assert found["memory_high"] - 2e9 == pytest.approx(1024 * 7e6 * 4)


# Samples of a small group.


def at_least(wanted: int, draws: int, share: float) -> float:
    """The exact binomial probability of at least so many."""
    logs = [
        math.lgamma(draws + 1) - math.lgamma(k + 1) - math.lgamma(draws - k + 1)
        + k * math.log(share) + (draws - k) * math.log1p(-share)
        for k in range(wanted)
    ]  # fmt: skip
    return 1 - math.fsum(map(math.exp, logs))


@pytest.mark.parametrize("prevalence", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("needed", [30, 384])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_range_of_a_draw_holds_enough_as_often_as_it_says(
    prevalence: float, needed: int, confidence: float
) -> None:
    """The low end is enough about half of the time and the high end as often as asked, by exact binomials."""
    found = evaluate(prevalence=prevalence, needed=needed, confidence=confidence)
    assert found["drawn_low"] == pytest.approx(needed / prevalence)
    # The normal approximation of a binomial errs by less than 0.4748 / sqrt(n p (1 - p)) (Berry and Esseen).
    for draws, chance in ((found["drawn_low"], 0.5), (found["drawn_high"], confidence)):
        error = 0.4748 / math.sqrt(draws * prevalence * (1 - prevalence))
        assert at_least(needed, round(draws), prevalence) == pytest.approx(chance, abs=error)


# The audit of two rates.


@pytest.mark.parametrize(
    ("first", "second", "significance", "certainty", "published", "digits"),
    [(0.50, 0.75, 0.05, 0.90, 76.7, 1), (0.5, 0.501, 0.001, 0.90, 10451937, 0)],
)
def test_the_sample_is_that_of_r_s_manual(
    first: float, second: float, significance: float, certainty: float, published: float, digits: int
) -> None:
    """R, stats, help page of power.prop.test: the examples' sample sizes of each group."""
    for one, other in ((first, second), (second, first)):
        found = evaluate(first=one, second=other, relative=1, significance=significance, certainty=certainty)
        assert round(found["audit_low"], digits) == published


def test_the_correction_is_that_of_the_textbook() -> None:
    """Fleiss, Levin and Paik 2003, chapter 4: whole counts add about 2 / |p1 - p2| to each group."""
    for gap in (0.01, 0.002):
        found = evaluate(first=0.3, second=0.3 + gap, relative=1, significance=0.05, certainty=0.8)
        assert found["audit_high"] - found["audit_low"] == pytest.approx(2 / gap, rel=gap)


def power(count: int, first: float, second: float, alarm: float, correct: bool) -> float:
    """The exact probability that a test of two equal samples sounds, over all counts."""

    def chances(share: float) -> list[float]:
        return [math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(count + 1)]

    one, other, heard = chances(first), chances(second), 0.0
    for i, chance in enumerate(one):
        for j, another in enumerate(other):
            pooled = (i + j) / (2 * count)
            spread = math.sqrt(2 * pooled * (1 - pooled) / count)
            difference = abs(i - j) / count - (1 / count if correct else 0)
            if spread and difference > alarm * spread:
                heard += chance * another
    return heard


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.75), (0.3, 0.55), (0.2, 0.35)])
def test_the_test_sounds_as_often_as_the_sample_promises(first: float, second: float) -> None:
    """The exact power of the test, plain at the low end and corrected at the high end, is that asked for."""
    found = evaluate(first=first, second=second, relative=1, significance=0.05, certainty=0.9)
    for end, correct in (("audit_low", False), ("audit_high", True)):
        count = math.ceil(found[end])
        # A count moves the threshold by one in n: the power jumps by at most the largest chance of a difference.
        jump = 1 / math.sqrt(2 * math.pi * count * (first * (1 - first) + second * (1 - second)))
        assert power(count, first, second, found["alarm"], correct) == pytest.approx(0.9, abs=jump)


def test_unequal_groups_need_the_noise_of_the_smaller() -> None:
    """With a boundless second group the first needs what a comparison with a known rate needs."""
    found = evaluate(first=0.3, second=0.2, relative=1e12, significance=0.05, certainty=0.8)
    known = NORMAL.inv_cdf(0.975) * math.sqrt(0.2 * 0.8) + NORMAL.inv_cdf(0.8) * math.sqrt(0.3 * 0.7)
    assert found["audit_low"] == pytest.approx((known / 0.1) ** 2, rel=1e-9)


def test_a_rare_group_makes_the_audit_s_draw_large() -> None:
    """The draw is the group's sample over its share, at both ends of the range."""
    found = evaluate(first=0.5, second=0.75, relative=1, significance=0.05, certainty=0.9, prevalence=0.02)
    assert found["audit_drawn_low"] == pytest.approx(50 * found["audit_low"])
    assert found["audit_low"] < found["audit_high"]
    assert found["audit_drawn_high"] == pytest.approx(50 * found["audit_high"])


def test_rates_that_are_alike_are_never_told_apart() -> None:
    """No finite sample is reported for a difference of zero."""
    found = evaluate(first=0.4, second=0.4, relative=1, significance=0.05, certainty=0.9)
    assert (found["audit_low"], found["audit_high"]) == (math.inf, math.inf)
