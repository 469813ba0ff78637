"""Data parallelism: gradients are summed inside the node, then between nodes, and shared out again."""

from sympy import Piecewise

from mlsysim.symbolic.foundations import hiding, in_turn
from mlsysim.symbolic.foundations.inputs import link_latency, net_latency, overlap, zero
from mlsysim.symbolic.foundations.results import stage_time
from mlsysim.symbolic.foundations.split import microbatches
from mlsysim.symbolic.quantity import TRAINING, TRANSFORMER_TRAINING, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, total
from mlsysim.symbolic.walls.fleet.communication import data_sums, messages
from mlsysim.symbolic.walls.fleet.communication.data_sums import (
    gathers,
    gradient_data,
    ranks_inside,
    ranks_outside,
    scatters,
    weight_data,
)
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    scatter_time,
)

scatter_inside = time("communication.scatter_inside", r"T_{\mathrm{RS,in}}", "reduce-scatter inside the node")
scatter_outside = time("communication.scatter_outside", r"T_{\mathrm{RS,out}}", "reduce-scatter between nodes")
gather_inside = time("communication.gather_inside", r"T_{\mathrm{AG,in}}", "all-gather inside the node")
gather_outside = time("communication.gather_outside", r"T_{\mathrm{AG,out}}", "all-gather between nodes")
scatter_both = time("communication.scatter_both", r"T_{\mathrm{RS},d}", "reduce-scatter over node and network")
gather_both = time("communication.gather_both", r"T_{\mathrm{AG},d}", "all-gather over network and node")
data_time = time("communication.data_time", r"T_{\mathrm{DP}}", "data-parallel communication of a step")
pass_window = time("communication.pass_window", r"T_{\mathrm{hide},1}", "computing behind which one exchange can hide")
window = time("communication.window", r"T_{\mathrm{hide}}", "computing behind which it can hide")
exposed = time("performance.time_data", r"T_{\mathrm{DP,exp}}", "data-parallel communication not hidden", low=0)

_inside = {ranks: ranks_inside, latency: link_latency, bandwidth: link_rate}
_outside = {ranks: ranks_outside, latency: net_latency, bandwidth: net_rate}
scatter_in = apply(
    messages.scatter,
    {scatter_time: scatter_inside, message: gradient_data, **_inside},
    because="gradients, summed over the ranks of a node",
    when=TRAINING,
)
scatter_out = apply(
    messages.scatter,
    {scatter_time: scatter_outside, message: gradient_data / ranks_inside, **_outside},
    because="each rank's part, summed over nodes",
    when=TRAINING,
)
gather_in = apply(
    messages.gather,
    {gather_time: gather_inside, message: weight_data, **_inside},
    because="weights, shared out in a node",
    when=TRAINING,
)
gather_out = apply(
    messages.gather,
    {gather_time: gather_outside, message: weight_data / ranks_inside, **_outside},
    because="each rank's part, shared between nodes",
    when=TRAINING,
)
both_scatters = total(
    scatter_in,
    scatter_out,
    result=equation(scatter_both, scatter_inside + scatter_outside),
    because="first in the node, then between nodes",
)
both_gathers = total(
    gather_in, gather_out, result=equation(gather_both, gather_inside + gather_outside), because="and back the same way"
)
every_exchange = define(
    equation(data_time, scatters * scatter_both + gathers * gather_both), because="one exchange after another"
)
data_step = substitute(
    every_exchange,
    both_scatters,
    both_gathers,
    result=equation(
        data_time, scatters * (scatter_inside + scatter_outside) + gathers * (gather_inside + gather_outside)
    ),
    because="gradients are summed and weights, or summed gradients, shared out",
    cite="rajbhandari2020",
    when=TRAINING,
)
behind_a_pass = given(
    equation(pass_window, overlap * stage_time),
    because="gradients travel while the layers before them compute",
    cite="li2020ddp",
)
behind_all = apply(
    in_turn.law,
    {in_turn.whole: window, in_turn.parts: scatters, in_turn.part: pass_window},
    because="as often as gradients are summed",
)
hides_behind = substitute(
    behind_all,
    data_sums.how_many_scatters,
    behind_a_pass,
    result=equation(window, overlap * Piecewise((microbatches, zero >= 2), (1, True)) * stage_time),
    because="behind the last microbatch, or behind every one",
    cite="li2020ddp",
    when=TRANSFORMER_TRAINING,
)
not_hidden = apply(
    hiding.law,
    {hiding.shown: exposed, hiding.exchange: data_time, hiding.window: window},
    because="only what computing cannot hide counts",
    cite="li2020ddp",
    when=TRAINING,
)
