"""Models known by their profile: parameters and multiply-accumulates of one forward pass, nothing of their layers."""

from sympy import Min, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    activation_bytes,
    batch,
    flop_per_mac,
    gradient_bytes,
    multiply_accumulates,
    node_size,
    overlap,
    parameters,
    state_bytes,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.results import (
    activations,
    busy,
    gradients,
    hardware_work,
    latency,
    model_work,
    required,
    sample_throughput,
    stage_moved,
    stage_time,
    stage_work,
    state,
    weights,
    work_of,
)
from mlsysim.symbolic.foundations.split import group, local_samples
from mlsysim.symbolic.quantity import PROFILED, PROFILED_BATCH, PROFILED_INFERENCE, PROFILED_TRAINING, SERVING
from mlsysim.symbolic.rules import define, equation, total
from mlsysim.symbolic.systems import training as step
from mlsysim.symbolic.systems.training import time_optimizer, time_roofline
from mlsysim.symbolic.walls.fleet.communication import data as data_parallel
from mlsysim.symbolic.walls.fleet.communication.data import (
    exposed,
    gathers,
    gradient_data,
    ranks_inside,
    scatters,
    weight_data,
    window,
)
from mlsysim.symbolic.walls.node.compute.work import backward_share
from mlsysim.symbolic.walls.node.memory.states import gradient_parts, state_parts, update_moved, weight_parts

sample_work = work_of("sample", r"o_{1}", "one sample's forward pass", per="/sample")
sample_forward = define(
    equation(sample_work, flop_per_mac * multiply_accumulates),
    because="a multiply-accumulate is two operations",
    cite="williams2009",
    when=PROFILED,
)
samples_forward = define(
    equation(stage_work, local_samples * sample_work), because="samples add up", when=PROFILED_INFERENCE
)
samples_both_ways = define(
    equation(stage_work, local_samples * (1 + backward_share) * sample_work),
    because="the backward pass is twice the forward",
    cite="kaplan2020",
    when=PROFILED_TRAINING,
)
samples_needed = define(equation(model_work, batch * sample_work), because="samples add up", when=PROFILED_INFERENCE)
samples_needed_both_ways = define(
    equation(model_work, batch * (1 + backward_share) * sample_work),
    because="forward and backward",
    cite="kaplan2020",
    when=PROFILED_TRAINING,
)
samples_done = define(equation(hardware_work, model_work), because="nothing is recomputed", when=PROFILED)


# Memory.
weights_whole = define(
    equation(weights, weight_bytes * parameters / weight_parts),
    because="the whole model",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
gradients_whole = define(
    equation(gradients, gradient_bytes * parameters / gradient_parts),
    because="one for each weight",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
state_whole = define(
    equation(state, state_bytes * parameters / state_parts),
    because="the optimizer's own numbers",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
weights_profiled = define(
    equation(weights, weight_bytes * parameters), because="the whole model", when=PROFILED_INFERENCE
)
samples_kept = define(
    equation(activations, local_samples * activation_bytes), because="each sample keeps its activations", when=PROFILED
)
needed_profiled = total(
    weights_whole,
    gradients_whole,
    state_whole,
    samples_kept,
    result=equation(required, weights + gradients + state + activations),
    because="all of it lies in memory at once",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
needed_sample = total(
    weights_profiled,
    samples_kept,
    result=equation(required, weights + activations),
    because="the model and its activations",
    when=PROFILED_INFERENCE,
)

# The data moved.
update_data = define(
    equation(update_moved, (gradient_bytes + weight_bytes + 2 * state_bytes) * parameters / state_parts),
    because="the update reads gradients and state, and writes state and weights, each rank its part",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
samples_moved = define(
    equation(stage_moved, 2 * weights + 2 * gradients + 2 * activations),
    because="weights are read forward and backward, gradients added to, activations written and read",
    when=PROFILED_TRAINING,
)
weights_moved = define(
    equation(stage_moved, weights + 2 * activations), because="weights are read once", when=PROFILED_INFERENCE
)

# Gradients, shared by all.
in_a_node_profiled = define(
    equation(ranks_inside, Min(group, node_size)), because="the node is filled first", when=PROFILED_TRAINING
)
all_gradients = define(
    equation(gradient_data, gradient_bytes * parameters), because="one for each weight", when=PROFILED_TRAINING
)
all_weights = define(equation(weight_data, weight_bytes * parameters), because="all of them", when=PROFILED_TRAINING)
one_scatter = define(equation(scatters, 1), because="one microbatch", when=PROFILED_TRAINING)
one_gather = define(
    equation(gathers, 1 + Piecewise((1, zero >= 3), (0, True))),
    because="divided weights are gathered forward and backward",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
hides_behind_samples = define(
    equation(window, overlap * stage_time),
    because="gradients travel while others are computed",
    cite="li2020ddp",
    when=PROFILED_TRAINING,
)

# The step or pass.
work_takes = define(equation(time_roofline, stage_time), because="one pass", when=PROFILED)
pass_time = define(equation(latency, time_roofline), because="a pass is its work on its data", when=PROFILED_BATCH)
step_time = total(
    work_takes,
    data_parallel.not_hidden,
    step.update,
    result=equation(latency, time_roofline + exposed + time_optimizer),
    because="a step is its parts one after another",
    when=PROFILED_TRAINING,
)
samples_per_time = define(
    equation(sample_throughput, batch / latency), because="a step or pass handles its batch", when=PROFILED - SERVING
)
computing = define(
    equation(busy, time_roofline / latency), because="the rest is communication", when=PROFILED - SERVING
)
