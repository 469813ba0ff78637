"""Activations: what a training step keeps for its backward pass."""

from sympy import Eq, Max, Min, Piecewise

from mlsysim.symbolic.arguments.memory import activations as count
from mlsysim.symbolic.arguments.memory import recomputation
from mlsysim.symbolic.arguments.memory.activations import divided, left_whole, pairs, tokens_here, whole_parts
from mlsysim.symbolic.arguments.memory.recomputation import kept_chosen, kept_selective
from mlsysim.symbolic.foundations.inputs import chunks, logit_bytes, pipeline, recompute, tensor, vocabulary
from mlsysim.symbolic.foundations.results import activations
from mlsysim.symbolic.foundations.split import local_tokens, microbatches, stage_layers, tail_layers
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, data, ratio
from mlsysim.symbolic.rules import apply, define, equation
from mlsysim.symbolic.walls.node import memory

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
        stage_layers
        * Min(microbatches, pipeline)
        * Piecewise((1, Eq(chunks, 1)), (1 + (pipeline - 1) / (pipeline * chunks), True)),
    ),
    because="the first stage starts as many microbatches as there are stages before one returns",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
output_scores = define(
    equation(logits, local_tokens * vocabulary * logit_bytes / tensor),
    because="the loss needs every score in single precision",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
all_activations = define(
    equation(
        activations,
        Max(in_flight * layer_kept + Piecewise((logits, Eq(pipeline, 1)), (0, True)), tail_layers * layer_kept + logits)
        + Piecewise((full_kept, Eq(recompute, 2)), (0, True)),
    ),
    because="the first stage holds most layers, the last the output scores; recomputing needs one layer in full",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)

wall = memory.wall
