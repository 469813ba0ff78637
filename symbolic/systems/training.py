"""A training step: microbatches in their slots, the bubble, what communication shows, and the optimizer."""

from sympy import Eq, Max, Piecewise

from mlsysim.symbolic.foundations import in_turn, rates
from mlsysim.symbolic.foundations.inputs import batch, devices, offload_optimizer, sequence
from mlsysim.symbolic.foundations.results import accelerator_time as time_accelerators
from mlsysim.symbolic.foundations.results import busy, latency, stage_time, throughput
from mlsysim.symbolic.foundations.split import microbatches
from mlsysim.symbolic.quantity import PROFILED_TRAINING, TRAINING, TRANSFORMER_TRAINING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, rewrite, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.data.ingestion.reading import time_ingest
from mlsysim.symbolic.walls.data.transformation import wall as transformation
from mlsysim.symbolic.walls.data.transformation.workers import time_transform
from mlsysim.symbolic.walls.fleet.communication import context as context_parallel
from mlsysim.symbolic.walls.fleet.communication import data as data_parallel
from mlsysim.symbolic.walls.fleet.communication import expert as expert_parallel
from mlsysim.symbolic.walls.fleet.communication import pipeline as pipeline_parallel
from mlsysim.symbolic.walls.fleet.communication import pipeline_schedule
from mlsysim.symbolic.walls.fleet.communication import tensor_step as tensor_parallel
from mlsysim.symbolic.walls.fleet.communication.context import context_time
from mlsysim.symbolic.walls.fleet.communication.data import exposed
from mlsysim.symbolic.walls.fleet.communication.expert import expert_time
from mlsysim.symbolic.walls.fleet.communication.pipeline import pipeline_time
from mlsysim.symbolic.walls.fleet.communication.pipeline_schedule import bubble, slot
from mlsysim.symbolic.walls.fleet.communication.tensor_step import tensor_time
from mlsysim.symbolic.walls.node.compute import work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.states import update_moved
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved
from mlsysim.symbolic.walls.node.streaming import offload
from mlsysim.symbolic.walls.node.streaming.offload import device_update, host_update, time_offload

time_roofline = time("performance.time_work", r"T_{\mathrm{work}}", "time of all microbatches' work on their data")
time_tensor = time("performance.time_tensor", r"T_{\mathrm{TP}}", "tensor-parallel communication of a step", low=0)
time_context = time("performance.time_context", r"T_{\mathrm{CP}}", "context-parallel communication not hidden", low=0)
time_expert = time("performance.time_expert", r"T_{\mathrm{EP}}", "expert-parallel communication of a step", low=0)
time_pipeline = time("performance.time_pipeline", r"T_{\mathrm{PP}}", "pipeline communication of a step", low=0)
step_tokens = Quantity("performance.step_tokens", r"n_{\mathrm{step}}", "token", "tokens of a step", low=1, high=1e9)
accelerator_work = time(
    "performance.accelerator_work", r"T_{\mathrm{work},N}", "computing of all accelerators, added up"
)
accelerator_time = time("performance.accelerator_time", r"T_N", "time of the step for all accelerators, added up")
time_optimizer = time("performance.time_optimizer", r"T_{\mathrm{opt}}", "time of the optimizer's update")
data_stall = ratio(
    "performance.data_stall", r"x_{\mathrm{data}}", "share of a step in which accelerators wait for data", low=0
)

slot_adds_up = total(
    work.stage_roofline,
    tensor_parallel.tensor_step,
    context_parallel.context_step,
    expert_parallel.expert_step,
    pipeline_parallel.pipeline_step,
    result=equation(slot, stage_time + tensor_time + context_time + expert_time + pipeline_time),
    because="a microbatch computes and, in between, communicates",
    when=TRANSFORMER_TRAINING,
)


def _every_microbatch(all_of_them: Quantity, one: Quantity) -> Step:
    """What all microbatches take."""
    return apply(
        in_turn.law,
        {in_turn.whole: all_of_them, in_turn.parts: microbatches, in_turn.part: one},
        because="microbatches pass a stage one after another",
        when=TRANSFORMER_TRAINING,
    )


all_work = _every_microbatch(time_roofline, stage_time)
all_tensor = _every_microbatch(time_tensor, tensor_time)
all_context = _every_microbatch(time_context, context_time)
all_expert = _every_microbatch(time_expert, expert_time)
all_pipeline = _every_microbatch(time_pipeline, pipeline_time)
waiting = apply(
    pipeline_schedule.bubble_law, {bubble: bubble}, because="the law of the pipeline", when=TRANSFORMER_TRAINING
)
update = apply(
    memory.law,
    {memory_time: time_optimizer, moved: update_moved},
    because="the law of bandwidth, for the update",
    when=PROFILED_TRAINING,
)
update_where_the_state_lies = define(
    equation(time_optimizer, Piecewise((host_update, Eq(offload_optimizer, 1)), (device_update, True))),
    because="who holds the optimizer's state updates",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
step_time = total(
    all_work,
    all_tensor,
    all_context,
    all_expert,
    all_pipeline,
    waiting,
    data_parallel.not_hidden,
    offload.all_offload,
    update_where_the_state_lies,
    result=equation(
        time_accelerators,
        time_roofline
        + time_tensor
        + time_context
        + time_expert
        + time_pipeline
        + bubble
        + exposed
        + time_offload
        + time_optimizer,
    ),
    because="a step is its parts one after another; what hides behind computing is not among them",
    when=TRANSFORMER_TRAINING,
)

# The next batch is read and transformed meanwhile.
_whole = {transformation.step_time: latency, transformation.accelerator_time: time_accelerators}
slowest = apply(
    transformation.pipelined,
    {**_whole, transformation.fetch_time: time_ingest, transformation.transform_time: time_transform},
    because="a step starts when the one before has ended and its data is there",
    when=TRAINING,
)
starved = apply(
    transformation.waiting,
    {**_whole, transformation.stall: data_stall},
    because="what of the step is not on the accelerators is waiting for data",
)
starved_share = substitute(
    starved,
    slowest,
    result=equation(data_stall, 1 - time_accelerators / Max(time_ingest, time_transform, time_accelerators)),
    because="name the step",
    when=TRAINING,
)

# Tokens for each unit of time, and the share of it in which accelerators compute.
tokens_of_a_step = apply(
    in_turn.law,
    {in_turn.whole: step_tokens, in_turn.parts: batch, in_turn.part: sequence},
    because="a step trains on every token of its batch",
)
step_rate = apply(
    rates.per_time,
    {rates.rate: throughput, rates.amount: step_tokens, rates.duration: latency},
    because="throughput is what a step handles in its time",
)
tokens_per_time = substitute(
    step_rate,
    tokens_of_a_step,
    result=equation(throughput, batch * sequence / latency),
    because="name the tokens of the step",
    when=TRANSFORMER_TRAINING,
)
time_computed = apply(
    in_turn.law,
    {in_turn.whole: accelerator_work, in_turn.parts: devices, in_turn.part: time_roofline},
    because="every accelerator computes as long as those of the slowest stage",
)
time_held = apply(
    in_turn.law,
    {in_turn.whole: accelerator_time, in_turn.parts: devices, in_turn.part: latency},
    because="and every one is held for the whole step",
)
share_computed = define(
    equation(busy, accelerator_work / accelerator_time), because="the time of accelerators that computes, of all of it"
)
share_named = substitute(
    share_computed,
    time_computed,
    time_held,
    result=equation(busy, devices * time_roofline / (devices * latency)),
    because="name both",
)
computing = rewrite(
    share_named,
    equation(busy, time_roofline / latency),
    because="however many there are; the rest is communication and waiting",
    when=TRANSFORMER_TRAINING,
)
