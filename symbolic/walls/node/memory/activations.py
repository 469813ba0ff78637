"""Activations: what a layer keeps, by what tensor parallelism leaves whole, what it divides, and the scores."""

from sympy import Eq, Expr, Piecewise

from mlsysim.symbolic.foundations import in_turn, shares, split
from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    dropout,
    expert_width,
    ffn_matrices,
    ffn_width,
    heads,
    hidden,
    kv_heads,
    latent,
    mask_bytes,
    one_sample,
    score_bytes,
    score_mask_bytes,
    sequence,
    sequence_parallel,
    shared_experts,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.transformer import mix_width, query_key_width, sparse_share
from mlsysim.symbolic.quantity import Quantity, count, data
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, total
from mlsysim.symbolic.step import Step

tokens_here = Quantity("memory.tokens", r"n_{\mathrm{tok}}", "token", "tokens of a microbatch here", low=1, high=1e6)
norm_inputs = Quantity("memory.norm_inputs", r"a_{\mathrm{norm}}", "byte/token", "inputs of two normalisations")
block_inputs = Quantity("memory.block_inputs", r"a_{\mathrm{in}}", "byte/token", "inputs of attention and feed-forward")
masks = Quantity("memory.masks", r"a_{\mathrm{drop}}", "byte/token", "masks of two dropouts")
left_whole = Quantity(
    "memory.left_whole", r"a_{\mathrm{keep}}", "byte/token", "kept per token and left whole by tensor parallelism"
)
mixing = Quantity("memory.mixing", r"a_{\mathrm{attn}}", "byte/token", "queries, keys, values and their mix")
widened = Quantity("memory.widened", r"a_{\mathrm{ff}}", "byte/token", "outputs of widening and input of narrowing")
routed = Quantity("memory.routed", r"a_{\mathrm{rt}}", "byte/token", "inputs of the routed experts")
divided = Quantity(
    "memory.divided", r"a_{\mathrm{div}}", "byte/token", "kept per token and divided by tensor parallelism"
)
pairs = Quantity("memory.pairs", r"a_{\mathrm{pair}}", "byte/token", "attention scores per token")
pair_softmax = Quantity("memory.pair_softmax", r"s_{\mathrm{soft}}", "byte/token/token", "output of a pair's softmax")
pair_dropout = Quantity("memory.pair_dropout", r"s_{\mathrm{drop}}", "byte/token/token", "output of its dropout", low=0)
pair_mask = Quantity("memory.pair_mask", r"s_{\mathrm{mask}}", "byte/token/token", "mask of its dropout", low=0)
pair_kept = Quantity("memory.pair_kept", r"s_{\mathrm{pair}}", "byte/token/token", "kept of a pair of tokens in a head")
whole_parts = count(
    "memory.whole_parts", r"t_{\mathrm{keep}}", "ranks that share what tensor parallelism leaves whole", high=8
)
whole_share = data("memory.whole_share", r"A_{\mathrm{keep}}", "an accelerator's share of what is left whole")
divided_share = data("memory.divided_share", r"A_{\mathrm{div}}", "an accelerator's share of what is divided")
kept = data("memory.kept", r"A_{1}", "activations of a layer and microbatch on one accelerator")

tokens_of_microbatch = apply(
    split.tokens_here, {split.local_tokens: tokens_here}, because="context parallelism divides the sequence"
)
two_norms = given(
    equation(norm_inputs, 2 * hidden * value_bytes),
    because="each of two normalisations keeps its input",
    cite="korthikanti2022",
)
two_blocks = given(
    equation(block_inputs, 2 * hidden * value_bytes),
    because="attention and feed-forward layer keep theirs",
    cite="korthikanti2022",
)
two_masks = given(
    equation(masks, 2 * dropout * hidden * mask_bytes),
    because="each of two dropouts, where there are any, keeps a mask",
    cite="korthikanti2022",
)
kept_whole = total(
    two_norms,
    two_blocks,
    two_masks,
    result=equation(left_whole, norm_inputs + block_inputs + masks),
    because="tensor parallelism divides none of these",
    cite="korthikanti2022",
)
whole_count = substitute(
    kept_whole,
    two_norms,
    two_blocks,
    two_masks,
    result=equation(left_whole, 4 * hidden * value_bytes + 2 * dropout * hidden * mask_bytes),
    because="name the parts",
)
attention_inputs = given(
    equation(
        mixing,
        value_bytes
        * (
            heads * (query_key_width + mix_width)
            + Piecewise((heads, Eq(latent, 1)), (kv_heads, True)) * (query_key_width + mix_width)
        ),
    ),
    because="queries and what the output matrix takes, keys and values; latent ones are unpacked for every head",
    cite="korthikanti2022,ainslie2023,deepseek2024v2",
)
widened_layer = given(
    equation(
        widened,
        value_bytes
        * (
            ffn_matrices
            * ((1 - sparse_share) * ffn_width + sparse_share * (active_experts + shared_experts) * expert_width)
        ),
    ),
    because="the outputs of the widening matrices and the input of the narrowing one",
    cite="korthikanti2022",
)
routed_inputs = given(
    equation(routed, value_bytes * (sparse_share * active_experts * hidden)),
    because="every expert that a token is routed to takes a copy of it",
    cite="lepikhin2020",
)
kept_divided = total(
    attention_inputs,
    widened_layer,
    routed_inputs,
    result=equation(divided, mixing + widened + routed),
    because="tensor parallelism divides heads and columns",
    cite="korthikanti2022",
)
divided_count = substitute(
    kept_divided,
    attention_inputs,
    widened_layer,
    routed_inputs,
    result=equation(
        divided,
        value_bytes
        * (
            heads * (query_key_width + mix_width)
            + Piecewise((heads, Eq(latent, 1)), (kv_heads, True)) * (query_key_width + mix_width)
            + ffn_matrices
            * ((1 - sparse_share) * ffn_width + sparse_share * (active_experts + shared_experts) * expert_width)
            + sparse_share * active_experts * hidden
        ),
    ),
    because="name the parts",
)
# The scores: three numbers for every head and pair of tokens.
softmax_kept = given(
    equation(pair_softmax, score_bytes), because="the softmax keeps its output", cite="korthikanti2022"
)
dropout_kept = given(
    equation(pair_dropout, dropout * score_bytes),
    because="what dropout, where there is any, leaves of it enters the next product",
    cite="korthikanti2022",
)
mask_kept = given(equation(pair_mask, dropout * score_mask_bytes), because="and keeps a mask", cite="korthikanti2022")
kept_of_a_pair = total(
    softmax_kept,
    dropout_kept,
    mask_kept,
    result=equation(pair_kept, pair_softmax + pair_dropout + pair_mask),
    because="all three wait for the backward pass",
)
pairs_of_a_token = apply(
    in_turn.law,
    {in_turn.whole: pairs, in_turn.parts: heads * sequence * one_sample, in_turn.part: pair_kept},
    because="a token is scored against every token of its sequence in every head",
)
pair_count = substitute(
    pairs_of_a_token,
    kept_of_a_pair,
    softmax_kept,
    dropout_kept,
    mask_kept,
    result=equation(pairs, heads * sequence * one_sample * (score_bytes * (1 + dropout) + dropout * score_mask_bytes)),
    because="name the three",
    cite="korthikanti2022",
)
sharing = define(
    equation(whole_parts, Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))),
    because="sequence parallelism divides what tensor parallelism leaves whole",
    cite="korthikanti2022",
)


def _shared(share: Quantity, per_token: Expr, ranks: Quantity, because: str) -> Step:
    """What an accelerator keeps of some part of the count."""
    return apply(
        shares.law,
        {shares.share: share, shares.whole: tokens_here * per_token, shares.shares: ranks},
        because=because,
        cite="korthikanti2022",
    )


kept_of_the_whole = _shared(whole_share, left_whole, whole_parts, "the ranks of the sequence, if any, share it")
kept_of_the_divided = _shared(divided_share, divided + pairs, tensor, "the ranks of a layer share heads and columns")
kept_of_both = total(
    kept_of_the_whole,
    kept_of_the_divided,
    result=equation(kept, whole_share + divided_share),
    because="all of it waits for the backward pass",
)
layer_kept = substitute(
    kept_of_both,
    kept_of_the_whole,
    kept_of_the_divided,
    result=equation(kept, tokens_here * (left_whole / whole_parts + (divided + pairs) / tensor)),
    because="every token keeps its inputs, its products and its scores, each on its ranks",
    cite="korthikanti2022",
)
