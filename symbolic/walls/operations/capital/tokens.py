"""Tokens for money: what a fleet handles in the time it is held, and what a token, a run and a query cost."""

from mlsysim.symbolic.foundations import in_turn, rates, shares
from mlsysim.symbolic.foundations.inputs import carbon_tax, devices, duration, electricity_price, price
from mlsysim.symbolic.foundations.results import goodput, sample_throughput, throughput
from mlsysim.symbolic.quantity import PROFILED, TRAINING, TRANSFORMER, Quantity, time
from mlsysim.symbolic.rules import apply, define, equation, solve, specialise, substitute
from mlsysim.symbolic.walls.operations.capital import bill
from mlsysim.symbolic.walls.operations.capital.bill import cost
from mlsysim.symbolic.walls.operations.sustainability.facility import energy
from mlsysim.symbolic.walls.operations.sustainability.wall import carbon

progress_time = time("capital.progress_time", r"D_{\gamma}", "time held that is not lost", display="h")
useful = Quantity(
    "macro.tokens", r"n_{\mathrm{tok}}", "token", "tokens handled in that time", low=1, more_is_better=True
)
useful_samples = Quantity(
    "macro.samples", r"n_{\mathrm{smp}}", "sample", "samples handled in that time", low=1, more_is_better=True
)
million_tokens = Quantity("one.million_tokens", "10^{6}", "token", "a million tokens", constant=10**6)
million_samples = Quantity("one.million_samples", "10^{6}", "sample", "a million samples", constant=10**6)
token_cost = Quantity("capital.token_cost", r"k_{\mathrm{tok}}", "USD/token", "cost of a token", low=1e-9, high=1)
sample_cost = Quantity("capital.sample_cost", r"k_{\mathrm{smp}}", "USD/sample", "cost of a sample", low=1e-9, high=1)
cost_per_token = Quantity("macro.cost_per_million_tokens", r"K_{\mathrm{tok}}", "USD", "cost of a million tokens")
cost_per_sample = Quantity("macro.cost_per_million_samples", r"K_{\mathrm{smp}}", "USD", "cost of a million samples")
spending = Quantity(
    "capital.spending", r"\pi_{\mathrm{fleet}}", "USD/s", "cost of the fleet per time", display="USD/h", low=1e-4
)
run_tokens = Quantity("capital.run_tokens", r"n_{\mathrm{run}}", "token", "tokens of a training run", low=1, high=1e14)
run_time = time("capital.run_time", r"T_{\mathrm{train}}", "time of a training run", display="h", low=1)
run_cost = Quantity("capital.run_cost", r"K_{\mathrm{train}}", "USD", "cost of a training run", low=1)
query_tokens = Quantity("capital.query_tokens", r"n_{q}", "token/request", "tokens of a query", low=1, high=1e5)
query_cost = Quantity("capital.query_cost", r"k_{q}", "USD/request", "cost of a query", low=1e-9, high=10)

# What the fleet handles.
not_lost = apply(
    shares.reached_law,
    {shares.reached: progress_time, shares.efficiency: goodput, shares.capability: duration},
    because="failures and checkpoints leave a share of the time",
)
tokens_come = apply(
    rates.amount_law,
    {rates.amount: useful, rates.rate: throughput, rates.duration: progress_time},
    because="tokens are handled in the time that is not lost",
)
tokens_made = substitute(
    tokens_come,
    not_lost,
    result=equation(useful, throughput * goodput * duration),
    because="name that time",
    when=TRANSFORMER - TRAINING,
)
samples_come = apply(
    rates.amount_law,
    {rates.amount: useful_samples, rates.rate: sample_throughput, rates.duration: progress_time},
    because="samples are handled in the time that is not lost",
)
samples_made = substitute(
    samples_come,
    not_lost,
    result=equation(useful_samples, sample_throughput * goodput * duration),
    because="name that time",
    when=PROFILED,
)

# What a million of them costs.
each_token = define(equation(token_cost, cost / useful), because="cost over what it bought")
a_million_tokens = apply(
    in_turn.law,
    {in_turn.whole: cost_per_token, in_turn.parts: million_tokens, in_turn.part: token_cost},
    because="a million times as much",
)
per_token = substitute(
    a_million_tokens,
    each_token,
    result=equation(cost_per_token, cost / useful * million_tokens),
    because="name the cost of one",
    when=TRANSFORMER,
)
each_sample = define(equation(sample_cost, cost / useful_samples), because="cost over what it bought")
a_million_samples = apply(
    in_turn.law,
    {in_turn.whole: cost_per_sample, in_turn.parts: million_samples, in_turn.part: sample_cost},
    because="a million times as much",
)
per_sample = substitute(
    a_million_samples,
    each_sample,
    result=equation(cost_per_sample, cost / useful_samples * million_samples),
    because="name the cost of one",
    when=PROFILED,
)
time_cancels = substitute(
    per_token,
    bill.law,
    bill.rented,
    bill.electricity,
    bill.taxed,
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

# A token, a run and a query, by the cost of the fleet per time.
token_law = substitute(
    each_token,
    tokens_made,
    result=equation(token_cost, cost / duration / (throughput * goodput)),
    because="cost per time, over tokens that count per time",
)
time_for = solve(
    tokens_made,
    duration,
    equation(duration, useful / (throughput * goodput)),
    because="so many tokens take so long, and lost time makes it longer",
)
run_takes = apply(
    time_for, {useful: run_tokens, duration: run_time}, because="a run ends when it has trained on its tokens"
)
spent = apply(
    rates.per_time,
    {rates.rate: spending, rates.amount: cost, rates.duration: duration},
    because="what the fleet costs for each unit of time",
)
run_pays = apply(
    rates.amount_law,
    {rates.amount: run_cost, rates.rate: spending, rates.duration: run_time},
    because="the fleet is paid for until the run ends",
)
run_law = substitute(
    run_pays,
    run_takes,
    spent,
    result=equation(run_cost, cost / duration * run_tokens / (throughput * goodput)),
    because="name the time of the run and the cost per time",
)
each_query = apply(
    in_turn.law,
    {in_turn.whole: query_cost, in_turn.parts: query_tokens, in_turn.part: token_cost},
    because="a query is its tokens",
)
query_law = substitute(
    each_query,
    token_law,
    result=equation(query_cost, cost / duration / (throughput * goodput) * query_tokens),
    because="name the cost of a token",
)
