"""The normal distribution: how many standard deviations a share of what varies stays below."""

from sympy import erf, erfinv, sqrt

from mlsysim.symbolic.quantity import ratio
from mlsysim.symbolic.rules import equation, given, solve

share = ratio("normal.share", r"P_{z}", "probability to stay below a quantile", low=0.6, high=0.999)
deviations = ratio("normal.deviations", "z_{P}", "quantile of the normal distribution", low=0.1, high=4)

one_sided = given(
    equation(share, (1 + erf(deviations / sqrt(2))) / 2),
    because="how often a normal variable stays below a quantile",
    cite="casella2002",
)
law = solve(one_sided, deviations, equation(deviations, sqrt(2) * erfinv(2 * share - 1)), because="turned round")
