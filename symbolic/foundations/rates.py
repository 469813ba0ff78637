"""Rates: how long an amount takes at a rate, and how much comes of a rate in a time."""

from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.rules import define, equation, solve

amount = Quantity("rates.amount", "Q", "1", "an amount of something", low=1, high=1e15)
rate = Quantity("rates.rate", r"r_{Q}", "1/s", "amount for each unit of time", low=1, high=1e15)
duration = Quantity("rates.duration", r"t_{Q}", "s", "time that it takes", low=1e-6, high=1e9)

per_time = define(equation(rate, amount / duration), because="a rate is an amount for each unit of time")
duration_law = solve(per_time, duration, equation(duration, amount / rate), because="what an amount takes at a rate")
amount_law = solve(per_time, amount, equation(amount, rate * duration), because="what a rate brings in a time")
