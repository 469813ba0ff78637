"""Expert parallelism: tokens travel to their experts and back, in every layer that has experts."""

from sympy import Min

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    expert,
    hidden,
    imbalance,
    link_latency,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.split import local_tokens, stage_layers
from mlsysim.symbolic.foundations.transformer import sparse_share
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, specialise, substitute
from mlsysim.symbolic.walls.fleet.communication import expert_traffic, placement
from mlsysim.symbolic.walls.fleet.communication.expert_traffic import (
    busiest_message,
    net_message,
    node_message,
    one_exchange,
    routed_ranks,
)
from mlsysim.symbolic.walls.fleet.communication.links import link_rate
from mlsysim.symbolic.walls.fleet.communication.messages import ranks
from mlsysim.symbolic.walls.fleet.communication.payload import sharing
from mlsysim.symbolic.walls.node.compute.work import full_again
from mlsysim.symbolic.walls.node.memory.kept import sequence_divisor

expert_inside = count("communication.expert_inside", r"n_{e,\mathrm{in}}", "expert ranks in one node", high=8)
expert_nodes = count(
    "communication.expert_nodes", r"n_{e,\mathrm{net}}", "nodes over which expert ranks are spread", high=8
)
expert_message = data("communication.expert_message", r"M_e", "activations that a rank sends to experts", display="MB")
expert_net_message = data(
    "communication.expert_net_message", r"M_{e,\mathrm{net}}", "activations that a rank sends to nodes", display="MB"
)
expert_exchange = time("communication.expert_exchange", r"T_{\mathrm{A2A},e}", "one expert-parallel all-to-all")
pass_exchanges = count("communication.pass_exchanges", r"k_{e}", "exchanges with the experts in a pass", high=4)
layer_exchanges = ratio("communication.layer_exchanges", r"k_{e,\ell}", "exchanges of a layer", low=1, high=8)
layer_experts = time(
    "communication.layer_experts", r"T_{\mathrm{EP},\ell}", "expert exchange of a layer for a microbatch"
)
expert_time = time("communication.expert_time", r"t_{\mathrm{EP}}", "expert-parallel communication of a microbatch")

ranks_in_a_node = apply(
    placement.inside_law,
    {placement.inside: expert_inside, placement.members: expert, placement.stride: tensor},
    because="expert ranks lie next to tensor ranks",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)
ranks_over_nodes = apply(
    placement.outside_law,
    {placement.outside: expert_nodes, placement.members: expert, placement.inside: expert_inside},
    because="the rest lies in other nodes",
    when=TRANSFORMER_TRAINING,
)
expert_data = apply(
    expert_traffic.traffic_law,
    {busiest_message: expert_message, ranks: expert, sharing: sequence_divisor},
    because="a token travels once to every rank that holds one of its experts",
    cite="deepseek2024v2",
    when=TRANSFORMER_TRAINING,
)
expert_net_data = apply(
    expert_traffic.traffic_law,
    {busiest_message: expert_net_message, ranks: expert_nodes, sharing: sequence_divisor},
    because="and once to every node that holds one of its experts",
    cite="deepseek2024v3",
    when=TRANSFORMER_TRAINING,
)
expert_all_to_all = apply(
    expert_traffic.exchange_law,
    {
        one_exchange: expert_exchange,
        net_message: expert_net_message,
        node_message: expert_message,
        placement.inside: expert_inside,
        placement.outside: expert_nodes,
    },
    because="every rank sends to every other, first between nodes and then inside them",
    cite="deepseek2024v3",
    when=TRANSFORMER_TRAINING,
)

# How often.
out_and_back = given(
    equation(pass_exchanges, 2), because="tokens go out to their experts and come back", cite="lepikhin2020"
)
passes_of_a_layer = define(
    equation(layer_exchanges, (2 + full_again) * pass_exchanges),
    because="forward, back, and forward again where activations are recomputed",
)
exchanges_of_a_layer = substitute(
    passes_of_a_layer,
    out_and_back,
    result=equation(layer_exchanges, 4 + 2 * full_again),
    because="two in every pass",
    cite="lepikhin2020",
)
every_sparse_layer = apply(
    in_turn.law,
    {in_turn.whole: expert_time, in_turn.parts: sparse_share * stage_layers, in_turn.part: layer_experts},
    because="every layer that has experts",
)
all_of_a_layer = apply(
    in_turn.law,
    {in_turn.whole: layer_experts, in_turn.parts: layer_exchanges, in_turn.part: expert_exchange},
    because="one exchange after another",
)
exchanged_in_a_layer = substitute(
    all_of_a_layer,
    exchanges_of_a_layer,
    result=equation(layer_experts, (4 + 2 * full_again) * expert_exchange),
    because="count the exchanges of a layer",
)
expert_step = substitute(
    every_sparse_layer,
    exchanged_in_a_layer,
    result=equation(expert_time, sparse_share * stage_layers * (4 + 2 * full_again) * expert_exchange),
    because="name those of a layer",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)

# A layer without recomputation whose ranks fit into a node.
four_exchanges = specialise(
    exchanged_in_a_layer,
    {full_again: 0},
    equation(layer_experts, 4 * expert_exchange),
    because="tokens go out and come back, forward and backward",
    cite="lepikhin2020",
)
whole_busiest = specialise(
    expert_traffic.busiest_law,
    {sharing: 1},
    equation(busiest_message, imbalance * Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes),
    because="a rank that shares its tokens with nobody",
)
exchange_in_one_node = apply(
    expert_traffic.in_one_node, {one_exchange: expert_exchange}, because="where the ranks fit into a node"
)
expert_law = substitute(
    four_exchanges,
    exchange_in_one_node,
    whole_busiest,
    result=equation(
        layer_experts,
        4
        * (expert - 1)
        * (
            link_latency
            + imbalance * Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes / expert / link_rate
        ),
    ),
    because="name the exchange and its data",
)
