"""The stage of a pipeline that needs most memory in training: what it needs, and what of it is weights or activations."""

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
    first_layers,
    shared_between,
    shared_first,
    shared_last,
    stage_layers,
    tail_layers,
)
from mlsysim.symbolic.foundations.transformer import expert_layer
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, data
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.memory import divided, kept, states
from mlsysim.symbolic.walls.node.memory.divided import bytes_each, dense_parameters, divided_data, expert_parameters
from mlsysim.symbolic.walls.node.memory.zero import gradient_parts, parts, state_parts, weight_parts

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


def _needed(result: Quantity, held: Step, activations_kept: Step) -> Step:
    """What a stage needs."""
    summands = (held, activations_kept, states.layers_gathered, states.gradients_staged)
    left = [step.result.left for step in summands]
    return total(
        *summands,
        result=equation(result, left[0] + left[1] + left[2] + left[3]),
        because="all of it lies in memory at once",
        cite="rajbhandari2020",
        when=TRANSFORMER_TRAINING,
    )


first_needed = _needed(first_need, states.states_of_the_first, kept.kept_on_the_first)
between_needed = _needed(between_need, states.states_between, kept.kept_between)
last_needed = _needed(last_need, states.states_of_the_last, kept.kept_on_the_last)
needed = bottleneck(
    first_needed,
    between_needed,
    last_needed,
    result=equation(required, Max(first_need, between_need, last_need)),
    because="every stage must fit, and the one that needs most decides",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)


def _of_the_neediest(result: Quantity, first: Quantity, between: Quantity, last: Quantity) -> Step:
    """What the stage that needs most has of something."""
    return define(
        equation(result, Piecewise((last, last_need >= required), (first, first_need >= required), (between, True))),
        because="of the stage that needs most",
        when=TRANSFORMER_TRAINING,
    )


shared_of_the_neediest = _of_the_neediest(needy_shared, shared_first, shared_between, shared_last)
layers_of_the_neediest = _of_the_neediest(needy_layers, first_layers, stage_layers, tail_layers)
activations_of_the_neediest = _of_the_neediest(activations, kept.first_kept, kept.between_kept, kept.last_kept)


def _held(result: Quantity, bytes_here: Expr, parts_of_it: Quantity, because: str) -> Step:
    """A training state of that stage, by the law of what ZeRO divides."""
    return apply(
        divided.divided_law,
        {
            divided_data: result,
            bytes_each: bytes_here,
            parts: parts_of_it,
            dense_parameters: needy_shared,
            expert_parameters: needy_layers * expert_layer / (tensor * expert),
        },
        because=because,
        cite="rajbhandari2020,ren2021",
        when=TRANSFORMER_TRAINING,
    )


weights_held = _held(weights, weight_bytes, weight_parts, "weights, divided as ZeRO says")
gradients_held = _held(
    gradients,
    (1 - offload_optimizer * Piecewise((1, zero >= 2), (0, True))) * gradient_bytes,
    gradient_parts,
    "gradients likewise, where the host does not take them",
)
state_held = _held(
    state,
    (1 - offload_optimizer) * state_bytes,
    state_parts,
    "optimizer state likewise, where the host does not hold it",
)
