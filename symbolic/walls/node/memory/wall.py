"""Memory: data must fit, and no work is done faster than its data can be moved.

Capacity decides whether a design exists; bandwidth and compute together are the roofline.
"""

from sympy import Max, Min

from mlsysim.symbolic.foundations.inputs import bandwidth, capacity, efficiency, memory_efficiency, peak
from mlsysim.symbolic.foundations.results import available, required
from mlsysim.symbolic.quantity import ALL, Quantity, data, time
from mlsysim.symbolic.rules import bottleneck, define, equation, given, rewrite, solve, substitute
from mlsysim.symbolic.wall import Condition, Wall
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, work
from mlsysim.symbolic.walls.node.memory import activations, divided, gpt, in_flight, lora, recomputation, zero

moved = data("memory.moved", "D", "data moved between memory and the arithmetic units")
memory_time = time("memory.time", r"T_{\mathrm{mem}}", "least time that memory bandwidth allows")
speed = Quantity("memory.speed", r"BW_{D}", "byte/s", "rate at which data moves", display="GB/s", low=1, high=1e13)
roofline_time = time("memory.roofline", r"T_{\mathrm{roof}}", "least time of some work on its data")
intensity = Quantity("memory.intensity", "I", "flop/byte", "work per data moved", low=1e-2, high=1e4)
ridge = Quantity("memory.ridge", r"I^{*}", "flop/byte", "intensity at which compute and memory take equally long")

speed_is_data_per_time = given(
    equation(speed, moved / memory_time), because="a bandwidth is data per time", cite="williams2009"
)
speed_below_peak = given(
    equation(speed, bandwidth * memory_efficiency),
    because="software reaches a fraction of the peak bandwidth",
    cite="williams2009",
)
balance = substitute(
    speed_is_data_per_time,
    speed_below_peak,
    result=equation(bandwidth * memory_efficiency, moved / memory_time),
    because="both describe the same rate",
)
law = solve(
    balance,
    memory_time,
    equation(memory_time, moved / (bandwidth * memory_efficiency)),
    because="the time is what was asked for",
)
roofline = bottleneck(
    compute.law,
    law,
    result=equation(roofline_time, Max(compute_time, memory_time)),
    because="computing and moving run side by side, and the slower decides",
    cite="williams2009",
)
ridge_balance = define(
    equation(ridge * moved / peak, moved / bandwidth),
    because="at the ridge both take equally long, at full efficiency",
    cite="williams2009",
)
ridge_law = solve(ridge_balance, ridge, equation(ridge, peak / bandwidth), because="the data moved cancels")

# The rate that a kernel of a given intensity can reach.
attained = Quantity(
    "memory.attained",
    r"F_{\mathrm{att}}",
    "flop/s",
    "rate that work of an intensity reaches",
    display="TFLOP/s",
    low=1,
    high=1e18,
)

rate_attained = define(equation(attained, work / roofline_time), because="a rate is work per time")
rate_of_both = substitute(
    rate_attained,
    roofline,
    compute.law,
    law,
    result=equation(attained, work / Max(work / (peak * efficiency), moved / (bandwidth * memory_efficiency))),
    because="name both times of the roofline",
)
intensity_is_work_per_data = define(
    equation(intensity, work / moved), because="intensity is work per data moved", cite="williams2009"
)
data_of_intensity = solve(
    intensity_is_work_per_data, moved, equation(moved, work / intensity), because="the data that the work needs"
)
rate_by_intensity = substitute(
    rate_of_both,
    data_of_intensity,
    result=equation(
        attained, work / Max(work / (peak * efficiency), work / intensity / (bandwidth * memory_efficiency))
    ),
    because="name the data moved",
)
attainable = rewrite(
    rate_by_intensity,
    equation(attained, Min(peak * efficiency, intensity * bandwidth * memory_efficiency)),
    because="work over the longer time is the lower rate",
    cite="williams2009",
)

# Capacity.
there = define(equation(available, capacity), because="memory as the vendor prints it", when=ALL)
fits = Condition("memory", required, available, "OOM: requires {needed} but only has {available}")

wall = Wall(
    number=2,
    name="memory",
    domain="node",
    core=(
        law,
        roofline,
        ridge_law,
        attainable,
        zero.bytes_law,
        divided.divided_law,
        zero.zero_law,
        zero.stage_whole,
        zero.stage_first,
        zero.stage_second,
        zero.stage_third,
        zero.sixteen_bytes,
        lora.lora_parameters,
        lora.lora_law,
        lora.lora_share_by_size,
        lora.lora_floor,
        activations.tokens_of_microbatch,
        activations.whole_count,
        activations.divided_count,
        activations.pair_count,
        activations.sharing,
        activations.layer_kept,
        recomputation.selective_law,
        recomputation.choice_law,
        gpt.layer_tensor,
        gpt.layer_sequence,
        gpt.layer_alone,
        gpt.selective_alone,
        gpt.full_alone,
        in_flight.held_layers,
        in_flight.plain_layers,
        in_flight.interleaved_held,
        in_flight.interleaved_factor,
    ),
    binds="the data does not fit, or moving it takes longer than computing on it",
    assumptions=(
        "memory is used without fragmentation",
        "computing and moving data overlap perfectly",
        "enough microbatches fill a pipeline, and interleaving means at least two chunks",
    ),
    validity="work whose data is moved once; caches are not modelled",
)
