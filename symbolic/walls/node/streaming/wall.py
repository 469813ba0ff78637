"""Streaming: weights that live elsewhere arrive no faster than the link that brings them.

A layer's weights arrive while the layer before computes; with enough tokens the arrival hides behind the arithmetic.
"""

from sympy import Max, Min, oo

from mlsysim.symbolic.foundations import hiding
from mlsysim.symbolic.foundations.inputs import efficiency, layers, peak, weight_bytes
from mlsysim.symbolic.foundations.inputs import multiply_add as two
from mlsysim.symbolic.quantity import Quantity, data, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    bottleneck,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    substitute,
)
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, token_work, weights, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, speed


def _rate(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"streaming.{name}", latex, "byte/s", meaning, display="GB/s", low=1e8, high=1e13)


layer_weights = Quantity(
    "streaming.layer_weights", r"P_{\ell}", "param", "weights of a layer", display="Gparam", low=1e3, high=1e11
)
layer_data = data("streaming.layer_data", r"W_{\ell}", "data of the weights of a layer")
inject = _rate("inject", r"BW_{\mathrm{in}}", "rate at which weights arrive")
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

# Both at once, layer after layer.
pass_time = time("streaming.pass_time", r"T_{\mathrm{pass}}", "time of all layers")
mean_time = time("streaming.mean_time", r"T_{\mathrm{mean}}", "time of a pass per layer")
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
pass_law = given(
    equation(pass_time, stream_time + (layers - 1) * layer_time + layer_compute),
    because="the first layer arrives before anything computes, and the last computes after all has arrived",
    cite="lie2022",
)
per_layer = define(equation(mean_time, pass_time / layers), because="shared out among the layers")
mean_law = substitute(
    per_layer,
    pass_law,
    result=equation(mean_time, (stream_time + (layers - 1) * layer_time + layer_compute) / layers),
    because="name the pass",
)
steady = limit(mean_law, layers, oo, equation(mean_time, layer_time), because="with many layers the ends do not count")
one_layer = specialise(
    pass_law, {layers: 1}, equation(pass_time, stream_time + layer_compute), because="a lone layer hides nothing"
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

# What is reached of the arithmetic.
busy = ratio("streaming.busy", "u", "share of time in which a layer computes")
throughput = Quantity("streaming.throughput", "X", "token/s", "tokens per time through all layers", high=1e9)
computing_share = define(equation(busy, layer_compute / layer_time), because="a share of the time of a layer")
share_of_both = substitute(
    computing_share,
    slower,
    result=equation(busy, layer_compute / Max(stream_time, layer_compute)),
    because="name the time of a layer",
)
share_of_times = substitute(
    share_of_both,
    stream_law,
    compute_law,
    result=equation(
        busy,
        two
        * layer_weights
        * tokens
        / (peak * efficiency)
        / Max(weight_bytes * layer_weights / inject, two * layer_weights * tokens / (peak * efficiency)),
    ),
    because="name both times",
)
busy_law = rewrite(
    share_of_times,
    equation(busy, Min(1, tokens * (two * inject / (weight_bytes * peak * efficiency)))),
    because="below the ridge the arithmetic idles in proportion, above it never",
)
through = define(equation(throughput, tokens / (layers * layer_time)), because="all tokens pass all layers")
throughput_law = substitute(
    through,
    slower,
    result=equation(throughput, tokens / (layers * Max(stream_time, layer_compute))),
    because="name the time of a layer",
)

# Offloading: the weights that do not fit wait in the host's memory or on its disks.
share = ratio("streaming.offloaded", "x", "share of a layer's weights kept off the accelerator", low=0.01)
disk = _rate("disk", r"BW_{\mathrm{disk}}", "rate of the memory or disks where the weights wait")
link = _rate("link", r"BW_{\mathrm{way}}", "rate of the link between host and accelerator")
offload_rate = _rate("offload_rate", r"BW_{\mathrm{off}}", "rate at which a layer arrives, what stays counted as come")
disk_time = time("streaming.disk_time", r"T_{\mathrm{disk}}", "time to read the offloaded part of a layer")
link_time = time("streaming.link_time", r"T_{\mathrm{link}}", "time to send it over the link")
offload_time = time("streaming.offload_time", r"T_{\mathrm{off}}", "time in which the offloaded part arrives")
offload_layer_time = time("streaming.offload_layer_time", r"T_{\ell,\mathrm{off}}", "time of a layer when offloading")
offload_ridge = Quantity(
    "streaming.offload_ridge", r"B^{*}_{\mathrm{off}}", "token", "tokens from which offloading is hidden", high=1e6
)
reading = apply(
    stream_law,
    {stream_time: disk_time, layer_weights: share * layer_weights, inject: disk},
    because="the same equation, for the part that is away",
)
sending = apply(
    stream_law,
    {stream_time: link_time, layer_weights: share * layer_weights, inject: link},
    because="the same equation, over the link",
)
path = bottleneck(
    reading,
    sending,
    result=equation(offload_time, Max(disk_time, link_time)),
    because="one piece is read while the piece before it is sent",
    cite="rajbhandari2021",
)
path_times = substitute(
    path,
    reading,
    sending,
    result=equation(
        offload_time, Max(weight_bytes * (share * layer_weights) / disk, weight_bytes * (share * layer_weights) / link)
    ),
    because="name both times",
)
offload_law = rewrite(
    path_times,
    equation(offload_time, weight_bytes * layer_weights * share / Min(disk, link)),
    because="the slowest part of the way is all that counts",
)
offload_layer = bottleneck(
    offload_law,
    compute_law,
    result=equation(offload_layer_time, Max(offload_time, layer_compute)),
    because="fetching a layer ahead overlaps with computing",
    cite="sheng2023",
)
rate_of_arrival = define(
    equation(offload_rate, weight_bytes * layer_weights / offload_time),
    because="as if the whole layer came, though only a share does",
)
offload_rate_law = substitute(
    rate_of_arrival,
    offload_law,
    result=equation(offload_rate, Min(disk, link) / share),
    because="the size of the layer cancels",
)
same_ridge = apply(ridge_law, {ridge: offload_ridge, inject: offload_rate}, because="only the rate is another")
offload_ridge_law = substitute(
    same_ridge,
    offload_rate_law,
    result=equation(offload_ridge, weight_bytes * peak * efficiency * share / (two * Min(disk, link))),
    because="what stays on the accelerator needs no hiding",
)

wall = Wall(
    number=6,
    name="streaming",
    domain="node",
    core=(
        slower,
        stall_law,
        layer_law,
        arriving,
        stored,
        stream_law,
        compute_law,
        pass_law,
        steady,
        ridge_law,
        busy_law,
        throughput_law,
        offload_law,
        offload_layer,
        offload_ridge_law,
    ),
    binds="a layer's weights take longer to arrive than its tokens take to compute",
    assumptions=(
        "there is room for a layer to arrive while another computes",
        "all layers are alike",
        "attention's work is small next to the products with the weights",
    ),
    validity="weights that are used once in a pass; activations stay on the accelerator",
)
