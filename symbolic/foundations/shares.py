"""Shares: equal shares of a whole, and the part of a capability that is reached."""

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.quantity import Quantity, count, ratio
from mlsysim.symbolic.rules import apply, define, equation, solve

share = Quantity("shares.share", "x", "1", "one of several equal shares")
shares = count("shares.shares", "n", "how many share", high=4096)
whole = Quantity("shares.whole", "X", "1", "what is shared")

together = apply(
    in_turn.law,
    {in_turn.whole: whole, in_turn.parts: shares, in_turn.part: share},
    because="shares add up to the whole",
)
law = solve(together, share, equation(share, whole / shares), because="and all are equal")

reached = Quantity("shares.reached", "y", "1", "what is reached of a capability")
capability = Quantity("shares.capability", "Y", "1", "what could be reached at best", low=1, high=1e15)
efficiency = ratio("shares.efficiency", r"\eta", "share of a capability that is reached")

share_of_best = define(equation(efficiency, reached / capability), because="an efficiency says which part is reached")
reached_law = solve(
    share_of_best, reached, equation(reached, efficiency * capability), because="the reached part is that share of it"
)
