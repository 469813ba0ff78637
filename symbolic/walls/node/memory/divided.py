"""Divided: what a rank holds of a training state that ZeRO divides, where experts have fewer ranks than the rest."""

from sympy import Max, Piecewise

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
from mlsysim.symbolic.foundations.split import group
from mlsysim.symbolic.quantity import Quantity, count, data
from mlsysim.symbolic.rules import apply, equation, given, rewrite, specialise, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.node.memory import zero as states
from mlsysim.symbolic.walls.node.memory.zero import (
    gradient_parts,
    parameter_bytes,
    parts,
    state_parts,
    turn,
    weight_parts,
)


def _parameters(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"memory.{name}", latex, "param", meaning, display="Gparam", low=1, high=1e11)


dense_parameters = _parameters("dense_parameters", r"P_{\mathrm{dn}}", "parameters of an accelerator, experts apart")
expert_parameters = _parameters("expert_parameters", r"P_{\mathrm{xp}}", "parameters of its routed experts")
dense_part = _parameters("dense_part", r"P_{\mathrm{dn},\zeta}", "the part of a rank of them")
expert_part = _parameters("expert_part", r"P_{\mathrm{xp},\zeta}", "the part of a rank of its routed experts'")
both_parts = _parameters("both_parts", r"P_{\zeta}", "parameters of the part of a rank")
bytes_each = Quantity(
    "memory.bytes_each", r"b_{\theta}", "byte/param", "bytes of a parameter in a training state", high=16
)
divided_data = data("memory.divided_data", r"M_{\zeta}", "a training state, or what moves of it, on a rank")
expert_parts = count("memory.expert_parts", r"\xi", "parts that a training state of an expert is in")
expert_weight_parts = count("memory.expert_weight_parts", r"\xi_{\mathrm{w}}", "parts an expert's weights are in")
expert_gradient_parts = count("memory.expert_gradient_parts", r"\xi_{\mathrm{g}}", "parts its gradients are in")
expert_state_parts = count("memory.expert_state_parts", r"\xi_{\mathrm{opt}}", "parts its optimizer state is in")

# An expert has fewer ranks.
fewer_parts = given(
    equation(expert_parts, Max(1, parts / expert)),
    because="of the ranks that hold the same weights e hold different experts",
    cite="lepikhin2020",
)
parts_named = substitute(
    fewer_parts,
    states.in_turn_divided,
    result=equation(expert_parts, Max(1, Piecewise((group, zero >= turn), (1, True)) / expert)),
    because="name the parts",
)
over_its_ranks = rewrite(
    parts_named,
    equation(expert_parts, Piecewise((Max(1, group / expert), zero >= turn), (1, True))),
    because="as if ZeRO divided its state over the ranks that hold the same expert",
)

# The part of a rank.
part_of_the_dense = apply(
    shares.law,
    {shares.share: dense_part, shares.whole: dense_parameters, shares.shares: parts},
    because="parts are equal",
)
part_of_the_experts = apply(
    shares.law,
    {shares.share: expert_part, shares.whole: expert_parameters, shares.shares: expert_parts},
    because="parts are equal",
)
part_of_both = total(
    part_of_the_dense,
    part_of_the_experts,
    result=equation(both_parts, dense_part + expert_part),
    because="a rank holds a part of either",
)
part_law = substitute(
    part_of_both,
    part_of_the_dense,
    part_of_the_experts,
    fewer_parts,
    result=equation(both_parts, dense_parameters / parts + expert_parameters / Max(1, parts / expert)),
    because="name the parts",
    cite="rajbhandari2020,lepikhin2020",
)
parameter_by_parameter = apply(
    in_turn.law,
    {in_turn.whole: divided_data, in_turn.parts: both_parts, in_turn.part: bytes_each},
    because="parameters add up",
)
divided_law = substitute(
    parameter_by_parameter,
    part_law,
    result=equation(divided_data, bytes_each * (dense_parameters / parts + expert_parameters / Max(1, parts / expert))),
    because="name the part of a rank",
)
undivided = specialise(
    divided_law,
    {parts: 1},
    equation(divided_data, bytes_each * (dense_parameters + expert_parameters)),
    because="without ZeRO every rank holds all",
)
dense_alone = specialise(
    divided_law,
    {expert_parameters: 0},
    equation(divided_data, bytes_each * dense_parameters / parts),
    because="a model without experts",
)
dense_undivided = specialise(
    dense_alone, {parts: 1}, equation(divided_data, bytes_each * dense_parameters), because="and without ZeRO"
)


# All three states of an expert's parameter.
def _of_an_expert(fewer: Quantity, divided: Quantity, because: str) -> Step:
    return apply(fewer_parts, {expert_parts: fewer, parts: divided}, because=because)


weights_of_an_expert = _of_an_expert(expert_weight_parts, weight_parts, "its weights")
gradients_of_an_expert = _of_an_expert(expert_gradient_parts, gradient_parts, "its gradients")
state_of_an_expert = _of_an_expert(expert_state_parts, state_parts, "its optimizer state")
bytes_in_its_parts = apply(
    states.bytes_law,
    {weight_parts: expert_weight_parts, gradient_parts: expert_gradient_parts, state_parts: expert_state_parts},
    because="an expert's parameter has the same three states",
)
expert_bytes_law = substitute(
    bytes_in_its_parts,
    weights_of_an_expert,
    gradients_of_an_expert,
    state_of_an_expert,
    result=equation(
        parameter_bytes,
        weight_bytes / Max(1, weight_parts / expert)
        + (1 - offload_optimizer * Piecewise((1, zero >= 2), (0, True)))
        * gradient_bytes
        / Max(1, gradient_parts / expert)
        + (1 - offload_optimizer) * state_bytes / Max(1, state_parts / expert),
    ),
    because="name the parts",
    cite="rajbhandari2020,lepikhin2020,ren2021",
)

# Two layers at a time, where only a part of each lies here.
layer_dense = _parameters("layer_dense", r"P_{\mathrm{dn},1}", "parameters of a layer that are gathered, experts apart")
layer_experts = _parameters("layer_experts", r"P_{\mathrm{xp},1}", "parameters of a layer's experts that are gathered")
layer_part = _parameters("layer_part", r"P_{1,t}", "parameters of a layer that one accelerator gathers")
layer_data = data("memory.layer_data", r"M_{1}", "data of a layer that one accelerator gathers")
two_layers = data("memory.two_layers", r"M_{2}", "room for two layers")
part_of_a_layer = apply(
    shares.law,
    {shares.share: layer_part, shares.whole: layer_dense + layer_experts, shares.shares: tensor},
    because="tensor parallelism divides every matrix",
    cite="shoeybi2019",
)
data_of_a_layer = apply(
    in_turn.law,
    {in_turn.whole: layer_data, in_turn.parts: layer_part, in_turn.part: bytes_each},
    because="parameters add up",
)
two_at_a_time = apply(
    in_turn.law,
    {in_turn.whole: two_layers, in_turn.parts: 2, in_turn.part: layer_data},
    because="one layer is used while the next one is on its way",
    cite="rajbhandari2020",
)
two_layers_law = substitute(
    two_at_a_time,
    data_of_a_layer,
    part_of_a_layer,
    result=equation(two_layers, 2 * bytes_each * (layer_dense + layer_experts) / tensor),
    because="name the data of a layer",
)
