"""Young's period: how often to save, and how much of the time a failing fleet loses even so."""

from sympy import sqrt

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import restart
from mlsysim.symbolic.foundations.results import goodput
from mlsysim.symbolic.quantity import INFERENCE, TRAINING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, stationary, substitute
from mlsysim.symbolic.wall import Condition
from mlsysim.symbolic.walls.fleet.fragility.survival import fleet_mtbf

period = time("fragility.period", r"\tau", "time between checkpoints", display="min")
write = time("checkpoint.stall", r"\delta", "time for which writing a checkpoint stops the job", display="s")
failures = ratio("fragility.failures", r"n_f", "failures in a period", high=10)
repeated = time("fragility.repeated", r"T_{\mathrm{again}}", "work that a failure makes the job repeat", display="min")
failure_cost = time("fragility.failure_cost", r"T_f", "time that one failure costs", display="min")
all_failures = time("fragility.all_failures", r"T_{n}", "time that the failures of a period cost", display="min")
period_lost = time("fragility.period_lost", r"\tau_w", "time of a period that is lost", display="min")
progress = time("fragility.period_kept", r"\tau_\gamma", "time of a period that is progress", display="min")
lost = ratio("fragility.lost", "w", "share of time lost to failures and checkpoints")
loss_of_period = ratio("fragility.lost_by_period", r"w_{\tau}", "the same for any period")

# What a period loses.
mean_time = define(
    equation(fleet_mtbf, period / failures), because="the mean time between failures is time over their number"
)
failures_come = solve(mean_time, failures, equation(failures, period / fleet_mtbf), because="so many come in a period")
one_failure = define(
    equation(failure_cost, repeated + restart), because="after a failure the job starts again and repeats lost work"
)
each_failure = apply(
    in_turn.law,
    {in_turn.whole: all_failures, in_turn.parts: failures, in_turn.part: failure_cost},
    because="every failure costs as much",
)
lost_in_a_period = define(
    equation(period_lost, write + all_failures), because="every period pays one write, and its failures"
)
share_of_period = define(equation(loss_of_period, period_lost / period), because="as a share of the period")
loss_named = substitute(
    share_of_period,
    lost_in_a_period,
    each_failure,
    failures_come,
    one_failure,
    result=equation(loss_of_period, (write + period / fleet_mtbf * (repeated + restart)) / period),
    because="name what is lost",
)
loss_of_repeated = rewrite(
    loss_named,
    equation(loss_of_period, write / period + (repeated + restart) / fleet_mtbf),
    because="a longer period makes writes rarer, not failures",
)
half_a_period = given(
    equation(repeated, period / 2),
    because="a failure comes as likely early in a period as late, so half of it is repeated on average",
    cite="young1974",
)
loss = substitute(
    loss_of_repeated,
    half_a_period,
    result=equation(loss_of_period, write / period + period / (2 * fleet_mtbf) + restart / fleet_mtbf),
    because="every period pays one write; a failure repeats half a period on average, and one restart",
    cite="young1974",
)

# The period that loses least.
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

# What is left is progress.
lost_share = apply(share_of_period, {loss_of_period: lost}, because="a share of the best period is lost")
lost_time = solve(lost_share, period_lost, equation(period_lost, lost * period), because="that share of it")
the_rest = define(equation(progress, period - period_lost), because="what is not lost is progress")
share_of_progress = define(equation(goodput, progress / period), because="goodput is progress, as a share of the time")
share_named = substitute(
    share_of_progress,
    the_rest,
    lost_time,
    result=equation(goodput, (period - lost * period) / period),
    because="name what is lost",
)
share_kept = rewrite(
    share_named, equation(goodput, 1 - lost), because="whatever the period, its share is what is left", when=TRAINING
)
nothing_lost = define(equation(goodput, 1), because="a lost request is asked again", when=INFERENCE)
most = Quantity("fragility.all_time", "1", "1", "all of the time", constant=1)
holds = Condition(
    "fragility",
    lost,
    most,
    "the fleet fails faster than it can save its work: {needed} of the time is lost",
    when=TRAINING,
)
