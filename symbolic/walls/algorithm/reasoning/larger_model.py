"""Thinking longer, or a larger model: the same work either way."""

from mlsysim.symbolic.foundations.inputs import multiply_add, parameters
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import define, equation, given, solve, substitute

larger = ratio("reasoning.larger", "M", "how many times larger the other model is", low=1.1, high=100)
training_tokens = Quantity(
    "reasoning.training_tokens", r"D_{\mathrm{train}}", "token", "tokens the model is trained on", low=1e3, high=1e14
)
serving_tokens = Quantity(
    "reasoning.serving_tokens", r"D_{\mathrm{serve}}", "token", "tokens it generates in its life", low=1e3, high=1e14
)
load = ratio("reasoning.load", "R", "tokens generated per token of training", low=1e-2, high=100)
training_work = Quantity("reasoning.training_work", "X", "flop", "work of training", display="TFLOP", low=1, high=1e24)
serving_work = Quantity("reasoning.serving_work", "Y", "flop", "work of generating", display="TFLOP", low=1, high=1e24)
multiplier = ratio("reasoning.multiplier", "x", "times more work in every answer for the same total", high=1e6)

training = given(
    equation(training_work, 3 * multiply_add * parameters * training_tokens),
    because="a forward pass and a backward pass of twice its work",
    cite="kaplan2020",
)
generating = given(
    equation(serving_work, multiply_add * parameters * serving_tokens),
    because="a forward pass for every token",
    cite="kaplan2020",
)
same_total = given(
    equation(larger * (training_work + serving_work), training_work + multiplier * serving_work),
    because="a larger model costs more in both; the small one may think for the difference",
    cite="snell2024",
)
in_tokens = substitute(
    same_total,
    training,
    generating,
    result=equation(
        larger * (3 * multiply_add * parameters * training_tokens + multiply_add * parameters * serving_tokens),
        3 * multiply_add * parameters * training_tokens + multiplier * (multiply_add * parameters * serving_tokens),
    ),
    because="name the work",
)
exchange = solve(
    in_tokens,
    multiplier,
    equation(multiplier, larger + 3 * (larger - 1) * training_tokens / serving_tokens),
    because="the size of the model cancels",
    cite="snell2024",
)
tokens_of_load = define(equation(serving_tokens, load * training_tokens), because="counted per token of training")
multiplier_law = substitute(
    exchange,
    tokens_of_load,
    result=equation(multiplier, larger + 3 * (larger - 1) / load),
    because="the tokens of training cancel",
    cite="snell2024",
)
