"""Expert parallelism: tokens travel to their experts and back."""

from mlsysim.symbolic.foundations.inputs import active_experts, expert, hidden, link_latency, net_latency, tensor
from mlsysim.symbolic.foundations.results import rate_of
from mlsysim.symbolic.foundations.split import local_tokens, stage_layers
from mlsysim.symbolic.foundations.transformer import sparse_share
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute
from mlsysim.symbolic.walls.fleet.communication import links, messages, payload
from mlsysim.symbolic.walls.fleet.communication.links import link_rate, net_rate
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, exchange_time, latency, message, ranks
from mlsysim.symbolic.walls.node.compute.work import full_again
from mlsysim.symbolic.walls.node.memory.kept import sequence_divisor

expert_rate = rate_of("expert_rate", r"BW_e", "bandwidth of the expert-parallel links")
expert_latency = time("communication.expert_latency", r"\alpha_e", "latency of the expert-parallel links", display="us")
expert_message = data("communication.expert_message", r"M_e", "activations that a rank sends to experts", display="MB")
expert_exchange = time("communication.expert_exchange", r"T_{\mathrm{A2A},e}", "one expert-parallel all-to-all")
pass_exchanges = count("communication.pass_exchanges", r"k_{e}", "exchanges with the experts in a pass", high=4)
layer_exchanges = ratio("communication.layer_exchanges", r"k_{e,\ell}", "exchanges of a layer", low=1, high=8)
expert_time = time("communication.expert_time", r"t_{\mathrm{EP}}", "expert-parallel communication of a microbatch")

expert_link = apply(
    links.nearest_law,
    {links.met: expert_rate, links.extent: tensor * expert, links.within: link_rate, links.beyond: net_rate},
    because="expert ranks lie next to tensor ranks",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)
expert_wait = apply(
    links.nearest_law,
    {links.met: expert_latency, links.extent: tensor * expert, links.within: link_latency, links.beyond: net_latency},
    because="expert ranks lie next to tensor ranks",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)
expert_data = apply(
    payload.shared_law,
    {
        payload.shared_payload: expert_message,
        payload.tokens: active_experts * local_tokens,
        payload.width: hidden,
        payload.sharing: sequence_divisor,
    },
    because="a token travels to each of its experts",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)
expert_all_to_all = apply(
    messages.exchange,
    {
        exchange_time: expert_exchange,
        ranks: expert,
        message: expert_message,
        latency: expert_latency,
        bandwidth: expert_rate,
    },
    because="every rank sends to every other",
    when=TRANSFORMER_TRAINING,
)
out_and_back = given(
    equation(pass_exchanges, 2), because="tokens go out to their experts and come back", cite="lepikhin2020"
)
passes_of_a_layer = define(
    equation(layer_exchanges, (2 + full_again) * pass_exchanges),
    because="forward, back, and forward again where activations are recomputed",
)
exchanges_of_a_layer = substitute(
    passes_of_a_layer,
    out_and_back,
    result=equation(layer_exchanges, 4 + 2 * full_again),
    because="two in every pass",
    cite="lepikhin2020",
)
every_sparse_layer = define(
    equation(expert_time, sparse_share * stage_layers * layer_exchanges * expert_exchange),
    because="every layer that has experts",
)
expert_step = substitute(
    every_sparse_layer,
    exchanges_of_a_layer,
    result=equation(expert_time, sparse_share * stage_layers * (4 + 2 * full_again) * expert_exchange),
    because="count the exchanges of a layer",
    cite="lepikhin2020",
    when=TRANSFORMER_TRAINING,
)
