"""Recomputation: what a layer need not keep, because it can be computed again."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    context,
    ffn_width,
    hidden,
    mask_bytes,
    microbatch,
    sequence,
    sequence_parallel,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.memory import activations
from mlsysim.symbolic.foundations.memory.activations import kept, pairs, tokens_here
from mlsysim.symbolic.quantity import data
from mlsysim.symbolic.rules import define, equation, substitute

kept_selective = data("memory.kept_selective", r"A_{\mathrm{sel}}", "the same with the scores computed again")
kept_full = data("memory.kept_full", r"A_{\mathrm{inp}}", "the same with all but the input computed again")

selective = define(
    equation(kept_selective, kept - tokens_here * pairs / tensor),
    because="selective recomputation computes the scores again",
    cite="korthikanti2022",
)
full_recompute = define(
    equation(kept_full, tokens_here * hidden * value_bytes),
    because="full recomputation keeps only the input of a layer",
    cite="korthikanti2022",
)
selective_count = substitute(
    selective,
    activations.layer_count,
    activations.tokens_of_microbatch,
    activations.pair_count,
    result=equation(
        kept_selective,
        microbatch
        * sequence
        / context
        * (
            (4 * hidden * value_bytes + 2 * hidden * mask_bytes)
            / Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))
            + (4 * hidden * value_bytes + 2 * ffn_width * value_bytes) / tensor
        ),
    ),
    because="without the scores",
)
full_count = substitute(
    full_recompute,
    activations.tokens_of_microbatch,
    result=equation(kept_full, microbatch * sequence / context * hidden * value_bytes),
    because="name the tokens",
)
