"""Messages: one waits once and then streams, and a ring passes the parts of its data on.

Reduce-scatter, all-gather, all-reduce and all-to-all are rounds of such messages.
"""

from sympy import oo

from mlsysim.symbolic.foundations import rates
from mlsysim.symbolic.quantity import Quantity, count, data, time
from mlsysim.symbolic.rules import apply, equation, given, limit, specialise, substitute, total

message = data("communication.message", "M", "data that a collective works on", display="MB")
ranks = count("communication.ranks", "n", "ranks of a collective")
latency = time("communication.latency", r"\alpha", "latency of a message", display="us")
bandwidth = Quantity("communication.bandwidth", "BW", "byte/s", "one-way bandwidth of a link", display="GB/s", low=1)
hop = time("communication.hop", r"T_{\mathrm{hop}}", "time of one message")
first_byte = time("communication.first_byte", r"T_{\mathrm{first}}", "time until the first byte arrives")
stream_time = time("communication.stream", r"T_{\mathrm{stream}}", "time in which the bytes pass a link")
round_time = time("communication.round", r"T_{\mathrm{round}}", "time of one round of a ring")
scatter_time = time("communication.reduce_scatter", r"T_{\mathrm{RS}}", "time of a reduce-scatter")
gather_time = time("communication.all_gather", r"T_{\mathrm{AG}}", "time of an all-gather")
reduce_time = time("communication.all_reduce", r"T_{\mathrm{AR}}", "time of an all-reduce")
exchange_time = time("communication.all_to_all", r"T_{\mathrm{A2A}}", "time of an all-to-all")

first_arrives = given(
    equation(first_byte, latency), because="a message waits once, however long it is", cite="hockney1994"
)
bytes_stream = apply(
    rates.duration_law,
    {rates.duration: stream_time, rates.amount: message, rates.rate: bandwidth},
    because="its bytes follow at the rate of the link",
)
wait_and_stream = total(
    first_arrives,
    bytes_stream,
    result=equation(hop, first_byte + stream_time),
    because="first it waits, and then it streams",
)
one_message = substitute(
    wait_and_stream,
    first_arrives,
    bytes_stream,
    result=equation(hop, latency + message / bandwidth),
    because="name both times",
    cite="hockney1994",
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
