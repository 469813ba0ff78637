"""Context parallelism: keys and values go round a ring, which hides behind attention where parts are long enough."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import cache_bytes, context, hidden, multiply_add_pair, peak
from mlsysim.symbolic.quantity import Quantity, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, specialise, substitute, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message
from mlsysim.symbolic.walls.fleet.communication.placement import inside, outside

block = Quantity("communication.block", r"s_{c}", "token", "tokens of one rank's part of a sequence", low=1, high=1e6)
whole_sequence = Quantity("communication.sequence", "S", "token", "tokens of the whole sequence", low=1, high=1e7)
cached_width = ratio("communication.cached_width", r"w_{\mathrm{kv}}", "numbers of a key and a value", low=1, high=1e5)
block_data = data("communication.block_data", r"M_{c}", "keys and values of one part", display="MB")
ring_volume = data("communication.ring_volume", r"V_{\mathrm{CP}}", "data that a rank sends for one layer's attention")
block_hop = time("communication.block_hop", r"T_{c}", "passing a part on")
far_hop = time("communication.far_hop", r"T_{c,\mathrm{net}}", "passing a part on to another node")
inner_ring = time("communication.inner_ring", r"T_{\mathrm{CP,in}}", "a ring inside a node", low=0)
inner_rings = time(
    "communication.inner_rings", r"T_{\mathrm{CP},j}", "a ring inside a node for the parts of every node", low=0
)
outer_ring = time("communication.outer_ring", r"T_{\mathrm{CP,net}}", "a ring over the nodes", low=0)
ring_time = time("communication.ring", r"T_{\mathrm{CP}}", "time of a whole ring")
block_time = time("communication.block_time", r"T_{\mathrm{attn},c}", "attention of one part to another, at peak")
hiding_block = Quantity(
    "communication.hiding_block", r"s_{c}^{*}", "token", "tokens per part from which the ring hides", low=1, high=1e6
)

parts = define(equation(block, whole_sequence / context), because="every rank holds an equal part of the sequence")
keys_and_values = given(
    equation(block_data, block * cached_width * cache_bytes),
    because="a part's keys and values are what other parts attend to",
    cite="liu2023ring",
)
turns = given(
    equation(ring_volume, (context - 1) * block_data),
    because="every part visits every other rank once",
    cite="liu2023ring",
)
ring_volume_law = substitute(
    turns,
    keys_and_values,
    parts,
    result=equation(ring_volume, (context - 1) * (whole_sequence / context) * cached_width * cache_bytes),
    because="name the data of a part",
)
hop_of_a_block = apply(
    messages.one_message, {hop: block_hop, message: block_data}, because="a part is one message to the neighbour"
)
within_a_node = apply(
    in_turn.law,
    {in_turn.whole: inner_ring, in_turn.parts: inside - 1, in_turn.part: block_hop},
    because="the parts of a node visit its other ranks, one hop after another",
)
for_every_node = apply(
    in_turn.law,
    {in_turn.whole: inner_rings, in_turn.parts: outside, in_turn.part: inner_ring},
    because="and so do those that come from every other node",
)
over_the_nodes = apply(
    in_turn.law,
    {in_turn.whole: outer_ring, in_turn.parts: outside - 1, in_turn.part: far_hop},
    because="in between every rank hands its part to its peer in the next node, each over a network link of its own",
)
both_rings = total(
    for_every_node,
    over_the_nodes,
    result=equation(ring_time, inner_rings + outer_ring),
    because="rings within nodes turn inside one over the nodes",
    cite="gu2024",
)
nested_law = substitute(
    both_rings,
    for_every_node,
    within_a_node,
    over_the_nodes,
    result=equation(ring_time, outside * ((inside - 1) * block_hop) + (outside - 1) * far_hop),
    because="count the hops",
    cite="gu2024",
)
ring_of_hops = specialise(
    nested_law,
    {inside: context, outside: 1},
    equation(ring_time, (context - 1) * block_hop),
    because="in one node it is one ring",
    cite="liu2023ring",
)
ring_time_law = substitute(
    ring_of_hops,
    hop_of_a_block,
    keys_and_values,
    parts,
    result=equation(
        ring_time, (context - 1) * (latency + whole_sequence / context * cached_width * cache_bytes / bandwidth)
    ),
    because="name the hop and its data",
)
block_attention = given(
    equation(block_time, 2 * multiply_add_pair * hidden * block**2 / peak),
    because="every token of a part meets every token of another, to score and to mix",
    cite="liu2023ring",
)
streaming_hop = specialise(
    hop_of_a_block,
    {latency: 0},
    equation(block_hop, block_data / bandwidth),
    because="parts are large enough that latency is nothing",
)
hidden_balance = substitute(
    define(equation(block_hop, block_time), because="the ring just hides when attention takes as long as a hop"),
    streaming_hop,
    block_attention,
    keys_and_values,
    result=equation(block * cached_width * cache_bytes / bandwidth, 2 * multiply_add_pair * hidden * block**2 / peak),
    because="name both times",
)
hidden_solved = solve(
    hidden_balance,
    block,
    equation(block, cached_width * cache_bytes * peak / (2 * multiply_add_pair * hidden * bandwidth)),
    because="divide by the part",
)
ring_hidden_law = apply(
    hidden_solved, {block: hiding_block}, because="longer parts compute longer than they travel", cite="liu2023ring"
)
