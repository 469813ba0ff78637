"""Whole shares: what comes in whole pieces is rarely shared evenly, and the largest share decides."""

from sympy import ceiling

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.quantity import Quantity, count
from mlsysim.symbolic.rules import apply, define, equation, solve, substitute

pieces = count("whole_shares.pieces", "Y", "whole pieces that are shared", high=4096)
sharers = count("whole_shares.sharers", r"n_{y}", "how many share them", high=4096)
even = Quantity("whole_shares.even", r"\bar{y}", "1", "an even share", high=4096)
largest = count(
    "whole_shares.largest", r"y_{\max}", "the largest of whole shares that are as even as can be", high=4096
)
box = count("whole_shares.box", r"y_{\mathrm{box}}", "pieces that go into one box", high=4096)
filled = Quantity("whole_shares.filled", r"\bar{n}_{\mathrm{box}}", "1", "boxes that all pieces fill", high=4096)
boxes = count("whole_shares.boxes", r"n_{\mathrm{box}}", "boxes that hold all pieces", high=4096)

even_share = apply(
    shares.law,
    {shares.share: even, shares.whole: pieces, shares.shares: sharers},
    because="cut into parts, pieces could be shared evenly",
)
rounded_up = define(
    equation(largest, ceiling(even)),
    because="not all shares are below the even one, and the smallest whole number that is not is the even one rounded up",
)
law = substitute(
    rounded_up, even_share, result=equation(largest, ceiling(pieces / sharers)), because="name the even share"
)

together = apply(
    in_turn.law,
    {in_turn.whole: pieces, in_turn.parts: filled, in_turn.part: box},
    because="full boxes hold so many pieces together",
)
filled_boxes = solve(together, filled, equation(filled, pieces / box), because="as many boxes as the pieces fill")
last_box = define(equation(boxes, ceiling(filled)), because="what is left over takes one more box")
boxes_law = substitute(
    last_box, filled_boxes, result=equation(boxes, ceiling(pieces / box)), because="name the boxes that are filled"
)
