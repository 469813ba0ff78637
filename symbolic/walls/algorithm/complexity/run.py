"""A run of a plan: the loss that its parameters and tokens are fitted to reach, and the best split of the same work."""

from mlsysim.symbolic.foundations.inputs import parameters, training_tokens
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, ratio
from mlsysim.symbolic.rules import apply, equation, solve
from mlsysim.symbolic.walls.algorithm.complexity import wall as complexity
from mlsysim.symbolic.walls.algorithm.complexity.wall import (
    best_loss,
    best_parameters,
    best_tokens,
    loss,
    overtraining,
    per_parameter,
    tokens,
)

run_loss = ratio("performance.loss", r"L_{\mathrm{run}}", "loss after the run, in nats per token", high=100)
optimal_parameters = Quantity(
    "performance.optimal_parameters",
    r"P_{\mathrm{opt}}",
    "param",
    "parameters of the compute-optimal model for the work of the run",
    display="Gparam",
    low=1,
    high=1e13,
)
optimal_tokens = Quantity(
    "performance.optimal_tokens",
    r"D^{\star}_{\mathrm{run}}",
    "token",
    "tokens of the compute-optimal model for the work of the run",
    low=1,
    high=1e16,
)
optimal_loss = ratio(
    "performance.optimal_loss",
    r"L_{\mathrm{opt}}",
    "loss of the compute-optimal model for the work of the run",
    high=100,
)
run_ratio = Quantity(
    "performance.tokens_per_parameter",
    r"t_{\mathrm{run}}",
    "token/param",
    "tokens of the run for each parameter",
    low=1e-3,
    high=1e6,
)
run_overtraining = ratio(
    "performance.overtraining",
    r"k_{\mathrm{run}}",
    "tokens for each parameter, over those of the compute-optimal model",
    low=1e-6,
    high=1e6,
)

_run = {tokens: training_tokens}
_optimal_size, _optimal_data = {best_parameters: optimal_parameters}, {best_tokens: optimal_tokens}

work = apply(complexity.work_law, _run, because="the tokens of the run", when=TRANSFORMER_TRAINING)
leaning = apply(complexity.lean, {complexity.split: complexity.split}, because="of its fit", when=TRANSFORMER_TRAINING)
fitted = apply(
    complexity.loss_law,
    {loss: run_loss, **_run},
    because="the fit, at the parameters and the tokens of the run",
    cite="hoffmann2022",
    when=TRANSFORMER_TRAINING,
)
size = apply(
    complexity.size_law, _optimal_size, because="the best size for the work of the run", when=TRANSFORMER_TRAINING
)
data = apply(complexity.data_law, _optimal_data, because="the rest of that work reads data", when=TRANSFORMER_TRAINING)
there = apply(
    complexity.frontier, {best_loss: optimal_loss}, because="no other split reaches less", when=TRANSFORMER_TRAINING
)
read_for_each = solve(
    complexity.in_proportion,
    per_parameter,
    equation(per_parameter, tokens / parameters),
    because="the tokens for each parameter",
)
ratio_of_the_run = apply(
    read_for_each, {per_parameter: run_ratio, **_run}, because="of the run", when=TRANSFORMER_TRAINING
)
away_from_the_best = apply(
    complexity.over_square,
    {overtraining: run_overtraining, **_optimal_size},
    because="the run spends the same work otherwise",
    when=TRANSFORMER_TRAINING,
)
