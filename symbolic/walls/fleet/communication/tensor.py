"""Tensor parallelism: a layer that is cut across accelerators must add up its partial sums, twice in every pass.

Sequence parallelism cuts each of these all-reduces into its two halves, and takes exactly as long.
"""

from mlsysim.symbolic.foundations.inputs import hidden, link_latency, tensor, value_bytes
from mlsysim.symbolic.foundations.split import local_tokens, microbatches, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, specialise, substitute
from mlsysim.symbolic.walls.fleet.communication import hierarchy, messages, payload, placement
from mlsysim.symbolic.walls.fleet.communication.hierarchy import hierarchy_time
from mlsysim.symbolic.walls.fleet.communication.links import link_rate
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    scatter_time,
)
from mlsysim.symbolic.walls.node.compute.work import full_again

tensor_inside = count("communication.tensor_inside", r"n_{t,\mathrm{in}}", "ranks of a layer in one node", high=8)
tensor_nodes = count(
    "communication.tensor_nodes", r"n_{t,\mathrm{net}}", "nodes over which the ranks of a layer are spread", high=8
)
tensor_message = data("communication.tensor_message", r"M_t", "activations of a microbatch", display="MB")
tensor_reduce = time("communication.tensor_reduce", r"T_{\mathrm{AR},t}", "one tensor-parallel all-reduce")
tensor_time = time("communication.tensor_time", r"t_{\mathrm{TP}}", "tensor-parallel communication of a microbatch")
forward_sums = count("communication.forward_sums", r"k_{f}", "all-reduces of a layer's forward pass", high=4)
backward_sums = count("communication.backward_sums", r"k_{b}", "all-reduces of a layer's backward pass", high=4)
layer_sums = ratio("communication.layer_sums", r"k_{\ell}", "all-reduces of a layer for a microbatch", low=1, high=8)
step_tensor = time("communication.step_tensor", r"T_{\mathrm{TP,all}}", "all-reduces of a stage in a step")
half_and_half = time("communication.half_and_half", r"T_{\mathrm{RS+AG}}", "a reduce-scatter and an all-gather")

ranks_in_a_node = apply(
    placement.neighbours_law,
    {placement.inside: tensor_inside, placement.members: tensor},
    because="ranks that exchange most are nearest",
    cite="narayanan2021",
    when=TRANSFORMER,
)
ranks_over_nodes = apply(
    placement.outside_law,
    {placement.outside: tensor_nodes, placement.members: tensor, placement.inside: tensor_inside},
    because="ranks that do not fit lie in further nodes",
    when=TRANSFORMER,
)
tensor_data = apply(
    payload.law,
    {payload.payload: tensor_message, payload.tokens: local_tokens, payload.width: hidden},
    because="a layer's output is as large as its input",
    cite="shoeybi2019",
    when=TRANSFORMER_TRAINING,
)
tensor_all_reduce = apply(
    hierarchy.levels_law,
    {
        hierarchy_time: tensor_reduce,
        placement.inside: tensor_inside,
        placement.outside: tensor_nodes,
        message: tensor_message,
    },
    because="within the nodes of the tensor-parallel ranks, and over all their network links at once between them",
    cite="shoeybi2019",
    when=TRANSFORMER_TRAINING,
)

# How many there are.
forward_pair = given(
    equation(forward_sums, 2),
    because="attention and feed-forward layer each end in a sum over the ranks",
    cite="shoeybi2019",
)
backward_pair = given(
    equation(backward_sums, 2),
    because="where forward only copied, backward sums, once for each half of a layer",
    cite="shoeybi2019",
)
passes_of_a_layer = define(
    equation(layer_sums, (1 + full_again) * forward_sums + backward_sums),
    because="forward, back, and forward again where activations are recomputed",
)
sums_of_a_layer = substitute(
    passes_of_a_layer,
    forward_pair,
    backward_pair,
    result=equation(layer_sums, 4 + 2 * full_again),
    because="two in every pass",
    cite="korthikanti2022",
)
four = specialise(
    sums_of_a_layer, {full_again: 0}, equation(layer_sums, 4), because="nothing is recomputed", cite="narayanan2021"
)
every_layer = define(
    equation(tensor_time, stage_layers * layer_sums * tensor_reduce), because="layer after layer, nothing hides it"
)
tensor_step = substitute(
    every_layer,
    sums_of_a_layer,
    result=equation(tensor_time, stage_layers * (4 + 2 * full_again) * tensor_reduce),
    because="count the all-reduces of a layer",
    cite="shoeybi2019",
    when=TRANSFORMER_TRAINING,
)

# A whole step without recomputation, in full.
every_microbatch = define(equation(step_tensor, microbatches * tensor_time), because="microbatch after microbatch")
step_of_sums = substitute(
    every_microbatch,
    tensor_step,
    result=equation(step_tensor, microbatches * stage_layers * (4 + 2 * full_again) * tensor_reduce),
    because="name those of a microbatch",
)
step_of_fours = specialise(
    step_of_sums,
    {full_again: 0},
    equation(step_tensor, 4 * microbatches * stage_layers * tensor_reduce),
    because="nothing is recomputed",
)
one_node = specialise(
    tensor_all_reduce,
    {tensor_inside: tensor, tensor_nodes: 1},
    equation(tensor_reduce, 2 * (tensor - 1) * (link_latency + tensor_message / tensor / link_rate)),
    because="where the ranks of a layer fit into a node",
)
tensor_law = substitute(
    step_of_fours,
    one_node,
    tensor_data,
    result=equation(
        step_tensor,
        4 * microbatches * stage_layers
        * (2 * (tensor - 1) * (link_latency + local_tokens * hidden * value_bytes / tensor / link_rate)),
    ),
    because="name one all-reduce and its data",
    cite="narayanan2021",
)  # fmt: skip

# With sequence parallelism.
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
