"""Waiting for a slot: every replica has a queue of its own, and its slots are the servers."""

from mlsysim.symbolic.foundations import many_servers, queue
from mlsysim.symbolic.foundations.inputs import arrivals, batch, in_time, one_sample, slots
from mlsysim.symbolic.foundations.many_servers import must_wait
from mlsysim.symbolic.foundations.queue import inside, load, one_request, rate, servers, service, sojourn, utilisation
from mlsysim.symbolic.quantity import SERVING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, solve, substitute
from mlsysim.symbolic.systems.serving.slots import full_hold, held
from mlsysim.symbolic.systems.serving.turn import replica_arrivals
from mlsysim.symbolic.wall import Condition
from mlsysim.symbolic.walls.node.tail_latency import wall as tail_latency

slot_rate = Quantity(
    "serving.slot_rate", r"\mu_{\mathrm{slot}}", "request/s", "requests that one slot finishes per time", low=1, high=10
)
slot_load = Quantity("serving.slot_load", r"a_{\mathrm{slot}}", "1", "slots that the traffic would keep busy", low=1e-2)
all_busy = ratio("serving.all_busy", r"E_{\mathrm{slot}}", "probability that a request finds all slots taken")
slot_wait = time(
    "serving.slot_wait", r"W_{\mathrm{slot}}", "wait for a slot that a share of requests does not exceed", low=0
)
capacity = Quantity(
    "performance.capacity",
    r"\lambda_{\max}",
    "request/s",
    "requests per time that can be served",
    low=1e-3,
    high=1e6,
    more_is_better=True,
)
busy_slots = ratio("performance.utilisation", r"\rho_{\mathrm{slot}}", "share of the slots that requests keep busy")

rate_of_slot = apply(
    solve(queue.one_service, rate, equation(rate, one_request / service), because="a service time is a rate"),
    {rate: slot_rate, service: held},
    because="each slot serves one request after another",
    when=SERVING,
)
load_of_slots = apply(
    queue.load_law,
    {load: slot_load, queue.arrivals: replica_arrivals, rate: slot_rate},
    because="the law of load, for the slots of a replica",
    when=SERVING,
)
slots_used = apply(
    queue.utilisation_law,
    {utilisation: busy_slots, load: slot_load, servers: slots / one_sample},
    because="any free slot takes the next request",
    when=SERVING,
)
no_slot_free = apply(
    many_servers.erlang_named,
    {must_wait: all_busy, load: slot_load, servers: slots / one_sample},
    because="Erlang's second formula, for the slots",
    when=SERVING,
)
late_slot = apply(
    tail_latency.quantile_law,
    {
        tail_latency.wait_quantile: slot_wait,
        tail_latency.spread: 1,
        tail_latency.share: in_time,
        utilisation: busy_slots,
        must_wait: all_busy,
        servers: slots / one_sample,
        queue.arrivals: replica_arrivals,
        rate: slot_rate,
    },
    because="requests arrive at random, and the lengths of answers do not remember",
    when=SERVING,
)
all_taken = define(
    equation(inside, batch / one_sample * one_request), because="every slot of every replica holds a request"
)
passing_through = apply(
    queue.rate_by_little,
    {queue.arrivals: capacity, sojourn: full_hold},
    because="Little's law, for slots that are taken without a break",
)
can_serve = substitute(
    passing_through,
    all_taken,
    result=equation(capacity, batch / one_sample * one_request / full_hold),
    because="count the slots",
    cite="little1961",
    when=SERVING,
)
keeps_up = Condition(
    "stability",
    arrivals,
    capacity,
    "requests pile up: {needed} arrive, but at most {available} can be served",
    when=SERVING,
)
