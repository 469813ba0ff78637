"""Tensor parallelism: every half of a layer ends in an all-reduce, forward and backward."""

from mlsysim.symbolic.foundations.inputs import hidden, link_latency, net_latency, tensor, value_bytes
from mlsysim.symbolic.foundations.results import rate_of
from mlsysim.symbolic.foundations.split import local_tokens, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, nearest, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, latency, message, ranks, reduce_time
from mlsysim.symbolic.walls.node.compute.work import product_passes

tensor_rate = rate_of("tensor_rate", r"BW_t", "bandwidth of the tensor-parallel links")
tensor_latency = time("communication.tensor_latency", r"\alpha_t", "latency of the tensor-parallel links", display="us")
tensor_message = data("communication.tensor_message", r"M_t", "activations of a microbatch", display="MB")
tensor_reduce = time("communication.tensor_reduce", r"T_{\mathrm{AR},t}", "one tensor-parallel all-reduce")
tensor_time = time("communication.tensor_time", r"t_{\mathrm{TP}}", "tensor-parallel communication of a microbatch")
full_again = ratio("communication.full_again", r"\rho", "further forward passes of full recomputation", low=0)

tensor_link = define(
    equation(tensor_rate, nearest(tensor, link_rate, net_rate)),
    because="ranks that exchange most are nearest",
    cite="narayanan2021",
    when=TRANSFORMER,
)
tensor_wait = define(
    equation(tensor_latency, nearest(tensor, link_latency, net_latency)),
    because="ranks that exchange most are nearest",
    cite="narayanan2021",
    when=TRANSFORMER,
)
tensor_data = define(
    equation(tensor_message, local_tokens * hidden * value_bytes),
    because="a layer's output is as large as its input",
    cite="shoeybi2019",
    when=TRANSFORMER_TRAINING,
)
tensor_all_reduce = apply(
    messages.all_reduce,
    {
        reduce_time: tensor_reduce,
        ranks: tensor,
        message: tensor_message,
        latency: tensor_latency,
        bandwidth: tensor_rate,
    },
    because="a ring over the tensor-parallel ranks; with sequence parallelism its two halves apart",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
repeated = define(
    equation(full_again, product_passes - 3),
    because="full recomputation communicates again",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
tensor_step = define(
    equation(tensor_time, stage_layers * (4 + 2 * full_again) * tensor_reduce),
    because="attention and feed-forward layer each reduce once forward and once backward",
    cite="shoeybi2019",
    when=TRANSFORMER_TRAINING,
)
