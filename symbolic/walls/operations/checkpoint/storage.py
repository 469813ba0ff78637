"""Storage: a checkpoint is written as fast as the nodes send or the file system takes, whichever is slower."""

from sympy import Max, Min

from mlsysim.symbolic.foundations import rates, shares
from mlsysim.symbolic.foundations.inputs import filesystem, node_storage
from mlsysim.symbolic.foundations.split import nodes
from mlsysim.symbolic.quantity import TRAINING, Quantity, data, time
from mlsysim.symbolic.rules import apply, bottleneck, equation, rewrite, solve, substitute
from mlsysim.symbolic.walls.operations.checkpoint.size import size

rate = Quantity(
    "checkpoint.rate",
    r"BW_{\mathrm{ckpt}}",
    "byte/s",
    "rate at which a checkpoint is written",
    display="GB/s",
    low=1e6,
    high=1e13,
)
node_part = data("checkpoint.node_part", r"M_{\mathrm{node}}", "part of a checkpoint that one node writes")
send_time = time("checkpoint.send_time", r"T_{\mathrm{send}}", "time in which a node sends its part", display="s")
take_time = time(
    "checkpoint.take_time", r"T_{\mathrm{take}}", "time in which the file system takes it all", display="s"
)
write_time = time("checkpoint.write_time", r"T_{\mathrm{write}}", "time to write a checkpoint to storage", display="s")

part_of_a_node = apply(
    shares.law,
    {shares.share: node_part, shares.shares: nodes, shares.whole: size},
    because="nodes write equal parts side by side",
)
node_sends = apply(
    rates.duration_law,
    {rates.duration: send_time, rates.amount: node_part, rates.rate: node_storage},
    because="each sends its part at its own bandwidth",
)
system_takes = apply(
    rates.duration_law,
    {rates.duration: take_time, rates.amount: size, rates.rate: filesystem},
    because="the file system takes all parts at its bandwidth",
)
slower_end = bottleneck(
    node_sends,
    system_takes,
    result=equation(write_time, Max(send_time, take_time)),
    because="sending and taking go on at once, and the slower ends last",
    cite="grattafiori2024",
)
reached = apply(
    rates.per_time,
    {rates.rate: rate, rates.amount: size, rates.duration: write_time},
    because="the rate of the write is its data for each unit of time",
)
rate_named = substitute(
    reached,
    slower_end,
    node_sends,
    system_takes,
    part_of_a_node,
    result=equation(rate, size / Max(size / nodes / node_storage, size / filesystem)),
    because="name both times",
)
slower = rewrite(
    rate_named,
    equation(rate, Min(nodes * node_storage, filesystem)),
    because="nodes write side by side until the file system is full",
    cite="grattafiori2024",
    when=TRAINING,
)
write_takes = solve(reached, write_time, equation(write_time, size / rate), because="what the data takes at that rate")
