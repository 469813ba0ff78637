"""Weights, gradients and optimizer state, as ZeRO divides them over the accelerators that hold the same weights."""

from sympy import Expr, Max, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    expert,
    gradient_bytes,
    offload_optimizer,
    state_bytes,
    tensor,
    weight_bytes,
    zero,
)
from mlsysim.symbolic.foundations.results import activations, gradients, required, state, weights
from mlsysim.symbolic.foundations.split import (
    expert_stage,
    first_layers,
    group,
    shared_between,
    shared_first,
    shared_last,
    shared_stage,
    stage_layers,
    tail_layers,
)
from mlsysim.symbolic.foundations.transformer import expert_layer, shared_layer
from mlsysim.symbolic.quantity import TRAINING, TRANSFORMER_TRAINING, Quantity, count, data
from mlsysim.symbolic.rules import define, equation, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.memory import kept as activation_memory

gathered = data("memory.gathered", r"M_{\mathrm{gather}}", "layers gathered for use under ZeRO 3")
staged = data("memory.staged", r"M_{\mathrm{stage}}", "gradients on their way to the host")
shared_bytes = Quantity(
    "memory.shared_bytes",
    r"\beta_{\mathrm{sh}}",
    "byte/param",
    "bytes that a parameter takes on each of its ranks",
    high=16,
)
expert_bytes = Quantity(
    "memory.expert_bytes", r"\beta_{\mathrm{ex}}", "byte/param", "bytes that an expert's takes on each of its", high=16
)
first_states = data(
    "memory.first_states", r"S_{\mathrm{first}}", "training states on an accelerator of the first stage"
)
between_states = data("memory.between_states", r"S_{\mathrm{mid}}", "training states on one of a stage between")
last_states = data("memory.last_states", r"S_{\mathrm{last}}", "training states on one of the last stage")
first_need = data("memory.first_stage", r"M_{\mathrm{first}}", "memory that an accelerator of the first stage needs")
between_need = data("memory.between_stage", r"M_{\mathrm{mid}}", "memory that one of a stage between needs")
last_need = data("memory.last_stage", r"M_{\mathrm{last}}", "memory that one of the last stage needs")
needy_shared = Quantity(
    "memory.needy_shared",
    r"S_{\mathrm{sh}*}",
    "param",
    "parameters of an accelerator of the stage that needs most memory, experts apart",
    display="Gparam",
    low=1,
    high=1e11,
)
needy_layers = count("memory.needy_layers", r"\ell_{*}", "layers of the stage that needs most memory", low=0, high=32)
weight_parts = count("memory.weight_parts", r"\zeta_{\mathrm{w}}", "parts the weights are in")
gradient_parts = count("memory.gradient_parts", r"\zeta_{\mathrm{g}}", "parts the gradients are in")
state_parts = count("memory.state_parts", r"\zeta_{\mathrm{opt}}", "parts the optimizer state is in")
state_divided = define(
    equation(state_parts, Piecewise((group, zero >= 1), (1, True))),
    because="ZeRO 1 divides the optimizer state",
    cite="rajbhandari2020",
    when=TRAINING,
)
gradients_divided = define(
    equation(gradient_parts, Piecewise((group, zero >= 2), (1, True))),
    because="ZeRO 2 divides the gradients too",
    cite="rajbhandari2020",
    when=TRAINING,
)
weights_divided = define(
    equation(weight_parts, Piecewise((group, zero >= 3), (1, True))),
    because="ZeRO 3 divides the weights too",
    cite="rajbhandari2020",
    when=TRAINING,
)


def _divided(each: Quantity, parts: Quantity, shared: Quantity, experts: Expr) -> Expr:
    """A training state: bytes per parameter, shared by the replicas; experts have fewer replicas than the rest."""
    return each * (shared / parts + experts / Max(1, parts / expert))


#: What stays of gradients and state: ZeRO 2 hands gradients on as soon as they are summed, so they need not stay.
_GRADIENTS_STAY = 1 - offload_optimizer * Piecewise((1, zero >= 2), (0, True))
_STATE_STAYS = 1 - offload_optimizer


bytes_of_a_shared_parameter = define(
    equation(
        shared_bytes,
        weight_bytes / weight_parts
        + _GRADIENTS_STAY * gradient_bytes / gradient_parts
        + _STATE_STAYS * state_bytes / state_parts,
    ),
    because="weight, gradient and state, divided as ZeRO says; what the host holds does not lie here",
    cite="rajbhandari2020,ren2021",
    when=TRANSFORMER_TRAINING,
)
bytes_of_an_expert_s_parameter = define(
    equation(
        expert_bytes,
        weight_bytes / Max(1, weight_parts / expert)
        + _GRADIENTS_STAY * gradient_bytes / Max(1, gradient_parts / expert)
        + _STATE_STAYS * state_bytes / Max(1, state_parts / expert),
    ),
    because="the same, but experts have fewer replicas than the rest",
    cite="rajbhandari2020,lepikhin2020,ren2021",
    when=TRANSFORMER_TRAINING,
)


def _states(shared: Quantity, layers_here: Quantity) -> Expr:
    """Weights, gradients and optimizer state of a stage."""
    return shared_bytes * shared + expert_bytes * layers_here * expert_layer / (tensor * expert)


states_of_the_first = define(
    equation(first_states, _states(shared_first, first_layers)),
    because="its parameters, and those of the experts in its layers",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
states_between = define(
    equation(between_states, _states(shared_between, stage_layers)),
    because="likewise",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
states_of_the_last = define(
    equation(last_states, _states(shared_last, tail_layers)),
    because="likewise",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
layers_gathered = define(
    equation(
        gathered,
        2
        * weight_bytes
        * (
            Piecewise((shared_layer, weight_parts > 1), (0, True))
            + Piecewise((expert_layer / expert, weight_parts > expert), (0, True))
        )
        / tensor,
    ),
    because="one layer is used while the next arrives; weights that no other rank has a part of lie here already",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
gradients_staged = define(
    equation(
        staged,
        offload_optimizer
        * Piecewise((2 * gradient_bytes * (shared_layer + expert_layer / expert) / tensor, zero >= 2), (0, True)),
    ),
    because="one layer's gradients leave for the host while the next layer's are made",
    cite="ren2021",
    when=TRANSFORMER_TRAINING,
)


def _needed(result: Quantity, states: Step, kept: Step) -> Step:
    """What a stage needs."""
    parts = (states, kept, layers_gathered, gradients_staged)
    left = [part.result.left for part in parts]
    return total(
        *parts,
        result=equation(result, left[0] + left[1] + left[2] + left[3]),
        because="all of it lies in memory at once",
        cite="rajbhandari2020",
        when=TRANSFORMER_TRAINING,
    )


first_needed = _needed(first_need, states_of_the_first, activation_memory.kept_on_the_first)
between_needed = _needed(between_need, states_between, activation_memory.kept_between)
last_needed = _needed(last_need, states_of_the_last, activation_memory.kept_on_the_last)
needed = define(
    equation(required, Max(first_need, between_need, last_need)),
    because="the stage that needs most decides",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)


def _of_the_neediest(first: Quantity, between: Quantity, last: Quantity) -> Piecewise:
    """What the stage that needs most has of something."""
    return Piecewise((last, last_need >= required), (first, first_need >= required), (between, True))


shared_of_the_neediest = define(
    equation(needy_shared, _of_the_neediest(shared_first, shared_between, shared_last)),
    because="of the stage that needs most",
    when=TRANSFORMER_TRAINING,
)
layers_of_the_neediest = define(
    equation(needy_layers, _of_the_neediest(first_layers, stage_layers, tail_layers)),
    because="of the stage that needs most",
    when=TRANSFORMER_TRAINING,
)
activations_of_the_neediest = define(
    equation(
        activations,
        _of_the_neediest(activation_memory.first_kept, activation_memory.between_kept, activation_memory.last_kept),
    ),
    because="of the stage that needs most",
    when=TRANSFORMER_TRAINING,
)
_experts = needy_layers * expert_layer / (tensor * expert)
weights_held = define(
    equation(weights, _divided(weight_bytes, weight_parts, needy_shared, _experts)),
    because="weights, divided as ZeRO says",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
gradients_held = define(
    equation(gradients, _GRADIENTS_STAY * _divided(gradient_bytes, gradient_parts, needy_shared, _experts)),
    because="gradients, likewise",
    cite="rajbhandari2020,ren2021",
    when=TRANSFORMER_TRAINING,
)
state_held = define(
    equation(state, _STATE_STAYS * _divided(state_bytes, state_parts, needy_shared, _experts)),
    because="optimizer state, likewise",
    cite="rajbhandari2020,ren2021",
    when=TRANSFORMER_TRAINING,
)
update_moved = data(
    "memory.update_moved", r"D_{\mathrm{opt}}", "data that the optimizer's update moves on one accelerator"
)
update_data = define(
    equation(
        update_moved, _divided(gradient_bytes + weight_bytes + 2 * state_bytes, state_parts, shared_stage, expert_stage)
    ),
    because="the update reads gradients and state, and writes state and weights, each rank its part",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
