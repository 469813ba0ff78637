"""Sustainability: power becomes energy, energy becomes emissions and water, and making the hardware emits too."""

from mlsysim.symbolic.foundations.inputs import (
    carbon_intensity,
    carbon_tax,
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
from mlsysim.symbolic.quantity import ALL, TRANSFORMER_TRAINING, Quantity, ratio
from mlsysim.symbolic.rules import define, equation, given, limit, rewrite, specialise, substitute, total
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
    equation(it_energy, power * duration),
    because="energy is power over time",
    cite="barroso2018",
    when=ALL - TRANSFORMER_TRAINING,
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
    when=ALL - TRANSFORMER_TRAINING,
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

# The ends of the power line, and the whole chain from power to emissions, tax and water.
embodied_part = ratio("sustainability.embodied_share", r"x_{\mathrm{emb}}", "share of emissions from making", low=0)
levy = Quantity("sustainability.levy", r"K_{\mathrm{C}}", "USD", "carbon tax on the emissions", low=0)

idle_floor = specialise(
    drawn, {busy: 0}, equation(power, devices * power_idle), because="a fleet that computes nothing still draws power"
)
full_load = specialise(
    drawn,
    {busy: 1, goodput: 1},
    equation(power, devices * power_max),
    because="a fleet that always computes draws its maximum",
)
operational_law = substitute(
    emitted,
    overhead,
    energy_of_computers,
    result=equation(operational, power * duration * pue * carbon_intensity),
    because="name the energy of the facility",
)
carbon_law = substitute(
    both,
    operational_law,
    made,
    result=equation(carbon, power * duration * pue * carbon_intensity + devices * embodied * duration / lifetime),
    because="name both emissions",
)
part_made = define(equation(embodied_part, embodied_share / carbon), because="a share of all emissions")
share_named = substitute(
    part_made,
    carbon_law,
    made,
    result=equation(
        embodied_part,
        devices
        * embodied
        * duration
        / lifetime
        / (power * duration * pue * carbon_intensity + devices * embodied * duration / lifetime),
    ),
    because="name both",
)
share_law = rewrite(
    share_named,
    equation(embodied_part, 1 / (1 + power * pue * carbon_intensity * lifetime / (devices * embodied))),
    because="the time cancels: making matters where power and grid emit little over a life",
    cite="gupta2022",
)
clean_grid = limit(
    share_law, carbon_intensity, 0, equation(embodied_part, 1), because="on a clean grid all emissions are of making"
)
priced = given(equation(levy, carbon * carbon_tax), because="a carbon tax is a price on every gram", cite="barroso2018")
levy_law = substitute(
    priced,
    carbon_law,
    result=equation(
        levy, (power * duration * pue * carbon_intensity + devices * embodied * duration / lifetime) * carbon_tax
    ),
    because="name the emissions",
)
water_of_fleet = substitute(
    by_computer,
    energy_of_computers,
    result=equation(water, power * duration * (wue + pue * water_intensity)),
    because="name the energy of the computers",
    cite="li2023thirsty",
)

wall = Wall(
    number=18,
    name="sustainability",
    domain="operations",
    core=(
        law,
        both,
        by_computer,
        drawn,
        energy_of_computers,
        overhead,
        emitted,
        made,
        idle_floor,
        full_load,
        carbon_law,
        share_law,
        clean_grid,
        levy_law,
        water_of_fleet,
    ),
    binds="emissions or water exceed what is allowed",
    assumptions=("power is linear between idle and maximum", "the grid's average stands for the hours used"),
    validity="annual averages; hourly matching needs an hourly grid",
)
