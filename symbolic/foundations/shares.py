"""Shares: equal shares of a whole, and the part of a capability that is reached."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.in_turn import part as share
from mlsysim.symbolic.foundations.in_turn import parts as shares
from mlsysim.symbolic.foundations.in_turn import whole
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import define, equation, solve

law = solve(
    in_turn.law, share, equation(share, whole / shares), because="shares add up to the whole, and all are equal"
)

reached = Quantity("shares.reached", r"y_{\mathrm{reached}}", "1", "what is reached of a capability")
capability = Quantity("shares.capability", r"y_{\mathrm{best}}", "1", "what could be reached at best", low=1, high=1e15)
efficiency = ratio("shares.efficiency", r"\eta_{\mathrm{reached}}", "share of a capability that is reached")

share_of_best = define(equation(efficiency, reached / capability), because="an efficiency says which part is reached")
reached_law = solve(
    share_of_best, reached, equation(reached, efficiency * capability), because="the reached part is that share of it"
)
