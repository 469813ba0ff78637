"""A delay cycle: a delay that grows by as much as arrives meanwhile, and varies by how much that is.

Each arrival adds the same time, in which more may arrive: it begins a cycle of its own.
"""

from sympy import sqrt

from mlsysim.symbolic.foundations import queue
from mlsysim.symbolic.foundations.queue import arrivals, load, one_request, service
from mlsysim.symbolic.quantity import Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute

alone = time("delay_cycle.alone", r"T_{0}", "time of a delay to which nothing is added")
added = time("delay_cycle.added", r"T_{+}", "time that each arrival adds")
share = ratio("delay_cycle.taken", "y", "share of time that arrivals add", low=0, high=0.9)
mean = time("delay_cycle.mean", r"\bar T_{\mathrm{dc}}", "mean time of a delay with all that is added to it")
sub_mean = time("delay_cycle.sub_mean", r"\bar T_{1}", "mean time of the cycle that one arrival begins")


def _squared(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"delay_cycle.{name}", latex, "s^2", meaning, low=0)


variance = _squared("variance", r"V_{\mathrm{dc}}", "variance of the time of a delay with all that is added to it")
sub_variance = _squared("sub_variance", r"V_{1}", "variance of the cycle that one arrival begins")
sub_square = _squared("sub_square", r"Q_{1}", "mean square of the time of such a cycle")
spread = time("delay_cycle.spread", r"\sigma_{\mathrm{dc}}", "standard deviation of the time of a delay", low=0)

# The mean.
share_of_time = apply(
    queue.load_by_time, {load: share, service: added}, because="arrivals keep time busy as requests keep a server"
)
rate_of_share = solve(
    share_of_time,
    arrivals,
    equation(arrivals, share * one_request / added),
    because="the arrivals that take this share",
)
grows = given(
    equation(mean, alone + share * mean),
    because="the delay is what is left of the whole when arrivals have had their share",
    cite="kleinrock1976",
)
mean_law = solve(grows, mean, equation(mean, alone / (1 - share)), because="the whole is what was asked for")

# The variance.
number_varies = given(
    equation(variance, arrivals / one_request * alone * sub_square),
    because="the number of random arrivals varies as much as its mean: a sum of so many times varies by their mean square",
    cite="kleinrock1976",
)
varies_by_share = substitute(
    number_varies,
    rate_of_share,
    result=equation(variance, share / added * alone * sub_square),
    because="name the arrivals",
)
cycle_of_one = apply(mean_law, {mean: sub_mean, alone: added}, because="an arrival begins with the time that it adds")
one_varies = apply(varies_by_share, {variance: sub_variance, alone: added}, because="and its cycle varies likewise")
square_of_one = define(
    equation(sub_square, sub_mean**2 + sub_variance),
    because="a mean square is the square of the mean, and the variance",
)
square_again = substitute(
    square_of_one,
    cycle_of_one,
    one_varies,
    result=equation(sub_square, (added / (1 - share)) ** 2 + share * sub_square),
    because="a cycle is made of cycles",
)
square_law = solve(
    square_again, sub_square, equation(sub_square, added**2 / (1 - share) ** 3), because="the mean square asked for"
)
variance_law = substitute(
    number_varies,
    square_law,
    result=equation(variance, arrivals / one_request * alone * added**2 / (1 - share) ** 3),
    because="name it",
    cite="kleinrock1976",
)
spread_law = substitute(
    define(equation(spread, sqrt(variance)), because="a standard deviation is the root of a variance"),
    variance_law,
    result=equation(spread, added * sqrt(arrivals / one_request * alone / (1 - share) ** 3)),
    because="name the variance",
    cite="kleinrock1976",
)
