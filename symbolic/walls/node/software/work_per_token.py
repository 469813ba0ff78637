"""Work per token: what a model needs to train on one, and what the hardware does when it computes again."""

from mlsysim.symbolic.foundations.inputs import (
    causal,
    hidden,
    layers,
    multiply_add,
    multiply_add_pair,
    one_sample,
    parameters,
    sequence,
)
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.quantity import constant
from mlsysim.symbolic.rules import define, equation, rewrite, solve, substitute
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import model_attention, model_token, repeated, six

forward_cost = work_of("forward_per_token", r"o_{\mathrm{pass}}", "work of a token in a forward pass", per="/token")
six_pair = constant("one.six_pair", 6, "flop/token/token", "two forward and four backward, per pair of tokens")
model_cost = work_of(
    "model_per_token", r"o_{\mathrm{model}}", "work that a token of a training run needs", per="/token"
)
hardware_cost = work_of(
    "hardware_per_token", r"o_{\mathrm{hw}}", "work that the hardware does for a token", per="/token"
)

one_pass = define(
    equation(forward_cost, model_token + model_attention), because="a forward pass is products and attention"
)
three_passes = define(
    equation(model_cost, 3 * forward_cost), because="a backward pass is twice a forward pass", cite="chowdhery2022"
)
needed = substitute(
    three_passes,
    one_pass,
    compute.model_forward,
    compute.attention_of_a_model,
    result=equation(
        model_cost,
        3 * (multiply_add * parameters + multiply_add_pair * layers * sequence * one_sample * hidden * (2 - causal)),
    ),
    because="name both",
)
needed_law = rewrite(
    needed,
    equation(model_cost, six * parameters + six_pair * layers * sequence * one_sample * hidden * (2 - causal)),
    because="six per weight, and twelve per layer, position and width when all pairs count",
    cite="chowdhery2022",
)
done = define(
    equation(hardware_cost, model_cost + repeated * forward_cost),
    because="what was not kept is computed again",
    cite="chowdhery2022",
)
one_of_three = solve(
    three_passes, forward_cost, equation(forward_cost, model_cost / 3), because="a forward pass is a third of the work"
)
done_law = substitute(
    done,
    one_of_three,
    result=equation(hardware_cost, model_cost + repeated * model_cost / 3),
    because="name the forward pass",
)
