"""Context parallelism: keys and values go round a ring, which hides behind attention where parts are long enough."""

from mlsysim.symbolic.foundations.inputs import cache_bytes, context, hidden, multiply_add_pair, peak
from mlsysim.symbolic.quantity import Quantity, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, specialise, substitute
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message

block = Quantity("communication.block", r"s_{c}", "token", "tokens of one rank's part of a sequence", low=1, high=1e6)
whole_sequence = Quantity("communication.sequence", "S", "token", "tokens of the whole sequence", low=1, high=1e7)
cached_width = ratio("communication.cached_width", r"w_{\mathrm{kv}}", "numbers of a key and a value", low=1, high=1e5)
block_data = data("communication.block_data", r"M_{c}", "keys and values of one part", display="MB")
ring_volume = data("communication.ring_volume", r"V_{\mathrm{CP}}", "data that a rank sends for one layer's attention")
block_hop = time("communication.block_hop", r"T_{c}", "passing a part on")
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
ring_of_hops = define(equation(ring_time, (context - 1) * block_hop), because="one hop after another")
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
