"""Pipeline parallelism: activations go to the next stage, gradients to the one before."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import chunks, devices, hidden, link_latency, net_latency, pipeline
from mlsysim.symbolic.foundations.results import rate_of
from mlsysim.symbolic.foundations.split import local_tokens
from mlsysim.symbolic.quantity import TRANSFORMER, TRANSFORMER_TRAINING, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute
from mlsysim.symbolic.walls.fleet.communication import links, messages, payload
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message
from mlsysim.symbolic.walls.node.memory.kept import sequence_divisor

stage_rate = rate_of("stage_rate", r"BW_p", "bandwidth between pipeline stages")
stage_latency = time("communication.stage_latency", r"\alpha_p", "latency between pipeline stages", display="us")
stage_message = data("communication.stage_message", r"M_p", "activations passed between stages", display="MB")
stage_hop = time("communication.stage_hop", r"T_{\mathrm{hop},p}", "passing activations to the next stage")
stages_apart = ratio("communication.has_stages", r"\iota_p", "whether there is a next stage", low=0)
crossings = count("communication.crossings", r"k_{p}", "messages of a microbatch across a stage's end", high=64)
pipeline_time = time("communication.pipeline_time", r"t_{\mathrm{PP}}", "pipeline communication of a microbatch", low=0)
stage_link = apply(
    links.nearest_law,
    {links.met: stage_rate, links.extent: devices, links.within: link_rate, links.beyond: net_rate},
    because="stages lie farthest apart",
    cite="narayanan2021",
    when=TRANSFORMER,
)
stage_wait = apply(
    links.nearest_law,
    {links.met: stage_latency, links.extent: devices, links.within: link_latency, links.beyond: net_latency},
    because="stages lie farthest apart",
    cite="narayanan2021",
    when=TRANSFORMER,
)
stage_data = apply(
    payload.shared_law,
    {
        payload.shared_payload: stage_message,
        payload.tokens: local_tokens,
        payload.width: hidden,
        payload.sharing: sequence_divisor,
    },
    because="the output of a stage",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
stage_pass = apply(
    messages.one_message,
    {hop: stage_hop, message: stage_message, latency: stage_latency, bandwidth: stage_rate},
    because="one message to the next stage",
    when=TRANSFORMER_TRAINING,
)
more_than_one = define(
    equation(stages_apart, Piecewise((0, Eq(pipeline, 1)), (1, True))),
    because="a single stage has no neighbour",
    when=TRANSFORMER,
)
boundaries = given(
    equation(crossings, 2 * chunks),
    because="activations leave every chunk of a stage, and gradients come back to it",
    cite="narayanan2021",
)
every_crossing = define(
    equation(pipeline_time, stages_apart * crossings * stage_hop), because="every crossing is one message"
)
pipeline_step = substitute(
    every_crossing,
    boundaries,
    result=equation(pipeline_time, 2 * stages_apart * chunks * stage_hop),
    because="forward and backward, once for every chunk",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
