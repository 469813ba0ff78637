"""Expert parallelism: tokens go to few nodes and to few ranks of these, and the rank with the most tokens decides.

A token is sent once to every node that holds one of its experts, and handed on inside that node.
"""

from sympy import Max, Min

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    expert,
    expert_groups,
    hidden,
    imbalance,
    link_latency,
    net_latency,
    routed_groups,
    value_bytes,
)
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.quantity import count, data, ratio, time
from mlsysim.symbolic.rules import apply, equation, given, specialise, substitute, total
from mlsysim.symbolic.walls.fleet.communication import messages, payload
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, exchange_time, latency, message, ranks
from mlsysim.symbolic.walls.fleet.communication.payload import sharing
from mlsysim.symbolic.walls.fleet.communication.placement import inside, outside

group_ranks = ratio("communication.group_ranks", r"n_{g}", "ranks that hold a group of experts", low=1, high=8)
routed_ranks = count("communication.routed_ranks", r"e_{\max}", "ranks to which a token may be routed", high=8)
copies = ratio("communication.copies", "q", "copies of a token that are sent", low=1, high=8)
even_message = data("communication.even_message", r"M_{\mathrm{EP}}", "activations sent if routing were even")
busiest_message = data("communication.busiest_message", r"M_{\gamma}", "activations of the busiest rank")
net_message = data("communication.net_message", r"M_{\gamma,\mathrm{net}}", "what it sends to nodes")
node_message = data("communication.node_message", r"M_{\gamma,\mathrm{in}}", "what it hands on to ranks of its node")
net_exchange = time("communication.net_exchange", r"T_{\mathrm{A2A,net}}", "exchange between nodes", low=0)
node_exchange = time("communication.node_exchange", r"T_{\mathrm{A2A,in}}", "exchange inside a node", low=0)
one_exchange = time("communication.one_exchange", r"T_{\mathrm{A2A,EP}}", "one exchange with the experts", low=0)

# How many copies of a token travel to n ranks, or to n nodes.
ranks_of_a_group = apply(
    shares.law,
    {shares.share: group_ranks, shares.whole: ranks, shares.shares: expert_groups},
    because="groups of experts lie on equally many ranks",
)
ranks_allowed = given(
    equation(routed_ranks, Min(ranks, routed_groups * Max(1, group_ranks))),
    because="a token is routed to experts of a few groups, each of which lies on one rank at least",
    cite="deepseek2024v2",
)
ranks_reached = substitute(
    ranks_allowed,
    ranks_of_a_group,
    result=equation(routed_ranks, Min(ranks, routed_groups * Max(1, ranks / expert_groups))),
    because="name the ranks of a group",
)
limited = given(
    equation(copies, Min(active_experts, routed_ranks)),
    because="experts on one rank share a copy, and routing is limited to a few ranks",
    cite="deepseek2024v2",
)
if_even = apply(
    payload.shared_law,
    {payload.shared_payload: even_message, payload.tokens: copies * local_tokens, payload.width: hidden},
    because="every copy carries the whole token",
)
uneven = apply(
    in_turn.law,
    {in_turn.whole: busiest_message, in_turn.parts: imbalance, in_turn.part: even_message},
    because="an exchange ends when its busiest rank has ended",
)
busiest_law = substitute(
    uneven,
    if_even,
    limited,
    result=equation(
        busiest_message, imbalance * Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes / sharing
    ),
    because="name the even share and its copies",
)
traffic_law = substitute(
    busiest_law,
    ranks_reached,
    result=equation(
        busiest_message,
        imbalance
        * Min(active_experts, Min(ranks, routed_groups * Max(1, ranks / expert_groups)))
        * local_tokens
        * hidden
        * value_bytes
        / sharing,
    ),
    because="name the ranks that routing reaches",
)

# How they travel.
to_the_nodes = apply(
    messages.exchange,
    {exchange_time: net_exchange, ranks: outside, message: net_message, latency: net_latency, bandwidth: net_rate},
    because="every rank sends to its peers in the other nodes, each over a network link of its own",
    cite="deepseek2024v3",
)
inside_the_node = apply(
    messages.exchange,
    {exchange_time: node_exchange, ranks: inside, message: node_message, latency: link_latency, bandwidth: link_rate},
    because="and hands on what it got to the ranks of its node",
    cite="deepseek2024v3",
)
both_exchanges = total(
    to_the_nodes,
    inside_the_node,
    result=equation(one_exchange, net_exchange + node_exchange),
    because="first to the node of an expert, then to its rank",
    cite="deepseek2024v3",
)
exchange_law = substitute(
    both_exchanges,
    to_the_nodes,
    inside_the_node,
    result=equation(
        one_exchange,
        (outside - 1) * (net_latency + net_message / outside / net_rate)
        + (inside - 1) * (link_latency + node_message / inside / link_rate),
    ),
    because="name both",
)
in_one_node = specialise(
    exchange_law,
    {outside: 1, inside: expert, node_message: busiest_message},
    equation(one_exchange, (expert - 1) * (link_latency + busiest_message / expert / link_rate)),
    because="where the ranks fit into a node",
)
