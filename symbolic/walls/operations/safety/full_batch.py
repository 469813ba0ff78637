"""Every step reads all data: the privacy loss at its best order, in closed form."""

from sympy import exp, log, sqrt

from mlsysim.symbolic.quantity import ratio
from mlsysim.symbolic.rules import apply, define, equation, rewrite, solve, specialise, stationary, substitute
from mlsysim.symbolic.walls.operations.safety import accountant
from mlsysim.symbolic.walls.operations.safety.accountant import epsilon_high, mean, order, rate, spent, steps
from mlsysim.symbolic.walls.operations.safety.mechanism import delta, noise

plain_epsilon = ratio("safety.plain", r"\epsilon_{\alpha}", "privacy loss at an order, all data in all steps", high=100)
full_epsilon = ratio("safety.epsilon_full", r"\epsilon_{1}", "privacy loss when every step reads all data", high=100)
surprise = ratio("safety.surprise", r"\ell", "log of how rarely the loss may be exceeded", low=0.5, high=25)
above = ratio("safety.above", "a", "order less one", high=100)

nothing_left_out = specialise(
    accountant.mean_law,
    {rate: 1},
    equation(mean, exp((order**2 - order) / (2 * noise**2))),
    because="only the term remains in which every draw holds the example",
)
full_spent = substitute(
    accountant.spent_law,
    nothing_left_out,
    result=equation(spent, steps * order / (2 * noise**2)),
    because="the logarithm undoes the exponential",
)
full_converted = substitute(
    accountant.converted,
    full_spent,
    result=equation(epsilon_high, steps * order / (2 * noise**2) + log(1 / delta) / (order - 1)),
    because="without sampling",
)
rarely = define(equation(surprise, log(1 / delta)), because="a name for it")
rarity = solve(rarely, delta, equation(delta, exp(-surprise)), because="turned round")
by_surprise = substitute(
    full_converted,
    rarity,
    result=equation(epsilon_high, steps * order / (2 * noise**2) + surprise / (order - 1)),
    because="name the logarithm",
)
by_order = apply(
    by_surprise, {epsilon_high: plain_epsilon, order: 1 + above}, because="the order may be any number above one"
)
by_excess = rewrite(
    by_order,
    equation(plain_epsilon, steps * (1 + above) / (2 * noise**2) + surprise / above),
    because="one and one cancel",
)
flat = stationary(
    by_excess,
    above,
    equation(steps / (2 * noise**2) - surprise / above**2, 0),
    because="the best order is where the bound stops falling",
)
best_order = solve(
    flat, above, equation(above, noise * sqrt(2 * surprise / steps)), because="only one root is positive"
)
at_best = substitute(
    by_excess,
    best_order,
    result=equation(plain_epsilon, steps / (2 * noise**2) + sqrt(2 * steps * surprise) / noise),
    because="at the best order",
)
full_law = apply(at_best, {plain_epsilon: full_epsilon}, because="the privacy loss without sampling")
