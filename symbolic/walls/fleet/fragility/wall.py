"""Fragility: the more parts a job needs, the sooner one of them fails.

A failing fleet loses the work since its last checkpoint and the time to start again.
"""

from sympy import Piecewise, Rational, exp, log, oo, sqrt

from mlsysim.symbolic.foundations.inputs import device_mtbf, devices, restart
from mlsysim.symbolic.foundations.results import goodput
from mlsysim.symbolic.quantity import INFERENCE, TRAINING, Quantity, count, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    stationary,
    substitute,
)
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

# The chance that a run of a given length is interrupted.
failure = ratio("fragility.failure", r"P_{\mathrm{fail}}", "probability that the job fails within a time", low=0)

fails_or_not = define(equation(failure, 1 - all_chance), because="either all work through, or the job fails")
fails_by_mean = substitute(
    fails_or_not,
    job_survives,
    result=equation(failure, 1 - exp(-span / fleet_mtbf)),
    because="name the chance that all work",
)
failure_law = substitute(
    fails_by_mean,
    law,
    result=equation(failure, 1 - exp(-span * devices / device_mtbf)),
    because="name the mean time of the job",
)

# The whole cost, in which restarts fail too and lost work may be lost again.
solution = time("fragility.solution", r"T_{s}", "time that the work would take without failures", display="h", low=1)
elapsed = time("fragility.elapsed", r"T_{w}", "time that the work takes with failures", display="h", low=1)
exact_goodput = ratio("fragility.progress", r"\gamma_{w}", "progress per time, from the whole cost")
step_share = ratio("fragility.step_share", "u", "time between checkpoints per time between failures", high=0.9)
root = ratio("fragility.root", r"\zeta", "root of half a write per time between failures")
gap = ratio("fragility.gap", "v", "what the best period lacks of the time between failures", high=0.2)
patience = ratio("fragility.patience", "z", "time between failures per write", low=0, high=1e3)
young_scale = ratio("fragility.scale", r"c_{0}", "best period per first-order period", high=4)
first_term = ratio("fragility.first", r"c_{1}", "first correction to the first-order period", low=-4, high=4)
second_term = ratio("fragility.second", r"c_{2}", "second correction", low=-4, high=4)
daly_short = time(
    "fragility.daly_short", r"\tau_{\zeta}", "best time between checkpoints where a write is short", display="min"
)
daly = time("fragility.daly", r"\tau_{\mathrm{Daly}}", "best time between checkpoints, to higher order", display="min")

wall_time = given(
    equation(
        elapsed, fleet_mtbf * exp(restart / fleet_mtbf) * (exp((period + write) / fleet_mtbf) - 1) * solution / period
    ),
    because="each period is tried until it passes with its write, and each failed try costs a restart that may fail",
    cite="daly2006",
)
kept = define(equation(exact_goodput, solution / elapsed), because="progress is work, of the time it took")
exact_progress = substitute(
    kept,
    wall_time,
    result=equation(
        exact_goodput, period / (fleet_mtbf * exp(restart / fleet_mtbf) * (exp((period + write) / fleet_mtbf) - 1))
    ),
    because="the length of the run cancels",
)
never_fails = limit(
    exact_progress,
    fleet_mtbf,
    oo,
    equation(exact_goodput, period / (period + write)),
    because="without failures only writes cost time",
)
exact_flat = stationary(
    wall_time,
    period,
    equation(
        exp(restart / fleet_mtbf) * exp((period + write) / fleet_mtbf) * solution / period
        - fleet_mtbf * exp(restart / fleet_mtbf) * (exp((period + write) / fleet_mtbf) - 1) * solution / period**2,
        0,
    ),
    because="the best period is where the time stops falling",
    cite="daly2006",
)
write_of_period = solve(
    exact_flat,
    write,
    equation(write, fleet_mtbf * log(fleet_mtbf * exp(-period / fleet_mtbf) / (fleet_mtbf - period))),
    because="the write for which a period is best has a closed form; the restart drops out",
)
in_shares = specialise(
    write_of_period,
    {period: step_share * fleet_mtbf},
    equation(write, fleet_mtbf * log(exp(-step_share) / (1 - step_share))),
    because="measure the period by the time between failures",
)
near_failure = apply(in_shares, {step_share: 1 - gap}, because="measure what the period falls short of it")
failures_in_a_write = substitute(
    define(equation(patience, fleet_mtbf / write), because="how short the time between failures is for a write"),
    near_failure,
    result=equation(patience, 1 / log(exp(-(1 - gap)) / gap)),
    because="the time between failures cancels",
)
unbounded = limit(
    failures_in_a_write,
    gap,
    0,
    equation(patience, 0),
    because="the period reaches the time between failures only for writes without end, and never passes it",
    cite="daly2006",
)
small = define(equation(root, sqrt(write / (2 * fleet_mtbf))), because="the small number of the expansion")
root_of_share = substitute(
    small,
    in_shares,
    result=equation(root, sqrt(log(exp(-step_share) / (1 - step_share)) / 2)),
    because="the time between failures cancels",
)
zeroth = substitute(
    define(
        equation(young_scale, step_share / (2 * root)), because="the first-order period is a share of twice the root"
    ),
    root_of_share,
    result=equation(young_scale, step_share / (2 * sqrt(log(exp(-step_share) / (1 - step_share)) / 2))),
    because="name the root",
)
young_again = limit(
    zeroth, step_share, 0, equation(young_scale, 1), because="for short writes it is the best period", cite="daly2006"
)
first = substitute(
    define(equation(first_term, (step_share / (2 * root) - 1) / root), because="what the first order leaves, per root"),
    root_of_share,
    result=equation(
        first_term,
        (step_share / (2 * sqrt(log(exp(-step_share) / (1 - step_share)) / 2)) - 1)
        / sqrt(log(exp(-step_share) / (1 - step_share)) / 2),
    ),
    because="name the root",
)
first_limit = limit(
    first, step_share, 0, equation(first_term, -Rational(2, 3)), because="its value for short writes", cite="daly2006"
)
second = substitute(
    define(
        equation(second_term, (step_share / (2 * root) - 1 + 2 * root / 3) / root**2),
        because="what both leave, per square of the root",
    ),
    root_of_share,
    result=equation(
        second_term,
        (
            step_share / (2 * sqrt(log(exp(-step_share) / (1 - step_share)) / 2))
            - 1
            + 2 * sqrt(log(exp(-step_share) / (1 - step_share)) / 2) / 3
        )
        / (log(exp(-step_share) / (1 - step_share)) / 2),
    ),
    because="name the root",
)
second_limit = limit(
    second, step_share, 0, equation(second_term, Rational(1, 9)), because="its value for short writes", cite="daly2006"
)
expansion = define(
    equation(daly_short, fleet_mtbf * 2 * root * (young_scale + first_term * root + second_term * root**2)),
    because="the best period as a series in the root",
    cite="daly2006",
)
series = substitute(
    expansion,
    young_again,
    first_limit,
    second_limit,
    small,
    result=equation(
        daly_short,
        fleet_mtbf
        * 2
        * sqrt(write / (2 * fleet_mtbf))
        * (1 - 2 * sqrt(write / (2 * fleet_mtbf)) / 3 + write / (2 * fleet_mtbf) / 9),
    ),
    because="name the terms and the root",
)
daly_law = rewrite(
    series,
    equation(
        daly_short,
        sqrt(2 * write * fleet_mtbf) * (1 + sqrt(write / (2 * fleet_mtbf)) / 3 + write / (2 * fleet_mtbf) / 9) - write,
    ),
    because="the first-order period, corrected, less the write itself",
    cite="daly2006",
)
daly_period = given(
    equation(daly, Piecewise((daly_short, write < 2 * fleet_mtbf), (fleet_mtbf, True))),
    because="where a write takes longer than twice the time between failures the series fails, and M is best",
    cite="daly2006",
)

# Correlated failures: parts that several accelerators share, and causes that several accelerators share.
group_size = count("fragility.group", "g", "accelerators that share a part", high=72)
group_mtbf = Quantity(
    "fragility.group_mtbf", r"M_{g}", "s", "mean time between failures of a shared part", display="h", low=1e7, high=1e9
)
group_chance = ratio("fragility.group_survival", r"P_{g}", "probability that one shared part works through a time")
either_chance = ratio(
    "fragility.either", r"P_{\mathrm{both}}", "probability that all accelerators and shared parts work through a time"
)
joint_mtbf = time(
    "fragility.joint_mtbf", r"M_{J}", "mean time between failures of a job with shared parts", display="h"
)
common = ratio("fragility.common", r"\beta", "share of an accelerator's failures that take its whole group", low=0)
own_mtbf = time("fragility.own_mtbf", r"M_{i}", "mean time between an accelerator's own failures", display="h")
cause_mtbf = time("fragility.cause_mtbf", r"M_{c}", "mean time between failures of a group at once", display="h")
common_mtbf = time(
    "fragility.common_mtbf", r"M_{\beta}", "mean time between failures of a job with common causes", display="h"
)

part_survives = given(
    equation(group_chance, exp(-span / group_mtbf)), because="shared parts fail at random too", cite="daly2006"
)
all_needed = given(
    equation(either_chance, all_chance * group_chance ** (devices / group_size)),
    because="the job needs every accelerator and every shared part",
    cite="daly2006",
)
both_survive = substitute(
    all_needed,
    all_survive,
    part_survives,
    result=equation(
        either_chance, exp(-span / device_mtbf) ** devices * exp(-span / group_mtbf) ** (devices / group_size)
    ),
    because="name both chances",
)
joint_survives = define(
    equation(either_chance, exp(-span / joint_mtbf)), because="the job's own mean time is what it acts like"
)
same_joint = substitute(
    joint_survives,
    both_survive,
    result=equation(
        exp(-span / device_mtbf) ** devices * exp(-span / group_mtbf) ** (devices / group_size), exp(-span / joint_mtbf)
    ),
    because="both are the chance that everything works",
)
shared_law = solve(
    same_joint,
    joint_mtbf,
    equation(joint_mtbf, 1 / (devices / device_mtbf + devices / (group_size * group_mtbf))),
    because="rates of failure add up",
)
no_shared_parts = limit(
    shared_law,
    group_mtbf,
    oo,
    equation(joint_mtbf, device_mtbf / devices),
    because="where shared parts never fail, accelerators fail alone",
)
own_cause = define(
    equation(own_mtbf, device_mtbf / (1 - common)), because="the rest of its failures are an accelerator's own"
)
group_cause = define(
    equation(cause_mtbf, device_mtbf / common),
    because="a common cause takes the whole group and counts once",
    cite="signoret2020",
)
two_causes = apply(
    shared_law,
    {joint_mtbf: common_mtbf, device_mtbf: own_mtbf, group_mtbf: cause_mtbf},
    because="a common cause acts like a part that the group shares",
)
two_causes_named = substitute(
    two_causes,
    own_cause,
    group_cause,
    result=equation(
        common_mtbf, 1 / (devices * (1 - common) / device_mtbf + devices * common / (group_size * device_mtbf))
    ),
    because="name both",
)
common_law = rewrite(
    two_causes_named,
    equation(common_mtbf, device_mtbf / (devices * (1 - common + common / group_size))),
    because="failures that come together interrupt the job once",
    cite="signoret2020",
)
all_apart = specialise(
    common_law, {common: 0}, equation(common_mtbf, device_mtbf / devices), because="without common causes"
)
all_together = specialise(
    common_law,
    {common: 1},
    equation(common_mtbf, group_size * device_mtbf / devices),
    because="where groups only fail whole, the fleet has as many parts as groups",
)

wall = Wall(
    number=15,
    name="fragility",
    domain="fleet",
    core=(
        law,
        best,
        least_loss,
        failure_law,
        wall_time,
        exact_progress,
        never_fails,
        daly_law,
        unbounded,
        daly_period,
        shared_law,
        no_shared_parts,
        common_law,
        all_apart,
        all_together,
    ),
    binds="failures and checkpoints take more of the time than work does",
    assumptions=(
        "failures are independent and exponential, unless parts are shared or have a common cause",
        "a failure stops the whole job",
        "Daly's cost lets a restart fail too, but not the write of the last period of a run",
    ),
    validity="first-order laws: checkpoints much shorter than the time between failures; higher order: any",
)
