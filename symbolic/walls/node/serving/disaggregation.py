"""Disaggregation: prefill and decode on accelerators of their own, with keys and values sent across."""

from sympy import Max

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import one_sample, sequence
from mlsysim.symbolic.foundations.split import stage_layers
from mlsysim.symbolic.quantity import Quantity, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, specialise, substitute
from mlsysim.symbolic.walls.node.batching.cache import token_cache
from mlsysim.symbolic.walls.node.serving.request import prefill_time

handed = data("serving.handed", r"D_{\mathrm{kv}}", "keys and values of a prompt on one accelerator")
handing_rate = Quantity(
    "serving.handing_rate",
    r"BW_{\mathrm{kv}}",
    "byte/s",
    "bandwidth that hands keys and values over",
    display="GB/s",
    low=1,
    high=1e13,
)
handing_time = time("serving.handing_time", r"T_{\mathrm{kv}}", "time to hand the keys and values of a prompt over")
layer_compute = time("serving.layer_compute", r"T_{\mathrm{pre},1}", "time of prefill on one layer")
layer_handing = time("serving.layer_handing", r"T_{\mathrm{kv},1}", "time to hand over what one layer caches")
handed_at = time("serving.handed_at", r"T_{\mathrm{there}}", "time from the start of prefill until all has arrived")
shown = time("serving.shown", r"T_{\mathrm{shown}}", "time of the handing over that prefill does not hide", low=0)
arrivals = Quantity(
    "disaggregation.arrivals", r"\lambda_{\mathrm{req}}", "sample/s", "requests per time", low=1e-2, high=1e3
)
link_load = ratio("serving.link_load", r"\rho_{\mathrm{kv}}", "share of time in which the link hands over")
least_rate = Quantity(
    "serving.least_rate", r"BW_{\mathrm{kv},\min}", "byte/s", "least bandwidth that keeps up", display="GB/s", high=1e13
)

handed_data = apply(
    in_turn.law,
    {in_turn.whole: handed, in_turn.parts: sequence * one_sample, in_turn.part: token_cache},
    because="decoding needs the keys and values of every token of the prompt",
    cite="zhong2024",
)
handing = given(equation(handing_time, handed / handing_rate), because="a bandwidth is data per time", cite="patel2024")
handing_law = substitute(
    handing,
    handed_data,
    result=equation(handing_time, sequence * one_sample * token_cache / handing_rate),
    because="name the data",
    cite="zhong2024",
)
share_of_prefill = apply(
    shares.law,
    {shares.share: layer_compute, shares.shares: stage_layers, shares.whole: prefill_time},
    because="layers take equally long to compute",
)
share_of_handing = apply(
    shares.law,
    {shares.share: layer_handing, shares.shares: stage_layers, shares.whole: handing_time},
    because="and to hand over",
)
layer_by_layer = given(
    equation(handed_at, layer_compute + (stage_layers - 1) * Max(layer_compute, layer_handing) + layer_handing),
    because="a layer is handed over while the next is computed, and the slower sets the pace",
    cite="patel2024",
)
seen = define(equation(shown, handed_at - prefill_time), because="what comes after prefill is seen")
seen_by_layer = substitute(
    seen,
    layer_by_layer,
    share_of_prefill,
    share_of_handing,
    result=equation(
        shown,
        prefill_time / stage_layers
        + (stage_layers - 1) * Max(prefill_time / stage_layers, handing_time / stage_layers)
        + handing_time / stage_layers
        - prefill_time,
    ),
    because="name the times of a layer",
)
shown_law = rewrite(
    seen_by_layer,
    equation(shown, (handing_time + (stage_layers - 1) * Max(0, handing_time - prefill_time)) / stage_layers),
    because="a fast link shows only the last layer",
)
busy_link = define(
    equation(link_load, arrivals * handing_time / one_sample), because="every request takes the link for a time"
)
busy_by_rate = substitute(
    busy_link,
    handing,
    result=equation(link_load, arrivals * handed / (handing_rate * one_sample)),
    because="name the time",
)
rate_by_load = solve(
    busy_by_rate,
    handing_rate,
    equation(handing_rate, arrivals * handed / (link_load * one_sample)),
    because="the bandwidth that such a load means",
)
keeping_up = apply(
    specialise(
        rate_by_load,
        {link_load: 1},
        equation(handing_rate, arrivals * handed / one_sample),
        because="a link cannot be busy more than all of the time",
    ),
    {handing_rate: least_rate},
    because="the least that keeps up",
    cite="zhong2024",
)
