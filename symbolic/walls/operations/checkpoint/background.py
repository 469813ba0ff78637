"""Asynchronous checkpoints: the job waits for the copy from device to host, and the write goes on behind it."""

from sympy import Max, sqrt

from mlsysim.symbolic.foundations import rates, shares
from mlsysim.symbolic.foundations.inputs import devices, restart
from mlsysim.symbolic.quantity import Quantity, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, stationary, substitute
from mlsysim.symbolic.walls.fleet.fragility import interval
from mlsysim.symbolic.walls.fleet.fragility.interval import loss_of_period, period, repeated, write
from mlsysim.symbolic.walls.fleet.fragility.survival import fleet_mtbf
from mlsysim.symbolic.walls.operations.checkpoint import stop, storage
from mlsysim.symbolic.walls.operations.checkpoint.size import size
from mlsysim.symbolic.walls.operations.checkpoint.stop import penalty
from mlsysim.symbolic.walls.operations.checkpoint.storage import rate, write_time

host_bandwidth = Quantity(
    "checkpoint.host_bandwidth",
    r"BW_{\mathrm{d2h}}",
    "byte/s",
    "bandwidth from an accelerator to its host",
    display="GB/s",
    low=1e9,
    high=1e12,
)
copied = data("checkpoint.copied", r"M_{\mathrm{d2h}}", "state that one accelerator copies")
copy_time = time("checkpoint.copy_time", r"T_{\mathrm{d2h}}", "time to copy the state to the hosts", display="s")
late = time("checkpoint.late", r"T_{\mathrm{late}}", "time for which the next copy waits for the last write", low=0)
async_stall = time("checkpoint.async_stall", r"\delta_{\mathrm{a}}", "stall of an asynchronous checkpoint", display="s")
async_penalty = ratio(
    "checkpoint.async_penalty", r"\rho_{\mathrm{a}}", "penalty of an asynchronous checkpoint at its best period", high=4
)
gain = ratio("checkpoint.gain", r"g", "penalty of a synchronous checkpoint per asynchronous", high=1e3)
async_loss = ratio("checkpoint.async_loss", r"w_{\mathrm{a}}", "share of time lost with asynchronous checkpoints")

part_copied = apply(
    shares.law,
    {shares.share: copied, shares.shares: devices, shares.whole: size},
    because="every accelerator copies its part",
)
copy_takes = apply(
    rates.duration_law,
    {rates.duration: copy_time, rates.amount: copied, rates.rate: host_bandwidth},
    because="all copy at once, each over its own link",
    cite="mohan2021checkfreq",
)
copy_law = substitute(
    copy_takes,
    part_copied,
    result=equation(copy_time, size / devices / host_bandwidth),
    because="name the part of one accelerator",
)
still_writing = define(
    equation(late, Max(0, write_time - period)), because="host memory is free again when the last write has ended"
)
waits = given(
    equation(async_stall, copy_time + late),
    because="the job waits for the copy, and for a write that is not done when its turn comes",
    cite="mohan2021checkfreq",
)
asynchronous = substitute(
    waits,
    copy_law,
    still_writing,
    storage.write_takes,
    result=equation(async_stall, size / devices / host_bandwidth + Max(0, size / rate - period)),
    because="name the copy and the write",
)
copy_penalty = apply(
    stop.penalty_law, {penalty: async_penalty, write: copy_time}, because="the same law, for the stall of the copy"
)
copy_penalty_law = substitute(
    copy_penalty,
    copy_law,
    result=equation(async_penalty, sqrt(size / devices / host_bandwidth / (2 * fleet_mtbf))),
    because="name the copy",
)
gain_named = substitute(
    define(equation(gain, penalty / async_penalty), because="what the background write saves"),
    stop.penalty_law,
    stop.law,
    copy_penalty_law,
    result=equation(
        gain, sqrt(size / rate / (2 * fleet_mtbf)) / sqrt(size / devices / host_bandwidth / (2 * fleet_mtbf))
    ),
    because="name both penalties",
)
gain_law = rewrite(
    gain_named,
    equation(gain, sqrt(devices * host_bandwidth / rate)),
    because="the root of how much faster all links to the hosts are than storage",
)
background_named = apply(
    interval.loss_of_repeated,
    {loss_of_period: async_loss, write: copy_time, repeated: period / 2 + write_time},
    because="a failure also repeats what was done while the last write was not yet complete",
    cite="mohan2021checkfreq",
)
background_loss = rewrite(
    background_named,
    equation(async_loss, copy_time / period + (period / 2 + write_time) / fleet_mtbf + restart / fleet_mtbf),
    because="copying, repeating and starting again",
)
background_flat = stationary(
    background_loss,
    period,
    equation(1 / (2 * fleet_mtbf) - copy_time / period**2, 0),
    because="the best period is where the loss stops falling",
)
background_best = solve(
    background_flat,
    period,
    equation(period, sqrt(2 * copy_time * fleet_mtbf)),
    because="only the copy decides how often to save",
)
background_fits = substitute(
    still_writing,
    background_best,
    result=equation(late, Max(0, write_time - sqrt(2 * copy_time * fleet_mtbf))),
    because="the write must end within the period that the copy asks for",
)
