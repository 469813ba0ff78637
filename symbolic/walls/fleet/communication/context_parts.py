"""What context parallelism passes round: the keys and values of a rank's part of the sequence, for its share of the heads."""

from sympy import Eq, Min, Piecewise

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import heads, kv_heads, latent, tensor, value_bytes
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.foundations.transformer import mix_width, query_key_width
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, count, data
from mlsysim.symbolic.rules import apply, define, equation, substitute
from mlsysim.symbolic.walls.fleet.communication import payload

passed_heads = count("communication.passed_heads", r"n_{\mathrm{hd}}", "heads that have a key and a value", high=256)
rank_heads = count("communication.rank_heads", r"n_{\mathrm{hd},t}", "heads of a tensor rank", high=256)
passed_width = count(
    "communication.passed_width", r"w_{\mathrm{hd}}", "numbers of a token's keys and values", high=32768
)
context_message = data("communication.context_message", r"M_c", "keys and values of a microbatch's part", display="MB")

heads_passed = define(
    equation(passed_heads, Piecewise((heads, Eq(latent, 1)), (kv_heads, True))),
    because="each key-value head has a key and a value; a latent vector is unfolded for every head",
    cite="deepseek2024v2",
)
heads_of_a_rank = apply(
    shares.law,
    {shares.share: rank_heads, shares.whole: passed_heads, shares.shares: Min(tensor, passed_heads)},
    because="tensor ranks share them, and where ranks are more, several hold the same head",
)
numbers_of_a_token = apply(
    in_turn.law,
    {in_turn.whole: passed_width, in_turn.parts: rank_heads, in_turn.part: query_key_width + mix_width},
    because="a head has a key and a value",
)
part_passed = apply(
    payload.law,
    {payload.payload: context_message, payload.tokens: local_tokens, payload.width: passed_width},
    because="each rank passes on the keys and values of its part",
    cite="liu2023ring",
)
context_data = substitute(
    part_passed,
    numbers_of_a_token,
    heads_of_a_rank,
    heads_passed,
    result=equation(
        context_message,
        local_tokens
        * value_bytes
        * (query_key_width + mix_width)
        * Piecewise((heads, Eq(latent, 1)), (kv_heads, True))
        / Min(tensor, Piecewise((heads, Eq(latent, 1)), (kv_heads, True))),
    ),
    because="count the numbers of a token",
    cite="liu2023ring",
    when=TRANSFORMER_TRAINING,
)
