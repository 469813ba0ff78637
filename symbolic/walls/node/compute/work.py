"""Work of a training step: forward once, backward twice the forward, and what is computed again."""

from sympy import Eq, Max, Piecewise

from mlsysim.symbolic.foundations.inputs import batch, gradient_bytes, layers, recompute, sequence, tensor, weight_bytes
from mlsysim.symbolic.foundations.results import (
    hardware_work,
    model_work,
    stage_compute_time,
    stage_memory_time,
    stage_moved,
    stage_time,
    stage_work,
    work_of,
)
from mlsysim.symbolic.foundations.split import expert_stage, local_tokens, shared_stage, stage_layers, tail_layers
from mlsysim.symbolic.quantity import ALL, TRANSFORMER_INFERENCE, TRANSFORMER_TRAINING, constant, ratio
from mlsysim.symbolic.rules import apply, define, equation
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_forward, compute_time, head_forward, layer_forward, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.kept import layer_kept
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, roofline_time

backward_share = constant("one.backward", 2, "1", "backward per forward: one product for inputs, one for weights")
product_passes = ratio(
    "work.product_passes", r"\rho_{\mathrm{mm}}", "times a layer's products are computed", low=1, high=4
)
attention_passes = ratio("work.attention_passes", r"\rho_{\mathrm{attn}}", "times attention is computed", low=1, high=4)
full_again = ratio("work.full_again", r"\rho", "further forward passes of full recomputation", low=0)
attention_repeats = ratio("work.attention_repeats", r"\rho_{a}", "further forward passes of attention", low=0)
layer_step = work_of("layer_step", r"o_{\mathrm{layer}}", "a token's layer, forward and backward", per="/token")
forward_work = work_of("forward", r"o_{\mathrm{fwd}}", "a token's forward pass through the model", per="/token")

layers_again = define(
    equation(full_again, Piecewise((1, Eq(recompute, 2)), (0, True))),
    because="full recomputation repeats the forward pass of every layer",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
attention_again = define(
    equation(attention_repeats, Piecewise((0, Eq(recompute, 0)), (1, True))),
    because="selective recomputation repeats attention alone",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
products_in_all = apply(
    compute.forward_and_back,
    {compute.passes: product_passes, compute.repeated: full_again},
    because="products are computed forward, twice back, and again where activations were not kept",
    cite="narayanan2021,korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
attention_in_all = apply(
    compute.forward_and_back,
    {compute.passes: attention_passes, compute.repeated: attention_repeats},
    because="attention likewise",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
layer_both_ways = define(
    equation(layer_step, product_passes * layer_forward + attention_passes * attention_forward),
    because="products and attention add up",
    when=TRANSFORMER_TRAINING,
)
slowest_stage = define(
    equation(
        stage_work,
        local_tokens
        / tensor
        * Max(stage_layers * layer_step, tail_layers * layer_step + (1 + backward_share) * head_forward),
    ),
    because="the last stage also scores the output; the slower stage sets the pace",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
stage_compute = apply(
    compute.law,
    {work: stage_work, compute_time: stage_compute_time},
    because="the law of compute, for one pass",
    when=ALL - TRANSFORMER_INFERENCE,
)
forward = define(
    equation(forward_work, layers * (layer_forward + attention_forward) + head_forward),
    because="layers and output scores add up",
    when=TRANSFORMER_TRAINING,
)
needed = define(
    equation(model_work, batch * sequence * (1 + backward_share) * forward_work),
    because="every token goes forward and backward once",
    cite="chowdhery2022",
    when=TRANSFORMER_TRAINING,
)
done = define(
    equation(hardware_work, batch * sequence * (layers * layer_step + (1 + backward_share) * head_forward)),
    because="recomputation is work that the model does not need",
    cite="chowdhery2022",
    when=TRANSFORMER_TRAINING,
)


STAGED = ALL - TRANSFORMER_INFERENCE

# The data that the same microbatch moves, and the roofline of both.
passes_moved = define(
    equation(
        stage_moved,
        (product_passes - 1) * weight_bytes * (shared_stage + expert_stage)
        + 2 * gradient_bytes * (shared_stage + expert_stage)
        + 2 * stage_layers * layer_kept,
    ),
    because="weights are read forward and backward, gradients added to, activations written and read",
    when=TRANSFORMER_TRAINING,
)
stage_memory = apply(
    memory.law, {moved: stage_moved, memory_time: stage_memory_time}, because="the law of bandwidth", when=STAGED
)
stage_roofline = apply(
    memory.roofline,
    {roofline_time: stage_time, compute_time: stage_compute_time, memory_time: stage_memory_time},
    because="the roofline of one microbatch or pass",
    when=STAGED,
)
