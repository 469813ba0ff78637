"""Activations: what a training step keeps for its backward pass."""

from sympy import Eq, Expr, Min, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    chunks,
    logit_bytes,
    offload_activations,
    pipeline,
    recompute,
    tensor,
    vocabulary,
)
from mlsysim.symbolic.foundations.split import (
    first_layers,
    local_tokens,
    microbatches,
    share_layers,
    stage_layers,
    tail_layers,
)
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, data, ratio
from mlsysim.symbolic.rules import apply, define, equation
from mlsysim.symbolic.walls.node.memory import activations as count
from mlsysim.symbolic.walls.node.memory import recomputation
from mlsysim.symbolic.walls.node.memory.activations import divided, left_whole, pairs, tokens_here, whole_parts
from mlsysim.symbolic.walls.node.memory.recomputation import kept_chosen, kept_selective

sequence_divisor = ratio(
    "memory.sequence_divisor", r"t_{\sigma}", "ranks that share what tensor parallelism does not split", low=1, high=8
)
whole_kept = Quantity(
    "memory.whole_kept", r"a_{\mathrm{whole}}", "byte/token", "kept per token, not split by tensor parallelism"
)
split_kept = Quantity(
    "memory.split_kept", r"a_{\mathrm{split}}", "byte/token", "kept per token, split by tensor parallelism"
)
score_kept = Quantity("memory.score_kept", r"a_{\mathrm{score}}", "byte/token", "attention scores kept per token")
layer_kept = data(
    "memory.layer_kept", r"A_{\mathrm{layer}}", "activations of a layer and microbatch on one accelerator"
)
full_kept = data("memory.full_kept", r"A_{\mathrm{full}}", "the same without recomputation of any product")
in_flight = ratio("memory.in_flight", r"\phi", "layers whose activations the first stage holds", low=1, high=128)
in_flight_between = ratio(
    "memory.in_flight_between",
    r"\phi_{\mathrm{mid}}",
    "layers whose activations the second stage holds",
    low=0,
    high=128,
)
in_flight_last = ratio(
    "memory.in_flight_last", r"\phi_{\mathrm{last}}", "layers whose activations the last stage holds", low=0, high=128
)
again = data("memory.again", r"A_{\mathrm{again}}", "activations of the layer that is computed again")
first_kept = data("memory.first_kept", r"A_{\mathrm{first}}", "activations on an accelerator of the first stage")
between_kept = data("memory.between_kept", r"A_{\mathrm{mid}}", "activations on an accelerator of a stage between")
last_kept = data("memory.last_kept", r"A_{\mathrm{last}}", "activations on an accelerator of the last stage")
logits = data("memory.logits", r"A_{\mathrm{out}}", "output scores of a microbatch on one accelerator")

shared_inputs = apply(
    count.sharing,
    {whole_parts: sequence_divisor},
    because="sequence parallelism splits what tensor parallelism leaves whole",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
inputs_kept = apply(
    count.whole_count,
    {left_whole: whole_kept},
    because="the inputs of two norms, of attention and of the feed-forward layer, and two dropout masks",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
products_kept = apply(
    count.divided_count,
    {divided: split_kept},
    because="queries, keys, values and their mix; the outputs of the widening matrices and the input of the narrowing one",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
scores_kept = apply(
    count.pair_count,
    {pairs: score_kept},
    because="softmax, its dropout mask and its dropped output, for every pair of tokens",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layer_unabridged = apply(
    recomputation.selective_law,
    {
        kept_selective: full_kept,
        tokens_here: local_tokens,
        left_whole: whole_kept,
        whole_parts: sequence_divisor,
        divided: split_kept,
    },
    because="kept inputs and products, each on its ranks",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layer_activations = apply(
    recomputation.choice_law,
    {
        kept_chosen: layer_kept,
        kept_selective: full_kept,
        tokens_here: local_tokens,
        whole_parts: sequence_divisor,
        pairs: score_kept,
    },
    because="full recomputation keeps only the input of a layer, selective all but the scores",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layers_in_flight = define(
    equation(
        in_flight,
        Min(microbatches, pipeline)
        * Piecewise(
            (first_layers, Eq(chunks, 1)),
            (
                share_layers * (1 + (pipeline - 1) / (pipeline * chunks))
                - (share_layers - first_layers) * (2 - 1 / pipeline),
                True,
            ),
        ),
    ),
    because="the first stage starts as many microbatches as there are stages before one returns; "
    "interleaved, its first chunk starts p and p - 1 more",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layers_in_flight_between = define(
    equation(
        in_flight_between,
        stage_layers
        * Piecewise((Min(microbatches, pipeline - 1), Eq(chunks, 1)), (pipeline + (pipeline - 3) / chunks, True)),
    ),
    because="the second stage starts one microbatch fewer, interleaved two chunks fewer",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
layers_in_flight_last = define(
    equation(in_flight_last, share_layers * (pipeline - (pipeline - 1) / chunks) - (share_layers - tail_layers)),
    because="the last stage holds every chunk but its last p times, and that once",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
output_scores = define(
    equation(logits, local_tokens * vocabulary * logit_bytes / tensor),
    because="the loss needs every score in single precision",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
recomputed = define(
    equation(again, Piecewise((full_kept, Eq(recompute, 2)), (0, True))),
    because="recomputing needs one layer in full",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)


def _here(flying: Quantity) -> Expr:
    """Layers in flight that the accelerator itself holds: where activations wait on the host, two pass through."""
    return Piecewise((Min(2, flying), Eq(offload_activations, 1)), (flying, True))


kept_on_the_first = define(
    equation(first_kept, _here(in_flight) * layer_kept + again),
    because="the layers in flight; of those that wait on the host one leaves or returns while another computes",
    cite="korthikanti2022,rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
kept_between = define(
    equation(between_kept, _here(in_flight_between) * layer_kept + again),
    because="likewise",
    cite="korthikanti2022,rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
kept_on_the_last = define(
    equation(last_kept, _here(in_flight_last) * layer_kept + logits + again),
    because="likewise, and the output scores",
    cite="korthikanti2022,rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
