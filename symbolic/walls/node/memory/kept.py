"""Activations: what a training step keeps for its backward pass."""

from sympy import Eq, Min, Piecewise

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import logit_bytes, offload_activations, recompute, tensor, vocabulary
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, data, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.memory import activations as count
from mlsysim.symbolic.walls.node.memory import recomputation
from mlsysim.symbolic.walls.node.memory.activations import divided, left_whole, pairs, tokens_here, whole_parts
from mlsysim.symbolic.walls.node.memory.in_flight import in_flight, in_flight_between, in_flight_last
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
flying_layers = ratio("memory.flying_layers", r"\phi_{j}", "layers whose activations a stage holds", low=1, high=128)
layers_here = ratio(
    "memory.layers_here", r"\phi_{j,\mathrm{dev}}", "of them, those that the accelerator holds", high=128
)
layers_kept = data("memory.layers_kept", r"A_{\phi}", "activations of these layers")
stage_kept = data("memory.stage_kept", r"A_{j}", "activations on an accelerator of a stage")
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
output_scores = apply(
    shares.law,
    {shares.share: logits, shares.whole: local_tokens * vocabulary * logit_bytes, shares.shares: tensor},
    because="the loss needs the score of every token for every entry of the vocabulary, in single precision",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
recomputed = define(
    equation(again, Piecewise((full_kept, Eq(recompute, 2)), (0, True))),
    because="recomputing needs one layer in full",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)

# What a stage keeps.
held_here = given(
    equation(layers_here, Piecewise((Min(2, flying_layers), Eq(offload_activations, 1)), (flying_layers, True))),
    because="of layers that wait on the host one leaves or returns while another computes",
    cite="rajbhandari2021",
)
layer_by_layer = apply(
    in_turn.law,
    {in_turn.whole: layers_kept, in_turn.parts: layers_here, in_turn.part: layer_kept},
    because="layers add up",
)
layers_and_again = total(
    layer_by_layer,
    recomputed,
    result=equation(stage_kept, layers_kept + again),
    because="the layer that is computed again comes on top",
)
with_scores = total(
    layer_by_layer,
    output_scores,
    recomputed,
    result=equation(stage_kept, layers_kept + logits + again),
    because="and the output scores on the last stage",
)
_LAYERS = Piecewise((Min(2, flying_layers), Eq(offload_activations, 1)), (flying_layers, True)) * layer_kept
stage_law = substitute(
    layers_and_again, layer_by_layer, held_here, result=equation(stage_kept, _LAYERS + again), because="name the layers"
)
last_stage_law = substitute(
    with_scores,
    layer_by_layer,
    held_here,
    result=equation(stage_kept, _LAYERS + logits + again),
    because="name the layers",
)


def _of(law: Step, result: Quantity, flying: Quantity, because: str) -> Step:
    """What a stage with so many layers in flight keeps."""
    return apply(
        law,
        {stage_kept: result, flying_layers: flying},
        because=because,
        cite="korthikanti2022,rajbhandari2021",
        when=TRANSFORMER_TRAINING,
    )


kept_on_the_first = _of(stage_law, first_kept, in_flight, "the layers in flight on the first stage")
kept_between = _of(stage_law, between_kept, in_flight_between, "those on the second stage, the most between the ends")
kept_on_the_last = _of(last_stage_law, last_kept, in_flight_last, "those on the last stage, and the output scores")
