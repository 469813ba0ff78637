"""Fragility: the more parts a job needs, the sooner one of them fails.

A failing fleet loses the work since its last checkpoint and the time to start again.
"""

from sympy import exp, sqrt

from mlsysim.symbolic.foundations.inputs import device_mtbf, devices, restart
from mlsysim.symbolic.foundations.results import goodput
from mlsysim.symbolic.quantity import INFERENCE, TRAINING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, stationary, substitute
from mlsysim.symbolic.wall import Condition, Wall

chance = ratio("fragility.survival", r"P_{\mathrm{up}}", "probability that one accelerator works through a time")
all_chance = ratio("fragility.all_survive", r"P_{\mathrm{all}}", "probability that all do")
span = time("fragility.span", "x", "a span of time", display="h")
fleet_mtbf = time("fragility.job_mtbf", "M", "mean time between failures of the job", display="h")
fleet_chance = ratio("fragility.job_survival", r"P_{\mathrm{job}}", "probability that the job works through a time")
period = time("fragility.period", r"\tau", "time between checkpoints", display="min")
write = time("checkpoint.stall", r"\delta", "time for which writing a checkpoint stops the job", display="s")
lost = ratio("fragility.lost", "w", "share of time lost to failures and checkpoints")
loss_of_period = ratio("fragility.lost_by_period", r"w_{\tau}", "the same for any period")

one_survives = given(
    equation(chance, exp(-span / device_mtbf)), because="failures come at random and do not age", cite="young1974"
)
all_must = given(
    equation(all_chance, chance**devices),
    because="the job needs every accelerator, and they fail apart",
    cite="daly2006",
)
all_survive = substitute(
    all_must,
    one_survives,
    result=equation(all_chance, exp(-span / device_mtbf) ** devices),
    because="name the chance of one",
)
job_survives = define(
    equation(all_chance, exp(-span / fleet_mtbf)), because="the job's own mean time is what it acts like"
)
same_chance = substitute(
    job_survives,
    all_survive,
    result=equation(exp(-span / device_mtbf) ** devices, exp(-span / fleet_mtbf)),
    because="both are the chance that all work",
)
law = solve(
    same_chance,
    fleet_mtbf,
    equation(fleet_mtbf, device_mtbf / devices),
    because="a fleet fails as many times as often as it has parts",
    cite="daly2006",
    when=TRAINING,
)

loss = given(
    equation(loss_of_period, write / period + period / (2 * fleet_mtbf) + restart / fleet_mtbf),
    because="every period pays one write; a failure repeats half a period on average, and one restart",
    cite="young1974",
)
flat = stationary(
    loss,
    period,
    equation(1 / (2 * fleet_mtbf) - write / period**2, 0),
    because="the best period is where the loss stops falling",
)
best = solve(
    flat,
    period,
    equation(period, sqrt(2 * write * fleet_mtbf)),
    because="only one root is positive",
    cite="young1974",
    when=TRAINING,
)
least = substitute(
    loss,
    best,
    result=equation(
        loss_of_period,
        write / sqrt(2 * write * fleet_mtbf) + sqrt(2 * write * fleet_mtbf) / (2 * fleet_mtbf) + restart / fleet_mtbf,
    ),
    because="at the best period",
)
least_loss = rewrite(
    least,
    equation(loss_of_period, sqrt(2 * write / fleet_mtbf) + restart / fleet_mtbf),
    because="writing and repeating cost equally much",
)
share_lost = apply(least_loss, {loss_of_period: lost}, because="the loss at the best period", when=TRAINING)
share_kept = define(equation(goodput, 1 - lost), because="the rest of the time is progress", when=TRAINING)
nothing_lost = define(equation(goodput, 1), because="a lost request is asked again", when=INFERENCE)
most = Quantity("fragility.all_time", "1", "1", "all of the time", constant=1)
progress = Condition(
    "fragility",
    lost,
    most,
    "the fleet fails faster than it can save its work: {needed} of the time is lost",
    when=TRAINING,
)

wall = Wall(
    number=15,
    name="fragility",
    domain="fleet",
    core=(law, best, least_loss),
    binds="failures and checkpoints take more of the time than work does",
    assumptions=("failures are independent and exponential", "a failure stops the whole job"),
    validity="checkpoints much shorter than the time between failures (first order in their ratio)",
)
