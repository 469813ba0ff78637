"""One release of a number: noise in proportion to what one example can move hides that example."""

from sympy import Piecewise, log, oo, sqrt

from mlsysim.symbolic.quantity import ratio
from mlsysim.symbolic.rules import define, equation, given, substitute

epsilon = ratio("safety.epsilon", r"\epsilon", "privacy loss: log of how much one example may shift a probability")
delta = ratio("safety.delta", r"\delta", "probability with which the privacy loss may be exceeded", low=1e-9, high=0.1)
sensitivity = ratio("safety.sensitivity", "S", "most that one example can move the result", high=10)
tail = ratio("safety.tail", "c", "noise in sensitivities, times the privacy loss", high=10)
spread = ratio("safety.spread", "s", "standard deviation of the noise", high=100)
noise = ratio("safety.noise", r"\sigma", "standard deviation of the noise, in sensitivities", low=0.5, high=10)
least_noise = ratio("safety.least_noise", r"\sigma_{\min}", "least noise of the Gaussian mechanism", high=100)

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
