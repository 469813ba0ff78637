"""Samples of a small group: how many must be drawn so that enough of it are among them.

On average the draw is what is needed over the group's share; to be almost sure it must be larger.
"""

from sympy import sqrt

from mlsysim.symbolic.foundations import normal as normal_distribution
from mlsysim.symbolic.foundations.inputs import one_sample
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute

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
quantile = apply(
    normal_distribution.law,
    {normal_distribution.share: confidence, normal_distribution.deviations: normal},
    because="so many deviations below its mean a count is with the probability that is left",
)
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
