"""Context parallelism: keys and values go round a ring while attention computes."""

from sympy import Max

from mlsysim.symbolic.foundations import hiding, in_turn, shares
from mlsysim.symbolic.foundations.inputs import context, link_latency, net_latency, overlap, tensor
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.foundations.split import local_tokens, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, time
from mlsysim.symbolic.rules import apply, equation, substitute
from mlsysim.symbolic.walls.fleet.communication import context_ring, messages, placement
from mlsysim.symbolic.walls.fleet.communication.context_parts import context_message
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_forward, compute_time, work
from mlsysim.symbolic.walls.node.compute.work import attention_passes

context_inside = count("communication.context_inside", r"n_{c,\mathrm{in}}", "context ranks in one node", high=8)
context_nodes = count(
    "communication.context_nodes", r"n_{c,\mathrm{net}}", "nodes over which context ranks are spread", high=8
)
rank_tokens = Quantity("communication.rank_tokens", r"n_{b,t}", "token", "tokens for each tensor rank", low=1, high=1e6)
context_hop = time("communication.context_hop", r"T_{\mathrm{hop},c}", "passing keys and values on once")
context_far_hop = time(
    "communication.context_far_hop", r"T_{\mathrm{hop},c,\mathrm{net}}", "passing them on to another node"
)
ring = time("communication.context_ring", r"T_{\mathrm{ring}}", "passing keys and values to everyone", low=0)
layer_rings = time(
    "communication.layer_rings", r"T_{\mathrm{ring},\rho}", "the same for every pass of a layer's attention", low=0
)
attention_work = Quantity(
    "communication.attention_work",
    r"O_{\mathrm{attn}}",
    "flop",
    "a layer's attention both ways",
    display="TFLOP",
    low=1,
)
attention_token = work_of(
    "attention_token", r"o_{\mathrm{attn},\rho}", "a token's attention in a layer, both ways", per="/token"
)
attention_time = time("communication.attention_time", r"T_{\mathrm{attn}}", "time of a layer's attention both ways")
layer_shown = time("communication.layer_shown", r"T_{\mathrm{CP},\ell}", "what shows of a layer's ring", low=0)
context_time = time(
    "communication.context_time", r"t_{\mathrm{CP}}", "context-parallel communication not hidden", low=0
)

ranks_in_a_node = apply(
    placement.inside_law,
    {placement.inside: context_inside, placement.members: context, placement.stride: tensor},
    because="context ranks lie next to tensor ranks",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
ranks_over_nodes = apply(
    placement.outside_law,
    {placement.outside: context_nodes, placement.members: context, placement.inside: context_inside},
    because="the rest lies in other nodes",
    when=TRANSFORMER_TRAINING,
)
context_pass = apply(
    messages.one_message,
    {hop: context_hop, message: context_message, latency: link_latency, bandwidth: link_rate},
    because="one message to the neighbour",
    when=TRANSFORMER_TRAINING,
)
context_pass_out = apply(
    messages.one_message,
    {hop: context_far_hop, message: context_message, latency: net_latency, bandwidth: net_rate},
    because="one message to the peer in the next node",
    when=TRANSFORMER_TRAINING,
)
ring_of_a_pass = apply(
    context_ring.nested_law,
    {
        context_ring.ring_time: ring,
        context_ring.block_hop: context_hop,
        context_ring.far_hop: context_far_hop,
        placement.inside: context_inside,
        placement.outside: context_nodes,
    },
    because="the law of rings within a ring",
    cite="gu2024",
    when=TRANSFORMER_TRAINING,
)
rings_of_a_layer = apply(
    in_turn.law,
    {in_turn.whole: layer_rings, in_turn.parts: attention_passes, in_turn.part: ring},
    because="once round for every pass",
)
attention_both_ways = apply(
    in_turn.law,
    {in_turn.whole: attention_token, in_turn.parts: attention_passes, in_turn.part: attention_forward},
    because="attention is computed in every pass",
)
tokens_of_a_rank = apply(
    shares.law,
    {shares.share: rank_tokens, shares.whole: local_tokens, shares.shares: tensor},
    because="tensor ranks share the heads of every token, which is as much work as a share of the tokens",
)
attention_of_tokens = apply(
    in_turn.law,
    {in_turn.whole: attention_work, in_turn.parts: rank_tokens, in_turn.part: attention_token},
    because="every token attends",
)
attention_share = substitute(
    attention_of_tokens,
    tokens_of_a_rank,
    attention_both_ways,
    result=equation(attention_work, local_tokens / tensor * attention_passes * attention_forward),
    because="name the tokens and what each costs",
    when=TRANSFORMER_TRAINING,
)
attention_takes = apply(
    compute.law,
    {work: attention_work, compute_time: attention_time},
    because="the law of compute",
    when=TRANSFORMER_TRAINING,
)
what_shows = apply(
    hiding.law,
    {hiding.shown: layer_shown, hiding.exchange: layer_rings, hiding.window: overlap * attention_time},
    because="only what attention cannot hide counts",
    cite="liu2023ring",
)
every_layer = apply(
    in_turn.law,
    {in_turn.whole: context_time, in_turn.parts: stage_layers, in_turn.part: layer_shown},
    because="layer after layer",
)
context_step = substitute(
    every_layer,
    what_shows,
    rings_of_a_layer,
    result=equation(context_time, stage_layers * Max(0, attention_passes * ring - overlap * attention_time)),
    because="name what shows of a layer",
    cite="liu2023ring",
    when=TRANSFORMER_TRAINING,
)
