"""A layer that streams: its weights arrive while the layer before computes, and the slower of both decides."""

from sympy import Max

from mlsysim.symbolic.foundations import hiding
from mlsysim.symbolic.foundations.inputs import efficiency, peak, weight_bytes
from mlsysim.symbolic.foundations.inputs import multiply_add as two
from mlsysim.symbolic.quantity import Quantity, data, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, given, rewrite, solve, substitute
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, token_work, weights, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, speed


def arrival_rate(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"streaming.{name}", latex, "byte/s", meaning, display="GB/s", low=1e8, high=1e13)


layer_weights = Quantity(
    "streaming.layer_weights", r"P_{\ell}", "param", "weights of a layer", display="Gparam", low=1e3, high=1e11
)
layer_data = data("streaming.layer_data", r"W_{\ell}", "data of the weights of a layer")
inject = arrival_rate("inject", r"BW_{\mathrm{in}}", "rate at which weights arrive")
stream_time = time("streaming.stream_time", r"T_{\mathrm{in}}", "time in which the weights of a layer arrive")
tokens = Quantity(
    "streaming.tokens", "B", "token", "tokens that a layer computes on while it is there", low=1, high=1e6
)
work_per_token = Quantity("streaming.token_work", r"o_{\ell}", "flop/token", "work of a layer on a token", high=1e12)
layer_work = Quantity("streaming.layer_work", r"O_{\ell}", "flop", "work of a layer", display="TFLOP", high=1e18)
layer_compute = time("streaming.layer_compute", r"T_{\mathrm{F}}", "time in which a layer computes")
layer_time = time("streaming.layer_time", r"T_{\ell}", "time of a layer among others")
stall = time("streaming.stall", r"T_{\mathrm{stall}}", "time by which its arrival makes computing later", low=0)
ridge = Quantity("streaming.ridge", r"B^{*}", "token", "tokens from which the arrival of weights is hidden", high=1e6)

# A layer arrives.
arrival = apply(
    memory.speed_is_data_per_time,
    {speed: inject, moved: layer_data, memory_time: stream_time},
    because="a bandwidth is data per time",
)
arriving = solve(
    arrival, stream_time, equation(stream_time, layer_data / inject), because="the time is what was asked for"
)
stored = define(equation(layer_data, weight_bytes * layer_weights), because="every weight takes its bytes")
stream_law = substitute(
    arriving, stored, result=equation(stream_time, weight_bytes * layer_weights / inject), because="name the data"
)

# A layer computes.
token_law = apply(
    compute.per_token,
    {token_work: work_per_token, weights: layer_weights},
    because="a token meets every weight of the layer",
)
tokens_add_up = define(equation(layer_work, tokens * work_per_token), because="tokens add up")
work_law = substitute(
    tokens_add_up,
    token_law,
    result=equation(layer_work, tokens * (two * layer_weights)),
    because="name the work of a token",
)
computing = apply(compute.law, {work: layer_work, compute_time: layer_compute}, because="the law of compute")
compute_law = substitute(
    computing,
    work_law,
    result=equation(layer_compute, two * layer_weights * tokens / (peak * efficiency)),
    because="name the work",
)

# Both at once.
slower = bottleneck(
    stream_law,
    compute_law,
    result=equation(layer_time, Max(stream_time, layer_compute)),
    because="a layer arrives while the one before it computes, and the slower decides",
    cite="lie2022",
)
behind_computing = apply(
    hiding.later,
    {hiding.shown: stall, hiding.both: layer_time, hiding.window: layer_compute},
    because="computing alone would have ended after its own time",
)
stall_of_the_slower = substitute(
    behind_computing,
    slower,
    result=equation(stall, Max(stream_time, layer_compute) - layer_compute),
    because="name the time of a layer",
)
stall_law = rewrite(
    stall_of_the_slower,
    equation(stall, Max(0, stream_time - layer_compute)),
    because="what arrives while the layer before computes does not show",
)
layer_law = substitute(
    slower,
    stream_law,
    compute_law,
    result=equation(
        layer_time, Max(weight_bytes * layer_weights / inject, two * layer_weights * tokens / (peak * efficiency))
    ),
    because="name both times",
)

# The tokens at which both take equally long.
even = given(equation(stream_time, layer_compute), because="at the ridge both take equally long", cite="lie2022")
balance = substitute(
    even,
    stream_law,
    compute_law,
    result=equation(weight_bytes * layer_weights / inject, two * layer_weights * tokens / (peak * efficiency)),
    because="name both times",
)
turning = solve(
    balance,
    tokens,
    equation(tokens, weight_bytes * peak * efficiency / (two * inject)),
    because="the size of the layer cancels",
)
ridge_law = apply(turning, {tokens: ridge}, because="call it the ridge", cite="lie2022")
