"""Waiting for a slot: every replica has a queue of its own, and its slots are the servers."""

from mlsysim.symbolic.foundations import many_servers, queue
from mlsysim.symbolic.foundations.inputs import batch, one_sample, slots
from mlsysim.symbolic.foundations.queue import arrivals, one_request, rate, servers, service, utilisation
from mlsysim.symbolic.quantity import SERVING, Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, solve
from mlsysim.symbolic.systems.serving.slots import full_hold, replica_arrivals
from mlsysim.symbolic.wall import Condition
from mlsysim.symbolic.walls.node import tail_latency

capacity = Quantity(
    "performance.capacity", r"\lambda_{\max}", "request/s", "requests per time that can be served", low=1e-3, high=1e6
)
slots_busy = ratio("performance.utilisation", r"\rho_{\mathrm{slot}}", "share of the slots that requests keep busy")

slot_rate = apply(
    solve(queue.one_service, rate, equation(rate, one_request / service), because="a service time is a rate"),
    {},
    because="each slot serves one request after another",
    when=SERVING,
)
slots_serve = define(equation(servers, slots / one_sample), because="each slot is a server", when=SERVING)
slots_load = apply(queue.load_law, {arrivals: replica_arrivals}, because="the law of load, for a replica", when=SERVING)
slots_used = apply(queue.utilisation_law, {}, because="any free slot takes the next request", when=SERVING)
slots_shown = define(equation(slots_busy, utilisation), because="the same, as a metric", when=SERVING)
no_slot_free = apply(many_servers.erlang_named, {}, because="Erlang's second formula, for the slots", when=SERVING)
slot_wait = apply(
    tail_latency.quantile_law,
    {tail_latency.spread: 1, arrivals: replica_arrivals},
    because="requests arrive at random, and the lengths of answers do not remember",
    when=SERVING,
)
can_serve = define(
    equation(capacity, batch / one_sample * one_request / full_hold),
    because="the slots of all replicas, taken without a break",
    when=SERVING,
)
keeps_up = Condition(
    "stability",
    arrivals,
    capacity,
    "requests pile up: {needed} arrive, but at most {available} can be served",
    when=SERVING,
)

wall = tail_latency.wall
