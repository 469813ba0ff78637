"""Synthesis: the same equations, read backwards, say what hardware a target needs.

A target on time fixes the least bandwidth, arithmetic, memory and number of accelerators; what no hardware can shorten is the
floor of the target.
"""

from sympy import Max

from mlsysim.symbolic.foundations.inputs import bandwidth, efficiency, memory_efficiency, peak
from mlsysim.symbolic.foundations.results import required
from mlsysim.symbolic.quantity import Quantity, count, data, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.memory import wall as memory

target = time("synthesis.target", r"T^{*}", "time that is allowed")
rate_needed = Quantity(
    "synthesis.rate", r"F_{\mathrm{req}}", "flop/s", "rate of arithmetic needed", display="TFLOP/s", low=1
)
speed_needed = Quantity(
    "synthesis.speed", r"BW_{\mathrm{req}}", "byte/s", "memory bandwidth needed", display="GB/s", low=1
)
link_needed = Quantity(
    "synthesis.link", r"BW_{\mathrm{link,req}}", "byte/s", "link bandwidth needed", display="GB/s", low=1
)
memory_needed = data("synthesis.memory", r"M_{\mathrm{dev,req}}", "memory of an accelerator needed")
fixed = time("synthesis.fixed", r"T_0", "time that the input does not shorten", low=0)
scaled = Quantity("synthesis.scaled", "k", "1", "time times the input, in the part that it shortens", low=0.1, high=10)
lever = Quantity("synthesis.lever", "x", "1/s", "an input that shortens a part of the time", low=0.1, high=10)
any_time = time("synthesis.any_time", "T_x", "time as it depends on one input")
workers = count("synthesis.accelerators", r"N_{\mathrm{req}}", "accelerators needed")
shared = Quantity("synthesis.shared", "T_1", "s", "time of the work on one accelerator", display="ms", low=0.1, high=10)

compute_in_time = apply(
    compute.law, {compute.compute_time: target, peak: rate_needed}, because="arithmetic may take as long as allowed"
)
rate_law = solve(
    compute_in_time,
    rate_needed,
    equation(rate_needed, compute.work / (target * efficiency)),
    because="ask for the rate",
)
memory_in_time = apply(
    memory.law, {memory.memory_time: target, bandwidth: speed_needed}, because="moving data may take as long as allowed"
)
speed_law = solve(
    memory_in_time, speed_needed, equation(speed_needed, memory.moved / (target * memory_efficiency)),
    because="ask for the bandwidth",
)  # fmt: skip
reduce_in_time = apply(
    messages.all_reduce, {messages.reduce_time: target, messages.bandwidth: link_needed},
    because="a collective may take as long as allowed",
)  # fmt: skip
_hops = messages.ranks - 1
link_law = solve(
    reduce_in_time, link_needed,
    equation(
        link_needed,
        2 * _hops * messages.message / (messages.ranks * (target - 2 * _hops * messages.latency)),
    ),
    because="latency is paid first; what is left must carry the message",
)  # fmt: skip
memory_law = given(
    equation(memory_needed, required), because="an accelerator must hold what it is given", cite="rajbhandari2020"
)

# Any input that shortens a part of the time and leaves the rest.
two_parts = define(
    equation(any_time, fixed + scaled / lever), because="one part shrinks with the input, the rest stays"
)
at_target = apply(two_parts, {any_time: target}, because="ask for the target")
lever_law = solve(
    at_target,
    lever,
    equation(lever, scaled / (target - fixed)),
    because="below the part that stays, no value reaches it",
)
share_out = define(equation(any_time, fixed + shared / workers), because="work is shared out, the rest is not")
at_target_too = apply(share_out, {any_time: target}, because="likewise")
workers_law = solve(
    at_target_too,
    workers,
    equation(workers, shared / (target - fixed)),
    because="ask for the number",
    cite="amdahl1967",
)

# Both sides of the roofline at once: the region of hardware that meets a target.
least_time = apply(memory.roofline, {memory.roofline_time: any_time}, because="the slower of both decides")
region = substitute(
    least_time, compute.law, memory.law,
    result=equation(
        any_time, Max(compute.work / (peak * efficiency), memory.moved / (bandwidth * memory_efficiency))
    ),
    because="both must keep the target, so rate and bandwidth must each be enough",
)  # fmt: skip
wall = Wall(
    number=22, name="synthesis", domain="analysis",
    core=(rate_law, speed_law, link_law, memory_law, lever_law, workers_law, region),
    binds="a target is asked for: the largest term that an input does not shorten is its floor",
    assumptions=("everything but the asked-for input is held",),
    validity="inputs that enter one part of the time; where several do, a bracketed root takes the place of the closed form",
)  # fmt: skip
