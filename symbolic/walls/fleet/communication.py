"""Communication: accelerators that share work must exchange what they computed, and wait for each other.

A message costs a latency for every hop and the time its bytes take on the link; a collective is a pattern of messages.
A pipeline costs the time in which its stages wait to be filled and drained.
"""

from sympy import oo

from mlsysim.symbolic.foundations.inputs import chunks, pipeline
from mlsysim.symbolic.foundations.split import microbatches
from mlsysim.symbolic.quantity import Quantity, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, limit, specialise, substitute, total
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

wall = Wall(
    number=14,
    name="communication",
    domain="fleet",
    core=(all_reduce, floor_of_reduce, exchange, bubble_share),
    binds="exchanging results, or waiting for them, takes longer than computing them",
    assumptions=(
        "links run at their bandwidth in both directions at once and nobody else uses them",
        "collectives are rings; within a node first, then between nodes",
        "all stages of a pipeline take as long as the slowest",
    ),
    validity="messages large enough for the alpha-beta model; at most one process on each accelerator",
)
