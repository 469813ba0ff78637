"""A run of a plan: the loss that its parameters and tokens are fitted to reach, and the best split of the same work."""

from mlsysim.symbolic.foundations import inputs as fit
from mlsysim.symbolic.foundations.inputs import parameters, training_tokens
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, ratio
from mlsysim.symbolic.rules import apply, equation, solve
from mlsysim.symbolic.walls.algorithm.complexity import wall as complexity
from mlsysim.symbolic.walls.algorithm.complexity.wall import (
    best_loss,
    best_parameters,
    best_tokens,
    budget,
    data_exponent,
    data_scale,
    irreducible,
    loss,
    overtraining,
    per_parameter,
    size_exponent,
    size_scale,
    split,
    tokens,
)
from mlsysim.symbolic.walls.node.compute.wall import run_work

run_loss = ratio("performance.loss", r"L_{\mathrm{run}}", "loss after the run, in nats per token", high=100)
optimal_parameters = Quantity(
    "performance.optimal_parameters",
    r"P^{*}_{\mathrm{run}}",
    "param",
    "parameters of the compute-optimal model for the work of the run",
    display="Gparam",
    low=1,
    high=1e13,
)
optimal_tokens = Quantity(
    "performance.optimal_tokens",
    r"D^{*}_{\mathrm{run}}",
    "token",
    "tokens of the compute-optimal model for the work of the run",
    low=1,
    high=1e16,
)
optimal_loss = ratio(
    "performance.optimal_loss",
    r"L^{*}_{\mathrm{run}}",
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

lean = ratio("scaling.lean", r"G_{\mathrm{fit}}", "how the fit leans to size", low=1e-3, high=1e3)

_run = {tokens: training_tokens}
_exponents = {size_exponent: fit.size_exponent, data_exponent: fit.data_exponent}
_scales = {size_scale: fit.size_scale, data_scale: fit.data_scale, **_exponents}
_split = {budget: run_work, split: lean, **_exponents}

work = apply(
    complexity.work_law, {budget: run_work, **_run}, because="the run reads its tokens once", when=TRANSFORMER_TRAINING
)
fitted = apply(
    complexity.loss_law,
    {loss: run_loss, irreducible: fit.irreducible, **_scales, **_run},
    because="the fit, at the parameters and the tokens of the run",
    cite="hoffmann2022",
    when=TRANSFORMER_TRAINING,
)
leaning = apply(
    complexity.lean, {split: lean, **_scales}, because="it depends on the fit alone", when=TRANSFORMER_TRAINING
)
size = apply(
    complexity.size_law,
    {best_parameters: optimal_parameters, **_split},
    because="the best size for the work of the run",
    when=TRANSFORMER_TRAINING,
)
data = apply(
    complexity.data_law,
    {best_tokens: optimal_tokens, **_split},
    because="the rest of that work reads data",
    when=TRANSFORMER_TRAINING,
)
there = apply(
    complexity.frontier,
    {best_loss: optimal_loss, irreducible: fit.irreducible, **_scales, **_split},
    because="no other split of that work reaches less",
    when=TRANSFORMER_TRAINING,
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
    {overtraining: run_overtraining, best_parameters: optimal_parameters},
    because="the run spends the same work otherwise",
    when=TRANSFORMER_TRAINING,
)
