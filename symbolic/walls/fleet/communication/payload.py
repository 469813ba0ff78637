"""Payloads: the activations of tokens are a matrix, a row of numbers for each token, and ranks may share its rows."""

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import value_bytes
from mlsysim.symbolic.quantity import Quantity, count, data, ratio
from mlsysim.symbolic.rules import apply, equation, substitute

tokens = Quantity("communication.payload_tokens", r"n_{\mathrm{tok}}", "token", "tokens of a message", low=1, high=1e6)
width = count("communication.payload_width", r"w_{\mathrm{tok}}", "numbers of a token", low=64, high=32768)
row = Quantity("communication.payload_row", r"m_{\mathrm{tok}}", "byte/token", "data of a token", low=1, high=1e5)
payload = data("communication.payload", r"M_{\mathrm{tok}}", "activations of these tokens", display="MB")
sharing = ratio("communication.payload_sharing", r"n_{\mathrm{share}}", "ranks that share them", low=1, high=8)
shared_payload = data("communication.shared_payload", r"M_{\mathrm{share}}", "what one of them sends", display="MB")

row_of_numbers = apply(
    in_turn.law,
    {in_turn.whole: row, in_turn.parts: width, in_turn.part: value_bytes},
    because="a token is a row of numbers",
)
rows_of_tokens = apply(
    in_turn.law,
    {in_turn.whole: payload, in_turn.parts: tokens, in_turn.part: row},
    because="tokens are rows of a matrix",
)
law = substitute(
    rows_of_tokens,
    row_of_numbers,
    result=equation(payload, tokens * width * value_bytes),
    because="name the data of a token",
)
part_of_a_rank = apply(
    shares.law,
    {shares.share: shared_payload, shares.whole: payload, shares.shares: sharing},
    because="ranks that hold different rows send their own",
)
shared_law = substitute(
    part_of_a_rank,
    law,
    result=equation(shared_payload, tokens * width * value_bytes / sharing),
    because="name the whole matrix",
)
