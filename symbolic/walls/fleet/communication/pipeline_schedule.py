"""A pipeline's schedule: its stages wait to be filled and drained, and the more microbatches, the smaller that share.

A pipeline has p stages, each with v chunks of the model, and m microbatches.
"""

from mlsysim.symbolic.foundations.inputs import chunks, pipeline
from mlsysim.symbolic.foundations.split import microbatches
from mlsysim.symbolic.quantity import ratio, time
from mlsysim.symbolic.rules import define, equation, given, rewrite, solve, specialise, substitute, total

slot = time("communication.slot", r"T_{\mathrm{slot}}", "time of a microbatch on the slowest stage, all told")
ideal = time("communication.ideal", r"T_{\mathrm{ideal}}", "time of all microbatches without waiting")
bubble = time(
    "performance.time_bubble", r"T_{\mathrm{bubble}}", "time that stages wait to be filled and drained", low=0
)
lost_slots = ratio("communication.lost_slots", "f", "slots in which a stage waits", low=0, high=64)
share_lost = ratio("communication.bubble_share", r"x_{\mathrm{bubble}}", "bubble per time of the schedule", low=0)

all_slots = define(equation(ideal, microbatches * slot), because="a busy stage runs its microbatches back to back")
fill_and_drain = given(
    equation(lost_slots, (pipeline - 1) / chunks),
    because="each stage before it delays a stage by one chunk, when the pipeline fills or when it drains",
    cite="narayanan2021",
)
waiting = define(equation(bubble, lost_slots * slot), because="every wait is a slot lost")
bubble_law = substitute(
    waiting, fill_and_drain, result=equation(bubble, (pipeline - 1) / chunks * slot), because="count the slots lost"
)
whole = define(equation(share_lost, bubble / (ideal + bubble)), because="a share of the whole schedule")
bubble_share = substitute(
    whole,
    bubble_law,
    all_slots,
    result=equation(share_lost, (pipeline - 1) / (chunks * microbatches + pipeline - 1)),
    because="the time of a slot cancels",
    cite="narayanan2021",
)
no_bubble = specialise(bubble_share, {pipeline: 1}, equation(share_lost, 0), because="one stage waits for nobody")

# The same schedule, from its two ends.
chunk_forward = time("communication.chunk_forward", r"t_{f}", "time of a microbatch's forward pass on a stage")
chunk_backward = time("communication.chunk_backward", r"t_{b}", "time of a microbatch's backward pass on a stage")
fill = time("communication.fill", r"T_{\mathrm{fill}}", "time in which the last stage waits for its first microbatch")
drain = time("communication.drain", r"T_{\mathrm{drain}}", "time in which the first stage waits for its last", low=0)
ends_time = time("communication.ends", r"T_{\mathrm{ends}}", "time of filling and draining")
bubble_ratio = ratio("communication.bubble_ratio", r"y_{\mathrm{bubble}}", "bubble per ideal time", low=0, high=16)

filling = given(
    equation(fill, (pipeline - 1) * chunk_forward / chunks),
    because="the first microbatch passes one chunk of every stage before the last",
    cite="narayanan2021",
)
draining = given(
    equation(drain, (pipeline - 1) * chunk_backward / chunks),
    because="its last gradient comes back through one chunk of each",
    cite="narayanan2021",
)
both_ends = total(
    filling,
    draining,
    result=equation(ends_time, fill + drain),
    because="between its ends a stage alternates, never idle",
)
ends_named = substitute(
    both_ends,
    filling,
    draining,
    result=equation(ends_time, (pipeline - 1) * chunk_forward / chunks + (pipeline - 1) * chunk_backward / chunks),
    because="name both",
)
slot_is_both = define(equation(slot, chunk_forward + chunk_backward), because="a microbatch goes forward and back")
forward_of_a_slot = solve(
    slot_is_both, chunk_forward, equation(chunk_forward, slot - chunk_backward), because="what is not backward"
)
ends_in_slots = substitute(
    ends_named,
    forward_of_a_slot,
    result=equation(
        ends_time, (pipeline - 1) * (slot - chunk_backward) / chunks + (pipeline - 1) * chunk_backward / chunks
    ),
    because="name the time of a slot",
)
ends_law = rewrite(
    ends_in_slots,
    equation(ends_time, (pipeline - 1) / chunks * slot),
    because="however a slot divides into forward and backward, the slots lost are the same",
)
per_ideal = define(equation(bubble_ratio, bubble / ideal), because="waiting, per time of work")
bubble_of_ideal = substitute(
    per_ideal,
    bubble_law,
    all_slots,
    result=equation(bubble_ratio, (pipeline - 1) / (chunks * microbatches)),
    because="the time of a slot cancels",
    cite="narayanan2021",
)
