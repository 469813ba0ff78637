"""Sustainability: power becomes energy, energy becomes emissions and water, and making the hardware emits too."""

from mlsysim.symbolic.foundations.inputs import (
    carbon_intensity,
    devices,
    duration,
    embodied,
    lifetime,
    power_idle,
    power_max,
    pue,
    water_intensity,
    wue,
)
from mlsysim.symbolic.foundations.results import busy, goodput
from mlsysim.symbolic.quantity import ALL, Quantity
from mlsysim.symbolic.rules import define, equation, given, rewrite, substitute, total
from mlsysim.symbolic.wall import Wall

power = Quantity("macro.power", "W", "W", "mean IT power of the fleet", display="kW", low=1)
it_energy = Quantity("macro.it_energy", r"E_{\mathrm{IT}}", "J", "energy of the computers", display="kWh", low=1)
energy = Quantity("macro.energy", r"E_{\mathrm{fac}}", "J", "energy of the facility", display="kWh", low=1)
operational = Quantity(
    "macro.operational_carbon", r"C_{\mathrm{op}}", "gCO2e", "emissions of the energy", display="kgCO2e", low=0
)
embodied_share = Quantity(
    "macro.embodied_carbon",
    r"C_{\mathrm{share}}",
    "gCO2e",
    "emissions of making the accelerators, for this time",
    display="kgCO2e",
    low=0,
)
carbon = Quantity("macro.carbon", "C", "gCO2e", "emissions", display="kgCO2e", low=0)
water = Quantity("macro.water", r"V_{\mathrm{H_2O}}", "L", "water used on site and by the grid", low=0)

drawn = given(
    equation(power, devices * (power_idle + (power_max - power_idle) * busy * goodput)),
    because="power rises from idle to its maximum with the time spent computing",
    cite="barroso2018",
    when=ALL,
)
energy_of_computers = define(
    equation(it_energy, power * duration), because="energy is power over time", cite="barroso2018", when=ALL
)
overhead = given(
    equation(energy, it_energy * pue),
    because="cooling and conversion come on top of the computers",
    cite="iso30134",
    when=ALL,
)
law = substitute(
    overhead,
    energy_of_computers,
    drawn,
    result=equation(energy, devices * (power_idle + (power_max - power_idle) * busy * goodput) * duration * pue),
    because="name the energy of the computers",
)
emitted = given(
    equation(operational, energy * carbon_intensity),
    because="the grid emits for every unit of energy",
    cite="patterson2021",
    when=ALL,
)
made = given(
    equation(embodied_share, devices * embodied * duration / lifetime),
    because="making an accelerator is spread over its life",
    cite="gupta2022",
    when=ALL,
)
both = total(
    emitted,
    made,
    result=equation(carbon, operational + embodied_share),
    because="operating and making both emit",
    cite="gupta2022",
    when=ALL,
)
drunk = given(
    equation(water, it_energy * wue + energy * water_intensity),
    because="cooling drinks for the energy of the computers, the grid for that of the facility",
    cite="li2023thirsty",
    when=ALL,
)
water_law = substitute(
    drunk,
    overhead,
    result=equation(water, it_energy * wue + it_energy * pue * water_intensity),
    because="name the energy of the facility",
)
by_computer = rewrite(
    water_law, equation(water, it_energy * (wue + pue * water_intensity)), because="both are per IT energy"
)

wall = Wall(
    number=18,
    name="sustainability",
    domain="operations",
    core=(law, both, by_computer),
    binds="emissions or water exceed what is allowed",
    assumptions=("power is linear between idle and maximum", "the grid's average stands for the hours used"),
    validity="annual averages; hourly matching needs an hourly grid",
)
