"""Models known by their profile: parameters and multiply-accumulates of one forward pass, nothing of their layers."""

from sympy import Min, Piecewise

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import (
    batch,
    flop_per_mac,
    gradient_bytes,
    multiply_accumulates,
    node_size,
    overlap,
    parameters,
    tensor,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.results import accelerator_time as time_accelerators
from mlsysim.symbolic.foundations.results import (
    busy,
    hardware_work,
    latency,
    model_work,
    sample_throughput,
    stage_time,
    stage_work,
    work_of,
)
from mlsysim.symbolic.foundations.split import expert_stage, group, local_samples, microbatches, shared_stage
from mlsysim.symbolic.quantity import PROFILED, PROFILED_BATCH, PROFILED_INFERENCE, PROFILED_TRAINING, SERVING, Quantity
from mlsysim.symbolic.rules import apply, define, equation, specialise, substitute, total
from mlsysim.symbolic.step import NOWHERE, Step
from mlsysim.symbolic.systems import training as step
from mlsysim.symbolic.systems.training import time_optimizer, time_roofline
from mlsysim.symbolic.walls.fleet.communication import data as data_parallel
from mlsysim.symbolic.walls.fleet.communication import data_sums
from mlsysim.symbolic.walls.fleet.communication.data import exposed, window
from mlsysim.symbolic.walls.fleet.communication.data_sums import (
    gathers,
    gradient_data,
    ranks_inside,
    scatters,
    weight_data,
)
from mlsysim.symbolic.walls.node.compute import wall as compute

sample_work = work_of("sample", r"o_{1}", "one sample's forward pass", per="/sample")
sample_passes = work_of("sample_passes", r"o_{1,\phi}", "one sample's passes of a step", per="/sample")
sample_forward = apply(
    in_turn.law,
    {in_turn.whole: sample_work, in_turn.parts: multiply_accumulates, in_turn.part: flop_per_mac},
    because="a multiply-accumulate is two operations",
    cite="williams2009",
    when=PROFILED,
)


def _samples(result: Quantity, samples: Quantity, each: Quantity, because: str, when: frozenset[str]) -> Step:
    """What some samples add up to."""
    reading = {in_turn.whole: result, in_turn.parts: samples, in_turn.part: each}
    return apply(in_turn.law, reading, because=because, when=when)


samples_forward = _samples(stage_work, local_samples, sample_work, "samples add up", PROFILED_INFERENCE)
samples_needed = _samples(model_work, batch, sample_work, "samples add up", PROFILED_INFERENCE)
sample_in_passes = define(
    equation(sample_passes, compute.passes * sample_work), because="every pass costs as much as the forward one"
)
sample_both_ways = substitute(
    sample_in_passes,
    compute.three_passes,
    result=equation(sample_passes, 3 * sample_work),
    because="forward once, and back",
)


def _both_ways(result: Quantity, samples: Quantity, because: str) -> Step:
    """The work of samples forward and back."""
    return substitute(
        _samples(result, samples, sample_passes, "samples add up", NOWHERE),
        sample_both_ways,
        result=equation(result, samples * 3 * sample_work),
        because=because,
        cite="kaplan2020",
        when=PROFILED_TRAINING,
    )


samples_both_ways = _both_ways(stage_work, local_samples, "the backward pass is twice the forward")
samples_needed_both_ways = _both_ways(model_work, batch, "forward and backward")
samples_done = define(equation(hardware_work, model_work), because="nothing is recomputed", when=PROFILED)

# Gradients, shared by all: the laws of data parallelism for one stage, one microbatch and no experts.
in_a_node_profiled = specialise(
    data_sums.in_a_node,
    {tensor: 1},
    equation(ranks_inside, Min(group, node_size)),
    because="the node is filled first",
    when=PROFILED_TRAINING,
)
all_gradients = specialise(
    data_sums.shared_gradients,
    {shared_stage: parameters, expert_stage: 0},
    equation(gradient_data, gradient_bytes * parameters),
    because="one for each weight",
    when=PROFILED_TRAINING,
)
all_weights = specialise(
    data_sums.shared_weights,
    {shared_stage: parameters, expert_stage: 0},
    equation(weight_data, weight_bytes * parameters),
    because="all of them",
    when=PROFILED_TRAINING,
)
one_scatter = specialise(
    data_sums.how_many_scatters,
    {microbatches: 1},
    equation(scatters, 1),
    because="one microbatch",
    when=PROFILED_TRAINING,
)
one_gather = specialise(
    data_sums.how_many_gathers,
    {microbatches: 1},
    equation(gathers, 1 + Piecewise((1, zero >= 3), (0, True))),
    because="divided weights are gathered forward and backward",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
hides_behind_samples = specialise(
    data_parallel.hides_behind,
    {microbatches: 1},
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
    result=equation(time_accelerators, time_roofline + exposed + time_optimizer),
    because="a step is its parts one after another",
    when=PROFILED_TRAINING,
)
samples_per_time = define(
    equation(sample_throughput, batch / latency), because="a step or pass handles its batch", when=PROFILED - SERVING
)
computing = define(
    equation(busy, time_roofline / latency), because="the rest is communication", when=PROFILED - SERVING
)
