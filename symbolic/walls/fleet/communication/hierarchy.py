"""A hierarchy: an all-reduce within nodes, then between them, so that each network link carries one part alone."""

from sympy import oo

from mlsysim.symbolic.foundations.inputs import link_bandwidth, link_latency, net_bandwidth, net_latency, node_size
from mlsysim.symbolic.quantity import count, time
from mlsysim.symbolic.rules import apply, define, equation, limit, specialise, substitute, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import (
    bandwidth,
    gather_time,
    latency,
    message,
    ranks,
    reduce_time,
    scatter_time,
)

spread = count("communication.spread", "j", "nodes over which the ranks of a collective are spread", high=512)
inside_scatter = time("communication.node_scatter", r"T_{\mathrm{RS},G}", "reduce-scatter among the ranks of a node")
inside_gather = time("communication.node_gather", r"T_{\mathrm{AG},G}", "all-gather among the ranks of a node")
between = time("communication.node_reduce", r"T_{\mathrm{AR,net}}", "all-reduce of a part between nodes")
hierarchy_time = time("communication.hierarchical", r"T_{\mathrm{AR,h}}", "all-reduce within nodes, then between them")

over_nodes = define(equation(spread, ranks / node_size), because="nodes are full")
scatter_in_node = apply(
    messages.scatter,
    {scatter_time: inside_scatter, ranks: node_size, latency: link_latency, bandwidth: link_bandwidth},
    because="every rank of a node sums one part over the node",
)
reduce_between = apply(
    messages.all_reduce,
    {reduce_time: between, ranks: spread, message: message / node_size, latency: net_latency, bandwidth: net_bandwidth},
    because="each part is summed over the nodes, all parts at once",
)
gather_in_node = apply(
    messages.gather,
    {gather_time: inside_gather, ranks: node_size, latency: link_latency, bandwidth: link_bandwidth},
    because="and handed round the node",
)
three_phases = total(
    scatter_in_node,
    reduce_between,
    gather_in_node,
    result=equation(hierarchy_time, inside_scatter + between + inside_gather),
    because="one phase after another",
    cite="nccl",
)
hierarchy_law = substitute(
    three_phases,
    scatter_in_node,
    reduce_between,
    gather_in_node,
    over_nodes,
    result=equation(
        hierarchy_time,
        2 * (node_size - 1) * (link_latency + message / node_size / link_bandwidth)
        + 2 * (ranks / node_size - 1) * (net_latency + message / ranks / net_bandwidth),
    ),
    because="the two phases within nodes take equally long",
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
