"""Expert parallelism: tokens go out to their experts and come back, and the rank with the most tokens decides."""

from sympy import Min

from mlsysim.symbolic.foundations.inputs import active_experts, expert, hidden, value_bytes
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.quantity import count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, exchange_time, latency, message, ranks

imbalance = ratio("communication.imbalance", r"\gamma", "load of the busiest expert rank per mean load", low=1, high=8)
routed_ranks = count("communication.routed_ranks", r"e_{\max}", "ranks to which a token may be routed", high=8)
copies = ratio("communication.copies", "q", "copies of a token that are sent", low=1, high=8)
even_message = data("communication.even_message", r"M_{\mathrm{EP}}", "activations sent if routing were even")
busiest_message = data("communication.busiest_message", r"M_{\gamma}", "activations of the busiest rank")
layer_experts = time("communication.layer_experts", r"T_{\mathrm{EP}}", "expert exchange of a layer for a microbatch")
one_exchange = time("communication.one_exchange", r"T_{\mathrm{A2A,EP}}", "one exchange with the experts")

limited = given(
    equation(copies, Min(active_experts, routed_ranks)),
    because="experts on one rank share a copy, and routing is limited to a few ranks",
    cite="deepseek2024v2",
)
if_even = define(
    equation(even_message, copies * local_tokens * hidden * value_bytes), because="every copy carries the whole token"
)
even_law = substitute(
    if_even,
    limited,
    result=equation(even_message, Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes),
    because="name the copies",
)
uneven = define(
    equation(busiest_message, imbalance * even_message), because="an exchange ends when its busiest rank has ended"
)
busiest_law = substitute(
    uneven,
    even_law,
    result=equation(
        busiest_message, imbalance * (Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes)
    ),
    because="name the even share",
)
expert_exchange = apply(
    messages.exchange,
    {exchange_time: one_exchange, ranks: expert, message: busiest_message},
    because="an all-to-all over the expert-parallel ranks",
)
four_exchanges = given(
    equation(layer_experts, 4 * one_exchange),
    because="tokens go out and come back, forward and backward",
    cite="lepikhin2020",
)
expert_named = substitute(
    four_exchanges,
    expert_exchange,
    result=equation(layer_experts, 4 * ((expert - 1) * (latency + busiest_message / expert / bandwidth))),
    because="name the exchange",
)
expert_law = substitute(
    expert_named,
    busiest_law,
    result=equation(
        layer_experts,
        4
        * (expert - 1)
        * (
            latency
            + imbalance * Min(active_experts, routed_ranks) * local_tokens * hidden * value_bytes / expert / bandwidth
        ),
    ),
    because="name the data",
)
