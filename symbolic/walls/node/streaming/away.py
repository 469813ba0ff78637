"""Weights that are away: what does not fit on the accelerator waits in the host's memory or on its disks."""

from sympy import Max, Min

from mlsysim.symbolic.foundations.inputs import efficiency, peak, weight_bytes
from mlsysim.symbolic.foundations.inputs import multiply_add as two
from mlsysim.symbolic.quantity import Quantity, ratio, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, rewrite, substitute
from mlsysim.symbolic.walls.node.streaming import layer
from mlsysim.symbolic.walls.node.streaming.layer import (
    arrival_rate,
    inject,
    layer_compute,
    layer_weights,
    ridge,
    stream_time,
)

share = ratio("streaming.offloaded", "x", "share of a layer's weights kept off the accelerator", low=0.01)
disk = arrival_rate("disk", r"BW_{\mathrm{disk}}", "rate of the memory or disks where the weights wait")
link = arrival_rate("link", r"BW_{\mathrm{way}}", "rate of the link between host and accelerator")
offload_rate = arrival_rate(
    "offload_rate", r"BW_{\mathrm{off}}", "rate at which a layer arrives, what stays counted as come"
)
disk_time = time("streaming.disk_time", r"T_{\mathrm{disk}}", "time to read the offloaded part of a layer")
link_time = time("streaming.link_time", r"T_{\mathrm{link}}", "time to send it over the link")
offload_time = time("streaming.offload_time", r"T_{\mathrm{off}}", "time in which the offloaded part arrives")
offload_layer_time = time("streaming.offload_layer_time", r"T_{\ell,\mathrm{off}}", "time of a layer when offloading")
offload_ridge = Quantity(
    "streaming.offload_ridge", r"B^{*}_{\mathrm{off}}", "token", "tokens from which offloading is hidden", high=1e6
)

reading = apply(
    layer.stream_law,
    {stream_time: disk_time, layer_weights: share * layer_weights, inject: disk},
    because="the same equation, for the part that is away",
)
sending = apply(
    layer.stream_law,
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
    layer.compute_law,
    result=equation(offload_layer_time, Max(offload_time, layer_compute)),
    because="fetching a layer ahead overlaps with computing",
    cite="sheng2023",
)
as_if_whole = define(
    equation(offload_rate, weight_bytes * layer_weights / offload_time),
    because="as if the whole layer came, though only a share does",
)
offload_rate_law = substitute(
    as_if_whole,
    offload_law,
    result=equation(offload_rate, Min(disk, link) / share),
    because="the size of the layer cancels",
)
same_ridge = apply(layer.ridge_law, {ridge: offload_ridge, inject: offload_rate}, because="only the rate is another")
offload_ridge_law = substitute(
    same_ridge,
    offload_rate_law,
    result=equation(offload_ridge, weight_bytes * peak * efficiency * share / (two * Min(disk, link))),
    because="what stays on the accelerator needs no hiding",
)
