"""Context parallelism: keys and values go round a ring while attention computes."""

from sympy import Eq, Max, Min, Piecewise

from mlsysim.symbolic.foundations import hiding
from mlsysim.symbolic.foundations.inputs import (
    context,
    heads,
    kv_heads,
    latent,
    link_latency,
    net_latency,
    overlap,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.results import rate_of
from mlsysim.symbolic.foundations.split import local_tokens, stage_layers
from mlsysim.symbolic.foundations.transformer import mix_width, query_key_width
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, data, time
from mlsysim.symbolic.rules import apply, define, equation, substitute
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, nearest, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_forward, compute_time, work
from mlsysim.symbolic.walls.node.compute.work import attention_passes

context_rate = rate_of("context_rate", r"BW_c", "bandwidth of the context-parallel links")
context_latency = time(
    "communication.context_latency", r"\alpha_c", "latency of the context-parallel links", display="us"
)
context_message = data("communication.context_message", r"M_c", "keys and values of a microbatch's part", display="MB")
context_hop = time("communication.context_hop", r"T_{\mathrm{hop},c}", "passing keys and values on once")
attention_work = Quantity(
    "communication.attention_work",
    r"O_{\mathrm{attn}}",
    "flop",
    "a layer's attention both ways",
    display="TFLOP",
    low=1,
)
attention_time = time("communication.attention_time", r"T_{\mathrm{attn}}", "time of a layer's attention both ways")
layer_shown = time("communication.layer_shown", r"T_{\mathrm{CP},\ell}", "what shows of a layer's ring", low=0)
context_time = time(
    "communication.context_time", r"t_{\mathrm{CP}}", "context-parallel communication not hidden", low=0
)

context_link = define(
    equation(context_rate, nearest(tensor * context, link_rate, net_rate)),
    because="context ranks lie next to tensor ranks",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
context_wait = define(
    equation(context_latency, nearest(tensor * context, link_latency, net_latency)),
    because="context ranks lie next to tensor ranks",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
context_data = define(
    equation(
        context_message,
        local_tokens
        * value_bytes
        * (query_key_width + mix_width)
        * Piecewise((heads, Eq(latent, 1)), (kv_heads, True))
        / Min(tensor, Piecewise((heads, Eq(latent, 1)), (kv_heads, True))),
    ),
    because="each rank passes on the keys and values of its part",
    cite="liu2023ring",
    when=TRANSFORMER_TRAINING,
)
context_pass = apply(
    messages.one_message,
    {hop: context_hop, message: context_message, latency: context_latency, bandwidth: context_rate},
    because="one message to the neighbour",
    when=TRANSFORMER_TRAINING,
)
attention_share = define(
    equation(attention_work, local_tokens / tensor * attention_passes * attention_forward),
    because="what a layer's attention computes",
    when=TRANSFORMER_TRAINING,
)
attention_takes = apply(
    compute.law,
    {work: attention_work, compute_time: attention_time},
    because="the law of compute",
    when=TRANSFORMER_TRAINING,
)
shown_of_a_layer = apply(
    hiding.law,
    {
        hiding.shown: layer_shown,
        hiding.exchange: (context - 1) * attention_passes * context_hop,
        hiding.window: overlap * attention_time,
    },
    because="once round the ring for every pass; only what attention cannot hide counts",
    cite="liu2023ring",
)
every_layer = define(equation(context_time, stage_layers * layer_shown), because="layer after layer")
context_step = substitute(
    every_layer,
    shown_of_a_layer,
    result=equation(
        context_time, stage_layers * Max(0, (context - 1) * attention_passes * context_hop - overlap * attention_time)
    ),
    because="name what shows of a layer",
    cite="liu2023ring",
    when=TRANSFORMER_TRAINING,
)
