"""Capital: accelerators cost money for as long as they are held, whether they work or not."""

from sympy import Eq, Piecewise

from mlsysim.symbolic.foundations.inputs import carbon_tax, devices, duration, price
from mlsysim.symbolic.foundations.results import goodput, sample_throughput, throughput
from mlsysim.symbolic.quantity import ALL, PROFILED, TRANSFORMER, Quantity
from mlsysim.symbolic.rules import define, equation, given, specialise, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.operations.sustainability import carbon

rent = Quantity("macro.rent", r"K_{\mathrm{rent}}", "USD", "price of the accelerators for the time they are held")
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
    taxed,
    result=equation(cost, rent + tax),
    because="rent includes power, cooling and maintenance; the tax comes on top",
    when=ALL,
)
tokens_made = define(
    equation(useful, throughput * goodput * duration), because="only time that is not lost counts", when=TRANSFORMER
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
    taxed,
    tokens_made,
    result=equation(
        cost_per_token,
        (devices * price * duration + carbon * carbon_tax) / (throughput * goodput * duration) * million_tokens,
    ),
    because="name cost and tokens",
)
untaxed = specialise(
    time_cancels,
    {carbon_tax: 0},
    equation(cost_per_token, devices * price / (throughput * goodput) * million_tokens),
    because="without a tax the price of a token does not depend on how long the fleet is held",
)

wall = Wall(
    number=17,
    name="capital",
    domain="operations",
    core=(law, untaxed),
    binds="the time that the work takes costs more than it may",
    assumptions=(
        "accelerators are rented by the hour, busy or not",
        "the price includes power, cooling and maintenance",
    ),
    validity="on-demand or reserved prices; owned fleets need a purchase price",
)
