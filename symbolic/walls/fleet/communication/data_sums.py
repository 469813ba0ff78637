"""Data parallelism: which ranks sum which gradients and share which weights, and how often in a step."""

from sympy import Piecewise

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import expert, gradient_bytes, tensor, weight_bytes, zero
from mlsysim.symbolic.foundations.split import expert_stage, group, microbatches, shared_stage
from mlsysim.symbolic.quantity import TRAINING, TRANSFORMER_TRAINING, Quantity, count, data
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, substitute
from mlsysim.symbolic.walls.fleet.communication import placement

ranks_inside = count("communication.ranks_inside", r"n_{\mathrm{in}}", "ranks of the group in one node")
ranks_outside = count("communication.ranks_outside", r"n_{\mathrm{net}}", "nodes over which the group is spread")
gradient_data = data("communication.gradient_data", r"Q_{\mathrm{g}}", "gradients that an accelerator shares")
weight_data = data("communication.weight_data", r"Q_{\mathrm{w}}", "weights that an accelerator shares")
summed_experts = Quantity(
    "communication.summed_experts",
    r"S_{\mathrm{ex},\Sigma}",
    "param",
    "parameters of experts that are summed",
    low=0,
    high=1e11,
)
summed_parameters = Quantity(
    "communication.summed_parameters", r"S_{\Sigma}", "param", "parameters whose gradients are summed", low=1, high=1e11
)
accumulated = count("communication.accumulated", r"m_{\Sigma}", "microbatches that share a reduce-scatter", high=256)
pass_gathers = count("communication.pass_gathers", r"k_{\mathrm{AG},1}", "all-gathers of a microbatch", high=4)
divided_gathers = count(
    "communication.divided_gathers", r"k_{\mathrm{AG},m}", "all-gathers of divided weights", high=512
)
scatters = count("communication.scatters", r"k_{\mathrm{RS}}", "reduce-scatters of a step")
gathers = count("communication.gathers", r"k_{\mathrm{AG}}", "all-gathers of a step")

# Where the ranks lie.
in_a_node = apply(
    placement.inside_law,
    {placement.inside: ranks_inside, placement.members: group, placement.stride: tensor},
    because="tensor ranks fill the node first",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
over_nodes = apply(
    placement.outside_law,
    {placement.outside: ranks_outside, placement.members: group, placement.inside: ranks_inside},
    because="the rest lies in other nodes",
    when=TRAINING,
)

# What they sum and share.
experts_summed = define(
    equation(summed_experts, Piecewise((0, expert >= group), (expert_stage, True))),
    because="an expert held once has nobody to share with",
    cite="lepikhin2020",
)
all_summed = define(
    equation(summed_parameters, shared_stage + summed_experts), because="all other weights have several holders"
)
gradients_of_them = apply(
    in_turn.law,
    {in_turn.whole: gradient_data, in_turn.parts: summed_parameters, in_turn.part: gradient_bytes},
    because="each has a gradient",
)
shared_gradients = substitute(
    gradients_of_them,
    all_summed,
    experts_summed,
    result=equation(
        gradient_data, gradient_bytes * (shared_stage + Piecewise((0, expert >= group), (expert_stage, True)))
    ),
    because="name the parameters",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
weights_of_them = apply(
    in_turn.law,
    {in_turn.whole: weight_data, in_turn.parts: summed_parameters, in_turn.part: weight_bytes},
    because="each is a weight",
)
shared_weights = substitute(
    weights_of_them,
    all_summed,
    experts_summed,
    result=equation(weight_data, weight_bytes * (shared_stage + Piecewise((0, expert >= group), (expert_stage, True)))),
    because="name the parameters",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
# How often.
summed_at_once = given(
    equation(accumulated, Piecewise((1, zero >= 2), (microbatches, True))),
    because="whole gradients add up on the rank until the last microbatch; divided ones have no room for that",
    cite="rajbhandari2020",
)
one_scatter_each = apply(
    shares.law,
    {shares.share: scatters, shares.whole: microbatches, shares.shares: accumulated},
    because="so many microbatches share a reduce-scatter",
)
scatters_of_a_step = substitute(
    one_scatter_each,
    summed_at_once,
    result=equation(scatters, microbatches / Piecewise((1, zero >= 2), (microbatches, True))),
    because="name how many share one",
)
how_many_scatters = rewrite(
    scatters_of_a_step,
    equation(scatters, Piecewise((microbatches, zero >= 2), (1, True))),
    because="one for every microbatch, or one for all",
    when=TRANSFORMER_TRAINING,
)
gathered_for_passes = given(
    equation(pass_gathers, 2),
    because="divided weights are gathered for the forward pass, dropped, and gathered again for the backward pass",
    cite="rajbhandari2020",
)
gathered_for_all = apply(
    in_turn.law,
    {in_turn.whole: divided_gathers, in_turn.parts: microbatches, in_turn.part: pass_gathers},
    because="for every microbatch",
)
once_or_always = define(
    equation(gathers, Piecewise((divided_gathers, zero >= 3), (1, True))),
    because="what is whole on every rank is shared out once, after the update or after the sum",
    cite="rajbhandari2020",
)
how_many_gathers = substitute(
    once_or_always,
    gathered_for_all,
    gathered_for_passes,
    result=equation(gathers, Piecewise((2 * microbatches, zero >= 3), (1, True))),
    because="count those of the passes",
    cite="rajbhandari2020",
    when=TRANSFORMER_TRAINING,
)
