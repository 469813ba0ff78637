"""Sequence parallelism: ranks keep their own part of a layer's inputs, and gather it again for the gradients of weights.

An all-reduce becomes a reduce-scatter and an all-gather, which take as long. What comes on top can hide behind computing.
"""

from sympy import Max

from mlsysim.symbolic.foundations import hiding, in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    ffn_matrices,
    heads,
    hidden,
    multiply_add,
    one_parameter,
    overlap,
    tensor,
)
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.foundations.transformer import attention_matrices, dense_matrices, mix_width, sparse_share
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, substitute
from mlsysim.symbolic.walls.fleet.communication import hierarchy, messages, placement
from mlsysim.symbolic.walls.fleet.communication.hierarchy import levels_gather
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    scatter_time,
)
from mlsysim.symbolic.walls.fleet.communication.tensor import tensor_inside, tensor_message, tensor_nodes
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, token_work, weights, work

half_and_half = time("communication.half_and_half", r"T_{\mathrm{RS+AG}}", "a reduce-scatter and an all-gather")
tensor_gather = time("communication.tensor_gather", r"T_{\mathrm{AG},t}", "one tensor-parallel all-gather", low=0)
again_gathers = count(
    "communication.again_gathers", r"k_{\mathrm{AG},\sigma}", "all-gathers on top, of a layer", high=4
)
layer_gathers = time("communication.layer_gathers", r"T_{\mathrm{AG},\ell}", "the time of these", low=0)


def _weights(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"communication.{name}", latex, "param", meaning, display="Gparam", low=1, high=1e12)


def _work(name: str, latex: str, meaning: str, unit: str) -> Quantity:
    return Quantity(f"communication.{name}", latex, unit, meaning, low=1, high=1e18)


mixing_weights = _weights("mixing_weights", r"P_{\mathrm{mix}}", "weights of the matrix that ends attention")
narrow_weights = _weights("narrow_weights", r"P_{\mathrm{nar}}", "weights of the matrix that ends a feed-forward layer")
reading_weights = _weights("reading_weights", r"P_{\sigma}", "weights of a layer that multiply what is gathered again")
reading_token = _work("reading_token", r"o_{\sigma}", "work of a token with them", "flop/token")
reading_share = Quantity(
    "communication.reading_tokens", r"n_{b,\sigma}", "token", "tokens for each rank", low=1, high=1e6
)
reading_work = _work("reading_work", r"O_{\sigma}", "work of the gradients of their inputs", "flop")
reading_time = time("communication.reading_time", r"T_{\sigma}", "time of the gradients of their inputs")
gathers_shown = time("communication.gathers_shown", r"T_{\mathrm{AG},\sigma}", "what shows of gathering again", low=0)

halves = given(
    equation(half_and_half, scatter_time + gather_time),
    because="with sequence parallelism each all-reduce becomes a reduce-scatter and an all-gather",
    cite="korthikanti2022",
)
halves_named = substitute(
    halves,
    messages.scatter,
    messages.gather,
    result=equation(
        half_and_half,
        (ranks - 1) * (latency + message / ranks / bandwidth) + (ranks - 1) * (latency + message / ranks / bandwidth),
    ),
    because="name both halves",
)
sequence_law = rewrite(
    halves_named,
    equation(half_and_half, 2 * (ranks - 1) * (latency + message / ranks / bandwidth)),
    because="exactly as long as the all-reduce that they replace",
    cite="korthikanti2022",
)

# What comes on top.
one_gather = apply(
    hierarchy.levels_gather_law,
    {
        levels_gather: tensor_gather,
        message: tensor_message,
        placement.inside: tensor_inside,
        placement.outside: tensor_nodes,
    },
    because="between the nodes of the tensor-parallel ranks, and within them",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
gathered_again = given(
    equation(again_gathers, 2),
    because="ranks keep their part of the inputs of attention and of the feed-forward layer, and the gradients of the "
    "weights need all of it",
    cite="korthikanti2022",
)
all_gathers = apply(
    in_turn.law,
    {in_turn.whole: layer_gathers, in_turn.parts: again_gathers, in_turn.part: tensor_gather},
    because="one after another",
)
gathers_counted = substitute(
    all_gathers, gathered_again, result=equation(layer_gathers, 2 * tensor_gather), because="count them"
)

# What it hides behind.
ends_attention = define(
    equation(mixing_weights, one_parameter * heads * mix_width * hidden), because="the last of attention's matrices"
)
ends_feed_forward = apply(
    shares.law,
    {shares.share: narrow_weights, shares.whole: dense_matrices, shares.shares: ffn_matrices},
    because="the last of the matrices of a feed-forward layer, which are equally large",
)
all_that_read = define(
    equation(
        reading_weights, attention_matrices - mixing_weights + (1 - sparse_share) * (dense_matrices - narrow_weights)
    ),
    because="all matrices but the last multiply the gathered inputs; experts have exchanges of their own",
    cite="shoeybi2019",
)
weights_that_read = substitute(
    all_that_read,
    ends_attention,
    ends_feed_forward,
    result=equation(
        reading_weights,
        attention_matrices
        - one_parameter * heads * mix_width * hidden
        + (1 - sparse_share) * (dense_matrices - dense_matrices / ffn_matrices),
    ),
    because="name the last ones",
    when=TRANSFORMER_TRAINING,
)
work_of_a_token = apply(
    compute.per_token,
    {token_work: reading_token, weights: reading_weights},
    because="the gradient of an input is one more product with the weights",
)
tokens_of_a_rank = apply(
    shares.law,
    {shares.share: reading_share, shares.whole: local_tokens, shares.shares: tensor},
    because="every rank has its part of the weights, which is as much work as a share of the tokens",
)
work_of_tokens = apply(
    in_turn.law,
    {in_turn.whole: reading_work, in_turn.parts: reading_share, in_turn.part: reading_token},
    because="every token",
)
input_gradients = substitute(
    work_of_tokens,
    tokens_of_a_rank,
    work_of_a_token,
    result=equation(reading_work, local_tokens / tensor * (multiply_add * reading_weights)),
    because="name the tokens and what each costs",
    when=TRANSFORMER_TRAINING,
)
input_gradients_take = apply(
    compute.law,
    {work: reading_work, compute_time: reading_time},
    because="the law of compute",
    when=TRANSFORMER_TRAINING,
)
shown = apply(
    hiding.law,
    {hiding.shown: gathers_shown, hiding.exchange: layer_gathers, hiding.window: overlap * reading_time},
    because="inputs travel while the gradients of inputs are computed, and those of weights come after",
    cite="korthikanti2022",
)
regather_law = substitute(
    shown,
    gathers_counted,
    result=equation(gathers_shown, Max(0, 2 * tensor_gather - overlap * reading_time)),
    because="name the gathers",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
