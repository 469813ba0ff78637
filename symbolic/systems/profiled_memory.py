"""Memory of models known by their profile: what an accelerator holds and moves of them."""

from sympy import Expr

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import activation_bytes, gradient_bytes, parameters, state_bytes, weight_bytes
from mlsysim.symbolic.foundations.results import activations, gradients, required, stage_moved, state, weights
from mlsysim.symbolic.foundations.split import local_samples
from mlsysim.symbolic.quantity import PROFILED, PROFILED_INFERENCE, PROFILED_TRAINING, Quantity
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.compute import traffic
from mlsysim.symbolic.walls.node.compute.traffic import activations_moved, gradients_moved, weights_moved
from mlsysim.symbolic.walls.node.memory import divided
from mlsysim.symbolic.walls.node.memory.divided import bytes_each, dense_parameters, divided_data
from mlsysim.symbolic.walls.node.memory.states import update_moved
from mlsysim.symbolic.walls.node.memory.zero import gradient_parts, parts, state_parts, weight_parts


def _whole(result: Quantity, each: Expr, divided_in: Quantity, because: str) -> Step:
    """What a rank holds, or moves, of something that every parameter of the model has."""
    return apply(
        divided.dense_alone,
        {divided_data: result, bytes_each: each, dense_parameters: parameters, parts: divided_in},
        because=because,
        cite="rajbhandari2020",
        when=PROFILED_TRAINING,
    )


weights_whole = _whole(weights, weight_bytes, weight_parts, "of the whole model")
gradients_whole = _whole(gradients, gradient_bytes, gradient_parts, "one for each weight")
state_whole = _whole(state, state_bytes, state_parts, "the optimizer's own numbers")
weights_profiled = apply(
    divided.dense_undivided,
    {divided_data: weights, bytes_each: weight_bytes, dense_parameters: parameters},
    because="the whole model",
    when=PROFILED_INFERENCE,
)
samples_kept = apply(
    in_turn.law,
    {in_turn.whole: activations, in_turn.parts: local_samples, in_turn.part: activation_bytes},
    because="each sample keeps its activations",
    when=PROFILED,
)
needed_profiled = total(
    weights_whole,
    gradients_whole,
    state_whole,
    samples_kept,
    result=equation(required, weights + gradients + state + activations),
    because="all of it lies in memory at once",
    cite="rajbhandari2020",
    when=PROFILED_TRAINING,
)
needed_sample = total(
    weights_profiled,
    samples_kept,
    result=equation(required, weights + activations),
    because="the model and its activations",
    when=PROFILED_INFERENCE,
)

# The data moved.
update_data = _whole(
    update_moved,
    gradient_bytes + weight_bytes + 2 * state_bytes,
    state_parts,
    "the update reads gradients and state, and writes state and weights, each rank its part",
)


def _twice(result: Quantity, held: Quantity, because: str) -> Step:
    """What moves twice in a pass."""
    return apply(
        in_turn.law, {in_turn.whole: result, in_turn.parts: 2, in_turn.part: held}, because=because, cite="williams2009"
    )


read_twice = _twice(weights_moved, weights, "weights are read forward and backward")
added_to = _twice(gradients_moved, gradients, "gradients are added to, which reads and writes them")
written_and_read = _twice(activations_moved, activations, "activations are written and read")
samples_moved = substitute(
    traffic.all_data,
    read_twice,
    added_to,
    written_and_read,
    result=equation(stage_moved, 2 * weights + 2 * gradients + 2 * activations),
    because="name them",
    when=PROFILED_TRAINING,
)
read_once = define(equation(weights_moved, weights), because="weights are read once")
moved_forward = total(
    read_once,
    written_and_read,
    result=equation(stage_moved, weights_moved + activations_moved),
    because="there are no gradients",
)
forward_moved = substitute(
    moved_forward,
    read_once,
    written_and_read,
    result=equation(stage_moved, weights + 2 * activations),
    because="name them",
    when=PROFILED_INFERENCE,
)
