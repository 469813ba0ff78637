"""A hierarchy: a collective within nodes and between them, so that each network link carries one part alone."""

from sympy import oo

from mlsysim.symbolic.foundations.inputs import link_bandwidth, link_latency, net_bandwidth, net_latency, node_size
from mlsysim.symbolic.quantity import count, time
from mlsysim.symbolic.rules import apply, define, equation, limit, specialise, substitute, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    reduce_time,
    scatter_time,
)
from mlsysim.symbolic.walls.fleet.communication.placement import inside, outside

spread = count("communication.spread", "j", "full nodes over which the ranks of a collective are spread", high=512)
inside_scatter = time("communication.node_scatter", r"T_{\mathrm{RS},G}", "reduce-scatter among the ranks of a node")
inside_gather = time("communication.node_gather", r"T_{\mathrm{AG},G}", "all-gather among the ranks of a node")
between = time("communication.node_reduce", r"T_{\mathrm{AR,net}}", "all-reduce of a part between nodes")
between_gather = time("communication.net_gather", r"T_{\mathrm{AG,net}}", "all-gather of a part between nodes")
hierarchy_time = time("communication.hierarchical", r"T_{\mathrm{AR,h}}", "all-reduce within nodes, then between them")
levels_gather = time("communication.levels_gather", r"T_{\mathrm{AG,h}}", "all-gather between nodes, then within them")

_node = {ranks: inside, latency: link_latency, bandwidth: link_rate}
_net = {ranks: outside, latency: net_latency, bandwidth: net_rate, message: message / inside}
scatter_in_node = apply(
    messages.scatter,
    {scatter_time: inside_scatter, **_node},
    because="every rank of a node sums one part over the node",
)
reduce_between = apply(
    messages.all_reduce,
    {reduce_time: between, **_net},
    because="each part is summed over the nodes, all parts at once, each over the network link of its rank",
)
gather_in_node = apply(messages.gather, {gather_time: inside_gather, **_node}, because="and handed round the node")
three_phases = total(
    scatter_in_node,
    reduce_between,
    gather_in_node,
    result=equation(hierarchy_time, inside_scatter + between + inside_gather),
    because="one phase after another",
    cite="nccl",
)
levels_law = substitute(
    three_phases,
    scatter_in_node,
    reduce_between,
    gather_in_node,
    result=equation(
        hierarchy_time,
        2 * (inside - 1) * (link_latency + message / inside / link_rate)
        + 2 * (outside - 1) * (net_latency + message / inside / outside / net_rate),
    ),
    because="the two phases within nodes take equally long",
)
levels_streaming = specialise(
    levels_law,
    {link_latency: 0, net_latency: 0},
    equation(
        hierarchy_time,
        2 * (inside - 1) * message / inside / link_rate + 2 * (outside - 1) * message / inside / outside / net_rate,
    ),
    because="for large messages latency is nothing",
)
gather_between = apply(
    messages.gather,
    {gather_time: between_gather, **_net},
    because="every rank fetches its peers' parts from the other nodes",
)
both_gathers = total(
    gather_between,
    gather_in_node,
    result=equation(levels_gather, between_gather + inside_gather),
    because="and the ranks of a node hand them round",
)
levels_gather_law = substitute(
    both_gathers,
    gather_between,
    gather_in_node,
    result=equation(
        levels_gather,
        (inside - 1) * (link_latency + message / inside / link_rate)
        + (outside - 1) * (net_latency + message / inside / outside / net_rate),
    ),
    because="half of an all-reduce",
)

# Full nodes whose links are used in full.
over_nodes = define(equation(spread, ranks / node_size), because="nodes are full")
full_nodes = apply(
    levels_law,
    {inside: node_size, outside: spread, link_rate: link_bandwidth, net_rate: net_bandwidth},
    because="every accelerator of every node takes part, and software reaches all of the links",
)
hierarchy_law = substitute(
    full_nodes,
    over_nodes,
    result=equation(
        hierarchy_time,
        2 * (node_size - 1) * (link_latency + message / node_size / link_bandwidth)
        + 2 * (ranks / node_size - 1) * (net_latency + message / ranks / net_bandwidth),
    ),
    because="count the nodes",
)
one_to_a_node = specialise(
    hierarchy_law,
    {node_size: 1},
    equation(hierarchy_time, 2 * (ranks - 1) * (net_latency + message / ranks / net_bandwidth)),
    because="with one rank to a node it is a ring over the network",
)
without_latency = specialise(
    hierarchy_law,
    {link_latency: 0, net_latency: 0},
    equation(
        hierarchy_time,
        2 * (node_size - 1) * message / (node_size * link_bandwidth)
        + 2 * (ranks / node_size - 1) * message / (ranks * net_bandwidth),
    ),
    because="for large messages latency is nothing",
)
wide_hierarchy = limit(
    without_latency,
    ranks,
    oo,
    equation(
        hierarchy_time,
        2 * (node_size - 1) * message / (node_size * link_bandwidth) + 2 * message / (node_size * net_bandwidth),
    ),
    because="however many nodes, each network link carries one part twice",
)
