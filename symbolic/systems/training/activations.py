"""Activations: what a training step keeps for its backward pass."""

from sympy import Eq, Max, Min, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    chunks,
    dropout,
    expert_width,
    ffn_matrices,
    ffn_width,
    heads,
    hidden,
    kv_heads,
    latent,
    logit_bytes,
    mask_bytes,
    one_sample,
    pipeline,
    recompute,
    score_bytes,
    score_mask_bytes,
    sequence,
    sequence_parallel,
    shared_experts,
    tensor,
    value_bytes,
    vocabulary,
)
from mlsysim.symbolic.foundations.results import activations
from mlsysim.symbolic.foundations.split import local_tokens, microbatches, stage_layers, tail_layers
from mlsysim.symbolic.foundations.transformer import mix_width, query_key_width, sparse_share
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, data, ratio
from mlsysim.symbolic.rules import define, equation
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

shared_inputs = define(
    equation(sequence_divisor, Piecewise((tensor, Eq(sequence_parallel, 1)), (1, True))),
    because="sequence parallelism splits what tensor parallelism leaves whole",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
inputs_kept = define(
    equation(whole_kept, 4 * hidden * value_bytes + 2 * dropout * hidden * mask_bytes),
    because="the inputs of two norms, of attention and of the feed-forward layer, and two dropout masks",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
products_kept = define(
    equation(
        split_kept,
        value_bytes
        * (
            heads * (query_key_width + mix_width)
            + Piecewise((heads, Eq(latent, 1)), (kv_heads, True)) * (query_key_width + mix_width)
            + ffn_matrices
            * ((1 - sparse_share) * ffn_width + sparse_share * (active_experts + shared_experts) * expert_width)
            + sparse_share * active_experts * hidden
        ),
    ),
    because="queries, keys, values and their mix; the outputs of the widening matrices and the input of the narrowing one",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
scores_kept = define(
    equation(score_kept, heads * sequence * one_sample * (score_bytes * (1 + dropout) + dropout * score_mask_bytes)),
    because="softmax, its dropout mask and its dropped output, for every pair of tokens",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layer_unabridged = define(
    equation(full_kept, local_tokens * (whole_kept / sequence_divisor + split_kept / tensor)),
    because="kept inputs and products, each on its ranks",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layer_activations = define(
    equation(
        layer_kept,
        Piecewise(
            (local_tokens * hidden * value_bytes / sequence_divisor, Eq(recompute, 2)),
            (full_kept, Eq(recompute, 1)),
            (full_kept + local_tokens * score_kept / tensor, True),
        ),
    ),
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
