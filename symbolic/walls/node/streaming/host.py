"""The host of a node: gradients, optimizer state and activations that a training step keeps there."""

from sympy import Max, Min

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import (
    devices,
    gradient_bytes,
    host_memory,
    node_size,
    offload_activations,
    offload_optimizer,
    state_bytes,
)
from mlsysim.symbolic.foundations.split import expert_stage, shared_stage
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, data, ratio
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, substitute, total
from mlsysim.symbolic.wall import Condition
from mlsysim.symbolic.walls.node.memory import divided
from mlsysim.symbolic.walls.node.memory import in_flight as schedule
from mlsysim.symbolic.walls.node.memory.in_flight import in_flight, in_flight_between, in_flight_last
from mlsysim.symbolic.walls.node.memory.kept import layer_kept
from mlsysim.symbolic.walls.node.memory.zero import parts, state_parts

host_users = count("memory.host_users", r"n_{\mathrm{host}}", "accelerators that share a host", high=72)
rank_part = Quantity(
    "memory.rank_part", r"S_{z}", "param", "parameters that a rank updates", display="Gparam", low=1, high=1e11
)
most_in_flight = ratio("memory.most_in_flight", r"\phi_{\max}", "layers in flight on the stage of most", high=128)
host_states = data("memory.host_states", r"M_{\mathrm{h,opt}}", "gradients and optimizer state on a host")
host_activations = data("memory.host_activations", r"M_{\mathrm{h,act}}", "activations on a host")
host_needed = data("memory.host_needed", r"M_{\mathrm{h}}", "memory that a host needs")

sharing_a_host = define(
    equation(host_users, Min(node_size, devices)), because="a node has one host", when=TRANSFORMER_TRAINING
)
part_of_a_rank = apply(
    divided.part_law,
    {
        divided.both_parts: rank_part,
        divided.dense_parameters: shared_stage,
        divided.expert_parameters: expert_stage,
        parts: state_parts,
    },
    because="each rank updates its part",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
states_on_the_host = apply(
    in_turn.law,
    {
        in_turn.whole: host_states,
        in_turn.parts: offload_optimizer * host_users,
        in_turn.part: (gradient_bytes + state_bytes) * rank_part,
    },
    because="the host updates from gradients and state, each rank its part",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
layers_waiting = apply(
    in_turn.law,
    {
        in_turn.whole: host_activations,
        in_turn.parts: offload_activations * host_users * most_in_flight,
        in_turn.part: layer_kept,
    },
    because="all layers in flight wait there, of every accelerator",
    cite="rajbhandari2021",
)
most_layers = bottleneck(
    schedule.layers_in_flight,
    schedule.layers_in_flight_between,
    schedule.layers_in_flight_last,
    result=equation(most_in_flight, Max(in_flight, in_flight_between, in_flight_last)),
    because="the host of the stage that holds most decides",
)
activations_on_the_host = substitute(
    layers_waiting,
    most_layers,
    result=equation(
        host_activations,
        offload_activations * host_users * Max(in_flight, in_flight_between, in_flight_last) * layer_kept,
    ),
    because="name the most layers",
    cite="rajbhandari2021",
    when=TRANSFORMER_TRAINING,
)
on_the_host = total(
    states_on_the_host,
    activations_on_the_host,
    result=equation(host_needed, host_states + host_activations),
    because="both lie there",
    when=TRANSFORMER_TRAINING,
)
holds_it = Condition(
    "memory.host",
    host_needed,
    host_memory,
    "offload needs {needed} on a host that has {available}",
    when=TRANSFORMER_TRAINING,
)
