"""Traffic: the data that a microbatch of training moves between memory and arithmetic units."""

from mlsysim.symbolic.foundations import held, in_turn
from mlsysim.symbolic.foundations.inputs import gradient_bytes, weight_bytes
from mlsysim.symbolic.foundations.results import stage_moved
from mlsysim.symbolic.foundations.split import expert_stage, shared_stage, stage_layers
from mlsysim.symbolic.foundations.transformer import parameters_of
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, data, ratio
from mlsysim.symbolic.rules import apply, define, equation, solve, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.compute.work import product_passes
from mlsysim.symbolic.walls.node.memory.kept import layer_kept

stage_parameters = parameters_of("memory", "stage_parameters", r"S_{\mathrm{acc}}", "parameters of an accelerator")
weight_reads = ratio("memory.weight_reads", r"\rho_{\mathrm{w}}", "times that weights are read", low=1, high=4)
weights_once = data("memory.weights_once", r"D_{\mathrm{w},1}", "weights of an accelerator, read once")
weights_moved = data("memory.weights_moved", r"D_{\mathrm{w}}", "weights that a microbatch reads")
gradients_once = data("memory.gradients_once", r"D_{\mathrm{g},1}", "gradients of an accelerator")
gradients_moved = data("memory.gradients_moved", r"D_{\mathrm{g}}", "gradients that a microbatch reads and writes")
activations_once = data(
    "memory.activations_once", r"D_{\mathrm{a},1}", "activations that a stage keeps of a microbatch"
)
activations_moved = data(
    "memory.activations_moved", r"D_{\mathrm{a}}", "activations that a microbatch writes and reads"
)


def _in_turn(whole: Quantity, parts: object, part: Quantity, because: str) -> Step:
    reading = {in_turn.whole: whole, in_turn.parts: parts, in_turn.part: part}
    return apply(in_turn.law, reading, because=because)


all_parameters = total(
    held.parameters_at_most,
    held.experts_here,
    result=equation(stage_parameters, shared_stage + expert_stage),
    because="experts and the rest",
)
products_read_weights = define(
    equation(product_passes, weight_reads + 1),
    because="every product reads the weights but one: their gradient comes of inputs and output gradients",
)
reads = solve(
    products_read_weights,
    weight_reads,
    equation(weight_reads, product_passes - 1),
    because="forward, backward, and again where activations were not kept",
)
weights_size = _in_turn(weights_once, stage_parameters, weight_bytes, "a weight for every parameter")
every_read = _in_turn(weights_moved, weight_reads, weights_once, "every pass reads all of them")
gradients_size = _in_turn(gradients_once, stage_parameters, gradient_bytes, "a gradient for every parameter")
added_to = _in_turn(gradients_moved, 2, gradients_once, "adding to a gradient reads it and writes it")
activations_size = _in_turn(activations_once, stage_layers, layer_kept, "every layer keeps its activations")
kept_and_used = _in_turn(activations_moved, 2, activations_once, "forward they are written, backward read")
all_data = total(
    every_read,
    added_to,
    kept_and_used,
    result=equation(stage_moved, weights_moved + gradients_moved + activations_moved),
    because="all three pass between memory and arithmetic units",
)
passes_moved = substitute(
    all_data,
    every_read,
    reads,
    weights_size,
    added_to,
    gradients_size,
    kept_and_used,
    activations_size,
    all_parameters,
    result=equation(
        stage_moved,
        (product_passes - 1) * weight_bytes * (shared_stage + expert_stage)
        + 2 * gradient_bytes * (shared_stage + expert_stage)
        + 2 * stage_layers * layer_kept,
    ),
    because="name the size of each",
    when=TRANSFORMER_TRAINING,
)
