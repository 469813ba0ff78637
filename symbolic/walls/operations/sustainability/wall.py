"""Sustainability: power becomes energy, energy becomes emissions and water, and making the hardware emits too."""

from mlsysim.symbolic.foundations import in_turn, rates
from mlsysim.symbolic.foundations.inputs import carbon_intensity, carbon_tax, devices, duration, embodied, lifetime, pue
from mlsysim.symbolic.quantity import ALL, TRANSFORMER_TRAINING, Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, limit, rewrite, solve, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.operations.sustainability import facility
from mlsysim.symbolic.walls.operations.sustainability import power as fleet
from mlsysim.symbolic.walls.operations.sustainability import water as drinking
from mlsysim.symbolic.walls.operations.sustainability.facility import energy
from mlsysim.symbolic.walls.operations.sustainability.power import power

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
wear = Quantity(
    "sustainability.wear", r"c_{\mathrm{life}}", "gCO2e/s", "emissions of making an accelerator, per time of its life"
)
unit_share = Quantity(
    "sustainability.unit_share", r"C_{\mathrm{share},1}", "gCO2e", "emissions of making one, for this time", low=0
)
embodied_part = ratio("sustainability.embodied_share", r"x_{\mathrm{emb}}", "share of emissions from making", low=0)
levy = Quantity("sustainability.levy", r"K_{\mathrm{C}}", "USD", "carbon tax on the emissions", low=0)

# Operating.
intensity = define(
    equation(carbon_intensity, operational / energy),
    because="the intensity of a grid is what it emits for each unit of energy",
    cite="patterson2021",
)
emitted = solve(
    intensity,
    operational,
    equation(operational, energy * carbon_intensity),
    because="the grid emits for all energy of the facility",
    cite="patterson2021",
    when=ALL,
)
operational_law = substitute(
    emitted,
    facility.overhead,
    fleet.energy_of_computers,
    result=equation(operational, power * duration * pue * carbon_intensity),
    because="name the energy of the facility",
)

# Making.
spread = apply(
    rates.per_time,
    {rates.rate: wear, rates.amount: embodied, rates.duration: lifetime},
    because="the emissions of making an accelerator are spread evenly over its life",
    cite="gupta2022",
)
used_up = apply(
    rates.amount_law,
    {rates.amount: unit_share, rates.rate: wear, rates.duration: duration},
    because="the time held is a part of that life",
)
all_wear = apply(
    in_turn.law,
    {in_turn.whole: embodied_share, in_turn.parts: devices, in_turn.part: unit_share},
    because="every accelerator of the fleet is worn",
)
made = substitute(
    all_wear,
    used_up,
    spread,
    result=equation(embodied_share, devices * embodied * duration / lifetime),
    because="name the share of one",
    cite="gupta2022",
    when=ALL - TRANSFORMER_TRAINING,
)

# Both.
both = total(
    emitted,
    made,
    result=equation(carbon, operational + embodied_share),
    because="operating and making both emit",
    cite="gupta2022",
    when=ALL,
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
tax_rate = define(
    equation(carbon_tax, levy / carbon), because="a carbon tax is a price for every gram", cite="barroso2018"
)
priced = solve(tax_rate, levy, equation(levy, carbon * carbon_tax), because="all emissions are taxed")
levy_law = substitute(
    priced,
    carbon_law,
    result=equation(
        levy, (power * duration * pue * carbon_intensity + devices * embodied * duration / lifetime) * carbon_tax
    ),
    because="name the emissions",
)

wall = Wall(
    number=18,
    name="sustainability",
    domain="operations",
    core=(
        facility.law,
        both,
        drinking.by_computer,
        fleet.drawn,
        fleet.energy_of_computers,
        facility.overhead,
        emitted,
        made,
        fleet.idle_floor,
        fleet.full_load,
        carbon_law,
        share_law,
        clean_grid,
        levy_law,
        drinking.water_of_fleet,
    ),
    binds="emissions or water exceed what is allowed",
    assumptions=("power is linear between idle and maximum", "the grid's average stands for the hours used"),
    validity="annual averages; hourly matching needs an hourly grid",
)
