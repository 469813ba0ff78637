"""Safety: hiding one person in the data costs noise, work and memory, and proving fairness costs samples.

Noise bounds what a model can tell about any one example; every step of training spends a part of that bound. To see
that a small group is treated alike, enough of it must be drawn. Each answer is a range.
"""

from sympy import Max, Piecewise, Rational, Sum, Symbol, binomial, erf, erfinv, exp, log, oo, sqrt

from mlsysim.symbolic.foundations.inputs import gradient_bytes, microbatch, parameters
from mlsysim.symbolic.foundations.results import required, work_of
from mlsysim.symbolic.quantity import Quantity, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, specialise, stationary, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.algorithm import complexity
from mlsysim.symbolic.walls.algorithm.complexity import backward, token_cost
from mlsysim.symbolic.walls.node.compute import one_sample

# One release of a number, with noise.
epsilon = ratio("safety.epsilon", r"\epsilon", "privacy loss: log of how much one example may shift a probability")
delta = ratio("safety.delta", r"\delta", "probability with which the privacy loss may be exceeded", low=1e-9, high=0.1)
sensitivity = ratio("safety.sensitivity", "S", "most that one example can move the result", high=10)
tail = ratio("safety.tail", "c", "noise in sensitivities, times the privacy loss", high=10)
spread = ratio("safety.spread", "s", "standard deviation of the noise", high=100)
noise = ratio("safety.noise", r"\sigma", "standard deviation of the noise, in sensitivities", low=0.5, high=10)
least_noise = ratio("safety.least_noise", r"\sigma_{\min}", "least noise of the Gaussian mechanism", high=100)

# Training: many releases, each on a random part of the data.
rate = ratio("safety.sampling", "q", "probability that an example is in a batch", low=1e-3, high=0.9)
steps = count("safety.steps", "T", "steps of training", high=10000)
order = count("safety.order", r"\alpha", "order of the Rényi divergence", low=2, high=24)
point = Quantity("safety.point", "z", "1", "what is released, in sensitivities", low=-3, high=3)
odds = ratio("safety.odds", "u", "how much likelier it is with the example than without", high=100)
sampled_odds = ratio("safety.sampled_odds", "v", "the same when the example is only sampled", high=100)
power = ratio("safety.power_of_odds", "V", "those odds to the power of the order", high=100)
tilt = ratio("safety.tilt", "h", "a rate of growth", high=3)
growth = ratio("safety.growth", "g", "mean of an exponential of the noise", high=1e9)
moment = ratio("safety.moment", "M_k", "mean of the odds to a power k", high=1e9)
mean = ratio("safety.mean", "A", "mean of the sampled odds to the power of the order", low=1, high=1e9)
divergence = ratio("safety.divergence", r"\rho", "Rényi divergence of one step", high=10)
spent = ratio("safety.spent", r"\rho_T", "Rényi divergence of all steps", high=100)
epsilon_high = ratio("safety.epsilon_high", r"\epsilon_{\mathrm{high}}", "privacy loss, plainly converted", high=100)
epsilon_low = ratio("safety.epsilon_low", r"\epsilon_{\mathrm{low}}", "privacy loss, tightly converted", high=100)
plain_epsilon = ratio("safety.plain", r"\epsilon_{\alpha}", "privacy loss at an order, all data in all steps", high=100)
full_epsilon = ratio("safety.epsilon_full", r"\epsilon_{1}", "privacy loss when every step reads all data", high=100)
surprise = ratio("safety.surprise", r"\ell", "log of how rarely the loss may be exceeded", low=0.5, high=25)
above = ratio("safety.above", "a", "order less one", high=100)
index = Symbol("k", integer=True, nonnegative=True)

# Without sampling, and what of it binds.
shifted_bell = given(
    equation(odds, exp(-((point - 1) ** 2) / (2 * noise**2)) / exp(-(point**2) / (2 * noise**2))),
    because="one example moves a bell curve by one sensitivity",
    cite="mironov2017",
)
one_odds = rewrite(
    shifted_bell,
    equation(odds, exp((2 * point - 1) / (2 * noise**2))),
    because="the squares of what is released cancel",
)

bounded = given(
    equation(spread, tail * sensitivity / epsilon), because="noise in proportion to what it hides", cite="dwork2014"
)
tail_bound = given(
    equation(tail, sqrt(2 * log(5 / (4 * delta)))),
    because="then noise exceeds the bound with probability delta at most",
    cite="dwork2014",
)
in_sensitivities = define(equation(noise, spread / sensitivity), because="noise counts in sensitivities")
gaussian = substitute(
    in_sensitivities,
    bounded,
    tail_bound,
    result=equation(noise, sqrt(2 * log(5 / (4 * delta))) / epsilon),
    because="the sensitivity cancels",
)
promise = define(
    equation(least_noise, Piecewise((oo, epsilon >= 1), (noise, True))),
    because="the theorem promises nothing for a privacy loss of one or more",
    cite="dwork2014",
)
noise_law = substitute(
    promise,
    gaussian,
    result=equation(least_noise, Piecewise((oo, epsilon >= 1), (sqrt(2 * log(5 / (4 * delta))) / epsilon, True))),
    because="name the noise",
)

mixed = given(
    equation(sampled_odds, 1 - rate + rate * odds), because="most batches do not hold the example", cite="mironov2019"
)
raised = define(equation(power, sampled_odds**order), because="the divergence weighs large odds by a power")
raised_mixed = substitute(
    raised, mixed, result=equation(power, (1 - rate + rate * odds) ** order), because="name the odds"
)
expanded = rewrite(
    raised_mixed,
    equation(
        power,
        Sum(binomial(order, index) * (1 - rate) ** (order - index) * rate**index * odds**index, (index, 0, order)),
    ),
    because="the binomial theorem: k of the draws hold the example",
)
bell_growth = given(
    equation(growth, exp(tilt**2 * noise**2 / 2)),
    because="the mean of an exponential over a bell curve",
    cite="mironov2019",
)
odds_growth = apply(bell_growth, {tilt: index / noise**2}, because="k times over, the odds grow at this rate")
moment_parts = define(
    equation(moment, growth * exp(-index / (2 * noise**2))), because="the odds to the power k, on average"
)
moment_law = substitute(
    moment_parts,
    odds_growth,
    result=equation(moment, exp((index**2 - index) / (2 * noise**2))),
    because="the exponents add up",
)
averaged = define(
    equation(
        mean, Sum(binomial(order, index) * (1 - rate) ** (order - index) * rate**index * moment, (index, 0, order))
    ),
    because="the mean of the expanded sum is the sum of its means",
    cite="mironov2019",
)
mean_law = substitute(
    averaged,
    moment_law,
    result=equation(
        mean,
        Sum(
            binomial(order, index)
            * (1 - rate) ** (order - index)
            * rate**index
            * exp((index**2 - index) / (2 * noise**2)),
            (index, 0, order),
        ),
    ),
    because="name the means",
    cite="mironov2019",
)
renyi = given(
    equation(divergence, log(mean) / (order - 1)), because="what the Rényi divergence means", cite="mironov2017"
)
composed = given(equation(spent, steps * divergence), because="divergences of steps add up", cite="mironov2017")
spent_law = substitute(
    composed, renyi, result=equation(spent, steps * log(mean) / (order - 1)), because="name the divergence"
)
converted = given(
    equation(epsilon_high, spent + log(1 / delta) / (order - 1)),
    because="large odds are rare: Markov's bound",
    cite="mironov2017",
)
tightly = given(
    equation(epsilon_low, Max(0, spent + log(1 - 1 / order) + log(1 / (order * delta)) / (order - 1))),
    because="the same, with the best bound for a given divergence",
    cite="canonne2020",
)

# Every step reads all data: the best order in closed form.
nothing_left_out = specialise(
    mean_law,
    {rate: 1},
    equation(mean, exp((order**2 - order) / (2 * noise**2))),
    because="only the term remains in which every draw holds the example",
)
full_spent = substitute(
    spent_law,
    nothing_left_out,
    result=equation(spent, steps * order / (2 * noise**2)),
    because="the logarithm undoes the exponential",
)
full_converted = substitute(
    converted,
    full_spent,
    result=equation(epsilon_high, steps * order / (2 * noise**2) + log(1 / delta) / (order - 1)),
    because="without sampling",
)
rarely = define(equation(surprise, log(1 / delta)), because="a name for it")
rarity = solve(rarely, delta, equation(delta, exp(-surprise)), because="turned round")
by_surprise = substitute(
    full_converted,
    rarity,
    result=equation(epsilon_high, steps * order / (2 * noise**2) + surprise / (order - 1)),
    because="name the logarithm",
)
by_order = apply(
    by_surprise, {epsilon_high: plain_epsilon, order: 1 + above}, because="the order may be any number above one"
)
by_excess = rewrite(
    by_order,
    equation(plain_epsilon, steps * (1 + above) / (2 * noise**2) + surprise / above),
    because="one and one cancel",
)
flat = stationary(
    by_excess,
    above,
    equation(steps / (2 * noise**2) - surprise / above**2, 0),
    because="the best order is where the bound stops falling",
)
best_order = solve(
    flat, above, equation(above, noise * sqrt(2 * surprise / steps)), because="only one root is positive"
)
at_best = substitute(
    by_excess,
    best_order,
    result=equation(plain_epsilon, steps / (2 * noise**2) + sqrt(2 * steps * surprise) / noise),
    because="at the best order",
)
full_law = apply(at_best, {plain_epsilon: full_epsilon}, because="the privacy loss without sampling")

# What gradients of single examples cost.
step_time = time("safety.step_time", r"T_{\mathrm{step}}", "time of a step without privacy")
slowdown_low = ratio("safety.slowdown_low", r"\kappa_{\mathrm{low}}", "least measured slow-down", low=1, high=8)
slowdown_high = ratio("safety.slowdown_high", r"\kappa_{\mathrm{high}}", "most measured slow-down", low=1, high=8)
time_low = time("safety.time_low", r"T_{\mathrm{low}}", "least time of a private step")
time_high = time("safety.time_high", r"T_{\mathrm{high}}", "most time of a private step")
private_cost = work_of(
    "token_private", r"o_{\mathrm{priv}}", "a token's passes when gradients are clipped unseen", per="/token"
)
work_ratio = ratio("safety.work", r"\kappa_{\mathrm{ghost}}", "work of clipping without keeping gradients", high=10)
overhead_low = ratio(
    "safety.memory_overhead", r"m_{\mathrm{low}}", "measured memory of ghost clipping, relative", low=1, high=1.1
)
example_gradients = data("safety.example_gradients", r"M_{\mathrm{ex}}", "gradients of every example of a microbatch")
memory_low = data("safety.memory_low", r"M_{\mathrm{low}}", "least memory of private training")
memory_high = data("safety.memory_high", r"M_{\mathrm{high}}", "most memory of private training")

twice_back = given(
    equation(private_cost, token_cost + backward),
    because="ghost clipping goes backward once for the norms and once for the clipped sum",
    cite="li2022dp",
)
relative_work = define(equation(work_ratio, private_cost / token_cost), because="against ordinary training")
ghost_work = substitute(
    relative_work,
    twice_back,
    complexity.both_ways,
    complexity.backward_cost,
    result=equation(work_ratio, Rational(5, 3)),
    because="five passes' worth of work instead of three",
)
fast_end = given(
    equation(time_low, slowdown_low * step_time), because="measured where norms are taken in passing", cite="bu2023"
)
slow_end = given(
    equation(time_high, slowdown_high * step_time), because="measured where every gradient is kept", cite="beltran2024"
)
kept = define(
    equation(example_gradients, microbatch / one_sample * parameters * gradient_bytes),
    because="a gradient of every parameter for every example",
    cite="yousefpour2021",
)
lean_end = given(
    equation(memory_low, overhead_low * required), because="ghost clipping keeps none of them", cite="bu2023"
)
full_end = define(
    equation(memory_high, required + example_gradients), because="they come on top", cite="yousefpour2021"
)
memory_law = substitute(
    full_end,
    kept,
    result=equation(memory_high, required + microbatch / one_sample * parameters * gradient_bytes),
    because="name them",
)

# Samples of a small group.
prevalence = ratio("safety.prevalence", "p", "share of a group in the population", low=1e-3, high=0.5)
others = ratio("safety.others", r"p_{\mathrm{rest}}", "share of everyone else", low=0.5, high=0.999)
needed = Quantity("safety.needed", r"n_{\min}", "sample", "samples of the group that are needed", low=1, high=1e4)
drawn = Quantity("safety.drawn", "n", "sample", "samples drawn from the population", low=1, high=1e7)
drawn_low = Quantity("safety.drawn_low", r"n_{\mathrm{low}}", "sample", "samples that hold enough on average", low=1)
drawn_high = Quantity("safety.drawn_high", r"n_{\mathrm{high}}", "sample", "samples that almost surely do", low=1)
confidence = ratio("safety.confidence", r"\gamma", "probability that the group is large enough", low=0.6, high=0.999)
normal = ratio("safety.normal", r"z_{\gamma}", "quantile of the normal distribution", low=0.1, high=4)
excess = ratio("safety.excess", "x", "how far the draw exceeds its own noise", high=100)

on_average = given(
    equation(needed, prevalence * drawn), because="a share of any draw is of the group", cite="casella2002"
)
draw = solve(on_average, drawn, equation(drawn, needed / prevalence), because="a rare group needs a large draw")
draw_law = apply(draw, {drawn: drawn_low}, because="enough on average")
one_sided = given(
    equation(confidence, (1 + erf(normal / sqrt(2))) / 2),
    because="how often a normal variable stays below a quantile",
    cite="casella2002",
)
quantile = solve(one_sided, normal, equation(normal, sqrt(2) * erfinv(2 * confidence - 1)), because="turned round")
rest = define(equation(others, 1 - prevalence), because="everyone else")
almost_surely = given(
    equation(needed, prevalence * drawn - normal * sqrt(prevalence * others * drawn * one_sample)),
    because="the count varies as a binomial does: take its low quantile",
    cite="casella2002",
)
measured = define(
    equation(drawn, one_sample * normal**2 * others / prevalence * (1 + excess) ** 2),
    because="measure the draw by that at which the low quantile is nobody",
)
by_measure = substitute(
    almost_surely,
    measured,
    result=equation(needed, one_sample * normal**2 * others * excess * (1 + excess)),
    because="the square root goes",
)
enough = solve(
    by_measure,
    excess,
    equation(excess, (sqrt(1 + 4 * needed / (one_sample * normal**2 * others)) - 1) / 2),
    because="only one root is positive",
)
sure = substitute(
    measured,
    enough,
    result=equation(
        drawn,
        one_sample
        * normal**2
        * others
        / (4 * prevalence)
        * (1 + sqrt(1 + 4 * needed / (one_sample * normal**2 * others))) ** 2,
    ),
    because="back to samples",
)
sure_law = apply(sure, {drawn: drawn_high}, because="enough almost surely")

# An audit: are two groups' rates alike?
first = ratio("safety.first", "p_1", "rate in the first group", low=0.05, high=0.95)
second = ratio("safety.second", "p_2", "rate in the second group", low=0.05, high=0.95)
relative = ratio("safety.relative", "r", "size of the second group's sample, relative to the first's", low=0.1, high=10)
significance = ratio(
    "safety.significance", r"\alpha_{\mathrm{test}}", "probability of a false alarm", low=1e-4, high=0.3
)
certainty = ratio("safety.certainty", r"\pi", "probability of seeing the difference (power)", low=0.6, high=0.999)
alarm = ratio("safety.alarm", r"z_{\alpha}", "standard deviations at which the audit sounds", low=0.1, high=4)
reserve = ratio("safety.reserve", r"z_{\pi}", "standard deviations by which it is sure to", low=0.1, high=4)
gap = ratio("safety.gap", r"\Delta", "difference of the rates")
pooled = ratio("safety.pooled", "p_0", "rate of both groups together")
noise_alike = ratio("safety.noise_alike", r"k_0", "noise of the difference were the rates alike, of one sample", high=4)
noise_apart = ratio("safety.noise_apart", r"k_1", "noise of the difference as the rates are, of one sample", high=4)
total_noise = ratio("safety.total_noise", "K", "noise that the difference must exceed, of one sample", high=20)
audit = Quantity("safety.audit", r"n_1", "sample", "samples of the first group", low=1, high=1e6)
corrected = Quantity("safety.corrected", r"n_1'", "sample", "the same, counts being whole", low=1, high=1e6)
audit_low = Quantity("safety.audit_low", r"n_{1,\mathrm{low}}", "sample", "least samples of the first group", low=1)
audit_high = Quantity("safety.audit_high", r"n_{1,\mathrm{high}}", "sample", "most samples of the first group", low=1)
more = ratio("safety.more", "y", "how much larger the root of the sample becomes")
audit_drawn_low = Quantity("safety.audit_drawn_low", r"N_{\mathrm{low}}", "sample", "draw that holds the least", low=1)
audit_drawn_high = Quantity(
    "safety.audit_drawn_high", r"N_{\mathrm{high}}", "sample", "draw that holds the most", low=1
)

two_sided = given(
    equation(significance, 1 - erf(alarm / sqrt(2))),
    because="how often noise alone goes so far to either side",
    cite="fleiss2003",
)
alarm_law = solve(two_sided, alarm, equation(alarm, sqrt(2) * erfinv(1 - significance)), because="turned round")
reserve_law = apply(
    quantile, {confidence: certainty, normal: reserve}, because="how far beyond the alarm the truth must lie"
)
gap_law = define(equation(gap, Max(first - second, second - first)), because="either group may be the worse off")
pooled_law = define(
    equation(pooled, (first + relative * second) / (1 + relative)), because="both groups as one", cite="fleiss2003"
)
alike_law = given(
    equation(noise_alike, sqrt(pooled * (1 - pooled) * (1 + 1 / relative))),
    because="a rate varies as a binomial does, and variances add up",
    cite="fleiss2003",
)
apart_law = given(
    equation(noise_apart, sqrt(first * (1 - first) + second * (1 - second) / relative)),
    because="the same with each group's own rate",
    cite="fleiss2003",
)
both_noises = define(
    equation(total_noise, alarm * noise_alike + reserve * noise_apart),
    because="the alarm must stand above chance and below the truth",
    cite="fleiss2003",
)
seen = given(
    equation(gap, total_noise / sqrt(audit / one_sample)),
    because="noise shrinks with the root of the sample until the difference stands out",
    cite="fleiss2003",
)
audit_size = solve(
    seen, audit, equation(audit, one_sample * (total_noise / gap) ** 2), because="the sample is what was asked for"
)
alike_never = rewrite(
    audit_size,
    equation(audit, Piecewise((one_sample * (total_noise / gap) ** 2, gap > 0), (oo, True))),
    because="rates that are alike no sample tells apart",
)
audit_law = apply(alike_never, {audit: audit_low}, because="by the normal approximation")
noise_by_sample = solve(
    seen, total_noise, equation(total_noise, gap * sqrt(audit / one_sample)), because="turned round"
)
whole_counts = given(
    equation(gap, total_noise / sqrt(corrected / one_sample) + (1 + 1 / relative) / 2 * one_sample / corrected),
    because="counts are whole: half a sample in each group goes to the approximation",
    cite="fleiss1980",
)
larger = define(equation(corrected, audit * (1 + more) ** 2), because="a somewhat larger sample")
one_more_unknown = substitute(
    whole_counts,
    noise_by_sample,
    larger,
    result=equation(gap, gap / (1 + more) + (1 + 1 / relative) * one_sample / (2 * audit * (1 + more) ** 2)),
    because="only the increase is unknown",
)
increase = solve(
    one_more_unknown,
    more,
    equation(more, (sqrt(1 + 2 * (1 + 1 / relative) * one_sample / (audit * gap)) - 1) / 2),
    because="only one root is positive",
)
corrected_size = substitute(
    larger,
    increase,
    result=equation(corrected, audit / 4 * (1 + sqrt(1 + 2 * (1 + 1 / relative) * one_sample / (audit * gap))) ** 2),
    because="back to samples",
    cite="fleiss1980",
)
still_never = rewrite(
    corrected_size,
    equation(
        corrected,
        Piecewise(
            (audit / 4 * (1 + sqrt(1 + 2 * (1 + 1 / relative) * one_sample / (audit * gap))) ** 2, gap > 0), (oo, True)
        ),
    ),
    because="rates that are alike no sample tells apart",
)
corrected_law = apply(
    still_never, {corrected: audit_high, audit: audit_low}, because="with the correction for whole counts"
)
audit_draw_low = apply(draw, {drawn: audit_drawn_low, needed: audit_low}, because="the first group is the rare one")
audit_draw_high = apply(draw, {drawn: audit_drawn_high, needed: audit_high}, because="the first group is the rare one")

wall = Wall(
    number=20,
    name="safety",
    domain="operations",
    core=(noise_law, one_odds, expanded, mean_law, spent_law, converted, tightly, rarely, full_law, ghost_work,
          fast_end, slow_end, lean_end, memory_law, draw_law, quantile, rest, sure_law, alarm_law, reserve_law,
          gap_law, pooled_law, alike_law, apart_law, both_noises, audit_law, corrected_law, audit_draw_low,
          audit_draw_high),
    binds="the privacy or fairness promised needs more noise, work, memory or samples than there are",
    assumptions=(
        "examples are sampled one by one (Poisson) and neighbouring data differ by one example more or less",
        "the order is chosen by trying: any order gives a valid bound, the least is the claim",
        "each example's gradient is clipped to the sensitivity",
    ),
    validity="whole orders; counts of five or more in every cell of an audit",
)  # fmt: skip
