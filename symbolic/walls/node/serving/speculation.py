"""Speculative decoding: a small model drafts, and the large one checks all drafts in one pass."""

from sympy import Eq, Piecewise, Sum, Symbol

from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, specialise, substitute, summed

index = Symbol("i", integer=True, positive=True)

accept = ratio("serving.acceptance", r"\alpha", "probability that a draft is accepted", high=0.99)
drafts = count("serving.drafts", r"k_{\mathrm{d}}", "drafts that a pass checks", high=16)
expected = Quantity(
    "serving.expected", r"n_{\mathrm{pass}}", "1", "tokens that a pass yields, on average", low=1, high=64
)
draft_time = time("serving.draft_time", r"T_{\mathrm{draft}}", "time of a decode step of the drafting model")
target_time = time("serving.target_time", r"T_{\mathrm{target}}", "time of a decode step of the large model")
draft_cost = ratio(
    "serving.draft_cost", r"c_{\mathrm{d}}", "time of a draft per that of a step of the large model", low=0
)
round_time = time("serving.round", r"T_{\mathrm{round}}", "time to draft and check")
token_time = time("serving.token_time", r"T_{\mathrm{token}}", "time of a token with drafts, on average")
speedup = ratio("serving.speedup", "S", "speed with drafts per that without", high=64)
speedup_single = ratio("serving.speedup_single", "S_{1}", "speed with one draft per that without", high=64)
expected_single = ratio(
    "serving.expected_single", r"n_{\mathrm{pass},1}", "tokens of a pass with one draft", low=1, high=2
)
draft_work = ratio(
    "serving.draft_work", r"c_{\mathrm{O}}", "work of a draft per that of a token of the large model", low=0
)
more_work = ratio("serving.more_work", r"x_{\mathrm{O}}", "work with drafts per that without", high=64)

truncated = given(
    equation(expected, Sum(accept**index, (index, 0, drafts))),
    because="a pass yields one token of its own, and its i-th draft when it and all before it are accepted",
    cite="leviathan2023",
)
expected_law = summed(
    truncated,
    equation(expected, Piecewise((drafts + 1, Eq(accept, 1)), ((1 - accept ** (drafts + 1)) / (1 - accept), True))),
    because="a geometric series, cut off after the drafts",
    cite="leviathan2023",
)
draft_and_check = given(
    equation(round_time, drafts * draft_time + target_time),
    because="drafts come one after another, and checking them takes as long as one step",
    cite="leviathan2023",
)
cost_is_ratio = define(equation(draft_cost, draft_time / target_time), because="what a draft costs")
draft_by_cost = solve(
    cost_is_ratio, draft_time, equation(draft_time, draft_cost * target_time), because="the time of a draft"
)
round_by_cost = substitute(
    draft_and_check,
    draft_by_cost,
    result=equation(round_time, drafts * draft_cost * target_time + target_time),
    because="name it",
)
time_per_token = define(equation(token_time, round_time / expected), because="a round yields its tokens")
faster = define(equation(speedup, target_time / token_time), because="without drafts, a step gives one token")
speedup_law = substitute(
    faster,
    time_per_token,
    round_by_cost,
    result=equation(speedup, expected / (drafts * draft_cost + 1)),
    because="the time of a step cancels",
    cite="leviathan2023",
)
pass_of_one = apply(
    specialise(expected_law, {drafts: 1}, equation(expected, 1 + accept), because="one draft"),
    {expected: expected_single},
    because="one draft",
)
speedup_of_one = substitute(
    apply(
        speedup_law, {speedup: speedup_single, expected: expected_single, drafts: 1}, because="a pass with one draft"
    ),
    pass_of_one,
    result=equation(speedup_single, (1 + accept) / (draft_cost + 1)),
    because="drafting pays when drafts are accepted more often than they cost",
    cite="leviathan2023",
)
work_with_drafts = given(
    equation(more_work, (drafts * draft_work + drafts + 1) / expected),
    because="every round drafts, and checks all drafts and one more, accepted or not",
    cite="leviathan2023",
)
