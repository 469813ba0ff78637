"""Few rounds: halving, doubling and trees need a logarithm of rounds where a ring needs one for every rank.

Recursive halving moves as little data as a ring; recursive doubling and trees move all of it in each round.
"""

from sympy import Sum, Symbol, ceiling, log

from mlsysim.symbolic.quantity import count, time
from mlsysim.symbolic.rules import define, equation, given, solve, substitute, summed, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message, ranks

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
    messages.one_message,
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
    messages.one_message,
    result=equation(tree_time, 2 * rounds * (latency + message / bandwidth)),
    because="name both passes and the time of a message",
)
tree_law = substitute(
    tree_by_rounds,
    rounds_law,
    result=equation(tree_time, 2 * ceiling(log(ranks) / log(2)) * (latency + message / bandwidth)),
    because="any number of ranks",
)
