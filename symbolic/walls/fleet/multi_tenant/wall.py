"""Multi-tenant: who shares a fleet waits for the others, and some free accelerators fit nobody.

Irregular services make others wait, even where the fleet is far from full.
What is left free lies in pieces, and a job needs its accelerators in one.
"""

from sympy import Mod, Piecewise, Sum, Symbol, ceiling, exp, factorial, floor, oo

from mlsysim.symbolic.foundations import many_servers, queue
from mlsysim.symbolic.foundations.inputs import node_size
from mlsysim.symbolic.foundations.many_servers import moment, must_wait
from mlsysim.symbolic.foundations.queue import (
    arrivals,
    horizon,
    inside,
    load,
    one_request,
    rate,
    seen,
    service,
    sojourn,
    utilisation,
    wait,
    waiting,
)
from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, specialise, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.tail_latency import wall as tail_latency
from mlsysim.symbolic.walls.node.tail_latency.wall import arrival_spread, general_wait, mean_wait, service_spread

# Pollaczek and Khinchine: one server, any service times; by what is left of the service that a request finds.
square = Quantity("multi_tenant.square", "m_2", "s^2", "mean square of the service times", display="ms^2")
left_over = time("multi_tenant.left_over", "R", "time until the server is free of its present request, on average")
triangle = Quantity("multi_tenant.triangle", r"A_S", "s^2", "time left of a service, added up while it lasts")
variance = Quantity("multi_tenant.variance", r"\sigma_S^2", "s^2", "variance of the service times", low=0)
random_wait = time("multi_tenant.random_wait", r"W_{\mathrm{MG1}}", "mean wait for one server", low=0)
fixed_wait = time(
    "multi_tenant.fixed_wait", r"W_{\mathrm{MD1}}", "mean wait for one server, services of equal length", low=0
)

one_triangle = given(
    equation(triangle, square / 2),
    because="while a service lasts, what is left of it falls from all to nothing: a triangle",
    cite="bertsekas1992",
)
all_triangles = given(
    equation(left_over * horizon, seen / one_request * triangle),
    because="over a long time every request adds its triangle",
    cite="bertsekas1992",
)
triangles_seen = substitute(
    all_triangles,
    queue.number_came,
    one_triangle,
    result=equation(left_over * horizon, arrivals * horizon / one_request * (square / 2)),
    because="name how many came, and the triangle",
)
left_over_law = solve(
    triangles_seen,
    left_over,
    equation(left_over, arrivals * square / (2 * one_request)),
    because="the time of watching cancels",
)
in_turn = given(
    equation(wait, left_over + waiting / one_request * service),
    because="first come, first served: a new request waits for what is left, and for all who wait",
    cite="bertsekas1992,wolff1982",
)
in_turn_by_little = substitute(
    in_turn,
    queue.little_waiting,
    result=equation(wait, left_over + arrivals * wait / one_request * service),
    because="Little's law gives how many wait",
)
rate_of_one = solve(
    queue.one_service, rate, equation(rate, one_request / service), because="a rate is one per service time"
)
load_by_service = substitute(
    queue.load_law,
    rate_of_one,
    result=equation(load, arrivals * service / one_request),
    because="the load of one server is the share of time that it is busy",
)
arrivals_of_load = solve(
    load_by_service,
    arrivals,
    equation(arrivals, load * one_request / service),
    because="the arrivals that make this load",
)
in_turn_by_load = substitute(
    in_turn_by_little,
    arrivals_of_load,
    result=equation(wait, left_over + load * wait),
    because="the service time cancels",
)
wait_by_left_over = solve(
    in_turn_by_load, wait, equation(wait, left_over / (1 - load)), because="the wait is on both sides"
)
pollaczek = substitute(
    wait_by_left_over,
    left_over_law,
    result=equation(wait, arrivals * square / (2 * (1 - load) * one_request)),
    because="the formula of Pollaczek and Khinchine",
    cite="pollaczek1930,khinchine1932",
)
variance_law = given(
    equation(variance, square - service**2),
    because="a variance is the mean square without the square of the mean",
    cite="kleinrock1975",
)
spread_of_service = define(
    equation(variance, (service_spread * service) ** 2), because="the spread is the deviation per mean"
)
square_balance = substitute(
    variance_law,
    spread_of_service,
    result=equation((service_spread * service) ** 2, square - service**2),
    because="both are the variance",
)
square_law = solve(
    square_balance,
    square,
    equation(square, service**2 * (1 + service_spread**2)),
    because="the mean square by the spread",
)
by_spread = substitute(
    pollaczek,
    square_law,
    arrivals_of_load,
    result=equation(wait, load * service * (1 + service_spread**2) / (2 * (1 - load))),
    because="name the mean square and the arrivals",
)
general_service = substitute(
    by_spread,
    queue.one_service,
    result=equation(wait, load * (1 + service_spread**2) * one_request / (2 * rate * (1 - load))),
    because="name the service time",
    cite="kleinrock1975",
)
fixed_service = specialise(
    general_service,
    {service_spread: 0},
    equation(wait, load * one_request / (2 * rate * (1 - load))),
    because="services that take equally long have no spread",
)
random_service = specialise(
    general_service,
    {service_spread: 1},
    equation(wait, load * one_request / (rate * (1 - load))),
    because="random services have spread one, and wait twice as long",
)
stable = given(
    equation(random_wait, Piecewise((oo, load >= 1), (wait, True))),
    because="a server that is sent as much as it can serve, or more, never catches up",
    cite="kleinrock1975",
)
random_law = substitute(
    stable,
    general_service,
    result=equation(
        random_wait,
        Piecewise((oo, load >= 1), (load * (1 + service_spread**2) * one_request / (2 * rate * (1 - load)), True)),
    ),
    because="name the wait",
)
fixed_law = substitute(
    apply(stable, {random_wait: fixed_wait}, because="the same for equal services"),
    fixed_service,
    result=equation(fixed_wait, Piecewise((oo, load >= 1), (load * one_request / (2 * rate * (1 - load)), True))),
    because="name the wait",
)

# The whole distribution when services take equally long.
served = Symbol("j", integer=True, nonnegative=True)
in_time = ratio(
    "multi_tenant.in_time", r"F_{\mathrm{MD1}}", "probability to wait no longer than t, services of equal length"
)
fixed_in_time = ratio(
    "multi_tenant.fixed_in_time",
    r"\hat F_{\mathrm{MD1}}",
    "probability to wait no longer than t, equal services, any load",
)
fixed_distribution = given(
    equation(
        in_time,
        (1 - load)
        * Sum(
            (-load * (moment / service - served)) ** served
            / factorial(served)
            * exp(load * (moment / service - served)),
            (served, 0, floor(moment / service)),
        ),
    ),
    because="Erlang's distribution of the wait for services of equal length",
    cite="erlang1909,tijms2003",
)
no_wait = specialise(
    fixed_distribution, {moment: 0}, equation(in_time, 1 - load), because="those who find the server free do not wait"
)
fixed_distribution_law = substitute(
    given(
        equation(fixed_in_time, Piecewise((0, load >= 1), (in_time, True))),
        because="in a queue that grows without end nobody is in time, in the end",
        cite="kleinrock1975",
    ),
    fixed_distribution,
    result=equation(
        fixed_in_time,
        Piecewise(
            (0, load >= 1),
            (
                (1 - load)
                * Sum(
                    (-load * (moment / service - served)) ** served
                    / factorial(served)
                    * exp(load * (moment / service - served)),
                    (served, 0, floor(moment / service)),
                ),
                True,
            ),
        ),
    ),
    because="name the distribution",
)

# Many servers, any service times.
shared_wait = time("multi_tenant.shared_wait", r"W_{\mathrm{MGc}}", "mean wait for many servers", low=0)
answer = time("multi_tenant.answer", r"\hat T", "mean time from arrival to answer, many servers")
tenants = Quantity("multi_tenant.tenants", r"\hat L", "request", "requests that wait or are served, many servers")

many_general = specialise(
    tail_latency.mean_law,
    {tail_latency.spread: (1 + service_spread**2) / 2},
    equation(
        mean_wait,
        Piecewise(
            (oo, utilisation >= 1),
            ((1 + service_spread**2) / 2 * (must_wait * one_request / (queue.servers * rate - arrivals)), True),
        ),
    ),
    because="random arrivals have spread one",
    cite="allen1990",
)
shared_law = apply(many_general, {mean_wait: shared_wait}, because="the wait of who shares the servers")
gap = time("multi_tenant.gap", r"\Delta W", "what the approximation misses for one server", low=0)
single_general = specialise(
    tail_latency.kingman_load,
    {arrival_spread: 1},
    equation(general_wait, (1 + service_spread**2) / 2 * (load / (1 - load)) * (one_request / rate)),
    because="the same approximation for one server and random arrivals",
)
missed = define(equation(gap, general_wait - wait), because="compare it with Pollaczek and Khinchine")
exact_for_one = substitute(
    missed, single_general, general_service, result=equation(gap, 0), because="for one server it is exact"
)
answer_law = define(equation(answer, shared_wait + service), because="a request waits, and is then served")
tenants_law = apply(queue.little, {inside: tenants, sojourn: answer}, because="Little's law for all who are here")

# Fragments: accelerators that are free but fit nobody.
job = count("multi_tenant.job", "g", "accelerators that a job needs on one node", high=16)
free = count("multi_tenant.free", "f", "free accelerators of a node", high=64)
placed = count("multi_tenant.placed", "m", "jobs that fit on the node", low=0)
stranded = Quantity("multi_tenant.stranded", "s", "1", "free accelerators of a node that no such job can use", low=0)
stranded_share = ratio("multi_tenant.stranded_share", r"\phi", "share of the free accelerators that is stranded", low=0)
nodes = count("multi_tenant.nodes", r"N_{\mathrm{node}}", "nodes of the fleet", high=1024)
fleet_free = count("multi_tenant.fleet_free", "F", "free accelerators of the fleet", high=4096)
mean_free = Quantity("multi_tenant.mean_free", r"\bar f", "1", "free accelerators of a node, on average", low=0)
surely = count("multi_tenant.surely", r"g_{\mathrm{sure}}", "largest job that fits, however the free ones lie")
hidden = Quantity("multi_tenant.hidden", r"F_{\mathrm{lost}}", "1", "most accelerators that are free and fit no job")
hidden_share = ratio(
    "multi_tenant.hidden_share", r"\phi_{\max}", "share of the fleet that can be free and fit no job", low=0
)

whole_jobs = define(equation(placed, floor(free / job)), because="a job runs whole, on one node", cite="jeon2019")
what_is_left = define(equation(stranded, free - job * placed), because="what whole jobs leave")
stranded_law = substitute(
    what_is_left, whole_jobs, result=equation(stranded, free - job * floor(free / job)), because="name the jobs"
)
stranded_rest = rewrite(stranded_law, equation(stranded, Mod(free, job)), because="that is the rest of a division")
share_stranded = define(equation(stranded_share, stranded / free), because="a share of what is free")
share_law = substitute(
    share_stranded,
    stranded_rest,
    result=equation(stranded_share, Mod(free, job) / free),
    because="name what is stranded",
)
single_jobs = specialise(
    share_law, {job: 1}, equation(stranded_share, 0), because="a job of one accelerator fits wherever one is free"
)
worst_node = specialise(
    stranded_rest, {free: job - 1}, equation(stranded, job - 1), because="one too few on a node strands them all"
)
worst_fleet = define(equation(hidden, nodes * stranded), because="at worst on every node")
worst_hidden = substitute(
    worst_fleet, worst_node, result=equation(hidden, nodes * (job - 1)), because="name what is stranded"
)
worst_share = define(equation(hidden_share, hidden / (nodes * node_size)), because="per accelerators of the fleet")
worst_law = substitute(
    worst_share,
    worst_hidden,
    result=equation(hidden_share, (job - 1) / node_size),
    because="so much can be free while no job finds a place",
)
spread_out = define(equation(mean_free, fleet_free / nodes), because="a mean is the sum per node")
fullest = define(
    equation(surely, ceiling(mean_free)), because="some node has at least the mean, and accelerators come whole"
)
surely_law = substitute(
    fullest, spread_out, result=equation(surely, ceiling(fleet_free / nodes)), because="name the mean"
)

# Accelerators that are busy or free at random: what a job that needs whole nodes can use.
occupied = ratio("multi_tenant.occupied", "u", "share of the accelerators that are busy", high=0.999)
whole_free = ratio("multi_tenant.whole_free", r"P_{\mathrm{node}}", "probability that a whole node is free")
usable = Quantity("multi_tenant.usable", r"f_{\mathrm{use}}", "1", "free accelerators on whole free nodes, per node")
random_free = Quantity("multi_tenant.random_free", r"f_{\mathrm{all}}", "1", "free accelerators, per node")
random_stranded = ratio(
    "multi_tenant.random_stranded", r"\phi_{\mathrm{node}}", "share that whole-node jobs cannot use"
)
some_node = ratio("multi_tenant.some_node", r"P_{\mathrm{some}}", "probability that any node of the fleet is free")

all_free = define(
    equation(whole_free, (1 - occupied) ** node_size), because="each is free by chance, and a whole node when all are"
)
usable_mean = define(equation(usable, node_size * whole_free), because="a free node brings all it has")
free_mean = define(equation(random_free, node_size * (1 - occupied)), because="what is not busy is free")
random_share = define(equation(random_stranded, 1 - usable / random_free), because="the rest of the free is stranded")
random_share_named = substitute(
    random_share,
    substitute(
        usable_mean,
        all_free,
        result=equation(usable, node_size * (1 - occupied) ** node_size),
        because="name the chance of a free node",
    ),
    free_mean,
    result=equation(random_stranded, 1 - node_size * (1 - occupied) ** node_size / (node_size * (1 - occupied))),
    because="name both",
)
random_share_law = rewrite(
    random_share_named,
    equation(random_stranded, 1 - (1 - occupied) ** (node_size - 1)),
    because="a free accelerator is usable when all the others of its node are free",
)
some_free = define(equation(some_node, 1 - (1 - whole_free) ** nodes), because="unless every node misses")
some_law = substitute(
    some_free,
    all_free,
    result=equation(some_node, 1 - (1 - (1 - occupied) ** node_size) ** nodes),
    because="name the chance of one",
)

wall = Wall(
    number=16,
    name="multi_tenant",
    domain="fleet",
    core=(
        random_law,
        queue.load_law,
        queue.one_service,
        fixed_law,
        fixed_distribution_law,
        queue.utilisation_law,
        many_servers.erlang_c,
        shared_law,
        exact_for_one,
        answer_law,
        tenants_law,
        stranded_rest,
        share_law,
        worst_law,
        surely_law,
        random_share_law,
        some_law,
    ),
    binds="requests wait behind those of others, or free accelerators lie where no job can use them",
    assumptions=(
        "requests arrive independently of each other and are served in order",
        "a job needs its accelerators on one node, and is not moved once it runs",
        "where accelerators are busy at random, they are so independently of each other",
    ),
    validity="one server: exact; many servers and other than random services: an approximation; jobs no larger than a node",
)
