"""Capital: accelerators cost money for as long as they are held, whether they work or not.

Rent is paid by the hour, and electricity besides where the rent does not include it; what is owned is paid for over its
life, used or idle, and drinks electricity besides.
"""

from sympy import Eq, Piecewise, oo

from mlsysim.symbolic.foundations.inputs import (
    carbon_tax,
    devices,
    duration,
    electricity_price,
    lifetime,
    power_idle,
    power_max,
    price,
    pue,
)
from mlsysim.symbolic.foundations.results import goodput, sample_throughput, throughput
from mlsysim.symbolic.quantity import ALL, PROFILED, TRAINING, TRANSFORMER, TRANSFORMER_TRAINING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, specialise, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.operations.sustainability import wall as sustainability
from mlsysim.symbolic.walls.operations.sustainability.wall import carbon, energy, power

rent = Quantity("macro.rent", r"K_{\mathrm{rent}}", "USD", "price of the accelerators for the time they are held")
energy_cost = Quantity(
    "macro.electricity", r"K_{E}", "USD", "price of the electricity that is paid beside the rent", low=0
)
tax = Quantity("macro.carbon_tax", r"K_{\mathrm{CO_2}}", "USD", "price of the emissions", low=0)
cost = Quantity("macro.tco", "K", "USD", "total cost of the time the fleet is held")
useful = Quantity("macro.tokens", r"n_{\mathrm{tok}}", "token", "tokens handled in that time", low=1)
useful_samples = Quantity("macro.samples", r"n_{\mathrm{smp}}", "sample", "samples handled in that time", low=1)
cost_per_token = Quantity("macro.cost_per_million_tokens", r"K_{\mathrm{tok}}", "USD", "cost of a million tokens")
cost_per_sample = Quantity("macro.cost_per_million_samples", r"K_{\mathrm{smp}}", "USD", "cost of a million samples")
million_tokens = Quantity("one.million_tokens", "10^{6}", "token", "a million tokens", constant=10**6)
million_samples = Quantity("one.million_samples", "10^{6}", "sample", "a million samples", constant=10**6)

rented = given(
    equation(rent, devices * price * duration),
    because="every accelerator is paid for by the hour",
    cite="barroso2018",
    when=ALL - TRANSFORMER_TRAINING,
)
electricity = given(
    equation(energy_cost, Piecewise((0, Eq(electricity_price, 0)), (energy * electricity_price, True))),
    because="every unit of energy is paid for, unless the rent includes it",
    cite="barroso2018",
    when=ALL,
)
taxed = define(
    equation(tax, Piecewise((0, Eq(carbon_tax, 0)), (carbon * carbon_tax, True))),
    because="emissions have a price where they are taxed",
    cite="barroso2018",
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
tokens_made = define(
    equation(useful, throughput * goodput * duration),
    because="only time that is not lost counts",
    when=TRANSFORMER - TRAINING,
)
samples_made = define(
    equation(useful_samples, sample_throughput * goodput * duration),
    because="only time that is not lost counts",
    when=PROFILED,
)
per_token = define(
    equation(cost_per_token, cost / useful * million_tokens), because="cost over what it bought", when=TRANSFORMER
)
per_sample = define(
    equation(cost_per_sample, cost / useful_samples * million_samples),
    because="cost over what it bought",
    when=PROFILED,
)
time_cancels = substitute(
    per_token,
    law,
    rented,
    electricity,
    taxed,
    tokens_made,
    result=equation(
        cost_per_token,
        (devices * price * duration + energy * electricity_price + carbon * carbon_tax)
        / (throughput * goodput * duration)
        * million_tokens,
    ),
    because="name cost and tokens",
)
untaxed = specialise(
    time_cancels,
    {carbon_tax: 0, electricity_price: 0},
    equation(cost_per_token, devices * price / (throughput * goodput) * million_tokens),
    because="with power in the rent and without a tax, the price of a token does not depend on how long the fleet is held",
)

# Owning: what was bought, spread evenly over its life, and what running it costs.
accelerator_price = Quantity(
    "capital.accelerator", r"K_{\mathrm{acc}}", "USD", "purchase price of an accelerator", low=100, high=1e5
)
server_price = Quantity(
    "capital.server", r"K_{\mathrm{srv}}", "USD", "an accelerator's share of a server", low=10, high=1e5
)
network_price = Quantity(
    "capital.network", r"K_{\mathrm{nic}}", "USD", "an accelerator's share of the network", low=10, high=1e5
)
unit_price = Quantity(
    "capital.unit", r"K_{1}", "USD", "purchase price of all that an accelerator needs", low=100, high=1e6
)
facility_price = Quantity(
    "capital.facility", r"\pi_{\mathrm{fac}}", "USD/W", "price of building a facility per power", low=1, high=20
)
facility_life = Quantity(
    "capital.facility_life", r"Y_{\mathrm{fac}}", "s", "life of a facility", display="year", low=1e8, high=1e9
)
upkeep_rate = Quantity(
    "capital.upkeep_rate",
    r"\beta",
    "1/s",
    "maintenance in a time, per purchase price",
    display="1/year",
    low=1e-10,
    high=1e-8,
)
hardware_cost = Quantity("capital.hardware", r"K_{\mathrm{hw}}", "USD", "hardware used up in the time held", low=1)
facility_cost = Quantity("capital.building", r"K_{\mathrm{fac}}", "USD", "facility used up in the time held", low=1)
upkeep_cost = Quantity("capital.upkeep", r"K_{\mathrm{mnt}}", "USD", "maintenance in the time held", low=1)
owned = Quantity("capital.owned", r"K_{\mathrm{own}}", "USD", "cost of owning the fleet for the time held", low=1)
owned_taxed = Quantity(
    "capital.owned_taxed", r"K_{\mathrm{own,C}}", "USD", "cost of owning with the price of emissions", low=1
)

per_accelerator = given(
    equation(unit_price, accelerator_price + server_price + network_price),
    because="an accelerator is bought with its share of a server and of the network",
    cite="barroso2018",
)
hardware_law = given(
    equation(hardware_cost, devices * unit_price * duration / lifetime),
    because="its price is spread evenly over its life",
    cite="barroso2018",
)
facility_law = given(
    equation(facility_cost, devices * power_max * facility_price * duration / facility_life),
    because="a facility is built for the most power it may have to feed, and lives longer",
    cite="barroso2018",
)
electricity_law = substitute(
    electricity,
    sustainability.overhead,
    sustainability.energy_of_computers,
    result=equation(energy_cost, power * duration * pue * electricity_price),
    because="name the energy of the facility",
)
upkeep_law = given(
    equation(upkeep_cost, devices * unit_price * upkeep_rate * duration),
    because="maintenance grows with what there is to maintain",
    cite="barroso2018",
)
owning = total(
    hardware_law,
    facility_law,
    electricity_law,
    upkeep_law,
    result=equation(owned, hardware_cost + facility_cost + energy_cost + upkeep_cost),
    because="capital is used up and operation is paid",
    cite="barroso2018",
)
owned_law = substitute(
    owning,
    hardware_law,
    facility_law,
    electricity_law,
    upkeep_law,
    result=equation(
        owned,
        (
            devices * (unit_price / lifetime + power_max * facility_price / facility_life + unit_price * upkeep_rate)
            + power * pue * electricity_price
        )
        * duration,
    ),
    because="every part grows with the time held",
)
owned_with_tax = total(
    owned_law,
    taxed,
    result=equation(owned_taxed, owned + tax),
    because="emissions cost the owner as they cost the renter",
)

# What a token, a training run and a query cost, at a cost per time.
spending = Quantity(
    "capital.spending", r"\pi_{\mathrm{fleet}}", "USD/s", "cost of the fleet per time", display="USD/h", low=1e-4
)
run_tokens = Quantity("capital.run_tokens", r"n_{\mathrm{run}}", "token", "tokens of a training run", low=1, high=1e14)
run_time = time("capital.run_time", r"T_{\mathrm{run}}", "time of a training run", display="h", low=1)
token_cost = Quantity("capital.token_cost", r"k_{\mathrm{tok}}", "USD/token", "cost of a token", low=1e-9, high=1)
run_cost = Quantity("capital.run_cost", r"K_{\mathrm{run}}", "USD", "cost of a training run", low=1)
query_tokens = Quantity("capital.query_tokens", r"n_{q}", "token/request", "tokens of a query", low=1, high=1e5)
query_cost = Quantity("capital.query_cost", r"k_{q}", "USD/request", "cost of a query", low=1e-9, high=10)

spent = define(equation(spending, cost / duration), because="a rate is cost per time")
each_token = define(
    equation(token_cost, spending / (throughput * goodput)), because="cost per time, over tokens that count per time"
)
token_law = substitute(
    each_token,
    spent,
    result=equation(token_cost, cost / duration / (throughput * goodput)),
    because="name the cost per time",
)
run_takes = define(equation(run_time, run_tokens / (throughput * goodput)), because="lost time makes a run longer")
run_pays = define(equation(run_cost, spending * run_time), because="the fleet is paid for until the run ends")
run_law = substitute(
    run_pays,
    run_takes,
    spent,
    result=equation(run_cost, cost / duration * run_tokens / (throughput * goodput)),
    because="name the time of the run and the cost per time",
)
each_query = define(equation(query_cost, token_cost * query_tokens), because="a query is its tokens")
query_law = substitute(
    each_query,
    token_law,
    result=equation(query_cost, cost / duration / (throughput * goodput) * query_tokens),
    because="name the cost of a token",
)

# Owned against rented, by how much of the time the fleet is used.
used = ratio("capital.used", r"x", "share of the time in which the fleet is used")
standing = Quantity(
    "capital.standing",
    r"\pi_{0}",
    "USD/s",
    "cost of owning an accelerator per time, electricity apart",
    display="USD/h",
    low=1e-6,
    high=1e-1,
)
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

standing_law = define(
    equation(standing, unit_price / lifetime + power_max * facility_price / facility_life + unit_price * upkeep_rate),
    because="what is paid whether it works or not",
)
power_by_use = given(
    equation(mean_power, power_idle + (power_max - power_idle) * used),
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
    standing_law,
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

wall = Wall(
    number=17,
    name="capital",
    domain="operations",
    core=(
        law,
        untaxed,
        time_cancels,
        rented,
        electricity,
        taxed,
        per_accelerator,
        hardware_law,
        facility_law,
        electricity_law,
        upkeep_law,
        owned_law,
        owned_with_tax,
        token_law,
        run_law,
        query_law,
        standing_law,
        even_price_law,
        even_law,
        break_even,
        dry_even,
    ),
    binds="the time that the work takes costs more than it may",
    assumptions=(
        "accelerators are rented by the hour, busy or not",
        "the price of rent includes cooling and maintenance, and power where electricity has no price of its own",
        "what is owned loses its value evenly over its life and is worth nothing after it",
        "the fleet that is rented instead can be handed back while it is not used",
    ),
    validity="prices and interest taken as constant; money now and money later count alike",
)
