"""Activations: what a layer keeps, by what tensor parallelism leaves whole, what it divides, and the scores."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    context,
    dropout,
    expert_width,
    ffn_matrices,
    ffn_width,
    heads,
    hidden,
    kv_heads,
    latent,
    mask_bytes,
    microbatch,
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
from mlsysim.symbolic.rules import define, equation, given, substitute, total

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
whole_parts = count(
    "memory.whole_parts", r"t_{\mathrm{keep}}", "ranks that share what tensor parallelism leaves whole", high=8
)
kept = data("memory.kept", r"A_{1}", "activations of a layer and microbatch on one accelerator")

tokens_of_microbatch = define(
    equation(tokens_here, microbatch * sequence / context), because="context parallelism divides the sequence"
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
pair_count = given(
    equation(pairs, heads * sequence * one_sample * (score_bytes * (1 + dropout) + dropout * score_mask_bytes)),
    because="for every head and pair of tokens the softmax, its dropout mask and what is left of it",
    cite="korthikanti2022",
)
sharing = define(
    equation(whole_parts, Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))),
    because="sequence parallelism divides what tensor parallelism leaves whole",
    cite="korthikanti2022",
)
layer_kept = define(
    equation(kept, tokens_here * (left_whole / whole_parts + (divided + pairs) / tensor)),
    because="every token keeps its inputs, its products and its scores, each on its ranks",
    cite="korthikanti2022",
)
