"""Tail latency: near saturation requests wait, and the slowest of many answers decides.

Arrivals and services are random, so a queue forms long before the servers are full.
A request that asks many replicas is as slow as the slowest of them.
"""

from sympy import Piecewise, Sum, exp, factorial, log, oo

from mlsysim.symbolic.foundations import many_servers, queue
from mlsysim.symbolic.foundations.many_servers import (
    departed,
    departures,
    expected,
    moment,
    must_wait,
    queued_or_more,
    waits_longer,
)
from mlsysim.symbolic.foundations.queue import arrivals, load, one_request, rate, servers, utilisation, wait
from mlsysim.symbolic.quantity import count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, solve, specialise, substitute, summed
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.tail_latency import delay_cycle

# Waits at other spreads of arrivals and services than those of random ones.
arrival_spread = ratio(
    "tail_latency.arrival_spread", r"c_{\mathrm{a}}", "deviation of the times between arrivals, per mean", low=0, high=4
)
service_spread = ratio(
    "tail_latency.service_spread", r"c_{\mathrm{s}}", "deviation of the service times, per mean", low=0, high=4
)
spread = ratio("tail_latency.spread", "v", "how much longer the wait is than that of random requests", high=16)
general_wait = time("tail_latency.general_wait", "W_v", "mean wait at any spread, in a steady state", low=0)
mean_wait = time("tail_latency.mean_wait", r"\bar W", "mean wait of a request", low=0)
late = ratio("tail_latency.late", r"P_{t}", "probability to wait longer than t, at any load")

spread_law = define(
    equation(spread, (arrival_spread**2 + service_spread**2) / 2),
    because="arrivals and services count equally, by the squares of their spreads",
    cite="kingman1961,allen1990",
)
general = given(
    equation(general_wait, spread * wait),
    because="the approximation of Allen and Cunneen; exact for random arrivals and services",
    cite="allen1990",
)
general_law = substitute(
    general,
    many_servers.wait_mean,
    result=equation(general_wait, spread * (must_wait * one_request / (servers * rate - arrivals))),
    because="name the wait of random requests",
)
allen_cunneen = substitute(
    general_law,
    spread_law,
    result=equation(
        general_wait,
        (arrival_spread**2 + service_spread**2) / 2 * (must_wait * one_request / (servers * rate - arrivals)),
    ),
    because="name the spread",
    cite="allen1990",
)
as_random = specialise(
    allen_cunneen,
    {arrival_spread: 1, service_spread: 1},
    equation(general_wait, must_wait * one_request / (servers * rate - arrivals)),
    because="random arrivals and services have spread one",
)
general_single = specialise(
    allen_cunneen,
    {servers: 1, must_wait: utilisation},
    equation(
        general_wait, (arrival_spread**2 + service_spread**2) / 2 * (utilisation * one_request / (rate - arrivals))
    ),
    because="a single server is busy for the share of its load",
)
kingman = substitute(
    general_single,
    apply(many_servers.arrivals_by_share, {servers: 1}, because="a single server"),
    result=equation(
        general_wait,
        (arrival_spread**2 + service_spread**2) / 2 * (utilisation / (1 - utilisation)) * (one_request / rate),
    ),
    because="Kingman's formula",
    cite="kingman1961",
)
single_wait = time("tail_latency.single_wait", "W_1", "mean wait for one server that takes all requests", low=0)
kingman_load = apply(kingman, {utilisation: load}, because="one server is busy for the share that is the load")
stable_single = given(
    equation(single_wait, Piecewise((oo, load >= 1), (general_wait, True))),
    because="a server that is sent as much as it can serve, or more, never catches up",
    cite="kleinrock1975",
)
kingman_law = substitute(
    stable_single,
    kingman_load,
    result=equation(
        single_wait,
        Piecewise(
            (oo, load >= 1),
            ((arrival_spread**2 + service_spread**2) / 2 * (load / (1 - load)) * (one_request / rate), True),
        ),
    ),
    because="name the wait",
    cite="kingman1961",
)
stable_mean = given(
    equation(mean_wait, Piecewise((oo, utilisation >= 1), (general_wait, True))),
    because="a queue that is sent as much as it can serve, or more, grows without end",
    cite="kleinrock1975",
)
mean_law = substitute(
    stable_mean,
    general_law,
    result=equation(
        mean_wait,
        Piecewise((oo, utilisation >= 1), (spread * (must_wait * one_request / (servers * rate - arrivals)), True)),
    ),
    because="name the wait",
)
stable_tail = given(
    equation(late, Piecewise((1, utilisation >= 1), (waits_longer, True))),
    because="in a queue that grows without end every wait is longer, in the end",
    cite="kleinrock1975",
)
tail_law = substitute(
    stable_tail,
    many_servers.wait_tail,
    result=equation(
        late,
        Piecewise((1, utilisation >= 1), (must_wait * exp(-(servers * rate - arrivals) * moment / one_request), True)),
    ),
    because="name the probability",
)

# The wait that a share of the requests does not exceed.
share = ratio("tail_latency.share", "q", "share of the requests that are to be in time", high=0.999)
longer = ratio("tail_latency.longer", r"P_{v}", "probability to wait longer than t, at any spread")
steady_quantile = time("tail_latency.steady_quantile", "t_q", "quantile of the wait, where it is not zero", low=0)
wait_quantile = time("tail_latency.wait_quantile", "W_q", "wait that a share q does not exceed", low=0)

general_tail = given(
    equation(longer, must_wait * exp(-(servers * rate - arrivals) * moment / (spread * one_request))),
    because="near saturation every wait falls off exponentially, about its own mean",
    cite="kingman1961,kollerstrom1974",
)
random_tail = specialise(
    general_tail,
    {spread: 1},
    equation(longer, must_wait * exp(-(servers * rate - arrivals) * moment / one_request)),
    because="for random requests that is exact",
)
at_quantile = apply(general_tail, {longer: 1 - share, moment: steady_quantile}, because="the rest waits longer")
quantile_solved = solve(
    at_quantile,
    steady_quantile,
    equation(steady_quantile, spread * one_request * log(must_wait / (1 - share)) / (servers * rate - arrivals)),
    because="take logarithms",
)
stable_quantile = define(
    equation(wait_quantile, Piecewise((oo, utilisation >= 1), (0, must_wait <= 1 - share), (steady_quantile, True))),
    because="where fewer than the rest must wait at all, the quantile is no wait",
)
quantile_law = substitute(
    stable_quantile,
    quantile_solved,
    result=equation(
        wait_quantile,
        Piecewise(
            (oo, utilisation >= 1),
            (0, must_wait <= 1 - share),
            (spread * one_request * log(must_wait / (1 - share)) / (servers * rate - arrivals), True),
        ),
    ),
    because="name the quantile",
)

# From arrival to answer, with one server.
found = ratio("tail_latency.found", "N_j", "probability that j or more are here, with one server")
later = ratio("tail_latency.later", "P_T", "probability of an answer later than t, with one server")
steady_answer = time("tail_latency.steady_answer", "T_q", "quantile of the time to an answer, in a steady state")
answer_quantile = time("tail_latency.answer_quantile", r"\hat T_q", "time in which a share q is answered by one server")

found_waiting = apply(
    many_servers.long_law,
    {queued_or_more: found, departed: departed - 1},
    because="with one server, j are here when j - 1 wait",
)
found_single = substitute(
    found_waiting,
    many_servers.met_single,
    result=equation(found, utilisation * utilisation ** (departed - 1)),
    because="one server is busy for the share of its load",
)
found_law = rewrite(found_single, equation(found, utilisation**departed), because="powers add")
not_answered = given(
    equation(later, Sum(departures * found, (departed, 0, oo))),
    because="after j departures those are still here who found j or more",
    cite="kleinrock1975",
)
answer_series = substitute(
    not_answered,
    many_servers.poisson,
    found_law,
    result=equation(
        later, Sum(exp(-expected) * expected**departed / factorial(departed) * utilisation**departed, (departed, 0, oo))
    ),
    because="name both probabilities",
)
answer_sum = summed(
    answer_series, equation(later, exp(-expected) * exp(utilisation * expected)), because="the exponential's series"
)
answer_at = substitute(
    answer_sum,
    apply(many_servers.to_expect, {servers: 1}, because="a single server"),
    apply(queue.busy_share, {servers: 1}, because="a single server"),
    result=equation(later, exp(-(rate * moment / one_request)) * exp(arrivals / rate * (rate * moment / one_request))),
    because="name what is expected and how busy the server is",
)
answer_tail = rewrite(
    answer_at,
    equation(later, exp(-(rate - arrivals) * moment / one_request)),
    because="the time to an answer is exponential",
    cite="kleinrock1975",
)
answer_at_quantile = apply(answer_tail, {later: 1 - share, moment: steady_answer}, because="the rest is answered later")
answer_solved = solve(
    answer_at_quantile,
    steady_answer,
    equation(steady_answer, one_request * log(1 / (1 - share)) / (rate - arrivals)),
    because="take logarithms",
)
idle_tail = limit(
    answer_solved,
    arrivals,
    0,
    equation(steady_answer, one_request * log(1 / (1 - share)) / rate),
    because="even without a queue, random services have a tail",
)
stable_answer = define(
    equation(answer_quantile, Piecewise((oo, arrivals >= rate), (steady_answer, True))),
    because="an unstable server has no quantile",
)
answer_law = substitute(
    stable_answer,
    answer_solved,
    result=equation(
        answer_quantile,
        Piecewise((oo, arrivals >= rate), (one_request * log(1 / (1 - share)) / (rate - arrivals), True)),
    ),
    because="name the quantile",
)

# A request that needs the answers of many.
asked = count("tail_latency.asked", "n", "replicas that a request asks")
replica_share = ratio(
    "tail_latency.replica_share", "q_1", "share of one replica's answers that are in time", high=0.999
)
fan_out_quantile = time("tail_latency.fan_out_quantile", r"\hat T_n", "time in which a share q has all n answers")

slowest = given(
    equation(share, replica_share**asked),
    because="all are in time when each is, and they are slow independently",
    cite="dean2013",
)
replica_law = solve(
    slowest,
    replica_share,
    equation(replica_share, share ** (1 / asked)),
    because="each replica must do better than the whole",
    cite="dean2013",
)
alone = specialise(replica_law, {asked: 1}, equation(replica_share, share), because="one replica is the whole")
of_each = apply(
    answer_law,
    {answer_quantile: fan_out_quantile, share: replica_share},
    because="what the whole takes is the quantile that each must keep",
)
fan_out_law = substitute(
    of_each,
    replica_law,
    result=equation(
        fan_out_quantile,
        Piecewise(
            (oo, arrivals >= rate), (one_request * log(1 / (1 - share ** (1 / asked))) / (rate - arrivals), True)
        ),
    ),
    because="name the share of a replica",
)

wall = Wall(
    number=7,
    name="tail_latency",
    domain="node",
    core=(
        many_servers.erlang_c,
        queue.load_law,
        queue.utilisation_law,
        spread_law,
        mean_law,
        kingman_law,
        tail_law,
        quantile_law,
        answer_law,
        replica_law,
        fan_out_law,
        delay_cycle.share_of_time,
        delay_cycle.mean_law,
        delay_cycle.spread_law,
    ),
    binds="requests wait for a server, or for the slowest of many answers",
    assumptions=(
        "requests arrive independently of each other, and service times do not remember",
        "whoever comes first is served first, and nobody gives up",
        "replicas are slow independently of each other, and each has one server",
    ),
    validity="a steady load below what the servers can serve; at other spreads than random ones an approximation",
)
