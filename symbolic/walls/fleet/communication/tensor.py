"""Tensor parallelism: a layer that is cut across accelerators must add up its partial sums, twice in every pass."""

from mlsysim.symbolic.foundations.inputs import hidden, tensor
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, specialise, substitute
from mlsysim.symbolic.walls.fleet.communication import hierarchy, payload, placement
from mlsysim.symbolic.walls.fleet.communication.hierarchy import hierarchy_time
from mlsysim.symbolic.walls.fleet.communication.messages import message
from mlsysim.symbolic.walls.node.compute.work import full_again

tensor_inside = count("communication.tensor_inside", r"n_{t,\mathrm{in}}", "ranks of a layer in one node", high=8)
tensor_nodes = count(
    "communication.tensor_nodes", r"n_{t,\mathrm{net}}", "nodes over which the ranks of a layer are spread", high=8
)
tensor_message = data("communication.tensor_message", r"M_t", "activations of a microbatch", display="MB")
tensor_reduce = time("communication.tensor_reduce", r"T_{\mathrm{AR},t}", "one tensor-parallel all-reduce")
forward_sums = count("communication.forward_sums", r"k_{f}", "all-reduces of a layer's forward pass", high=4)
backward_sums = count("communication.backward_sums", r"k_{b}", "all-reduces of a layer's backward pass", high=4)
layer_sums = ratio("communication.layer_sums", r"k_{\ell}", "all-reduces of a layer for a microbatch", low=1, high=8)

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
