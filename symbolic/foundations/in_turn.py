"""In turn: equal parts one after another add up to one of them, times their number."""

from sympy import Sum, Symbol

from mlsysim.symbolic.quantity import Quantity, count
from mlsysim.symbolic.rules import define, equation, summed

part = Quantity("in_turn.part", r"x_{\mathrm{part}}", "1", "one of several equal parts")
parts = count("in_turn.parts", r"n_{\mathrm{part}}", "how many there are", high=4096)
whole = Quantity("in_turn.whole", r"X_{\mathrm{whole}}", "1", "all parts together")
turn = Symbol("i", integer=True, positive=True)

added = define(equation(whole, Sum(part, (turn, 1, parts))), because="parts one after another add up")
law = summed(added, equation(whole, parts * part), because="each adds the same")
