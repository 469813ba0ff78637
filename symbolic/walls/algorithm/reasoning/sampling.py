"""The best of N: how likely one of them is right, and how far the best is above the rest."""

from sympy import ceiling, log, oo, sqrt

from mlsysim.symbolic.quantity import count, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, solve, stationary, substitute
from mlsysim.symbolic.walls.algorithm.reasoning.chain import samples

chance = ratio("reasoning.chance", "p", "probability that one answer is right", low=0.001, high=0.999)
missed = ratio("reasoning.missed", r"x_{\mathrm{miss}}", "probability that all are wrong")
success = ratio("reasoning.success", "q", "probability that one of N is right", low=0.001, high=0.999)
exact = ratio("reasoning.exact", r"N'_q", "the same before rounding", low=0.01, high=1e6)
needed = count("reasoning.needed", r"N_q", "samples for that probability", high=1e6)
rank = ratio("reasoning.rank", "u", "expected share of answers that the best of N beats")
newcomer = ratio("reasoning.newcomer", r"x_{\mathrm{new}}", "probability that another answer is better still")
tilt = ratio("reasoning.tilt", r"\lambda", "any positive number", high=100)
spread = ratio("reasoning.spread", r"\sigma", "standard deviation of a normal score", high=100)
bound = ratio("reasoning.bound", r"\Delta", "most that the best of N is above the mean, on average", high=1e3)

all_wrong = given(equation(missed, (1 - chance) ** samples), because="answers are drawn independently", cite="chen2021")
one_right = define(equation(success, 1 - missed), because="unless all are wrong, one is right")
success_law = substitute(
    one_right, all_wrong, result=equation(success, 1 - (1 - chance) ** samples), because="name the chance of that"
)
enough = solve(
    success_law,
    samples,
    equation(samples, log(1 - success) / log(1 - chance)),
    because="how many it takes for a given chance",
)
enough_named = apply(enough, {samples: exact}, because="it need not be whole")
whole = define(equation(needed, ceiling(exact)), because="samples come whole")
needed_law = substitute(
    whole,
    enough_named,
    result=equation(needed, ceiling(log(1 - success) / log(1 - chance))),
    because="name how many it takes",
)
no_favourite = given(
    equation(newcomer, 1 / (samples + 1)),
    because="of N + 1 equal draws each is as likely as any to be the best",
    cite="david2003",
)
still_better = define(equation(newcomer, 1 - rank), because="another answer is better if the best does not beat it")
same_chance = substitute(
    no_favourite, still_better, result=equation(1 - rank, 1 / (samples + 1)), because="both are the chance of that"
)
rank_law = solve(
    same_chance,
    rank,
    equation(rank, samples / (samples + 1)),
    because="for uniform scores this is the expected best itself",
    cite="david2003",
)
perfect = limit(rank_law, samples, oo, equation(rank, 1), because="the best of ever more comes near the top")
any_tilt = given(
    equation(bound, log(samples) / tilt + tilt * spread**2 / 2),
    because="the mean of the best is below this for every positive number",
    cite="boucheron2013",
)
flat = stationary(
    any_tilt,
    tilt,
    equation(spread**2 / 2 - log(samples) / tilt**2, 0),
    because="the bound is tightest where it stops falling",
)
best_tilt = solve(flat, tilt, equation(tilt, sqrt(2 * log(samples)) / spread), because="only one root is positive")
tightest = substitute(
    any_tilt,
    best_tilt,
    result=equation(
        bound, log(samples) / (sqrt(2 * log(samples)) / spread) + sqrt(2 * log(samples)) / spread * spread**2 / 2
    ),
    because="at the best number",
)
bound_law = rewrite(
    tightest, equation(bound, spread * sqrt(2 * log(samples))), because="ten times the samples add little"
)
