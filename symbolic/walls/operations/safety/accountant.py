"""Training: many releases, each on a random part of the data, and the privacy loss that they add up to.

Noise and sampling bound the Rényi divergence of a step, divergences add up, and the sum turns into a privacy loss.
"""

from sympy import Max, Sum, Symbol, binomial, exp, log

from mlsysim.symbolic.quantity import Quantity, count, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, substitute
from mlsysim.symbolic.walls.operations.safety.mechanism import delta, noise

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
index = Symbol("k", integer=True, nonnegative=True)

# The odds of what is released, without sampling.
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

# With sampling: raised to the order, and averaged over the noise.
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
# The divergence of a step, of all steps, and the privacy loss that it bounds.
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
