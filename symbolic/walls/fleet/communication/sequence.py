"""Sequence parallelism: ranks keep their own part of a layer's inputs, and gather it again for the gradients of weights.

An all-reduce becomes a reduce-scatter and an all-gather, which take as long. What comes on top can hide behind computing.
"""

from sympy import Max, Min

from mlsysim.symbolic.foundations import hiding, in_turn
from mlsysim.symbolic.foundations.inputs import overlap, shared_experts
from mlsysim.symbolic.foundations.transformer import sparse_share
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, count, ratio, time
from mlsysim.symbolic.rules import apply, equation, given, rewrite, specialise, substitute, total
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
from mlsysim.symbolic.walls.fleet.communication.reading import reading_time
from mlsysim.symbolic.walls.fleet.communication.tensor import tensor_inside, tensor_message, tensor_nodes

half_and_half = time("communication.half_and_half", r"T_{\mathrm{RS+AG}}", "a reduce-scatter and an all-gather")
tensor_gather = time("communication.tensor_gather", r"T_{\mathrm{AG},t}", "one tensor-parallel all-gather", low=0)
again_gathers = ratio(
    "communication.again_gathers", r"k_{\mathrm{AG},\sigma}", "all-gathers on top, of an average layer", low=0, high=4
)
attention_gathers = count("communication.attention_gathers", r"k_{\mathrm{AG},a}", "of these before attention", high=2)
feed_forward_gathers = ratio(
    "communication.feed_forward_gathers", r"k_{\mathrm{AG},\mathrm{ff}}", "and before its feed-forward layer", low=0
)
layer_gathers = time("communication.layer_gathers", r"T_{\mathrm{AG},\ell}", "the time of these", low=0)
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
attention_again = given(
    equation(attention_gathers, 1),
    because="ranks keep their part of the input of attention, and the gradients of its weights need all of it",
    cite="korthikanti2022",
)
feed_forward_again = given(
    equation(feed_forward_gathers, 1 - sparse_share + sparse_share * Min(1, shared_experts)),
    because="likewise that of a dense layer and of shared experts; routed experts keep the tokens that were sent to them",
    cite="korthikanti2022",
)
both_again = total(
    attention_again,
    feed_forward_again,
    result=equation(again_gathers, attention_gathers + feed_forward_gathers),
    because="attention and then the feed-forward layer",
)
gathered_again = substitute(
    both_again,
    attention_again,
    feed_forward_again,
    result=equation(again_gathers, 1 + (1 - sparse_share + sparse_share * Min(1, shared_experts))),
    because="name both",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
two_again = specialise(
    gathered_again,
    {sparse_share: 0},
    equation(again_gathers, 2),
    because="without experts both halves of a layer gather again",
    cite="korthikanti2022",
)
all_gathers = apply(
    in_turn.law,
    {in_turn.whole: layer_gathers, in_turn.parts: again_gathers, in_turn.part: tensor_gather},
    because="one after another",
)
shown = apply(
    hiding.law,
    {hiding.shown: gathers_shown, hiding.exchange: layer_gathers, hiding.window: overlap * reading_time},
    because="inputs travel while the gradients of inputs are computed, and those of weights come after",
    cite="korthikanti2022",
)
regather_law = substitute(
    shown,
    all_gathers,
    result=equation(gathers_shown, Max(0, again_gathers * tensor_gather - overlap * reading_time)),
    because="name the gathers",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
