"""Many servers: the chain of states behind Erlang's formula, and how long a request waits.

Requests arrive at random, services do not remember how long they have lasted, and whoever comes first is served first.
"""

from sympy import Piecewise, Sum, exp, factorial, oo

from mlsysim.symbolic.foundations import queue
from mlsysim.symbolic.foundations.queue import arrivals, load, one_request, rate, servers, utilisation, wait, waiting
from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    define,
    equation,
    given,
    recurrence,
    rewrite,
    solve,
    specialise,
    substitute,
    summed,
)
from mlsysim.symbolic.special import ErlangC

# The chain of states: how many requests are here, up to all servers busy; then how many wait.
state = count("queue.state", "i", "requests that are here, none of them waiting", low=0)
in_state = ratio("queue.in_state", "p_i", "probability that i requests are here")
below = ratio("queue.below", "p_{i-1}", "probability that i - 1 requests are here")
leaving = Quantity("queue.leaving", "r_i", "request/s", "rate at which requests leave when i are here")
empty = ratio("queue.empty", "p_0", "probability that nobody is here")
just_full = ratio("queue.just_full", "p_c", "probability that all servers are busy and nobody waits")
queued = count("queue.queued", "k", "requests that wait", low=0)
with_queue = ratio("queue.with_queue", "w_k", "probability that k wait")
shorter = ratio("queue.shorter", "w_{k-1}", "probability that k - 1 wait")
leaving_full = Quantity("queue.leaving_full", "r_{c+k}", "request/s", "rate at which requests leave when k wait")
free = ratio("queue.free", r"P_{\mathrm{free}}", "probability that a server is free")
all_busy = ratio("queue.all_busy", r"P_{\mathrm{busy}}", "probability that all servers are busy, in a steady state")

balance = given(
    equation(arrivals * below, leaving * in_state),
    because="in a steady state the chain goes up from a state as often as it comes back down",
    cite="erlang1917,kleinrock1975",
)
all_served = given(
    equation(leaving, state * rate), because="up to c requests are all served at once", cite="kleinrock1975"
)
balance_below = substitute(
    balance, all_served, result=equation(arrivals * below, state * rate * in_state), because="name the rate of leaving"
)
one_up = solve(
    balance_below,
    in_state,
    equation(in_state, arrivals * below / (state * rate)),
    because="each state follows from the one below",
)
arrivals_by_load = solve(
    queue.load_law, arrivals, equation(arrivals, load * rate), because="the arrivals that make this load"
)
one_up_by_load = substitute(
    one_up, arrivals_by_load, result=equation(in_state, load / state * below), because="the service rate cancels"
)
states = recurrence(
    one_up_by_load,
    state,
    below,
    equation(in_state, empty * load**state / factorial(state)),
    start=(0, empty),
    because="from the empty system upwards, for i up to c",
)
full = apply(states, {in_state: just_full, state: servers}, because="at c requests every server is busy")
balance_waiting = apply(
    balance,
    {below: shorter, in_state: with_queue, leaving: leaving_full},
    because="the same balance while requests wait",
)
busy_rate = given(equation(leaving_full, servers * rate), because="no more than c are served", cite="kleinrock1975")
balance_full = substitute(
    balance_waiting,
    busy_rate,
    result=equation(arrivals * shorter, servers * rate * with_queue),
    because="name the rate of leaving",
)
one_longer = solve(
    balance_full,
    with_queue,
    equation(with_queue, arrivals * shorter / (servers * rate)),
    because="each length of the queue follows from the one below",
)
arrivals_by_share = solve(
    queue.busy_share,
    arrivals,
    equation(arrivals, utilisation * servers * rate),
    because="the arrivals that keep this share busy",
)
one_longer_by_share = substitute(
    one_longer, arrivals_by_share, result=equation(with_queue, utilisation * shorter), because="the servers cancel"
)
queues = recurrence(
    one_longer_by_share,
    queued,
    shorter,
    equation(with_queue, just_full * utilisation**queued),
    start=(0, just_full),
    because="every further request that waits is rarer by the utilisation",
)

# The probabilities add up to one: Erlang's formula.
free_states = define(equation(free, Sum(in_state, (state, 0, servers - 1))), because="fewer requests than servers")
free_sum = substitute(
    free_states,
    states,
    result=equation(free, Sum(empty * load**state / factorial(state), (state, 0, servers - 1))),
    because="name the probabilities",
)
busy_states = define(equation(all_busy, Sum(with_queue, (queued, 0, oo))), because="all busy, whatever the queue")
busy_series = substitute(
    busy_states,
    queues,
    result=equation(all_busy, Sum(just_full * utilisation**queued, (queued, 0, oo))),
    because="name the probabilities",
)
busy_sum = summed(
    busy_series,
    equation(all_busy, just_full / (1 - utilisation)),
    because="a geometric series, finite only below full utilisation",
)
busy_by_empty = substitute(
    busy_sum,
    full,
    result=equation(all_busy, empty * load**servers / (factorial(servers) * (1 - utilisation))),
    because="name the state in which the queue begins",
)
one_of_both = given(
    equation(free + all_busy, 1), because="either a server is free or all are busy", cite="kleinrock1975"
)
normal = substitute(
    one_of_both,
    free_sum,
    busy_by_empty,
    result=equation(
        Sum(empty * load**state / factorial(state), (state, 0, servers - 1))
        + empty * load**servers / (factorial(servers) * (1 - utilisation)),
        1,
    ),
    because="name both probabilities",
)
normal_factored = rewrite(
    normal,
    equation(
        empty
        * (
            Sum(load**state / factorial(state), (state, 0, servers - 1))
            + load**servers / (factorial(servers) * (1 - utilisation))
        ),
        1,
    ),
    because="every probability is a multiple of the first",
)
empty_law = solve(
    normal_factored,
    empty,
    equation(
        empty,
        1
        / (
            Sum(load**state / factorial(state), (state, 0, servers - 1))
            + load**servers / (factorial(servers) * (1 - utilisation))
        ),
    ),
    because="so the first is known",
)
erlang_law = substitute(
    busy_by_empty,
    empty_law,
    result=equation(
        all_busy,
        load**servers
        / (factorial(servers) * (1 - utilisation))
        / (
            Sum(load**state / factorial(state), (state, 0, servers - 1))
            + load**servers / (factorial(servers) * (1 - utilisation))
        ),
    ),
    because="Erlang's second formula",
    cite="erlang1917",
)
erlang_single = specialise(
    erlang_law,
    {servers: 1, load: utilisation},
    equation(all_busy, utilisation),
    because="a single server is busy for the share of its load",
)

# What a request meets.
must_wait = ratio("queue.must_wait", "C", "probability that a request must wait (Erlang C)")
met = given(
    equation(must_wait, Piecewise((1, utilisation >= 1), (all_busy, True))),
    because="random arrivals see what an observer sees; without a steady state all must wait in the end",
    cite="wolff1982",
)
erlang_c = substitute(
    met,
    erlang_law,
    result=equation(
        must_wait,
        Piecewise(
            (1, utilisation >= 1),
            (
                load**servers
                / (factorial(servers) * (1 - utilisation))
                / (
                    Sum(load**state / factorial(state), (state, 0, servers - 1))
                    + load**servers / (factorial(servers) * (1 - utilisation))
                ),
                True,
            ),
        ),
    ),
    because="name the probability",
    cite="erlang1917",
)
erlang_by_load = substitute(
    erlang_c,
    queue.utilisation_law,
    result=equation(
        must_wait,
        Piecewise(
            (1, load / servers >= 1),
            (
                load**servers
                / (factorial(servers) * (1 - load / servers))
                / (
                    Sum(load**state / factorial(state), (state, 0, servers - 1))
                    + load**servers / (factorial(servers) * (1 - load / servers))
                ),
                True,
            ),
        ),
    ),
    because="the servers share the load",
)
erlang_named = rewrite(
    erlang_by_load,
    equation(must_wait, Piecewise((1, load / servers >= 1), (ErlangC(servers, load), True))),
    because="the formula has a name, and a way to compute it that does not overflow",
    cite="erlang1917",
)
met_steady = rewrite(met, equation(must_wait, all_busy), because="in a steady state only the second case is left")
met_again = solve(met_steady, all_busy, equation(all_busy, must_wait), because="an observer sees what arrivals see")
met_single = substitute(
    met_steady, erlang_single, result=equation(must_wait, utilisation), because="with a single server"
)
queue_begins = solve(
    busy_sum, just_full, equation(just_full, all_busy * (1 - utilisation)), because="where the queue begins"
)
begins_law = substitute(
    queue_begins,
    met_again,
    result=equation(just_full, must_wait * (1 - utilisation)),
    because="name the probability to wait",
)

# How long: a request goes on waiting while fewer have left than waited before it.
moment = time("queue.moment", "t", "a time after arrival", low=0.01)
expected = ratio("queue.expected", "x", "departures to be expected in a time t", low=0.01, high=5)
departed = count("queue.departed", "j", "departures since the arrival", low=0, high=16)
departures = ratio("queue.departures", "d_j", "probability of exactly j departures in a time t")
queued_or_more = ratio("queue.queued_or_more", r"Q_j", "probability that j or more wait")
waits_longer = ratio("queue.waits_longer", r"P_{W>t}", "probability to wait longer than t")

to_expect = define(
    equation(expected, servers * rate * moment / one_request), because="busy servers finish at their joint rate"
)
poisson = given(
    equation(departures, exp(-expected) * expected**departed / factorial(departed)),
    because="services that do not age end like a Poisson process",
    cite="kleinrock1975",
)
long_queue = define(equation(queued_or_more, Sum(with_queue, (queued, departed, oo))), because="j or more")
long_series = substitute(
    long_queue,
    queues,
    result=equation(queued_or_more, Sum(just_full * utilisation**queued, (queued, departed, oo))),
    because="name the probabilities",
)
long_sum = summed(
    long_series,
    equation(queued_or_more, just_full * utilisation**departed / (1 - utilisation)),
    because="a geometric series from its j-th term",
)
long_law = substitute(
    long_sum,
    begins_law,
    result=equation(queued_or_more, must_wait * utilisation**departed),
    because="the sum of the series cancels",
)
still_waiting = given(
    equation(waits_longer, Sum(departures * queued_or_more, (departed, 0, oo))),
    because="first come, first served: after j departures those wait who found j or more waiting",
    cite="kleinrock1975",
)
still_series = substitute(
    still_waiting,
    poisson,
    long_law,
    result=equation(
        waits_longer,
        Sum(
            exp(-expected) * expected**departed / factorial(departed) * (must_wait * utilisation**departed),
            (departed, 0, oo),
        ),
    ),
    because="name both probabilities",
)
still_sum = summed(
    still_series,
    equation(waits_longer, must_wait * exp(-expected) * exp(utilisation * expected)),
    because="the series of the exponential",
)
still_short = rewrite(
    still_sum, equation(waits_longer, must_wait * exp(-(1 - utilisation) * expected)), because="exponents add"
)
still_at = substitute(
    still_short,
    to_expect,
    queue.busy_share,
    result=equation(
        waits_longer, must_wait * exp(-(1 - arrivals / (servers * rate)) * (servers * rate * moment / one_request))
    ),
    because="name what is expected and how busy the servers are",
)
wait_tail = rewrite(
    still_at,
    equation(waits_longer, must_wait * exp(-(servers * rate - arrivals) * moment / one_request)),
    because="the queue drains at the rate that is left over",
    cite="kleinrock1975",
)

# The mean wait, by Little's law.
queue_length = define(
    equation(waiting, Sum(queued * with_queue, (queued, 1, oo)) * one_request), because="the mean of how many wait"
)
queue_series = substitute(
    queue_length,
    queues,
    result=equation(waiting, Sum(queued * (just_full * utilisation**queued), (queued, 1, oo)) * one_request),
    because="name the probabilities",
)
queue_sum = summed(
    queue_series,
    equation(waiting, just_full * utilisation / (1 - utilisation) ** 2 * one_request),
    because="the derivative of a geometric series",
)
queue_law = substitute(
    queue_sum,
    begins_law,
    result=equation(waiting, must_wait * utilisation / (1 - utilisation) * one_request),
    because="name where the queue begins",
)
wait_by_little = substitute(
    queue.little_waiting,
    queue_law,
    result=equation(must_wait * utilisation / (1 - utilisation) * one_request, arrivals * wait),
    because="both are the requests that wait",
)
wait_solved = solve(
    wait_by_little,
    wait,
    equation(wait, must_wait * utilisation * one_request / ((1 - utilisation) * arrivals)),
    because="the wait is what was asked for",
)
wait_at_load = substitute(
    wait_solved,
    queue.busy_share,
    result=equation(
        wait, must_wait * (arrivals / (servers * rate)) * one_request / ((1 - arrivals / (servers * rate)) * arrivals)
    ),
    because="name how busy the servers are",
)
wait_mean = rewrite(
    wait_at_load,
    equation(wait, must_wait * one_request / (servers * rate - arrivals)),
    because="those who wait do so for the time the spare rate needs for one",
    cite="kleinrock1975",
)
