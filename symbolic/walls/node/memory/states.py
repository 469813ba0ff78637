"""Weights, gradients and optimizer state of a training step, as ZeRO divides them over the ranks of a stage."""

from sympy import Piecewise

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    expert,
    gradient_bytes,
    offload_optimizer,
    state_bytes,
    tensor,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.split import (
    expert_stage,
    first_layers,
    shared_between,
    shared_first,
    shared_last,
    shared_stage,
    stage_layers,
    tail_layers,
)
from mlsysim.symbolic.foundations.transformer import expert_layer, shared_layer
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, data
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.memory import divided
from mlsysim.symbolic.walls.node.memory import zero as zero_wall
from mlsysim.symbolic.walls.node.memory.divided import (
    bytes_each,
    dense_parameters,
    divided_data,
    expert_parameters,
    layer_dense,
    layer_experts,
    two_layers,
)
from mlsysim.symbolic.walls.node.memory.zero import parameter_bytes, parts, state_parts, weight_parts


def _bytes(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"memory.{name}", latex, "byte/param", meaning, high=16)


shared_bytes = _bytes("shared_bytes", r"\beta_{\mathrm{sh}}", "bytes that a parameter takes on each of its ranks")
expert_bytes = _bytes("expert_bytes", r"\beta_{\mathrm{ex}}", "bytes that an expert's takes on each of its")
gathered = data("memory.gathered", r"M_{\mathrm{gather}}", "layers gathered for use under ZeRO 3")
staged = data("memory.staged", r"M_{\mathrm{stage}}", "gradients on their way to the host")
staged_layers = data("memory.staged_layers", r"M_{\mathrm{g},2}", "gradients of two layers")
stage_shared = Quantity(
    "memory.stage_shared", r"S_{\mathrm{sh},j}", "param", "parameters of an accelerator of a stage, experts apart",
    display="Gparam", low=1, high=1e11,
)  # fmt: skip
stage_experts = Quantity(
    "memory.stage_experts", r"S_{\mathrm{ex},j}", "param", "parameters of its routed experts",
    display="Gparam", low=1, high=1e11,
)  # fmt: skip
held_layers = count("memory.held_layers", r"\ell_{j}", "layers of a stage", high=32)
shared_states = data("memory.shared_states", r"S_{\mathrm{sh}\beta}", "training states of a stage, experts apart")
expert_states = data("memory.expert_states", r"S_{\mathrm{ex}\beta}", "training states of its routed experts")
stage_states = data("memory.stage_states", r"S_{j}", "training states on an accelerator of a stage")
first_states = data(
    "memory.first_states", r"S_{\mathrm{first}}", "training states on an accelerator of the first stage"
)
between_states = data("memory.between_states", r"S_{\mathrm{mid}}", "training states on one of a stage between")
last_states = data("memory.last_states", r"S_{\mathrm{last}}", "training states on one of the last stage")
update_moved = data(
    "memory.update_moved", r"D_{\mathrm{opt}}", "data that the optimizer's update moves on one accelerator"
)

bytes_of_a_shared_parameter = apply(
    zero_wall.bytes_law,
    {parameter_bytes: shared_bytes},
    because="weight, gradient and state, divided as ZeRO says; what the host holds does not lie here",
    cite="rajbhandari2020,ren2021",
    when=TRANSFORMER_TRAINING,
)
bytes_of_an_expert_s_parameter = apply(
    divided.expert_bytes_law,
    {parameter_bytes: expert_bytes},
    because="the same, but experts have fewer ranks than the rest",
    cite="rajbhandari2020,lepikhin2020,ren2021",
    when=TRANSFORMER_TRAINING,
)

# What a stage holds.
experts_of_a_stage = apply(
    shares.law,
    {shares.share: stage_experts, shares.whole: held_layers * expert_layer, shares.shares: tensor * expert},
    because="expert parallelism divides the experts, tensor parallelism every one of them",
    cite="lepikhin2020",
)
of_the_shared = apply(
    in_turn.law,
    {in_turn.whole: shared_states, in_turn.parts: stage_shared, in_turn.part: shared_bytes},
    because="parameters add up",
)
of_the_experts = apply(
    in_turn.law,
    {in_turn.whole: expert_states, in_turn.parts: stage_experts, in_turn.part: expert_bytes},
    because="parameters add up",
)
of_both = total(
    of_the_shared,
    of_the_experts,
    result=equation(stage_states, shared_states + expert_states),
    because="experts beside the rest",
)
stage_law = substitute(
    of_both,
    of_the_shared,
    of_the_experts,
    experts_of_a_stage,
    result=equation(
        stage_states, shared_bytes * stage_shared + expert_bytes * held_layers * expert_layer / (tensor * expert)
    ),
    because="name both",
)


def _states(result: Quantity, shared: Quantity, layers_here: Quantity, because: str) -> Step:
    """Weights, gradients and optimizer state of a stage."""
    return apply(
        stage_law,
        {stage_states: result, stage_shared: shared, held_layers: layers_here},
        because=because,
        cite="rajbhandari2020",
        when=TRANSFORMER_TRAINING,
    )


states_of_the_first = _states(first_states, shared_first, first_layers, "of the parameters of the first stage")
states_between = _states(between_states, shared_between, stage_layers, "of those of a stage between the ends")
states_of_the_last = _states(last_states, shared_last, tail_layers, "of those of the last stage")

# What passes through.
layers_gathered = apply(
    divided.two_layers_law,
    {
        two_layers: gathered,
        bytes_each: weight_bytes,
        layer_dense: Piecewise((shared_layer, weight_parts > 1), (0, True)),
        layer_experts: Piecewise((expert_layer / expert, weight_parts > expert), (0, True)),
    },
    because="one layer is used while the next arrives; weights that no other rank has a part of lie here already",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
gradients_of_two_layers = apply(
    divided.two_layers_law,
    {two_layers: staged_layers, bytes_each: gradient_bytes, layer_dense: shared_layer, layer_experts: expert_layer / expert},
    because="one layer's gradients leave while the next layer's are made",
    cite="ren2021",
)  # fmt: skip
leave_at_once = define(
    equation(staged, offload_optimizer * Piecewise((staged_layers, zero >= 2), (0, True))),
    because="divided gradients leave for the host as soon as they are summed, others once in a step",
    cite="ren2021",
)
gradients_staged = substitute(
    leave_at_once,
    gradients_of_two_layers,
    result=equation(
        staged,
        offload_optimizer
        * Piecewise((2 * gradient_bytes * (shared_layer + expert_layer / expert) / tensor, zero >= 2), (0, True)),
    ),
    because="name two layers' gradients",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)
update_data = apply(
    divided.divided_law,
    {
        divided_data: update_moved,
        bytes_each: gradient_bytes + weight_bytes + 2 * state_bytes,
        parts: state_parts,
        dense_parameters: shared_stage,
        expert_parameters: expert_stage,
    },
    because="the update reads gradients and state, and writes state and weights, each rank its part",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
