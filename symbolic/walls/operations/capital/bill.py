"""The bill of a rented fleet: accelerators by the hour, electricity where the rent leaves it out, and a carbon tax."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations import in_turn, rates
from mlsysim.symbolic.foundations.inputs import carbon_tax, devices, duration, electricity_price, price
from mlsysim.symbolic.quantity import ALL, TRANSFORMER_TRAINING, Quantity
from mlsysim.symbolic.rules import apply, define, equation, solve, substitute, total
from mlsysim.symbolic.walls.operations.sustainability import wall as sustainability
from mlsysim.symbolic.walls.operations.sustainability.facility import energy
from mlsysim.symbolic.walls.operations.sustainability.wall import carbon, levy

rent = Quantity("macro.rent", r"K_{\mathrm{rent}}", "USD", "price of the accelerators for the time they are held")
unit_rent = Quantity("capital.unit_rent", r"K_{\mathrm{rent},1}", "USD", "price of one accelerator for that time")
metered = Quantity("capital.metered", r"K_{\mathrm{kWh}}", "USD", "price of all energy of the facility", low=0)
energy_cost = Quantity(
    "macro.electricity", r"K_{E}", "USD", "price of the electricity that is paid beside the rent", low=0
)
tax = Quantity("macro.carbon_tax", r"K_{\mathrm{CO_2}}", "USD", "price of the emissions", low=0)
cost = Quantity("macro.tco", "K", "USD", "total cost of the time the fleet is held")

by_the_hour = apply(
    rates.amount_law,
    {rates.amount: unit_rent, rates.rate: price, rates.duration: duration},
    because="an accelerator is paid for by the hour, busy or not",
    cite="barroso2018",
)
every_accelerator = apply(
    in_turn.law,
    {in_turn.whole: rent, in_turn.parts: devices, in_turn.part: unit_rent},
    because="and so is every one of the fleet",
)
rented = substitute(
    every_accelerator,
    by_the_hour,
    result=equation(rent, devices * price * duration),
    because="name the rent of one",
    cite="barroso2018",
    when=ALL - TRANSFORMER_TRAINING,
)
tariff = define(
    equation(electricity_price, metered / energy),
    because="electricity has a price for each unit of energy",
    cite="barroso2018",
)
by_the_meter = solve(
    tariff, metered, equation(metered, energy * electricity_price), because="every unit of energy is paid for"
)
beside_the_rent = define(
    equation(energy_cost, Piecewise((0, Eq(electricity_price, 0)), (metered, True))),
    because="without a price of its own, electricity is in the rent, also where nobody knows how much it is",
    cite="barroso2018",
)
electricity = substitute(
    beside_the_rent,
    by_the_meter,
    result=equation(energy_cost, Piecewise((0, Eq(electricity_price, 0)), (energy * electricity_price, True))),
    because="name what the meter says",
    cite="barroso2018",
    when=ALL,
)
where_taxed = define(
    equation(tax, Piecewise((0, Eq(carbon_tax, 0)), (levy, True))),
    because="where emissions are not taxed they cost nothing, also where nobody knows how much they are",
    cite="barroso2018",
)
taxed = substitute(
    where_taxed,
    sustainability.priced,
    result=equation(tax, Piecewise((0, Eq(carbon_tax, 0)), (carbon * carbon_tax, True))),
    because="name the tax on all emissions",
    when=ALL,
)
law = total(
    rented,
    electricity,
    taxed,
    result=equation(cost, rent + energy_cost + tax),
    because="rent includes cooling and maintenance; electricity that has a price, and the tax, come on top",
    when=ALL,
)
