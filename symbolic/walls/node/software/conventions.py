"""Conventions: utilisation as papers report it, with the pairs of tokens that a causal model skips, or without.

Model FLOPs here count what a causal model needs, half of all pairs. PaLM counts all of them, and so do many reports since;
at long sequences the two differ by more than what tuning wins, so a figure says which it is.
"""

from mlsysim.symbolic.foundations.inputs import batch, devices, layers, one_sample, peak, sequence
from mlsysim.symbolic.foundations.results import latency, model_work, work_of
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, ratio
from mlsysim.symbolic.rules import apply, equation, substitute, total
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute import work
from mlsysim.symbolic.walls.node.compute.pairs import seen
from mlsysim.symbolic.walls.node.compute.wall import attention_forward, attention_pair, head_forward, layer_forward
from mlsysim.symbolic.walls.node.compute.work import forward_work, layer_token, layers_token
from mlsysim.symbolic.walls.node.software import wall as software

mfu_all_pairs = ratio(
    "performance.mfu_all_pairs", r"\mathrm{MFU}_{\forall}", "model FLOPs utilisation, all pairs of tokens counted (PaLM)",
    high=2, more_is_better=True,
)  # fmt: skip
attention_all = work_of(
    "attention_all", r"o_{\mathrm{attn},\forall}", "attention of a token to all others", per="/token"
)
layer_all = work_of(
    "layer_all", r"o_{1,\forall}", "a token's forward pass through a layer, all pairs counted", per="/token"
)
layers_all = work_of("layers_all", r"o_{L,\forall}", "the same through all layers", per="/token")
forward_all = work_of("forward_all", r"o_{\mathrm{fwd},\forall}", "the same through the model", per="/token")
model_all = Quantity(
    "work.model_all",
    r"O_{\mathrm{model},\forall}",
    "flop",
    "work that the model needs, all pairs counted",
    display="TFLOP",
)

every_pair = apply(
    compute.pairs_of_a_token,
    {attention_forward: attention_all, seen: 1},
    because="every pair counts, also those that a causal model skips",
    cite="chowdhery2022",
)
of_a_layer = total(
    compute.layer_products,
    every_pair,
    result=equation(layer_all, layer_forward + attention_all),
    because="beside the products with the layer's weights",
)
of_all_layers = apply(
    work.layers_of_a_token, {layers_token: layers_all, layer_token: layer_all}, because="in every layer"
)
of_the_model = total(
    of_all_layers,
    compute.head_product,
    result=equation(forward_all, layers_all + head_forward),
    because="and the output scores",
)
of_a_step = apply(
    work.needed,
    {model_work: model_all, forward_work: forward_all},
    because="forward once and twice back, for every token of the batch",
)
counted = apply(
    software.law, {software.utilisation: mfu_all_pairs, software.work: model_all}, because="of what could be done"
)
all_pairs = substitute(
    counted,
    of_a_step,
    of_the_model,
    of_all_layers,
    of_a_layer,
    every_pair,
    result=equation(
        mfu_all_pairs,
        batch
        * sequence
        * 3
        * (layers * (layer_forward + attention_pair * sequence * one_sample) + head_forward)
        / (devices * peak * latency),
    ),
    because="name the work",
    cite="chowdhery2022",
    when=TRANSFORMER_TRAINING,
)
