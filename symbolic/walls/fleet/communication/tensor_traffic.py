"""Tensor parallelism in training: two all-reduces forward and two backward, for every layer and every microbatch.

Sequence parallelism cuts each of them into its two halves, and takes exactly as long.
"""

from mlsysim.symbolic.foundations.inputs import hidden, tensor, value_bytes
from mlsysim.symbolic.foundations.split import local_tokens, microbatches, stage_layers
from mlsysim.symbolic.quantity import data, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, substitute, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    reduce_time,
    scatter_time,
)

layer_forward = time("communication.layer_forward", r"T_{\mathrm{TP,f}}", "all-reduces of a layer's forward pass")
layer_backward = time("communication.layer_backward", r"T_{\mathrm{TP,b}}", "all-reduces of a layer's backward pass")
layer_both = time("communication.layer_both", r"T_{\mathrm{TP,1}}", "all-reduces of a layer for a microbatch")
step_tensor = time("communication.step_tensor", r"T_{\mathrm{TP,all}}", "all-reduces of a stage in a step")
tensor_part = time("communication.tensor_all_reduce", r"T_{\mathrm{AR,TP}}", "one tensor-parallel all-reduce")
split_step = time(
    "communication.step_sequence",
    r"T_{\mathrm{SP,all}}",
    "tensor-parallel exchange of a stage in a step, with sequence parallelism",
)
layer_output = data("communication.layer_output", r"M_{\mathrm{TP}}", "activations of a microbatch", display="MB")

forward_pair = given(
    equation(layer_forward, 2 * tensor_part),
    because="attention and feed-forward layer each end in a sum over the ranks",
    cite="shoeybi2019",
)
backward_pair = given(
    equation(layer_backward, 2 * tensor_part),
    because="where forward only copied, backward sums, once for each half of a layer",
    cite="shoeybi2019",
)
layer_pairs = total(
    forward_pair,
    backward_pair,
    result=equation(layer_both, layer_forward + layer_backward),
    because="forward, then back",
)
four = substitute(
    layer_pairs,
    forward_pair,
    backward_pair,
    result=equation(layer_both, 4 * tensor_part),
    because="two and two",
    cite="narayanan2021",
)
every_microbatch = define(
    equation(step_tensor, microbatches * stage_layers * layer_both), because="for every layer and every microbatch"
)
step_of_fours = substitute(
    every_microbatch,
    four,
    result=equation(step_tensor, 4 * microbatches * stage_layers * tensor_part),
    because="name those of a layer",
)
output_data = define(
    equation(layer_output, local_tokens * hidden * value_bytes), because="a layer's output is as large as its input"
)
tensor_ring = apply(
    messages.all_reduce,
    {reduce_time: tensor_part, ranks: tensor, message: layer_output},
    because="a ring over the tensor-parallel ranks",
)
tensor_law = substitute(
    step_of_fours,
    tensor_ring,
    output_data,
    result=equation(
        step_tensor,
        4
        * microbatches
        * stage_layers
        * (2 * (tensor - 1) * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth)),
    ),
    because="name one all-reduce and its data",
    cite="narayanan2021",
)
split_halves = given(
    equation(split_step, 4 * microbatches * stage_layers * (scatter_time + gather_time)),
    because="with sequence parallelism each all-reduce becomes a reduce-scatter and an all-gather",
    cite="korthikanti2022",
)
split_named = substitute(
    split_halves,
    messages.scatter,
    messages.gather,
    result=equation(
        split_step,
        4
        * microbatches
        * stage_layers
        * (
            (ranks - 1) * (latency + message / ranks / bandwidth)
            + (ranks - 1) * (latency + message / ranks / bandwidth)
        ),
    ),
    because="name both halves",
)
split_over_ranks = apply(split_named, {ranks: tensor, message: layer_output}, because="over the tensor-parallel ranks")
split_data = substitute(
    split_over_ranks,
    output_data,
    result=equation(
        split_step,
        4
        * microbatches
        * stage_layers
        * (
            (tensor - 1) * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth)
            + (tensor - 1) * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth)
        ),
    ),
    because="name the data",
)
sequence_law = rewrite(
    split_data,
    equation(
        split_step,
        8
        * microbatches
        * stage_layers
        * (tensor - 1)
        * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth),
    ),
    because="exactly as long as the all-reduces it replaces",
    cite="korthikanti2022",
)
