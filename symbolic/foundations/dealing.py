"""Dealing out: how many each gets, how many are left over, and how many boxes of one size hold everything."""

from sympy import Mod, Piecewise, ceiling, floor

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.quantity import count
from mlsysim.symbolic.rules import apply, define, equation, rewrite, substitute

everything = count("dealing.everything", r"X_{\mathrm{all}}", "what is dealt out", high=131072)
takers = count("dealing.takers", r"n_{\mathrm{take}}", "how many take of it, or how many a box holds", high=4096)
each = count("dealing.each", r"x_{\mathrm{each}}", "what each of them gets", low=0, high=131072)
dealt = count("dealing.dealt", r"X_{\mathrm{dealt}}", "what all of them get", low=0, high=131072)
left = count("dealing.left", r"\Delta", "what is left over", low=0, high=4096)
boxes = count("dealing.boxes", r"n_{\mathrm{box}}", "boxes that hold everything", high=131072)

whole_shares = define(
    equation(each, floor(everything / takers)), because="all get equally many, and nobody a part of one"
)
dealt_out = apply(
    in_turn.law, {in_turn.whole: dealt, in_turn.parts: takers, in_turn.part: each}, because="shares add up"
)
rest = define(equation(left, everything - dealt), because="what nobody gets is left over")
rest_named = substitute(
    rest,
    dealt_out,
    whole_shares,
    result=equation(left, everything - takers * floor(everything / takers)),
    because="name what was dealt out",
)
law = rewrite(rest_named, equation(left, Mod(everything, takers)), because="which is division with a remainder")

full_and_rest = define(
    equation(boxes, each + Piecewise((1, left > 0), (0, True))),
    because="as many as can be filled, and one more where something is left over",
)
boxes_named = substitute(
    full_and_rest,
    whole_shares,
    law,
    result=equation(boxes, floor(everything / takers) + Piecewise((1, Mod(everything, takers) > 0), (0, True))),
    because="name the full ones and the rest",
)
boxes_law = rewrite(
    boxes_named, equation(boxes, ceiling(everything / takers)), because="which is the quotient, rounded up"
)
