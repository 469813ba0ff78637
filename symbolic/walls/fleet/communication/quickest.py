"""The quickest all-reduce: short messages go in few rounds, long ones in small parts; where one way overtakes another."""

from sympy import Eq, Min, Piecewise, oo

from mlsysim.symbolic.quantity import data, time
from mlsysim.symbolic.rules import define, equation, solve, substitute
from mlsysim.symbolic.walls.fleet.communication import few_rounds, messages
from mlsysim.symbolic.walls.fleet.communication.few_rounds import doubling_time, halving_time, rounds, tree_time
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, latency, message, ranks, reduce_time

best_time = time("communication.best", r"T_{\mathrm{AR}}^{*}", "all-reduce that a library would choose")
tree_size = data("communication.tree_crossover", r"M_{\mathrm{tree}}", "message below which a tree beats a ring")
short_size = data(
    "communication.doubling_crossover", r"M_{\mathrm{log}}", "message below which doubling alone beats halving"
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
    few_rounds.doubling_by_rounds,
    few_rounds.halving_by_rounds,
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
    few_rounds.tree_by_rounds,
    messages.all_reduce,
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
