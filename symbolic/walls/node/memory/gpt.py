"""Activations of GPT's layers: with two bytes a number, the general count is the published one."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    context,
    dropout,
    ffn_matrices,
    ffn_width,
    heads,
    hidden,
    kv_heads,
    latent,
    microbatch,
    one_sample,
    score_bytes,
    sequence,
    sequence_parallel,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.transformer import mix_width, query_key_width, sparse_share
from mlsysim.symbolic.quantity import constant, data
from mlsysim.symbolic.rules import apply, equation, specialise, substitute
from mlsysim.symbolic.walls.node.memory import activations, recomputation
from mlsysim.symbolic.walls.node.memory.activations import divided, kept, left_whole, pairs
from mlsysim.symbolic.walls.node.memory.recomputation import kept_full, kept_selective

two_bytes = constant("one.half_value", 2, "byte/token", "bytes of an activation number in half precision")
two_score_bytes = constant("one.half_score", 2, "byte/token/token", "bytes of a score in half precision")
whole_bytes = constant("one.layer_whole", 10, "byte/token", "bytes per width that stay whole")
split_bytes = constant("one.layer_split", 24, "byte/token", "bytes per width that are divided")
layer_bytes = constant("one.layer_kept", 34, "byte/token", "bytes per width of a layer")
pair_bytes = constant("one.layer_pair", 5, "byte/token/token", "bytes per head and pair of tokens")
kept_tensor = data("memory.kept_tensor", r"A_{t}", "activations of a GPT layer under tensor parallelism")
kept_sequence = data("memory.kept_sequence", r"A_{t\sigma}", "the same with the sequence divided too")
kept_alone = data("memory.kept_alone", r"A_{\mathrm{GPT}}", "activations of a GPT layer on one accelerator")
kept_alone_selective = data(
    "memory.kept_alone_selective", r"A_{\mathrm{GPT,sel}}", "the same with the scores computed again"
)
kept_alone_full = data(
    "memory.kept_alone_full", r"A_{\mathrm{GPT,inp}}", "the same with all but the input computed again"
)

# The three parts of the count, of a dense layer with all heads, dropout and a plain feed-forward layer.
GPT = {
    dropout: 1,
    kv_heads: heads,
    latent: 0,
    query_key_width: hidden / heads,
    mix_width: hidden / heads,
    ffn_matrices: 2,
    ffn_width: 4 * hidden,
    sparse_share: 0,
    value_bytes: two_bytes,
    score_bytes: two_score_bytes,
}
whole_of_gpt = specialise(
    activations.whole_count,
    GPT,
    equation(left_whole, whole_bytes * hidden),
    because="two bytes a number, one a mask",
    cite="korthikanti2022",
)
divided_of_gpt = specialise(
    activations.divided_count,
    GPT,
    equation(divided, split_bytes * hidden),
    because="all heads together are as wide as the layer, and the feed-forward layer is four times as wide",
    cite="korthikanti2022",
)
pairs_of_gpt = specialise(
    activations.pair_count,
    GPT,
    equation(pairs, pair_bytes * heads * sequence * one_sample),
    because="two bytes a score, twice, and one a mask",
    cite="korthikanti2022",
)

# The whole layer.
layer_of_gpt = substitute(
    activations.layer_kept,
    activations.tokens_of_microbatch,
    activations.sharing,
    whole_of_gpt,
    divided_of_gpt,
    pairs_of_gpt,
    result=equation(
        kept,
        microbatch
        * sequence
        / context
        * (
            whole_bytes * hidden / Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))
            + (split_bytes * hidden + pair_bytes * heads * sequence * one_sample) / tensor
        ),
    ),
    because="name the parts",
)
layer_tensor = apply(
    specialise(
        layer_of_gpt,
        {context: 1, sequence_parallel: 0},
        equation(
            kept,
            microbatch
            * sequence
            * hidden
            * (whole_bytes + split_bytes / tensor + pair_bytes * heads * sequence * one_sample / (hidden * tensor)),
        ),
        because="the sequence is not divided",
        cite="korthikanti2022",
    ),
    {kept: kept_tensor},
    because="tensor parallelism alone",
)
layer_sequence = apply(
    specialise(
        layer_of_gpt,
        {context: 1, sequence_parallel: 1},
        equation(
            kept,
            microbatch
            * sequence
            * hidden
            / tensor
            * (layer_bytes + pair_bytes * heads * sequence * one_sample / hidden),
        ),
        because="with the sequence divided, everything is",
        cite="korthikanti2022",
    ),
    {kept: kept_sequence},
    because="tensor and sequence parallelism",
)
layer_alone = apply(
    specialise(
        layer_tensor,
        {tensor: 1},
        equation(
            kept_tensor,
            microbatch * sequence * hidden * (layer_bytes + pair_bytes * heads * sequence * one_sample / hidden),
        ),
        because="on one accelerator nothing is divided",
        cite="korthikanti2022",
    ),
    {kept_tensor: kept_alone},
    because="one accelerator",
)

# The same recomputed.
selective_of_gpt = substitute(
    recomputation.selective_law,
    activations.tokens_of_microbatch,
    activations.sharing,
    whole_of_gpt,
    divided_of_gpt,
    result=equation(
        kept_selective,
        microbatch
        * sequence
        / context
        * (
            whole_bytes * hidden / Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))
            + split_bytes * hidden / tensor
        ),
    ),
    because="name the parts",
)
selective_alone = apply(
    specialise(
        selective_of_gpt,
        {context: 1, sequence_parallel: 0, tensor: 1},
        equation(kept_selective, layer_bytes * microbatch * sequence * hidden),
        because="the scores were all that grew with the square of the sequence",
        cite="korthikanti2022",
    ),
    {kept_selective: kept_alone_selective},
    because="one accelerator",
)
full_alone = apply(
    specialise(
        recomputation.full_count,
        {value_bytes: two_bytes, context: 1, sequence_parallel: 0},
        equation(kept_full, two_bytes * microbatch * sequence * hidden),
        because="two bytes a number",
        cite="korthikanti2022",
    ),
    {kept_full: kept_alone_full},
    because="one accelerator",
)
