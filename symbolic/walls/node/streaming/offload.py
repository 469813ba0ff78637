"""Offload: what a training step keeps on the host, and what of its traffic over the host's link shows.

Gradients go down and weights come up, each rank its part, and the host updates them. Activations leave in the forward
pass and return in the backward pass.
"""

from sympy import Expr, Max

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    gradient_bytes,
    host_bandwidth,
    host_memory_bandwidth,
    link_efficiency,
    offload_activations,
    offload_optimizer,
    overlap,
    weight_bytes,
)
from mlsysim.symbolic.foundations.results import rate_of, stage_time
from mlsysim.symbolic.foundations.split import microbatches, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, rewrite, solve, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.fleet.communication.data_sums import scatters
from mlsysim.symbolic.walls.node.compute.work import product_passes
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.kept import layer_kept
from mlsysim.symbolic.walls.node.memory.states import update_moved
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved
from mlsysim.symbolic.walls.node.streaming import layer
from mlsysim.symbolic.walls.node.streaming.host import host_users, rank_part
from mlsysim.symbolic.walls.node.streaming.layer import (
    inject,
    layer_compute,
    layer_data,
    layer_weights,
    stall,
    stream_time,
)

host_rate = rate_of("host_rate", r"BW_{\mathrm{h}}", "bandwidth reached between an accelerator and its host")
gradients_down = time("memory.gradients_down", r"T_{\mathrm{down}}", "gradients going to the host", low=0)
weights_up = time("memory.weights_up", r"T_{\mathrm{up}}", "weights coming from the host", low=0)
one_way = time("memory.activations_one_way", r"T_{\mathrm{act}}", "activations of a microbatch going one way", low=0)
forward_hides = time(
    "memory.forward_hides", r"T_{\mathrm{hide,fwd}}", "computing forward behind which they can hide", low=0
)
backward_hides = time("memory.backward_hides", r"T_{\mathrm{hide,bwd}}", "computing backward likewise", low=0)
leaving = time("memory.leaving", r"T_{\mathrm{out}}", "what shows of activations that leave", low=0)
returning = time("memory.returning", r"T_{\mathrm{ret}}", "what shows of those that return", low=0)
together = time("memory.together", r"T_{\mathrm{ret,g}}", "what shows where gradients leave meanwhile", low=0)
hides = time("memory.hides", r"T_{\mathrm{hide},b}", "computing of a microbatch behind which traffic can hide", low=0)
link_busy = time("memory.link_busy", r"T_{\mathrm{busy}}", "time in which the link is busy either way", low=0)
all_leaving = time("memory.all_leaving", r"T_{\mathrm{out,all}}", "what shows of all activations that leave", low=0)
all_returning = time("memory.all_returning", r"T_{\mathrm{ret,all}}", "of those that return alone", low=0)
all_together = time("memory.all_together", r"T_{\mathrm{both,all}}", "and of those that return beside gradients", low=0)
time_offload = time("performance.time_offload", r"T_{\mathrm{host}}", "traffic with the host not hidden", low=0)
device_update = time("memory.device_update", r"T_{\mathrm{opt,dev}}", "time of the update on the accelerators")
host_update = time("memory.host_update", r"T_{\mathrm{opt,host}}", "time of the update on the host")

rate_to_the_host = apply(
    shares.reached_law,
    {shares.reached: host_rate, shares.efficiency: link_efficiency, shares.capability: host_bandwidth},
    because="software reaches a fraction of it",
    when=TRANSFORMER_TRAINING,
)

# What passes over the link: weights and gradients by the law of weights that arrive, activations by that of any data.
down = apply(
    layer.stream_law,
    {
        stream_time: gradients_down,
        weight_bytes: gradient_bytes,
        layer_weights: offload_optimizer * rank_part,
        inject: host_rate,
    },
    because="a rank sends the gradients of its part, one for every weight",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
up = apply(
    layer.stream_law,
    {stream_time: weights_up, layer_weights: offload_optimizer * rank_part, inject: host_rate},
    because="and fetches the weights of its part",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
activations_one_way = apply(
    layer.arriving,
    {stream_time: one_way, layer_data: offload_activations * stage_layers * layer_kept, inject: host_rate},
    because="what the backward pass needs leaves, and returns as much",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)

# What of it shows: the link carries the activations of one layer while the accelerator computes another.
computing_to_hide = apply(
    shares.reached_law,
    {shares.reached: hides, shares.efficiency: overlap, shares.capability: stage_time},
    because="software hides behind a share of computing",
)
a_pass = apply(
    shares.law,
    {shares.share: forward_hides, shares.whole: hides, shares.shares: product_passes},
    because="one of the passes over a layer is the forward one",
)
behind_the_forward = substitute(
    a_pass,
    computing_to_hide,
    result=equation(forward_hides, overlap * stage_time / product_passes),
    because="name the computing",
    when=TRANSFORMER_TRAINING,
)
there_and_back = define(
    equation(hides, forward_hides + backward_hides), because="a microbatch computes forward and backward"
)
the_rest = solve(
    there_and_back,
    backward_hides,
    equation(backward_hides, hides - forward_hides),
    because="the other passes are backward, computing again with them",
)
behind_the_backward = substitute(
    the_rest,
    computing_to_hide,
    result=equation(backward_hides, overlap * stage_time - forward_hides),
    because="name the computing",
    when=TRANSFORMER_TRAINING,
)
what_leaves = apply(
    layer.stall_law,
    {stall: leaving, stream_time: one_way, layer_compute: forward_hides},
    because="only what the forward pass cannot hide shows",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
what_returns = apply(
    layer.stall_law,
    {stall: returning, stream_time: one_way, layer_compute: backward_hides},
    because="only what the backward pass cannot hide shows",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
both_ways = bottleneck(
    activations_one_way,
    down,
    result=equation(link_busy, Max(one_way, gradients_down)),
    because="gradients leave while activations return: the link carries both ways at once",
    cite="ren2021",
)
longer_way = apply(
    layer.stall_law,
    {stall: together, stream_time: link_busy, layer_compute: backward_hides},
    because="only what the backward pass cannot hide of the longer way shows",
)
longer_way_named = substitute(
    longer_way,
    both_ways,
    result=equation(together, Max(0, Max(one_way, gradients_down) - backward_hides)),
    because="name both ways",
)
what_passes = rewrite(
    longer_way_named,
    equation(together, Max(0, one_way - backward_hides, gradients_down - backward_hides)),
    because="whichever of both shows",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)


def _every(all_of_them: Quantity, times: Expr, one: Quantity, because: str) -> Step:
    """What some microbatches show, one after another."""
    return apply(in_turn.law, {in_turn.whole: all_of_them, in_turn.parts: times, in_turn.part: one}, because=because)


every_leaving = _every(all_leaving, microbatches, leaving, "every microbatch leaves")
every_return = _every(all_returning, microbatches - scatters, returning, "it returns alone where no gradients leave")
every_sum = _every(all_together, scatters, together, "and beside gradients where they are summed")
parts_of_offload = total(
    every_leaving,
    every_return,
    every_sum,
    up,
    result=equation(time_offload, all_leaving + all_returning + all_together + weights_up),
    because="one after another; weights come up once they are updated, when nothing computes",
)
all_offload = substitute(
    parts_of_offload,
    every_leaving,
    every_return,
    every_sum,
    result=equation(
        time_offload, microbatches * leaving + (microbatches - scatters) * returning + scatters * together + weights_up
    ),
    because="activations travel with every microbatch, gradients where they are summed, and weights once they are updated",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
updating_here = apply(
    memory.law,
    {memory_time: device_update, moved: update_moved},
    because="the law of bandwidth, for the update",
    when=TRANSFORMER_TRAINING,
)
updating_there = apply(
    memory.law,
    {memory_time: host_update, moved: host_users * update_moved, bandwidth: host_memory_bandwidth},
    because="the parts of all ranks of a node pass through the memory of one host",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
