"""Memory: data must fit, and no work is done faster than its data can be moved.

Capacity decides whether a design exists; bandwidth and compute together are the roofline.
"""

from sympy import Max

from mlsysim.symbolic.foundations.inputs import bandwidth, capacity, memory_efficiency, peak
from mlsysim.symbolic.foundations.results import available, required
from mlsysim.symbolic.quantity import ALL, Quantity, data, time
from mlsysim.symbolic.rules import bottleneck, define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Condition, Wall
from mlsysim.symbolic.walls.node import compute
from mlsysim.symbolic.walls.node.compute import compute_time

moved = data("memory.moved", "D", "data moved between memory and the arithmetic units")
memory_time = time("memory.time", r"T_{\mathrm{mem}}", "least time that memory bandwidth allows")
speed = Quantity("memory.speed", "BW", "byte/s", "rate at which data moves", display="GB/s", low=1, high=1e13)
roofline_time = time("memory.roofline", "T", "least time of some work on its data")
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


# Capacity.
there = define(equation(available, capacity), because="memory as the vendor prints it", when=ALL)
fits = Condition("memory", required, available, "OOM: requires {needed} but only has {available}")

wall = Wall(
    number=2,
    name="memory",
    domain="node",
    core=(law, roofline, ridge_law),
    binds="the data does not fit, or moving it takes longer than computing on it",
    assumptions=("memory is used without fragmentation", "computing and moving data overlap perfectly"),
    validity="work whose data is moved once; caches are not modelled",
)
