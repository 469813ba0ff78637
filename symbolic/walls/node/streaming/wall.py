"""Streaming: weights that live elsewhere arrive no faster than the link that brings them.

A layer's weights arrive while the layer before computes; with enough tokens the arrival hides behind the arithmetic.
"""

from sympy import Max, Min, oo

from mlsysim.symbolic.foundations.inputs import efficiency, layers, peak, weight_bytes
from mlsysim.symbolic.foundations.inputs import multiply_add as two
from mlsysim.symbolic.quantity import Quantity, ratio, time
from mlsysim.symbolic.rules import define, equation, given, limit, rewrite, specialise, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.streaming import away, layer
from mlsysim.symbolic.walls.node.streaming.layer import (
    inject,
    layer_compute,
    layer_time,
    layer_weights,
    stream_time,
    tokens,
)

# Layer after layer.
pass_time = time("streaming.pass_time", r"T_{\mathrm{pass}}", "time of all layers")
mean_time = time("streaming.mean_time", r"T_{\mathrm{mean}}", "time of a pass per layer")

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

# What is reached of the arithmetic.
busy = ratio("streaming.busy", "u", "share of time in which a layer computes")
throughput = Quantity("streaming.throughput", "X", "token/s", "tokens per time through all layers", high=1e9)
computing_share = define(equation(busy, layer_compute / layer_time), because="a share of the time of a layer")
share_of_both = substitute(
    computing_share,
    layer.slower,
    result=equation(busy, layer_compute / Max(stream_time, layer_compute)),
    because="name the time of a layer",
)
share_of_times = substitute(
    share_of_both,
    layer.stream_law,
    layer.compute_law,
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
    layer.slower,
    result=equation(throughput, tokens / (layers * Max(stream_time, layer_compute))),
    because="name the time of a layer",
)

wall = Wall(
    number=6,
    name="streaming",
    domain="node",
    core=(
        layer.slower,
        layer.stall_law,
        layer.layer_law,
        layer.arriving,
        layer.stored,
        layer.stream_law,
        layer.compute_law,
        pass_law,
        steady,
        layer.ridge_law,
        busy_law,
        throughput_law,
        away.offload_law,
        away.offload_layer,
        away.offload_ridge_law,
    ),
    binds="a layer's weights take longer to arrive than its tokens take to compute",
    assumptions=(
        "there is room for a layer to arrive while another computes",
        "all layers are alike",
        "attention's work is small next to the products with the weights",
    ),
    validity="weights that are used once in a pass; activations stay on the accelerator",
)
