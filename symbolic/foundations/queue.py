"""Queues: requests that find every server busy wait for one.

What walls 7 and 16 share: how much is asked, how much can be served, and Little's law.
"""

from mlsysim.symbolic.quantity import Quantity, constant, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute

one_request = constant("one.request", 1, "request", "a single request")
arrivals = Quantity("queue.arrivals", r"\lambda", "request/s", "requests that arrive per time", low=0.1, high=1)
rate = Quantity("queue.rate", r"\mu", "request/s", "requests that one busy server finishes per time", low=1, high=10)
service = time("queue.service", "S", "mean time in which a server serves a request")
servers = count("queue.servers", "c", "servers of the queue")
load = Quantity("queue.load", "a", "1", "servers that the work would keep busy", low=1e-2, high=10)
utilisation = ratio("queue.utilisation", r"\rho", "share of the servers that the work keeps busy", high=0.999)
waiting = Quantity("queue.waiting", r"L_{\mathrm{q}}", "request", "requests that wait, on average", low=0)
wait = time("queue.wait", "W", "mean time that a request waits for a server", low=0)
sojourn = time("queue.sojourn", r"T_{\mathrm{queue}}", "mean time from arrival to answer")
inside = Quantity("queue.inside", "L", "request", "requests that wait or are served, on average")

# Little's law, by counting the same area twice.
horizon = time("queue.horizon", "H", "a long time of watching", display="h")
seen = Quantity("queue.seen", r"n_{H}", "request", "requests that arrive in the time H")
area = Quantity("queue.area", r"A_{H}", "request*s", "time that all of these spend here, added up")

by_request = given(
    equation(area, seen * sojourn), because="every request adds the time it spends here", cite="little1961"
)
by_time = given(
    equation(area, inside * horizon), because="every moment adds the requests that are here", cite="little1961"
)
came = define(equation(arrivals, seen / horizon), because="a rate is a number per time")
number_came = solve(came, seen, equation(seen, arrivals * horizon), because="the number that came")
same_area = substitute(
    by_request,
    by_time,
    number_came,
    result=equation(inside * horizon, arrivals * horizon * sojourn),
    because="both count the same area",
)
little = solve(
    same_area,
    inside,
    equation(inside, arrivals * sojourn),
    because="the time of watching cancels: no distribution matters",
    cite="little1961",
)
little_waiting = apply(
    little, {inside: waiting, sojourn: wait}, because="the waiting room by itself obeys the same law"
)

# How busy the servers are.
in_service = Quantity("queue.in_service", r"L_{\mathrm{s}}", "request", "requests that are served, on average", low=0)

rate_by_little = solve(
    little, arrivals, equation(arrivals, inside / sojourn), because="what passes when so many stay so long"
)
one_service = define(equation(service, one_request / rate), because="a rate is one request per service time")
little_service = apply(
    little, {inside: in_service, sojourn: service}, because="the servers by themselves obey Little's law too"
)
one_each = define(equation(load, in_service / one_request), because="every busy server has one request")
load_by_time = substitute(
    one_each,
    little_service,
    result=equation(load, arrivals * service / one_request),
    because="as many as arrive while one is served",
)
load_law = substitute(
    load_by_time, one_service, result=equation(load, arrivals / rate), because="name the time of a service"
)
utilisation_law = define(equation(utilisation, load / servers), because="the servers share the load")
busy_share = substitute(
    utilisation_law,
    load_law,
    result=equation(utilisation, arrivals / (servers * rate)),
    because="what is asked per what can be served",
)
