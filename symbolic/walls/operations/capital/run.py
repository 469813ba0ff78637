"""A training run: how long its tokens take, what that time costs, and what it emits.

The fleet is held for as long as the plan says. A plan that says only how many tokens the run has holds it for the run.
"""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import duration, training_tokens
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, time
from mlsysim.symbolic.rules import apply, define, equation
from mlsysim.symbolic.walls.operations.capital import bill, tokens
from mlsysim.symbolic.walls.operations.sustainability import facility
from mlsysim.symbolic.walls.operations.sustainability import power as fleet
from mlsysim.symbolic.walls.operations.sustainability import wall as sustainability
from mlsysim.symbolic.walls.operations.sustainability.facility import energy
from mlsysim.symbolic.walls.operations.sustainability.power import it_energy
from mlsysim.symbolic.walls.operations.sustainability.wall import carbon

run_time = time("macro.run_time", r"T_{\mathrm{run}}", "time of the training run", display="day", low=3600)
run_cost = Quantity("macro.run_cost", r"K_{\mathrm{run}}", "USD", "total cost of the training run", low=1)
run_carbon = Quantity(
    "macro.run_carbon", r"C_{\mathrm{run}}", "gCO2e", "emissions of the training run", display="kgCO2e", low=0
)
run_rent = Quantity(
    "capital.run_rent", r"K_{\mathrm{rent,run}}", "USD", "price of the accelerators for the time of the run"
)
run_tax = Quantity("capital.run_tax", r"K_{\mathrm{CO_2,run}}", "USD", "price of the emissions of the run", low=0)

run_computers = Quantity(
    "sustainability.run_it_energy",
    r"E_{\mathrm{IT,run}}",
    "J",
    "energy of the computers for the run",
    display="kWh",
    low=1,
)
run_energy = Quantity(
    "sustainability.run_energy", r"E_{\mathrm{run}}", "J", "energy of the facility for the run", display="kWh", low=1
)
run_electricity = Quantity(
    "capital.run_electricity", r"K_{E,\mathrm{run}}", "USD", "price of the run's electricity beside the rent", low=0
)

held = time(
    "capital.held",
    r"D_{\mathrm{held}}",
    "time the fleet is held: what the plan says, else that of its run",
    display="h",
)

takes = apply(
    tokens.run_takes,
    {tokens.run_tokens: training_tokens, tokens.run_time: run_time},
    because="every token is trained on once, and lost time makes a run longer",
    when=TRANSFORMER_TRAINING,
)
held_for = define(
    equation(held, Piecewise((run_time, Eq(duration, 0)), (duration, True))),
    because="the plan's own duration comes first; without one the fleet is held until the run ends",
    when=TRANSFORMER_TRAINING,
)
_held = {duration: held}
pays_rent = apply(
    bill.rented, _held, because="accelerators are paid for while they are held", when=TRANSFORMER_TRAINING
)
handles = apply(tokens.tokens_made, _held, because="tokens are trained on while it is held", when=TRANSFORMER_TRAINING)
draws_power = apply(
    fleet.energy_of_computers, _held, because="computers draw power while they are held",
    when=TRANSFORMER_TRAINING,
)  # fmt: skip
wears = apply(sustainability.made, _held, because="hardware is worn while it is held", when=TRANSFORMER_TRAINING)
emits = apply(
    sustainability.carbon_law,
    {carbon: run_carbon, duration: run_time},
    because="a run emits for as long as it takes",
    when=TRANSFORMER_TRAINING,
)
rents = apply(
    bill.rented,
    {bill.rent: run_rent, duration: run_time},
    because="the fleet is held until the run ends",
    when=TRANSFORMER_TRAINING,
)
computes = apply(
    fleet.energy_of_computers,
    {it_energy: run_computers, duration: run_time},
    because="the computers run until the run ends",
    when=TRANSFORMER_TRAINING,
)
draws = apply(
    facility.overhead,
    {energy: run_energy, it_energy: run_computers},
    because="the law of the facility, for the run",
    when=TRANSFORMER_TRAINING,
)
drinks = apply(
    bill.electricity,
    {bill.energy_cost: run_electricity, energy: run_energy},
    because="the electricity of a run is paid like any other",
    when=TRANSFORMER_TRAINING,
)
taxed = apply(
    bill.taxed,
    {bill.tax: run_tax, carbon: run_carbon},
    because="the emissions of a run are taxed like any others",
    when=TRANSFORMER_TRAINING,
)
pays = apply(
    bill.law,
    {bill.cost: run_cost, bill.rent: run_rent, bill.energy_cost: run_electricity, bill.tax: run_tax},
    because="the run's rent, its electricity and its tax",
    when=TRANSFORMER_TRAINING,
)
