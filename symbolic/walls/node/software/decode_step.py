"""Decode: the memory side decides, so that the efficiency of arithmetic hardly matters."""

from sympy import Max

from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    efficiency,
    memory_efficiency,
    multiply_add,
    one_sample,
    one_token,
    parameters,
    peak,
    weight_bytes,
)
from mlsysim.symbolic.quantity import Quantity, ratio, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, solve, substitute
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved

decoding = Quantity("software.decoding", "B", "sample", "requests that decode together", low=1, high=512)
decode_work_time = time("software.decode_work", r"T_{\mathrm{dec,F}}", "time of a decode step's products")
decode_read_time = time("software.decode_read", r"T_{\mathrm{dec,BW}}", "time to read all weights")
decode_time = time("software.decode_time", r"T_{\mathrm{dec}}", "time of a decode step, keys and values apart")
turning = ratio("software.turning", r"\eta^{*}", "share of peak from which reading decides", high=4)

decode_works = apply(
    compute.law,
    {
        work: multiply_add * parameters * one_token * decoding / one_sample,
        compute_time: decode_work_time,
        efficiency: turning,
    },
    because="every request meets every weight",
)
decode_reads = apply(
    memory.law,
    {moved: weight_bytes * parameters, memory_time: decode_read_time, memory_efficiency: 1},
    because="the weights are read once, at the peak bandwidth",
)
decode_roofline = bottleneck(
    decode_works,
    decode_reads,
    result=equation(decode_time, Max(decode_work_time, decode_read_time)),
    because="the slower decides",
    cite="pope2022",
)
decode_balance = substitute(
    define(equation(decode_work_time, decode_read_time), because="at the turning point both take equally long"),
    decode_works,
    decode_reads,
    result=equation(
        multiply_add * parameters * one_token * decoding / one_sample / (peak * turning),
        weight_bytes * parameters / (bandwidth * 1),
    ),
    because="name both times",
)
decode_turning = solve(
    decode_balance,
    turning,
    equation(turning, multiply_add * one_token * decoding / one_sample * bandwidth / (weight_bytes * peak)),
    because="above it, a better kernel changes nothing",
)
