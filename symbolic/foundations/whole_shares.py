"""Whole shares: what comes in whole pieces is rarely shared evenly, and the largest share decides."""

from sympy import ceiling

from mlsysim.symbolic.foundations import shares
from mlsysim.symbolic.quantity import Quantity, count
from mlsysim.symbolic.rules import apply, define, equation, substitute

pieces = count("whole_shares.pieces", "Y", "whole pieces that are shared", high=4096)
sharers = count("whole_shares.sharers", r"n_{y}", "how many share them", high=4096)
even = Quantity("whole_shares.even", r"\bar{y}", "1", "an even share", high=4096)
largest = count(
    "whole_shares.largest", r"y_{\max}", "the largest of whole shares that are as even as can be", high=4096
)

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
