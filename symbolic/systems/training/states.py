"""Weights, gradients and optimizer state, as ZeRO divides them over the accelerators that hold the same weights."""

from sympy import Max, Piecewise

from mlsysim.symbolic.foundations.inputs import expert, gradient_bytes, state_bytes, tensor, weight_bytes, zero
from mlsysim.symbolic.foundations.results import activations, gradients, required, state, weights
from mlsysim.symbolic.foundations.split import expert_stage, group, shared_stage
from mlsysim.symbolic.foundations.transformer import expert_layer, shared_layer
from mlsysim.symbolic.quantity import TRAINING, TRANSFORMER_TRAINING, Quantity, count, data
from mlsysim.symbolic.rules import Equation, define, equation, total
from mlsysim.symbolic.systems.training import activations as activation_memory
from mlsysim.symbolic.walls.node import memory

gathered = data("memory.gathered", r"M_{\mathrm{gather}}", "layers gathered for use under ZeRO 3")
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


def _divided(what: Quantity, each: Quantity, parts: Quantity) -> Equation:
    """A training state: bytes per parameter, shared by the replicas; experts have fewer replicas than the rest."""
    return equation(what, each * (shared_stage / parts + expert_stage / Max(1, parts / expert)))


weights_held = define(
    _divided(weights, weight_bytes, weight_parts),
    because="weights, divided as ZeRO says",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
gradients_held = define(
    _divided(gradients, gradient_bytes, gradient_parts),
    because="gradients, likewise",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
state_held = define(
    _divided(state, state_bytes, state_parts),
    because="optimizer state, likewise",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
layers_gathered = define(
    equation(
        gathered, Piecewise((2 * weight_bytes * (shared_layer + expert_layer / expert) / tensor, zero >= 3), (0, True))
    ),
    because="one layer is used while the next arrives",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
needed = total(
    weights_held,
    gradients_held,
    state_held,
    activation_memory.all_activations,
    layers_gathered,
    result=equation(required, weights + gradients + state + activations + gathered),
    because="all of it lies in memory at once",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
update_moved = data(
    "memory.update_moved", r"D_{\mathrm{opt}}", "data that the optimizer's update moves on one accelerator"
)
update_data = define(
    _divided(update_moved, gradient_bytes + weight_bytes + 2 * state_bytes, state_parts),
    because="the update reads gradients and state, and writes state and weights, each rank its part",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)

wall = memory.wall
