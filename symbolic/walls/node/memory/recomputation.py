"""Recomputation: what a layer need not keep, because it can be computed again."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    context,
    hidden,
    microbatch,
    recompute,
    sequence,
    sequence_parallel,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.quantity import data
from mlsysim.symbolic.rules import define, equation, solve, substitute
from mlsysim.symbolic.walls.node.memory import activations
from mlsysim.symbolic.walls.node.memory.activations import divided, kept, left_whole, pairs, tokens_here, whole_parts

kept_selective = data("memory.kept_selective", r"A_{\mathrm{sel}}", "the same with the scores computed again")
kept_full = data("memory.kept_full", r"A_{\mathrm{inp}}", "the same with all but the input computed again")
kept_chosen = data("memory.kept_chosen", r"A_{r}", "the same with the recomputation that the plan chooses")

selective = define(
    equation(kept_selective, kept - tokens_here * pairs / tensor),
    because="selective recomputation computes the scores again",
    cite="korthikanti2022",
)
selective_law = substitute(
    selective,
    activations.layer_kept,
    result=equation(kept_selective, tokens_here * (left_whole / whole_parts + divided / tensor)),
    because="without the scores",
)
with_scores = solve(
    selective, kept, equation(kept, kept_selective + tokens_here * pairs / tensor), because="and with them"
)
full_recompute = define(
    equation(kept_full, tokens_here * hidden * value_bytes / whole_parts),
    because="full recomputation keeps only the input of a layer",
    cite="korthikanti2022",
)
full_count = substitute(
    full_recompute,
    activations.tokens_of_microbatch,
    activations.sharing,
    result=equation(
        kept_full,
        microbatch
        * sequence
        / context
        * hidden
        * value_bytes
        / Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True)),
    ),
    because="name the tokens",
)
choice = define(
    equation(kept_chosen, Piecewise((kept_full, Eq(recompute, 2)), (kept_selective, Eq(recompute, 1)), (kept, True))),
    because="a plan recomputes everything, the scores or nothing",
)
choice_law = substitute(
    choice,
    full_recompute,
    with_scores,
    result=equation(
        kept_chosen,
        Piecewise(
            (tokens_here * hidden * value_bytes / whole_parts, Eq(recompute, 2)),
            (kept_selective, Eq(recompute, 1)),
            (kept_selective + tokens_here * pairs / tensor, True),
        ),
    ),
    because="full recomputation keeps only the input of a layer, selective all but the scores",
    cite="korthikanti2022",
)
