"""Communication: accelerators that share work must exchange what they computed, and wait for each other.

A message costs a latency for every hop and the time its bytes take on the link; a collective is a pattern of messages.
A pipeline costs the time in which its stages wait to be filled and drained.
"""

from sympy import Eq, Min, Piecewise, Sum, Symbol, ceiling, log, oo

from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    cache_bytes,
    chunks,
    context,
    expert,
    hidden,
    link_bandwidth,
    link_latency,
    multiply_add_pair,
    net_bandwidth,
    net_latency,
    node_size,
    peak,
    pipeline,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.split import local_tokens, microbatches, stage_layers
from mlsysim.symbolic.quantity import Quantity, count, data, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    substitute,
    summed,
    total,
)
from mlsysim.symbolic.wall import Wall

# One message, and the collectives made of messages.
message = data("communication.message", "M", "data that a collective works on", display="MB")
ranks = count("communication.ranks", "n", "ranks of a collective")
latency = time("communication.latency", r"\alpha", "latency of a message", display="us")
bandwidth = Quantity("communication.bandwidth", "BW", "byte/s", "one-way bandwidth of a link", display="GB/s", low=1)
hop = time("communication.hop", r"T_{\mathrm{hop}}", "time of one message")
round_time = time("communication.round", r"T_{\mathrm{round}}", "time of one round of a ring")
scatter_time = time("communication.reduce_scatter", r"T_{\mathrm{RS}}", "time of a reduce-scatter")
gather_time = time("communication.all_gather", r"T_{\mathrm{AG}}", "time of an all-gather")
reduce_time = time("communication.all_reduce", r"T_{\mathrm{AR}}", "time of an all-reduce")
exchange_time = time("communication.all_to_all", r"T_{\mathrm{A2A}}", "time of an all-to-all")

one_message = given(
    equation(hop, latency + message / bandwidth), because="a message waits once and then streams", cite="hockney1994"
)
one_round = apply(
    one_message,
    {hop: round_time, message: message / ranks},
    because="in a round every rank passes one n-th of the data to its neighbour",
)
scatter_rounds = given(
    equation(scatter_time, (ranks - 1) * round_time),
    because="after n - 1 rounds every rank holds the sum of one part",
    cite="thakur2005",
)
scatter = substitute(
    scatter_rounds,
    one_round,
    result=equation(scatter_time, (ranks - 1) * (latency + message / ranks / bandwidth)),
    because="name the time of a round",
)
gather_rounds = given(
    equation(gather_time, (ranks - 1) * round_time),
    because="n - 1 more rounds pass the finished parts on",
    cite="thakur2005",
)
gather = substitute(
    gather_rounds,
    one_round,
    result=equation(gather_time, (ranks - 1) * (latency + message / ranks / bandwidth)),
    because="name the time of a round",
)
both_halves = total(
    scatter,
    gather,
    result=equation(reduce_time, scatter_time + gather_time),
    because="an all-reduce is a reduce-scatter and an all-gather",
    cite="thakur2005",
)
all_reduce = substitute(
    both_halves,
    scatter,
    gather,
    result=equation(reduce_time, 2 * (ranks - 1) * (latency + message / ranks / bandwidth)),
    because="both halves take equally long",
)
alone = specialise(all_reduce, {ranks: 1}, equation(reduce_time, 0), because="one rank has nobody to talk to")
streaming = specialise(
    all_reduce,
    {latency: 0},
    equation(reduce_time, 2 * (ranks - 1) * message / ranks / bandwidth),
    because="for large messages latency is nothing",
)
floor_of_reduce = limit(
    streaming,
    ranks,
    oo,
    equation(reduce_time, 2 * message / bandwidth),
    because="however many ranks, the data crosses a link twice and no more",
)
exchange_rounds = given(
    equation(exchange_time, (ranks - 1) * round_time),
    because="every rank sends each other rank the part meant for it",
    cite="thakur2005",
)
exchange = substitute(
    exchange_rounds,
    one_round,
    result=equation(exchange_time, (ranks - 1) * (latency + message / ranks / bandwidth)),
    because="name the time of a round",
)

# A pipeline of p stages, each with v chunks of the model, and m microbatches.
slot = time("communication.slot", r"T_{\mathrm{slot}}", "time of a microbatch on the slowest stage, all told")
ideal = time("communication.ideal", r"T_{\mathrm{ideal}}", "time of all microbatches without waiting")
bubble = time(
    "performance.time_bubble", r"T_{\mathrm{bubble}}", "time that stages wait to be filled and drained", low=0
)
lost_slots = ratio("communication.lost_slots", "f", "slots in which a stage waits", low=0, high=64)
share_lost = ratio("communication.bubble_share", r"x_{\mathrm{bubble}}", "bubble per time of the schedule", low=0)

all_slots = define(equation(ideal, microbatches * slot), because="a busy stage runs its microbatches back to back")
fill_and_drain = given(
    equation(lost_slots, (pipeline - 1) / chunks),
    because="each stage before it delays a stage by one chunk, when the pipeline fills or when it drains",
    cite="narayanan2021",
)
waiting = define(equation(bubble, lost_slots * slot), because="every wait is a slot lost")
bubble_law = substitute(
    waiting, fill_and_drain, result=equation(bubble, (pipeline - 1) / chunks * slot), because="count the slots lost"
)
whole = define(equation(share_lost, bubble / (ideal + bubble)), because="a share of the whole schedule")
bubble_share = substitute(
    whole,
    bubble_law,
    all_slots,
    result=equation(share_lost, (pipeline - 1) / (chunks * microbatches + pipeline - 1)),
    because="the time of a slot cancels",
    cite="narayanan2021",
)
no_bubble = specialise(bubble_share, {pipeline: 1}, equation(share_lost, 0), because="one stage waits for nobody")

# The same schedule, from its two ends.
chunk_forward = time("communication.chunk_forward", r"t_{f}", "time of a microbatch's forward pass on a stage")
chunk_backward = time("communication.chunk_backward", r"t_{b}", "time of a microbatch's backward pass on a stage")
fill = time("communication.fill", r"T_{\mathrm{fill}}", "time in which the last stage waits for its first microbatch")
drain = time("communication.drain", r"T_{\mathrm{drain}}", "time in which the first stage waits for its last", low=0)
ends_time = time("communication.ends", r"T_{\mathrm{ends}}", "time of filling and draining")
bubble_ratio = ratio("communication.bubble_ratio", r"y_{\mathrm{bubble}}", "bubble per ideal time", low=0, high=16)

filling = given(
    equation(fill, (pipeline - 1) * chunk_forward / chunks),
    because="the first microbatch passes one chunk of every stage before the last",
    cite="narayanan2021",
)
draining = given(
    equation(drain, (pipeline - 1) * chunk_backward / chunks),
    because="its last gradient comes back through one chunk of each",
    cite="narayanan2021",
)
both_ends = total(
    filling,
    draining,
    result=equation(ends_time, fill + drain),
    because="between its ends a stage alternates, never idle",
)
ends_named = substitute(
    both_ends,
    filling,
    draining,
    result=equation(ends_time, (pipeline - 1) * chunk_forward / chunks + (pipeline - 1) * chunk_backward / chunks),
    because="name both",
)
slot_is_both = define(equation(slot, chunk_forward + chunk_backward), because="a microbatch goes forward and back")
forward_of_a_slot = solve(
    slot_is_both, chunk_forward, equation(chunk_forward, slot - chunk_backward), because="what is not backward"
)
ends_in_slots = substitute(
    ends_named,
    forward_of_a_slot,
    result=equation(
        ends_time, (pipeline - 1) * (slot - chunk_backward) / chunks + (pipeline - 1) * chunk_backward / chunks
    ),
    because="name the time of a slot",
)
ends_law = rewrite(
    ends_in_slots,
    equation(ends_time, (pipeline - 1) / chunks * slot),
    because="however a slot divides into forward and backward, the slots lost are the same",
)
per_ideal = define(equation(bubble_ratio, bubble / ideal), because="waiting, per time of work")
bubble_of_ideal = substitute(
    per_ideal,
    bubble_law,
    all_slots,
    result=equation(bubble_ratio, (pipeline - 1) / (chunks * microbatches)),
    because="the time of a slot cancels",
    cite="narayanan2021",
)

# Collectives in a logarithm of rounds: recursive halving and doubling, and trees.
index = Symbol("i", integer=True, positive=True)
# From two rounds on: two ranks have no crossover, since trading everything once is all there is to do.
rounds = count("communication.rounds", "r", "rounds in which every rank meets another", low=2, high=12)
halved = time("communication.halving_scatter", r"T_{\mathrm{RS,2}}", "reduce-scatter by recursive halving")
doubled = time("communication.doubling_gather", r"T_{\mathrm{AG,2}}", "all-gather by recursive doubling")
halving_time = time("communication.halving", r"T_{\mathrm{AR,2}}", "all-reduce by halving, then doubling")
doubling_time = time("communication.doubling", r"T_{\mathrm{AR,log}}", "all-reduce by recursive doubling")
reduce_pass = time("communication.tree_reduce", r"T_{\mathrm{up}}", "reduction along a tree")
broadcast_pass = time("communication.tree_broadcast", r"T_{\mathrm{down}}", "broadcast along a tree")
tree_time = time("communication.tree", r"T_{\mathrm{AR,tree}}", "all-reduce along a tree")
best_time = time("communication.best", r"T_{\mathrm{AR}}^{*}", "all-reduce that a library would choose")
tree_size = data("communication.tree_crossover", r"M_{\mathrm{tree}}", "message below which a tree beats a ring")
short_size = data(
    "communication.doubling_crossover", r"M_{\mathrm{log}}", "message below which doubling alone beats halving"
)

pairs = define(equation(ranks, 2**rounds), because="every round doubles the ranks that a part has met")
rounds_of_pairs = solve(
    pairs, rounds, equation(rounds, log(ranks) / log(2)), because="a power of two has its logarithm of rounds"
)
rounds_law = define(
    equation(rounds, ceiling(log(ranks) / log(2))),
    because="other numbers of ranks need one round more",
    cite="thakur2005",
)
halving_rounds = given(
    equation(halved, Sum(latency + message / 2**index / bandwidth, (index, 1, rounds))),
    because="in round i a rank trades a part of size M over 2 to the i with a partner and adds what it gets",
    cite="thakur2005",
)
halving_sum = summed(
    halving_rounds,
    equation(halved, rounds * latency + (1 - 1 / 2**rounds) * message / bandwidth),
    because="a geometric series",
)
doubling_rounds = given(
    equation(doubled, Sum(latency + message / 2 ** (rounds - index + 1) / bandwidth, (index, 1, rounds))),
    because="the same parts travel back, the smallest first",
    cite="thakur2005",
)
doubling_sum = summed(
    doubling_rounds,
    equation(doubled, rounds * latency + (1 - 1 / 2**rounds) * message / bandwidth),
    because="the same series backwards",
)
halves_together = total(
    halving_sum,
    doubling_sum,
    result=equation(halving_time, halved + doubled),
    because="an all-reduce is a reduce-scatter and an all-gather",
    cite="thakur2005",
)
halving_by_rounds = substitute(
    halves_together,
    halving_sum,
    doubling_sum,
    result=equation(halving_time, 2 * (rounds * latency + (1 - 1 / 2**rounds) * message / bandwidth)),
    because="both halves take equally long",
)
halving_law = substitute(
    halving_by_rounds,
    rounds_of_pairs,
    result=equation(halving_time, 2 * (log(ranks) / log(2) * latency + (1 - 1 / ranks) * message / bandwidth)),
    because="as little data as a ring, in fewer rounds",
    cite="thakur2005",
)
exchange_whole = given(
    equation(doubling_time, rounds * hop),
    because="in every round a rank trades the whole of its sums with a partner",
    cite="thakur2005",
)
doubling_by_rounds = substitute(
    exchange_whole,
    one_message,
    result=equation(doubling_time, rounds * (latency + message / bandwidth)),
    because="name the time of a message",
)
doubling_law = substitute(
    doubling_by_rounds,
    rounds_of_pairs,
    result=equation(doubling_time, log(ranks) / log(2) * (latency + message / bandwidth)),
    because="half the rounds, but all the data in each",
)
up = given(
    equation(reduce_pass, rounds * hop),
    because="in every round half of the ranks that still have sums hand them to the other half",
    cite="thakur2005",
)
down = given(
    equation(broadcast_pass, rounds * hop),
    because="in every round each rank that has the result tells another",
    cite="thakur2005",
)
up_and_down = total(
    up, down, result=equation(tree_time, reduce_pass + broadcast_pass), because="reduce to one rank, then tell all"
)
tree_by_rounds = substitute(
    up_and_down,
    up,
    down,
    one_message,
    result=equation(tree_time, 2 * rounds * (latency + message / bandwidth)),
    because="name both passes and the time of a message",
)
tree_law = substitute(
    tree_by_rounds,
    rounds_law,
    result=equation(tree_time, 2 * ceiling(log(ranks) / log(2)) * (latency + message / bandwidth)),
    because="any number of ranks",
)
chosen = define(
    equation(
        best_time,
        Piecewise(
            (Min(reduce_time, halving_time, doubling_time, tree_time), Eq(2**rounds, ranks)),
            (Min(reduce_time, tree_time), True),
        ),
    ),
    because="a library takes the quickest of those that the number of ranks allows",
    cite="thakur2005",
)
short_balance = substitute(
    define(equation(doubling_time, halving_time), because="at the crossover both take equally long"),
    doubling_by_rounds,
    halving_by_rounds,
    result=equation(
        rounds * (latency + message / bandwidth), 2 * (rounds * latency + (1 - 1 / 2**rounds) * message / bandwidth)
    ),
    because="name both times",
)
short_solved = solve(
    short_balance,
    message,
    equation(message, rounds * latency * bandwidth / (rounds - 2 * (1 - 1 / 2**rounds))),
    because="gather the data on one side",
)
short_message = substitute(
    define(
        equation(short_size, Piecewise((oo, rounds <= 1), (message, True))),
        because="two ranks trade everything in one round, and nothing is quicker",
    ),
    short_solved,
    result=equation(
        short_size,
        Piecewise((oo, rounds <= 1), (rounds * latency * bandwidth / (rounds - 2 * (1 - 1 / 2**rounds)), True)),
    ),
    because="shorter messages are bound by latency",
)
tree_balance = substitute(
    define(equation(tree_time, reduce_time), because="at the crossover both take equally long"),
    tree_by_rounds,
    all_reduce,
    result=equation(
        2 * rounds * (latency + message / bandwidth), 2 * (ranks - 1) * (latency + message / ranks / bandwidth)
    ),
    because="name both times",
)
tree_solved = solve(
    tree_balance,
    message,
    equation(message, (ranks - 1 - rounds) * latency * bandwidth / (rounds - (ranks - 1) / ranks)),
    because="gather the data on one side",
)
tree_message = substitute(
    define(
        equation(tree_size, Piecewise((0, rounds <= 1), (message, True))),
        because="for two ranks a ring is never slower",
    ),
    tree_solved,
    result=equation(
        tree_size,
        Piecewise(
            (0, rounds <= 1), ((ranks - 1 - rounds) * latency * bandwidth / (rounds - (ranks - 1) / ranks), True)
        ),
    ),
    because="a ring pays more latencies, a tree more data",
)

# First within nodes, then between them.
spread = count("communication.spread", "j", "nodes over which the ranks of a collective are spread", high=512)
inside_scatter = time("communication.node_scatter", r"T_{\mathrm{RS},G}", "reduce-scatter among the ranks of a node")
inside_gather = time("communication.node_gather", r"T_{\mathrm{AG},G}", "all-gather among the ranks of a node")
between = time("communication.node_reduce", r"T_{\mathrm{AR,net}}", "all-reduce of a part between nodes")
hierarchy_time = time("communication.hierarchical", r"T_{\mathrm{AR,h}}", "all-reduce within nodes, then between them")

over_nodes = define(equation(spread, ranks / node_size), because="nodes are full")
scatter_in_node = apply(
    scatter,
    {scatter_time: inside_scatter, ranks: node_size, latency: link_latency, bandwidth: link_bandwidth},
    because="every rank of a node sums one part over the node",
)
reduce_between = apply(
    all_reduce,
    {reduce_time: between, ranks: spread, message: message / node_size, latency: net_latency, bandwidth: net_bandwidth},
    because="each part is summed over the nodes, all parts at once",
)
gather_in_node = apply(
    gather,
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

# Tensor parallelism in training: two all-reduces forward and two backward.
layer_forward = time("communication.layer_forward", r"T_{\mathrm{TP,f}}", "all-reduces of a layer's forward pass")
layer_backward = time("communication.layer_backward", r"T_{\mathrm{TP,b}}", "all-reduces of a layer's backward pass")
layer_both = time("communication.layer_both", r"T_{\mathrm{TP,1}}", "all-reduces of a layer for a microbatch")
step_tensor = time("communication.step_tensor", r"T_{\mathrm{TP,all}}", "all-reduces of a stage in a step")
tensor_part = time("communication.tensor_all_reduce", r"T_{\mathrm{AR,TP}}", "one tensor-parallel all-reduce")
split_step = time(
    "communication.step_sequence",
    r"T_{\mathrm{SP,all}}",
    "tensor-parallel exchange of a stage in a step, with sequence parallelism",
)
layer_output = data("communication.layer_output", r"M_{\mathrm{TP}}", "activations of a microbatch", display="MB")

forward_pair = given(
    equation(layer_forward, 2 * tensor_part),
    because="attention and feed-forward layer each end in a sum over the ranks",
    cite="shoeybi2019",
)
backward_pair = given(
    equation(layer_backward, 2 * tensor_part),
    because="where forward only copied, backward sums, once for each half of a layer",
    cite="shoeybi2019",
)
layer_pairs = total(
    forward_pair,
    backward_pair,
    result=equation(layer_both, layer_forward + layer_backward),
    because="forward, then back",
)
four = substitute(
    layer_pairs,
    forward_pair,
    backward_pair,
    result=equation(layer_both, 4 * tensor_part),
    because="two and two",
    cite="narayanan2021",
)
every_microbatch = define(
    equation(step_tensor, microbatches * stage_layers * layer_both), because="for every layer and every microbatch"
)
step_of_fours = substitute(
    every_microbatch,
    four,
    result=equation(step_tensor, 4 * microbatches * stage_layers * tensor_part),
    because="name those of a layer",
)
output_data = define(
    equation(layer_output, local_tokens * hidden * value_bytes), because="a layer's output is as large as its input"
)
tensor_ring = apply(
    all_reduce,
    {reduce_time: tensor_part, ranks: tensor, message: layer_output},
    because="a ring over the tensor-parallel ranks",
)
tensor_law = substitute(
    step_of_fours,
    tensor_ring,
    output_data,
    result=equation(
        step_tensor,
        4
        * microbatches
        * stage_layers
        * (2 * (tensor - 1) * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth)),
    ),
    because="name one all-reduce and its data",
    cite="narayanan2021",
)
split_halves = given(
    equation(split_step, 4 * microbatches * stage_layers * (scatter_time + gather_time)),
    because="with sequence parallelism each all-reduce becomes a reduce-scatter and an all-gather",
    cite="korthikanti2022",
)
split_named = substitute(
    split_halves,
    scatter,
    gather,
    result=equation(
        split_step,
        4
        * microbatches
        * stage_layers
        * (
            (ranks - 1) * (latency + message / ranks / bandwidth)
            + (ranks - 1) * (latency + message / ranks / bandwidth)
        ),
    ),
    because="name both halves",
)
split_over_ranks = apply(split_named, {ranks: tensor, message: layer_output}, because="over the tensor-parallel ranks")
split_data = substitute(
    split_over_ranks,
    output_data,
    result=equation(
        split_step,
        4
        * microbatches
        * stage_layers
        * (
            (tensor - 1) * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth)
            + (tensor - 1) * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth)
        ),
    ),
    because="name the data",
)
sequence_law = rewrite(
    split_data,
    equation(
        split_step,
        8
        * microbatches
        * stage_layers
        * (tensor - 1)
        * (latency + local_tokens * hidden * value_bytes / tensor / bandwidth),
    ),
    because="exactly as long as the all-reduces it replaces",
    cite="korthikanti2022",
)

# Expert parallelism: the rank with the most tokens decides.
imbalance = ratio("communication.imbalance", r"\gamma", "load of the busiest expert rank per mean load", low=1, high=8)
routed_ranks = count("communication.routed_ranks", r"e_{\max}", "ranks to which a token may be routed", high=8)
copies = ratio("communication.copies", "q", "copies of a token that are sent", low=1, high=8)
even_message = data("communication.even_message", r"M_{\mathrm{EP}}", "activations sent if routing were even")
busiest_message = data("communication.busiest_message", r"M_{\gamma}", "activations of the busiest rank")
layer_experts = time("communication.layer_experts", r"T_{\mathrm{EP}}", "expert exchange of a layer for a microbatch")
one_exchange = time("communication.one_exchange", r"T_{\mathrm{A2A,EP}}", "one exchange with the experts")

limited = given(
    equation(copies, Min(active_experts, routed_ranks)),
    because="experts on one rank share a copy, and routing is limited to a few ranks",
    cite="deepseek2024v2",
)
if_even = define(
    equation(even_message, copies * local_tokens * hidden * value_bytes), because="every copy carries the whole token"
)
even_law = substitute(
    if_even,
    limited,
    result=equation(even_message, Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes),
    because="name the copies",
)
uneven = define(
    equation(busiest_message, imbalance * even_message), because="an exchange ends when its busiest rank has ended"
)
busiest_law = substitute(
    uneven,
    even_law,
    result=equation(
        busiest_message, imbalance * (Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes)
    ),
    because="name the even share",
)
expert_exchange = apply(
    exchange,
    {exchange_time: one_exchange, ranks: expert, message: busiest_message},
    because="an all-to-all over the expert-parallel ranks",
)
four_exchanges = given(
    equation(layer_experts, 4 * one_exchange),
    because="tokens go out and come back, forward and backward",
    cite="lepikhin2020",
)
expert_named = substitute(
    four_exchanges,
    expert_exchange,
    result=equation(layer_experts, 4 * ((expert - 1) * (latency + busiest_message / expert / bandwidth))),
    because="name the exchange",
)
expert_law = substitute(
    expert_named,
    busiest_law,
    result=equation(
        layer_experts,
        4
        * (expert - 1)
        * (
            latency
            + imbalance * Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes / expert / bandwidth
        ),
    ),
    because="name the data",
)

# Context parallelism: keys and values go round a ring.
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
    one_message, {hop: block_hop, message: block_data}, because="a part is one message to the neighbour"
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

wall = Wall(
    number=14,
    name="communication",
    domain="fleet",
    core=(
        all_reduce,
        floor_of_reduce,
        exchange,
        bubble_share,
        one_message,
        scatter,
        gather,
        rounds_law,
        halving_law,
        doubling_law,
        tree_law,
        chosen,
        short_message,
        tree_message,
        hierarchy_law,
        one_to_a_node,
        wide_hierarchy,
        tensor_law,
        sequence_law,
        bubble_of_ideal,
        ends_law,
        expert_law,
        ring_volume_law,
        ring_time_law,
        ring_hidden_law,
    ),
    binds="exchanging results, or waiting for them, takes longer than computing them",
    assumptions=(
        "links run at their bandwidth in both directions at once and nobody else uses them",
        "collectives of a plan are rings; within a node first, then between nodes",
        "halving, doubling and trees find every pair of ranks equally far apart",
        "all stages of a pipeline take as long as the slowest",
    ),
    validity="messages large enough for the alpha-beta model; at most one process on each accelerator",
)
