"""Hiding: what one process takes longer than another beside it shows, and no more."""

from sympy import Max

from mlsysim.symbolic.quantity import time
from mlsysim.symbolic.rules import define, equation, rewrite, substitute

exchange = time("hiding.exchange", r"T_{\mathrm{ex}}", "time of an exchange")
window = time("hiding.window", r"T_{\mathrm{w}}", "time of computing that it can hide behind")
both = time("hiding.both", r"T_{\mathrm{both}}", "time until both have ended")
shown = time("hiding.shown", r"T_{\mathrm{shown}}", "time by which the exchange makes computing later", low=0)

side_by_side = define(equation(both, Max(exchange, window)), because="both run at once, and the longer one ends last")
later = define(equation(shown, both - window), because="computing alone would have ended after its own time")
named = substitute(later, side_by_side, result=equation(shown, Max(exchange, window) - window), because="name both")
law = rewrite(
    named,
    equation(shown, Max(0, exchange - window)),
    because="an exchange that is shorter does not show",
    cite="li2020ddp",
)
