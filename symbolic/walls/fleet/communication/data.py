"""Data parallelism: gradients are summed inside the node, then between nodes, and shared out again."""

from sympy import Max, Min, Piecewise, floor

from mlsysim.symbolic.foundations import hiding
from mlsysim.symbolic.foundations.inputs import (
    expert,
    gradient_bytes,
    link_latency,
    net_latency,
    node_size,
    overlap,
    tensor,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.results import stage_time
from mlsysim.symbolic.foundations.split import expert_stage, group, microbatches, shared_stage
from mlsysim.symbolic.quantity import TRAINING, TRANSFORMER_TRAINING, count, data, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    scatter_time,
)

ranks_inside = count("communication.ranks_inside", r"n_{\mathrm{in}}", "ranks of the group in one node")
ranks_outside = count("communication.ranks_outside", r"n_{\mathrm{net}}", "nodes over which the group is spread")
gradient_data = data("communication.gradient_data", r"Q_{\mathrm{g}}", "gradients that an accelerator shares")
weight_data = data("communication.weight_data", r"Q_{\mathrm{w}}", "weights that an accelerator shares")
scatter_inside = time("communication.scatter_inside", r"T_{\mathrm{RS,in}}", "reduce-scatter inside the node")
scatter_outside = time("communication.scatter_outside", r"T_{\mathrm{RS,out}}", "reduce-scatter between nodes")
gather_inside = time("communication.gather_inside", r"T_{\mathrm{AG,in}}", "all-gather inside the node")
gather_outside = time("communication.gather_outside", r"T_{\mathrm{AG,out}}", "all-gather between nodes")
scatters = count("communication.scatters", r"k_{\mathrm{RS}}", "reduce-scatters of a step")
gathers = count("communication.gathers", r"k_{\mathrm{AG}}", "all-gathers of a step")
scatter_both = time("communication.scatter_both", r"T_{\mathrm{RS,2}}", "reduce-scatter over node and network")
gather_both = time("communication.gather_both", r"T_{\mathrm{AG,2}}", "all-gather over network and node")
data_time = time("communication.data_time", r"T_{\mathrm{DP}}", "data-parallel communication of a step")
window = time("communication.window", r"T_{\mathrm{hide}}", "computing behind which it can hide")
exposed = time("performance.time_data", r"T_{\mathrm{DP,exp}}", "data-parallel communication not hidden", low=0)

in_a_node = define(
    equation(ranks_inside, Min(group, Max(1, floor(node_size / tensor)))),
    because="tensor ranks fill the node first",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
over_nodes = define(
    equation(ranks_outside, -floor(-group / ranks_inside)), because="the rest lies in other nodes", when=TRAINING
)
shared_gradients = define(
    equation(gradient_data, gradient_bytes * (shared_stage + Piecewise((0, expert >= group), (expert_stage, True)))),
    because="an expert held once has nobody to share with",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
shared_weights = define(
    equation(weight_data, weight_bytes * (shared_stage + Piecewise((0, expert >= group), (expert_stage, True)))),
    because="an expert held once has nobody to share with",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
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
how_many_scatters = define(
    equation(scatters, Piecewise((microbatches, zero >= 2), (1, True))),
    because="divided gradients cannot wait for the last microbatch",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
how_many_gathers = define(
    equation(gathers, Piecewise((2 * microbatches, zero >= 3), (1, True))),
    because="divided weights are gathered for every forward and backward pass",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
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
hides_behind = define(
    equation(window, overlap * Piecewise((microbatches, zero >= 2), (1, True)) * stage_time),
    because="gradients can travel while the last microbatch computes, divided ones with every one",
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
