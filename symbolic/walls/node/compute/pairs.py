"""Pairs: what it costs a token to attend to another one, and to how much of its sequence it attends."""

from sympy import Sum, Symbol, oo

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import causal, multiply_add_pair
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.foundations.transformer import mix_width, query_key_width
from mlsysim.symbolic.quantity import count, ratio
from mlsysim.symbolic.rules import apply, define, equation, limit, substitute, summed, total

place = Symbol("i", integer=True, positive=True)

score_pair = work_of("score_pair", r"o_{\mathrm{score}}", "scoring a pair in a head", per="/token/token")
mix_pair = work_of("mix_pair", r"o_{\mathrm{mix}}", "mixing a value by its score in a head", per="/token/token")
head_pair = work_of("head_pair", r"o_{\mathrm{hd}}", "a pair of tokens in a head", per="/token/token")
length = count("work.length", r"n_{s}", "tokens of a sequence, counted one by one", high=8192)
seen = ratio("work.seen", r"x_{\mathrm{see}}", "share of its sequence that a token attends to, on average")

score = apply(
    in_turn.law,
    {in_turn.whole: score_pair, in_turn.parts: query_key_width, in_turn.part: multiply_add_pair},
    because="a query meets a key in a dot product",
    cite="vaswani2017",
)
mix = apply(
    in_turn.law,
    {in_turn.whole: mix_pair, in_turn.parts: mix_width, in_turn.part: multiply_add_pair},
    because="the score weighs every number of a value, which is added up",
    cite="vaswani2017",
)
score_and_mix = total(score, mix, result=equation(head_pair, score_pair + mix_pair), because="first scored, then mixed")
head_law = substitute(
    score_and_mix,
    score,
    mix,
    result=equation(head_pair, multiply_add_pair * (query_key_width + mix_width)),
    because="count the multiplications and additions of each",
)

looking_back = define(
    equation(seen, Sum(1 - causal + causal * place / length, (place, 1, length)) / length),
    because="the i-th of n tokens attends to all n, or to i of them where it may only look back",
)
seen_closed = summed(
    looking_back, equation(seen, 1 - causal + causal * (length + 1) / (2 * length)), because="an arithmetic series"
)
seen_law = limit(
    seen_closed,
    length,
    oo,
    equation(seen, 1 - causal / 2),
    because="in a long sequence a token's attention to itself does not count: all of it, or half",
)
