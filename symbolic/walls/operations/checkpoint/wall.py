"""Checkpoint: the state of a model must be written before it can be lost.

The write goes as fast as the nodes send or the file system takes, whichever is slower.
A job that copies its state to the hosts first waits only for the copy.
"""

from sympy import Max, Min, sqrt

from mlsysim.symbolic.foundations.inputs import (
    devices,
    filesystem,
    node_storage,
    parameters,
    restart,
    state_bytes,
    weight_bytes,
)
from mlsysim.symbolic.foundations.split import nodes
from mlsysim.symbolic.quantity import TRAINING, Quantity, constant, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, specialise, stationary, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.fleet.fragility import wall as fragility
from mlsysim.symbolic.walls.fleet.fragility.wall import fleet_mtbf, period, write

size = data("checkpoint.size", r"M_{\mathrm{ckpt}}", "data of a checkpoint", display="GB")
rate = Quantity(
    "checkpoint.rate",
    r"BW_{\mathrm{ckpt}}",
    "byte/s",
    "rate at which a checkpoint is written",
    display="GB/s",
    low=1e6,
    high=1e13,
)
volume = data("checkpoint.volume", r"V", "data written in a time")
per_parameter = Quantity(
    "checkpoint.per_parameter", r"b_{\mathrm{ckpt}}", "byte/param", "bytes kept of each parameter", low=1, high=20
)

kept = given(
    equation(per_parameter, weight_bytes + state_bytes),
    because="weights and optimizer state are needed to go on, gradients are not",
    cite="rajbhandari2020",
)
all_of_it = define(equation(size, parameters * per_parameter), because="of every parameter")
size_law = substitute(
    all_of_it,
    kept,
    result=equation(size, parameters * (weight_bytes + state_bytes)),
    because="name what is kept",
    when=TRAINING,
)
slower = given(
    equation(rate, Min(nodes * node_storage, filesystem)),
    because="nodes write side by side until the file system is full",
    cite="grattafiori2024",
    when=TRAINING,
)
written = define(equation(volume, rate * write), because="a rate is data per time", cite="grattafiori2024")
complete = substitute(
    define(equation(size, volume), because="all of it is written"),
    written,
    result=equation(size, rate * write),
    because="name the data written",
)
law = solve(complete, write, equation(write, size / rate), because="the job waits for the write", when=TRAINING)

# Adam in mixed precision keeps four numbers of each parameter.
master_bytes = Quantity("checkpoint.master", r"b_{\mathrm{mst}}", "byte/param", "bytes of a master weight", high=8)
momentum_bytes = Quantity("checkpoint.momentum", r"b_{\mathrm{mom}}", "byte/param", "bytes of a mean gradient", high=8)
variance_bytes = Quantity(
    "checkpoint.variance", r"b_{\mathrm{var}}", "byte/param", "bytes of a mean squared gradient", high=8
)
half_precision = constant("one.half_precision", 2, "byte/param", "two bytes of half precision")
single_precision = constant("one.single_precision", 4, "byte/param", "four bytes of single precision")
adam_bytes = constant("one.adam_bytes", 14, "byte/param", "two bytes and three times four")

state_of_adam = given(
    equation(state_bytes, master_bytes + momentum_bytes + variance_bytes),
    because="mixed-precision Adam keeps a master weight and two moments",
    cite="rajbhandari2020",
)
kept_of_adam = substitute(
    kept,
    state_of_adam,
    result=equation(per_parameter, weight_bytes + master_bytes + momentum_bytes + variance_bytes),
    because="name the state",
)
mixed_precision = specialise(
    kept_of_adam,
    {
        weight_bytes: half_precision,
        master_bytes: single_precision,
        momentum_bytes: single_precision,
        variance_bytes: single_precision,
    },
    equation(per_parameter, half_precision + single_precision + single_precision + single_precision),
    because="weights in half precision, the rest in single",
)
fourteen = rewrite(mixed_precision, equation(per_parameter, adam_bytes), because="two and three times four")

# What stopping costs, at the best period for it.
write_time = time("checkpoint.write_time", r"T_{\mathrm{write}}", "time to write a checkpoint to storage", display="s")
penalty = ratio("checkpoint.penalty", r"\rho", "time lost to writing per time between checkpoints", high=4)
written_then = apply(law, {write: write_time}, because="the same law, whether the job waits for it or not")
synchronous = substitute(
    define(equation(write, write_time), because="a synchronous job waits for the whole write"),
    written_then,
    result=equation(write, size / rate),
    because="name the time of the write",
)
paid = define(equation(penalty, write / period), because="every period pays one stall")
paid_at_best = substitute(
    paid,
    fragility.best,
    result=equation(penalty, write / sqrt(2 * write * fleet_mtbf)),
    because="at the best period between failures",
    cite="young1974",
)
penalty_law = rewrite(
    paid_at_best,
    equation(penalty, sqrt(write / (2 * fleet_mtbf))),
    because="even at its best a stall costs the root of its length",
)

# Asynchronous: the job waits for the copy from device to host, and the write goes on behind it.
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

part_copied = define(equation(copied, size / devices), because="every accelerator copies its part")
copy_takes = given(
    equation(copy_time, copied / host_bandwidth), because="all copy at once, each over its own link", cite="mohan2021"
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
    cite="mohan2021",
)
asynchronous = substitute(
    waits,
    copy_law,
    still_writing,
    written_then,
    result=equation(async_stall, size / devices / host_bandwidth + Max(0, size / rate - period)),
    because="name the copy and the write",
)
copy_penalty = apply(
    penalty_law, {penalty: async_penalty, write: copy_time}, because="the same law, for the stall of the copy"
)
copy_penalty_law = substitute(
    copy_penalty,
    copy_law,
    result=equation(async_penalty, sqrt(size / devices / host_bandwidth / (2 * fleet_mtbf))),
    because="name the copy",
)
gain_named = substitute(
    define(equation(gain, penalty / async_penalty), because="what the background write saves"),
    penalty_law,
    synchronous,
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
background_loss = given(
    equation(async_loss, copy_time / period + (period / 2 + write_time) / fleet_mtbf + restart / fleet_mtbf),
    because="a failure also repeats what was done while the last write was not yet complete",
    cite="mohan2021",
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

wall = Wall(
    number=19,
    name="checkpoint",
    domain="operations",
    core=(
        law,
        size_law,
        slower,
        fourteen,
        synchronous,
        penalty_law,
        copy_law,
        asynchronous,
        copy_penalty_law,
        gain_law,
        background_loss,
        background_best,
        background_fits,
    ),
    binds="writing the state stops the job for longer than its failures allow",
    assumptions=(
        "the job stops while it writes, or while it copies to the hosts",
        "nodes write equal parts",
        "a write in the background slows nothing down and ends before the next begins",
    ),
    validity="checkpoints to one file system",
)
