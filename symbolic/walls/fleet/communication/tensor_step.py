"""Tensor parallelism in a step: the all-reduces of its layers, and with sequence parallelism what gathering again adds."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import hidden, link_latency, sequence_parallel, tensor, value_bytes
from mlsysim.symbolic.foundations.split import local_tokens, microbatches, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, time
from mlsysim.symbolic.rules import apply, define, equation, specialise, substitute, total
from mlsysim.symbolic.walls.fleet.communication import tensor as tensor_ranks
from mlsysim.symbolic.walls.fleet.communication.links import link_rate
from mlsysim.symbolic.walls.fleet.communication.sequence import gathers_shown
from mlsysim.symbolic.walls.fleet.communication.tensor import (
    layer_sums,
    tensor_inside,
    tensor_message,
    tensor_nodes,
    tensor_reduce,
)
from mlsysim.symbolic.walls.node.compute.work import full_again

layer_reduces = time("communication.layer_reduces", r"T_{\mathrm{AR},\ell}", "all-reduces of a layer", low=0)
layer_again = time("communication.layer_again", r"T_{\sigma,\ell}", "what gathering again adds to them", low=0)
layer_tensor = time(
    "communication.layer_tensor", r"T_{\mathrm{TP},\ell}", "tensor-parallel communication of a layer", low=0
)
tensor_time = time("communication.tensor_time", r"t_{\mathrm{TP}}", "tensor-parallel communication of a microbatch")
step_tensor = time("communication.step_tensor", r"T_{\mathrm{TP,all}}", "all-reduces of a stage in a step")

reduces_of_a_layer = apply(
    in_turn.law,
    {in_turn.whole: layer_reduces, in_turn.parts: layer_sums, in_turn.part: tensor_reduce},
    because="one all-reduce after another; nothing hides them",
)
where_parts_are_kept = define(
    equation(layer_again, Piecewise((gathers_shown, Eq(sequence_parallel, 1)), (0, True))),
    because="without sequence parallelism every rank keeps the whole inputs",
    cite="korthikanti2022",
)
both_of_a_layer = total(
    reduces_of_a_layer,
    where_parts_are_kept,
    result=equation(layer_tensor, layer_reduces + layer_again),
    because="what is gathered again comes on top",
)
every_layer = apply(
    in_turn.law,
    {in_turn.whole: tensor_time, in_turn.parts: stage_layers, in_turn.part: layer_tensor},
    because="layer after layer",
)
tensor_step = substitute(
    every_layer,
    both_of_a_layer,
    reduces_of_a_layer,
    tensor_ranks.sums_of_a_layer,
    where_parts_are_kept,
    result=equation(
        tensor_time,
        stage_layers
        * ((4 + 2 * full_again) * tensor_reduce + Piecewise((gathers_shown, Eq(sequence_parallel, 1)), (0, True))),
    ),
    because="count the all-reduces of a layer",
    cite="shoeybi2019",
    when=TRANSFORMER_TRAINING,
)

# A whole step of whole inputs without recomputation, in one node.
every_microbatch = apply(
    in_turn.law,
    {in_turn.whole: step_tensor, in_turn.parts: microbatches, in_turn.part: tensor_time},
    because="microbatch after microbatch",
)
step_of_sums = substitute(
    every_microbatch,
    tensor_step,
    result=equation(
        step_tensor,
        microbatches
        * (
            stage_layers
            * ((4 + 2 * full_again) * tensor_reduce + Piecewise((gathers_shown, Eq(sequence_parallel, 1)), (0, True)))
        ),
    ),
    because="name those of a microbatch",
)
step_of_fours = specialise(
    step_of_sums,
    {full_again: 0, sequence_parallel: 0},
    equation(step_tensor, 4 * microbatches * stage_layers * tensor_reduce),
    because="nothing is recomputed, and nothing gathered again",
)
one_node = specialise(
    tensor_ranks.tensor_all_reduce,
    {tensor_inside: tensor, tensor_nodes: 1},
    equation(tensor_reduce, 2 * (tensor - 1) * (link_latency + tensor_message / tensor / link_rate)),
    because="where the ranks of a layer fit into a node",
)
tensor_law = substitute(
    step_of_fours,
    one_node,
    tensor_ranks.tensor_data,
    result=equation(
        step_tensor,
        4 * microbatches * stage_layers
        * (2 * (tensor - 1) * (link_latency + local_tokens * hidden * value_bytes / tensor / link_rate)),
    ),
    because="name one all-reduce and its data",
    cite="narayanan2021",
)  # fmt: skip
