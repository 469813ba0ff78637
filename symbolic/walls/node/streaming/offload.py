"""Offload: what a training step keeps on the host, and what of its traffic over the host's link shows.

Gradients go down and weights come up, each rank its part, and the host updates them. Activations leave in the forward
pass and return in the backward pass.
"""

from sympy import Max, Min

from mlsysim.symbolic.foundations import hiding
from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    devices,
    expert,
    gradient_bytes,
    host_bandwidth,
    host_memory,
    host_memory_bandwidth,
    link_efficiency,
    node_size,
    offload_activations,
    offload_optimizer,
    overlap,
    state_bytes,
    weight_bytes,
)
from mlsysim.symbolic.foundations.results import rate_of, stage_time
from mlsysim.symbolic.foundations.split import expert_stage, microbatches, shared_stage, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, data, time
from mlsysim.symbolic.rules import apply, define, equation, total
from mlsysim.symbolic.wall import Condition
from mlsysim.symbolic.walls.fleet.communication.data import scatters
from mlsysim.symbolic.walls.node.compute.work import product_passes
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.kept import in_flight, in_flight_between, in_flight_last, layer_kept
from mlsysim.symbolic.walls.node.memory.states import state_parts, update_moved
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved

host_rate = rate_of("host_rate", r"BW_{\mathrm{h}}", "bandwidth reached between an accelerator and its host")
host_users = count("memory.host_users", r"n_{\mathrm{host}}", "accelerators that share a host", high=72)
rank_part = Quantity(
    "memory.rank_part", r"S_{z}", "param", "parameters that a rank updates", display="Gparam", low=1, high=1e11
)
host_states = data("memory.host_states", r"M_{\mathrm{h,opt}}", "gradients and optimizer state on a host")
host_activations = data("memory.host_activations", r"M_{\mathrm{h,act}}", "activations on a host")
host_needed = data("memory.host_needed", r"M_{\mathrm{h}}", "memory that a host needs")
gradients_down = time("memory.gradients_down", r"T_{\mathrm{down}}", "gradients going to the host", low=0)
weights_up = time("memory.weights_up", r"T_{\mathrm{up}}", "weights coming from the host", low=0)
one_way = time("memory.activations_one_way", r"T_{\mathrm{act}}", "activations of a microbatch going one way", low=0)
forward_hides = time(
    "memory.forward_hides", r"T_{\mathrm{hide,f}}", "computing forward behind which they can hide", low=0
)
backward_hides = time("memory.backward_hides", r"T_{\mathrm{hide,b}}", "computing backward likewise", low=0)
leaving = time("memory.leaving", r"T_{\mathrm{out}}", "what shows of activations that leave", low=0)
returning = time("memory.returning", r"T_{\mathrm{in}}", "what shows of those that return", low=0)
together = time("memory.together", r"T_{\mathrm{both}}", "what shows where gradients leave meanwhile", low=0)
time_offload = time("performance.time_offload", r"T_{\mathrm{host}}", "traffic with the host not hidden", low=0)
device_update = time("memory.device_update", r"T_{\mathrm{opt,dev}}", "time of the update on the accelerators")
host_update = time("memory.host_update", r"T_{\mathrm{opt,host}}", "time of the update on the host")

rate_to_the_host = define(
    equation(host_rate, host_bandwidth * link_efficiency),
    because="software reaches a fraction of it",
    when=TRANSFORMER_TRAINING,
)
sharing_a_host = define(
    equation(host_users, Min(node_size, devices)), because="a node has one host", when=TRANSFORMER_TRAINING
)
part_of_a_rank = define(
    equation(rank_part, shared_stage / state_parts + expert_stage / Max(1, state_parts / expert)),
    because="each rank updates its part",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
states_on_the_host = define(
    equation(host_states, offload_optimizer * host_users * (gradient_bytes + state_bytes) * rank_part),
    because="the host updates from gradients and state, each rank its part",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
activations_on_the_host = define(
    equation(
        host_activations,
        offload_activations * host_users * Max(in_flight, in_flight_between, in_flight_last) * layer_kept,
    ),
    because="all layers in flight wait there",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
on_the_host = total(
    states_on_the_host,
    activations_on_the_host,
    result=equation(host_needed, host_states + host_activations),
    because="both lie there",
    when=TRANSFORMER_TRAINING,
)
down = define(
    equation(gradients_down, offload_optimizer * gradient_bytes * rank_part / host_rate),
    because="a rank sends the gradients of its part",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
up = define(
    equation(weights_up, offload_optimizer * weight_bytes * rank_part / host_rate),
    because="and fetches the weights of its part",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
activations_one_way = define(
    equation(one_way, offload_activations * stage_layers * layer_kept / host_rate),
    because="what the backward pass needs leaves, and returns as much",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
behind_the_forward = define(
    equation(forward_hides, overlap * stage_time / product_passes),
    because="one of the passes over a layer is the forward one",
    when=TRANSFORMER_TRAINING,
)
behind_the_backward = define(
    equation(backward_hides, overlap * stage_time - forward_hides),
    because="the others are backward, computing again with them",
    when=TRANSFORMER_TRAINING,
)
what_leaves = apply(
    hiding.law,
    {hiding.shown: leaving, hiding.exchange: one_way, hiding.window: forward_hides},
    because="only what the forward pass cannot hide shows",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
what_returns = apply(
    hiding.law,
    {hiding.shown: returning, hiding.exchange: one_way, hiding.window: backward_hides},
    because="only what the backward pass cannot hide shows",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
what_passes = define(
    equation(together, Max(0, one_way - backward_hides, gradients_down - backward_hides)),
    because="gradients leave while activations return: the link carries both ways at once",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
all_offload = define(
    equation(
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
holds_it = Condition(
    "memory.host",
    host_needed,
    host_memory,
    "offload needs {needed} on a host that has {available}",
    when=TRANSFORMER_TRAINING,
)
