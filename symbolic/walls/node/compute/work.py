"""Work of a training step: forward once, backward twice the forward, and what is computed again."""

from sympy import Eq, Max, Piecewise

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import batch, layers, recompute, sequence, tensor
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
from mlsysim.symbolic.foundations.split import local_tokens, stage_layers, tail_layers
from mlsysim.symbolic.quantity import ALL, TRANSFORMER_INFERENCE, TRANSFORMER_TRAINING, ratio
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, substitute, total
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_forward, compute_time, head_forward, layer_forward, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, roofline_time

product_passes = ratio(
    "work.product_passes", r"\rho_{\mathrm{mm}}", "times a layer's products are computed", low=1, high=4
)
attention_passes = ratio("work.attention_passes", r"\rho_{\mathrm{attn}}", "times attention is computed", low=1, high=4)
full_again = ratio("work.full_again", r"\rho", "further forward passes of full recomputation", low=0)
attention_repeats = ratio("work.attention_repeats", r"\rho_{a}", "further forward passes of attention", low=0)
layer_step = work_of("layer_step", r"o_{\mathrm{layer}}", "a token's layer, forward and backward", per="/token")
products_step = work_of(
    "products_step", r"o_{\mathrm{mm,step}}", "a token's products with a layer in a step", per="/token"
)
attention_step = work_of(
    "attention_step", r"o_{\mathrm{attn,step}}", "a token's attention in a layer in a step", per="/token"
)
between_token = work_of(
    "between_token", r"o_{\mathrm{mid}}", "a token's work on a stage between the ends", per="/token"
)
last_token = work_of("last_token", r"o_{\mathrm{last}}", "a token's work on the last stage", per="/token")
slowest_token = work_of("slowest_token", r"o_{\max}", "a token's work on the slowest stage", per="/token")
layer_token = work_of("layer_token", r"o_{1}", "a token's forward pass through a layer", per="/token")
layers_token = work_of("layers_token", r"o_{L}", "a token's forward pass through all layers", per="/token")
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
products_of_a_step = define(
    equation(products_step, product_passes * layer_forward), because="every pass multiplies by the same weights"
)
attention_of_a_step = define(
    equation(attention_step, attention_passes * attention_forward), because="and attends to the same tokens"
)
both_of_a_layer = total(
    products_of_a_step,
    attention_of_a_step,
    result=equation(layer_step, products_step + attention_step),
    because="products and attention add up",
)
layer_both_ways = substitute(
    both_of_a_layer,
    products_of_a_step,
    attention_of_a_step,
    result=equation(layer_step, product_passes * layer_forward + attention_passes * attention_forward),
    because="name both",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)

# The stage that sets the pace.
of_a_stage_between = define(
    equation(between_token, stage_layers * layer_step), because="a token passes the layers of a stage"
)
of_the_last_stage = define(
    equation(last_token, tail_layers * layer_step + compute.passes * head_forward),
    because="the last stage also scores the output, which is never computed again",
    cite="narayanan2021",
)
scored_once = substitute(
    of_the_last_stage,
    compute.three_passes,
    result=equation(last_token, tail_layers * layer_step + 3 * head_forward),
    because="forward once, and back",
)
slower_of_both = bottleneck(
    of_a_stage_between,
    scored_once,
    result=equation(slowest_token, Max(between_token, last_token)),
    because="stages work side by side, and the slower one sets the pace",
    cite="narayanan2021",
)
slowest_named = substitute(
    slower_of_both,
    of_a_stage_between,
    scored_once,
    result=equation(slowest_token, Max(stage_layers * layer_step, tail_layers * layer_step + 3 * head_forward)),
    because="name both",
)
all_tokens = define(
    equation(stage_work, local_tokens / tensor * slowest_token),
    because="every token of the microbatch, shared by the ranks of a layer",
)
slowest_stage = substitute(
    all_tokens,
    slowest_named,
    result=equation(
        stage_work, local_tokens / tensor * Max(stage_layers * layer_step, tail_layers * layer_step + 3 * head_forward)
    ),
    because="name the work of a token",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
stage_compute = apply(
    compute.law,
    {work: stage_work, compute_time: stage_compute_time},
    because="the law of compute, for one pass",
    when=ALL - TRANSFORMER_INFERENCE,
)
layer_of_a_token = total(
    compute.layer_products,
    compute.attention_work,
    result=equation(layer_token, layer_forward + attention_forward),
    because="a token meets the weights of a layer and the tokens before it",
)
layers_of_a_token = apply(
    in_turn.law,
    {in_turn.whole: layers_token, in_turn.parts: layers, in_turn.part: layer_token},
    because="one layer after another",
)
layers_and_scores = total(
    layers_of_a_token,
    compute.head_product,
    result=equation(forward_work, layers_token + head_forward),
    because="then it is scored",
)
forward = substitute(
    layers_and_scores,
    layers_of_a_token,
    layer_of_a_token,
    result=equation(forward_work, layers * (layer_forward + attention_forward) + head_forward),
    because="name the layers",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
needed_in_passes = define(
    equation(model_work, batch * sequence * compute.passes * forward_work),
    because="every token of the batch is trained on once",
)
needed = substitute(
    needed_in_passes,
    compute.three_passes,
    result=equation(model_work, batch * sequence * 3 * forward_work),
    because="forward once, and back",
    cite="chowdhery2022",
    when=TRANSFORMER_TRAINING,
)
done_in_passes = define(
    equation(hardware_work, batch * sequence * (layers * layer_step + compute.passes * head_forward)),
    because="the hardware also does what is computed again, in layers but not in the output scores",
)
done = substitute(
    done_in_passes,
    compute.three_passes,
    result=equation(hardware_work, batch * sequence * (layers * layer_step + 3 * head_forward)),
    because="recomputation is work that the model does not need",
    cite="chowdhery2022",
    when=TRANSFORMER_TRAINING,
)


STAGED = ALL - TRANSFORMER_INFERENCE

# The roofline of a microbatch or pass.
stage_memory = apply(
    memory.law, {moved: stage_moved, memory_time: stage_memory_time}, because="the law of bandwidth", when=STAGED
)
stage_roofline = apply(
    memory.roofline,
    {roofline_time: stage_time, compute_time: stage_compute_time, memory_time: stage_memory_time},
    because="the roofline of one microbatch or pass",
    when=STAGED,
)
