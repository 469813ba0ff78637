"""What the accelerators of a replica exchange in prefill and decode."""

from mlsysim.symbolic.foundations.inputs import hidden, one_sample, one_token, sequence
from mlsysim.symbolic.foundations.split import group_requests, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, data, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.walls.fleet.communication import hierarchy, messages, payload, placement
from mlsysim.symbolic.walls.fleet.communication.hierarchy import hierarchy_time
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message, reduce_time
from mlsysim.symbolic.walls.fleet.communication.pipeline import stage_latency, stage_rate, stages_apart
from mlsysim.symbolic.walls.fleet.communication.tensor import tensor_inside, tensor_nodes
from mlsysim.symbolic.walls.node.serving import request

prefill_message = data(
    "communication.prefill_message", r"M_{\mathrm{pre}}", "activations of a prefill pass", display="MB"
)
decode_message = data("communication.decode_message", r"M_{\mathrm{dec}}", "activations of a decode step", display="MB")
prefill_reduce = time("communication.prefill_reduce", r"T_{\mathrm{AR,pre}}", "one all-reduce of a prefill pass")
decode_reduce = time("communication.decode_reduce", r"T_{\mathrm{AR,dec}}", "one all-reduce of a decode step")
prefill_hop = time("communication.prefill_hop", r"T_{\mathrm{hop,pre}}", "passing a prefill pass to the next stage")
decode_hop = time("communication.decode_hop", r"T_{\mathrm{hop,dec}}", "passing a decode step to the next stage")
prefill_layers = time(
    "communication.prefill_layers", r"T_{\mathrm{TP,pre}}", "all-reduces of a stage in prefill", low=0
)
prefill_stages = time(
    "communication.prefill_stages", r"T_{\mathrm{PP,pre}}", "passing prefill on to the next stage", low=0
)
prefill_exchange = time(
    "communication.prefill", r"T_{\mathrm{comm,pre}}", "communication of a prefill pass on a stage", low=0
)
decode_layers = time(
    "communication.decode_layers", r"T_{\mathrm{TP,dec}}", "all-reduces of a stage's layers in decode", low=0
)
decode_stages = time(
    "communication.decode_stages", r"T_{\mathrm{PP,dec}}", "passing on to the next stage in decode", low=0
)
decode_exchange = time(
    "communication.decode", r"T_{\mathrm{comm,dec}}", "communication of a decode step on a stage", low=0
)

prefill_data = apply(
    payload.law,
    {payload.payload: prefill_message, payload.tokens: group_requests * sequence, payload.width: hidden},
    because="the activations of every token of the prompts",
    when=TRANSFORMER_BATCH,
)
decode_data = apply(
    payload.law,
    {payload.payload: decode_message, payload.tokens: group_requests / one_sample * one_token, payload.width: hidden},
    because="the activations of one token of each request",
    when=TRANSFORMER_INFERENCE,
)
_levels = {placement.inside: tensor_inside, placement.outside: tensor_nodes}
_next = {latency: stage_latency, bandwidth: stage_rate}
prefill_all_reduce = apply(
    hierarchy.levels_law,
    {hierarchy_time: prefill_reduce, message: prefill_message, **_levels},
    because="within the nodes of the tensor-parallel ranks, and between them",
    when=TRANSFORMER_BATCH,
)
decode_all_reduce = apply(
    hierarchy.levels_law,
    {hierarchy_time: decode_reduce, message: decode_message, **_levels},
    because="within the nodes of the tensor-parallel ranks, and between them",
    when=TRANSFORMER_INFERENCE,
)
prefill_pass = apply(
    messages.one_message,
    {hop: prefill_hop, message: prefill_message, **_next},
    because="one message to the next stage",
    when=TRANSFORMER_BATCH,
)
decode_pass = apply(
    messages.one_message,
    {hop: decode_hop, message: decode_message, **_next},
    because="one message to the next stage",
    when=TRANSFORMER_INFERENCE,
)
prefill_sums = apply(
    request.exchanges,
    {request.exchange: prefill_layers, reduce_time: prefill_reduce},
    because="attention and feed-forward layer each reduce once",
)
prefill_onward = define(
    equation(prefill_stages, stages_apart * prefill_hop), because="and the stage passes its output on"
)
prefill_both = total(
    prefill_sums,
    prefill_onward,
    result=equation(prefill_exchange, prefill_layers + prefill_stages),
    because="one after the other",
)
prefill_all = substitute(
    prefill_both,
    prefill_sums,
    prefill_onward,
    result=equation(prefill_exchange, 2 * stage_layers * prefill_reduce + stages_apart * prefill_hop),
    because="name both",
    cite="shoeybi2019",
    when=TRANSFORMER_BATCH,
)
decode_sums = apply(
    request.exchanges,
    {request.exchange: decode_layers, reduce_time: decode_reduce},
    because="attention and feed-forward layer each reduce once",
)
decode_onward = define(equation(decode_stages, stages_apart * decode_hop), because="and the stage passes its output on")
decode_both = total(
    decode_sums,
    decode_onward,
    result=equation(decode_exchange, decode_layers + decode_stages),
    because="one after the other",
)
decode_all = substitute(
    decode_both,
    decode_sums,
    decode_onward,
    result=equation(decode_exchange, 2 * stage_layers * decode_reduce + stages_apart * decode_hop),
    because="name both",
    cite="shoeybi2019",
    when=TRANSFORMER_INFERENCE,
)
