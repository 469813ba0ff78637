"""Complexity: a budget of arithmetic buys a larger model or more tokens, and there is a best split between them.

Training costs six operations for every parameter and token. The loss falls as a power of each, so at the best split a
little more of either is worth equally much.
"""

from sympy import sqrt

from mlsysim.symbolic.foundations.inputs import multiply_add, one_parameter, one_token, parameters
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.quantity import Quantity, constant, ratio
from mlsysim.symbolic.rules import (
    apply,
    define,
    equation,
    given,
    rewrite,
    solve,
    specialise,
    stationary,
    substitute,
    total,
)
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import token_work, weights


def _parameters(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"complexity.{name}", latex, "param", meaning, display="Gparam", low=1, high=1e12)


def _tokens(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"complexity.{name}", latex, "token", meaning, display="Gtoken", low=1, high=1e14)


def _loss(name: str, latex: str, meaning: str) -> Quantity:
    return ratio(f"complexity.{name}", latex, meaning, low=1e-3, high=100)


forward = work_of("token_forward", r"o_{\mathrm{F}}", "a token's forward pass", per="/token")
backward = work_of("token_backward", r"o_{\mathrm{B}}", "a token's backward pass", per="/token")
token_cost = work_of("token_both", "o", "a token's forward and backward pass", per="/token")
budget = Quantity("complexity.budget", "C", "flop", "work of a whole training run", display="EFLOP", low=1, high=1e27)
tokens = _tokens("tokens", "D", "tokens that training reads")
six = constant("one.six", 6, "flop/param/token", "operations of training, per parameter and token")

# The loss, as it was fitted to many training runs.
loss = _loss("loss", "L", "loss after training, in nats per token")
irreducible = ratio("complexity.irreducible", "E", "loss that no model avoids", low=0.5, high=3)
size_scale = ratio("complexity.size_scale", "A", "scale of the loss of a small model", low=1, high=3000)
data_scale = ratio("complexity.data_scale", "B", "scale of the loss of little data", low=1, high=3000)
size_exponent = ratio("complexity.size_exponent", r"\alpha", "power at which the loss falls with size", low=0.1)
data_exponent = ratio("complexity.data_exponent", r"\beta", "power at which the loss falls with data", low=0.1)
lagrangian = _loss("lagrangian", "J", "loss, and the price of leaving the budget")
price = Quantity("complexity.price", r"\lambda", "flop^-1", "loss that a little more work would save", low=1e-30)
split = ratio("complexity.split", "G", "how the fit leans to size", low=1e-3, high=1e3)
best_parameters = _parameters("best_parameters", "P^{*}", "parameters at the best split")
best_tokens = _tokens("best_tokens", "D^{*}", "tokens at the best split")
best_loss = _loss("best_loss", "L^{*}", "loss at the best split")

# The rule of thumb, and departing from the best split.
per_parameter = Quantity("complexity.per_parameter", "t", "token/param", "tokens for each parameter", low=1, high=1e4)
twenty = constant("one.twenty", 20, "token/param", "tokens for each parameter, by the rule of thumb")
hundred_twenty = constant("one.hundred_twenty", 120, "flop/param/param", "six times twenty")
rule_parameters = _parameters("rule_parameters", r"P_{\mathrm{rule}}", "parameters by a rule of tokens per parameter")
rule_tokens = _tokens("rule_tokens", r"D_{\mathrm{rule}}", "tokens by a rule of tokens per parameter")
overtraining = ratio(
    "complexity.overtraining", "k", "tokens for each parameter, over those of the best split", low=0.05, high=100
)
over_parameters = _parameters("over_parameters", "P_k", "parameters of the same budget, overtrained")
over_tokens = _tokens("over_tokens", "D_k", "tokens of the same budget, overtrained")
over_loss = _loss("over_loss", "L_k", "loss when overtrained")
loss_cost = ratio("complexity.loss_cost", r"\delta_L", "loss that overtraining costs", low=0, high=100)
serving_share = ratio("complexity.serving_share", "s", "work of answering, over that of the best split", high=10)

# What training costs.
forward_cost = apply(
    compute.per_token, {token_work: forward, weights: parameters}, because="forward, a token meets every parameter once"
)
backward_cost = given(
    equation(backward, 2 * forward),
    because="backward, one product passes gradients on and one collects them for the weights",
    cite="kaplan2020",
)
both_ways = total(
    forward_cost, backward_cost, result=equation(token_cost, forward + backward), because="training goes both ways"
)
three_times = substitute(
    both_ways,
    backward_cost,
    forward_cost,
    result=equation(token_cost, 3 * multiply_add * parameters),
    because="name both passes",
)
six_each = rewrite(three_times, equation(token_cost, six * parameters), because="three times two is six")
every_token = define(equation(budget, token_cost * tokens), because="every token is read once")
work_law = substitute(
    every_token, six_each, result=equation(budget, six * parameters * tokens), because="name the cost of a token"
)

# The best split of a budget.
loss_law = given(
    equation(
        loss,
        irreducible
        + size_scale / (parameters / one_parameter) ** size_exponent
        + data_scale / (tokens / one_token) ** data_exponent,
    ),
    because="fitted: what remains falls as a power of size and as a power of data",
    cite="hoffmann2022",
)
priced = define(
    equation(lagrangian, loss + price * (six * parameters * tokens - budget)),
    because="put a price on leaving the budget (Lagrange)",
)
whole = substitute(
    priced,
    loss_law,
    result=equation(
        lagrangian,
        irreducible
        + size_scale / (parameters / one_parameter) ** size_exponent
        + data_scale / (tokens / one_token) ** data_exponent
        + price * (six * parameters * tokens - budget),
    ),
    because="name the loss",
)
flat_in_size = stationary(
    whole,
    parameters,
    equation(
        price * six * tokens - size_exponent * size_scale / (parameters / one_parameter) ** size_exponent / parameters,
        0,
    ),
    because="no better size at this price",
)
flat_in_data = stationary(
    whole,
    tokens,
    equation(price * six * parameters - data_exponent * data_scale / (tokens / one_token) ** data_exponent / tokens, 0),
    because="no better amount of data at this price",
)
flat_in_price = stationary(
    whole, price, equation(six * parameters * tokens - budget, 0), because="and the budget is spent"
)
worth_of_size = solve(
    flat_in_size,
    price,
    equation(
        price, size_exponent * size_scale / (parameters / one_parameter) ** size_exponent / (six * parameters * tokens)
    ),
    because="what a little more work saves when it goes to size",
)
worth_of_data = solve(
    flat_in_data,
    price,
    equation(price, data_exponent * data_scale / (tokens / one_token) ** data_exponent / (six * parameters * tokens)),
    because="what it saves when it goes to data",
)
equal_worth = substitute(
    worth_of_size,
    worth_of_data,
    result=equation(
        data_exponent * data_scale / (tokens / one_token) ** data_exponent / (six * parameters * tokens),
        size_exponent * size_scale / (parameters / one_parameter) ** size_exponent / (six * parameters * tokens),
    ),
    because="at the best split both save equally much",
)
what_is_left = solve(
    flat_in_price, tokens, equation(tokens, budget / (six * parameters)), because="size leaves this much for data"
)
one_unknown = substitute(
    equal_worth,
    what_is_left,
    result=equation(
        data_exponent * data_scale / (budget / (six * parameters * one_token)) ** data_exponent / budget,
        size_exponent * size_scale / (parameters / one_parameter) ** size_exponent / budget,
    ),
    because="only the size is unknown",
)
best_size = solve(
    one_unknown,
    parameters,
    equation(
        parameters,
        one_parameter
        * (size_exponent * size_scale / (data_exponent * data_scale)) ** (1 / (size_exponent + data_exponent))
        * (budget / (six * one_parameter * one_token)) ** (data_exponent / (size_exponent + data_exponent)),
    ),
    because="collect the powers of the size",
)
factored = define(
    equation(
        parameters,
        one_parameter
        * split
        * (budget / (six * one_parameter * one_token)) ** (data_exponent / (size_exponent + data_exponent)),
    ),
    because="the best size is a power of the budget, times a factor",
    cite="hoffmann2022",
)
both_sizes = substitute(
    factored,
    best_size,
    result=equation(
        one_parameter
        * (size_exponent * size_scale / (data_exponent * data_scale)) ** (1 / (size_exponent + data_exponent))
        * (budget / (six * one_parameter * one_token)) ** (data_exponent / (size_exponent + data_exponent)),
        one_parameter
        * split
        * (budget / (six * one_parameter * one_token)) ** (data_exponent / (size_exponent + data_exponent)),
    ),
    because="it is the size that was found",
)
lean = solve(
    both_sizes,
    split,
    equation(
        split, (size_exponent * size_scale / (data_exponent * data_scale)) ** (1 / (size_exponent + data_exponent))
    ),
    because="the factor depends on the fit alone",
    cite="hoffmann2022",
)
scale_by_lean = solve(
    lean,
    size_scale,
    equation(size_scale, data_exponent * data_scale / size_exponent * split ** (size_exponent + data_exponent)),
    because="turned round",
)
named = substitute(
    best_size,
    scale_by_lean,
    result=equation(
        parameters,
        one_parameter
        * split
        * (budget / (six * one_parameter * one_token)) ** (data_exponent / (size_exponent + data_exponent)),
    ),
    because="name the first factor",
)
size_law = apply(named, {parameters: best_parameters}, because="the best size", cite="hoffmann2022")
rest = substitute(
    what_is_left,
    named,
    result=equation(
        tokens,
        budget
        / six
        / (
            one_parameter
            * split
            * (budget / (six * one_parameter * one_token)) ** (data_exponent / (size_exponent + data_exponent))
        ),
    ),
    because="the rest of the budget reads data",
)
rest_as_power = rewrite(
    rest,
    equation(
        tokens,
        one_token
        / split
        * (budget / (six * one_parameter * one_token)) ** (size_exponent / (size_exponent + data_exponent)),
    ),
    because="the two powers add up to one",
)
data_law = apply(rest_as_power, {tokens: best_tokens}, because="the best amount of data", cite="hoffmann2022")
loss_there = apply(
    loss_law, {loss: best_loss, parameters: best_parameters, tokens: best_tokens}, because="the loss at the best split"
)
frontier = substitute(
    loss_there,
    size_law,
    data_law,
    result=equation(
        best_loss,
        irreducible
        + (size_scale / split**size_exponent + data_scale * split**data_exponent)
        / (budget / (six * one_parameter * one_token))
        ** (size_exponent * data_exponent / (size_exponent + data_exponent)),
    ),
    because="both parts fall with the same power of the budget",
)

# The rule of thumb.
in_proportion = given(
    equation(tokens, per_parameter * parameters),
    because="where both exponents are alike, tokens grow in proportion to parameters",
    cite="hoffmann2022",
)
budget_by_rule = substitute(
    work_law, in_proportion, result=equation(budget, six * per_parameter * parameters**2), because="name the tokens"
)
size_by_rule = solve(
    budget_by_rule,
    parameters,
    equation(parameters, sqrt(budget / (six * per_parameter))),
    because="both grow with the root of the budget",
)
rule_size = apply(size_by_rule, {parameters: rule_parameters}, because="the size by the rule")
rule_data = apply(in_proportion, {tokens: rule_tokens, parameters: rule_parameters}, because="the data by the rule")
twenty_rule = specialise(
    rule_size,
    {per_parameter: twenty},
    equation(rule_parameters, sqrt(budget / hundred_twenty)),
    because="with twenty tokens for each parameter",
    cite="hoffmann2022",
)

# Overtraining: a smaller model, and more tokens, than the best split of the same budget.
best_spent = apply(
    work_law, {parameters: best_parameters, tokens: best_tokens}, because="the best split spends the budget"
)
same_budget = substitute(
    work_law,
    best_spent,
    result=equation(six * best_parameters * best_tokens, six * parameters * tokens),
    because="and so does any other",
)
other_tokens = solve(
    same_budget,
    tokens,
    equation(tokens, best_parameters * best_tokens / parameters),
    because="fewer parameters leave more tokens",
)
over_ratio = define(
    equation(overtraining, tokens * best_parameters / (parameters * best_tokens)),
    because="overtrained is a matter of tokens per parameter",
    cite="gadre2024",
)
over_square = substitute(
    over_ratio,
    other_tokens,
    result=equation(overtraining, (best_parameters / parameters) ** 2),
    because="at the same budget",
)
smaller = solve(
    over_square,
    parameters,
    equation(parameters, best_parameters / sqrt(overtraining)),
    because="a model k times overtrained is smaller by the root of k",
)
longer = substitute(
    other_tokens,
    smaller,
    result=equation(tokens, best_tokens * sqrt(overtraining)),
    because="and reads more by the root of k",
)
over_size = apply(smaller, {parameters: over_parameters}, because="the size of the overtrained model")
over_data = apply(longer, {tokens: over_tokens}, because="the data of the overtrained model")
over_loss_there = apply(
    loss_law,
    {loss: over_loss, parameters: over_parameters, tokens: over_tokens},
    because="the loss of the overtrained model",
)
lost = define(equation(loss_cost, over_loss - best_loss), because="what it loses against the best split")
cost_law = substitute(
    lost,
    over_loss_there,
    loss_there,
    over_size,
    over_data,
    result=equation(
        loss_cost,
        size_scale / (best_parameters / one_parameter) ** size_exponent * (overtraining ** (size_exponent / 2) - 1)
        - data_scale / (best_tokens / one_token) ** data_exponent * (1 - 1 / overtraining ** (data_exponent / 2)),
    ),
    because="the smaller model loses more than the longer reading gains",
)
no_cost = specialise(cost_law, {overtraining: 1}, equation(loss_cost, 0), because="the best split costs nothing")
cheaper = define(equation(serving_share, over_parameters / best_parameters), because="answering costs by the parameter")
saving = substitute(
    cheaper,
    over_size,
    result=equation(serving_share, 1 / sqrt(overtraining)),
    because="overtraining is paid once and saves with every answer",
)

wall = Wall(
    number=11,
    name="complexity",
    domain="algorithm",
    core=(work_law, lean, size_law, data_law, frontier, rule_size, rule_data, twenty_rule, over_size, over_data,
          cost_law, saving),
    binds="the loss wanted needs more work than the budget holds, however it is split",
    assumptions=(
        "attention costs little next to the products with the weights",
        "every token is new: repeated data is worth less",
        "the fitted powers hold beyond the runs they were fitted to",
    ),
    validity="dense models trained once over their data, with the learning rate fitted to the length of the run",
)  # fmt: skip
