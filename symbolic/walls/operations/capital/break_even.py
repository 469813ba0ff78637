"""Break-even: owned against rented, by how much of the time the fleet is used."""

from sympy import Piecewise, oo

from mlsysim.symbolic.foundations.inputs import electricity_price, lifetime, power_idle, power_max, price, pue
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, solve, specialise, substitute
from mlsysim.symbolic.walls.operations.capital import owning
from mlsysim.symbolic.walls.operations.capital.owning import (
    facility_life,
    facility_price,
    standing,
    unit_price,
    upkeep_rate,
)
from mlsysim.symbolic.walls.operations.sustainability import power as fleet

used = ratio("capital.used", r"x_{\mathrm{use}}", "share of the time in which the fleet is used")
mean_power = Quantity("capital.mean_power", r"W_{x}", "W", "mean power of one accelerator", low=1, high=2e4)
owned_rate = Quantity(
    "capital.owned_rate", r"\pi_{\mathrm{own}}", "USD/s", "cost of owning an accelerator per time", display="USD/h"
)
rented_rate = Quantity(
    "capital.rented_rate", r"\pi_{\mathrm{rent}}", "USD/s", "cost of renting one while it is used", display="USD/h"
)
even_use = ratio("capital.break_even", r"x^{*}", "share of use above which owning is cheaper", high=10)
even_price = Quantity(
    "capital.even_price", r"\pi^{*}", "USD/s", "rent at which owning and renting cost the same", display="USD/h"
)

power_by_use = apply(
    fleet.by_use,
    {fleet.unit_power: mean_power, fleet.computing: used},
    because="power rises from idle to its maximum with use",
    cite="barroso2018",
)
owner_pays = define(
    equation(owned_rate, standing + pue * electricity_price * mean_power),
    because="standing cost, and electricity for what is drawn",
)
owner_by_use = substitute(
    owner_pays,
    power_by_use,
    result=equation(owned_rate, standing + pue * electricity_price * (power_idle + (power_max - power_idle) * used)),
    because="name the power",
)
renter_pays = given(
    equation(rented_rate, price * used), because="a renter hands back what is not used", cite="barroso2018"
)
even = substitute(
    define(equation(rented_rate, owned_rate), because="at the break-even both pay the same"),
    renter_pays,
    owner_by_use,
    result=equation(price * used, standing + pue * electricity_price * (power_idle + (power_max - power_idle) * used)),
    because="name both costs",
)
even_rent = solve(
    even,
    price,
    equation(price, (standing + pue * electricity_price * (power_idle + (power_max - power_idle) * used)) / used),
    because="the price at which it does not matter",
)
even_price_law = apply(even_rent, {price: even_price}, because="above this rent, owning is cheaper")
even_use_of = solve(
    even,
    used,
    equation(
        used,
        (standing + pue * electricity_price * power_idle)
        / (price - pue * electricity_price * (power_max - power_idle)),
    ),
    because="gather the use on one side",
)
even_law = substitute(
    even_use_of,
    owning.standing_law,
    result=equation(
        used,
        (
            unit_price / lifetime
            + power_max * facility_price / facility_life
            + unit_price * upkeep_rate
            + pue * electricity_price * power_idle
        )
        / (price - pue * electricity_price * (power_max - power_idle)),
    ),
    because="name the standing cost",
)
break_even = define(
    equation(
        even_use,
        Piecewise((oo, price <= pue * electricity_price * (power_max - power_idle)), (even_use_of.result.right, True)),
    ),
    because="where rent is below the electricity that use adds, owning never pays",
)
dry_even = specialise(
    even_use_of,
    {electricity_price: 0},
    equation(used, standing / price),
    because="with free electricity it is the standing cost over the rent",
)
