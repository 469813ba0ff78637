"""Routing: a pass reads the weights of an expert unless every one of its tokens misses it."""

from sympy import Max

from mlsysim.symbolic.foundations.inputs import active_experts, experts, one_token
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import define, equation, given, substitute

tokens = Quantity("serving.tokens", r"n_{\mathrm{tok}}", "token", "tokens in a pass", low=1, high=1e3)
missed = ratio("serving.missed", r"x_{\mathrm{miss}}", "probability that a token misses an expert")
touched = ratio("serving.touched", r"x_{E}", "share of experts that a pass reads")

even = given(
    equation(missed, 1 - active_experts / Max(1, experts)),
    because="a router spreads tokens evenly over its experts",
    cite="fedus2021",
)
unless_all_miss = define(
    equation(touched, 1 - missed ** (tokens / one_token)), because="an expert is read unless every token misses it"
)
experts_read = substitute(
    unless_all_miss,
    even,
    result=equation(touched, 1 - (1 - active_experts / Max(1, experts)) ** (tokens / one_token)),
    because="name the probability of a miss",
)
