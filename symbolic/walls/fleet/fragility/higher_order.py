"""Daly's period: the whole cost, in which restarts fail too and lost work may be lost again."""

from sympy import Piecewise, Rational, exp, log, oo, sqrt

from mlsysim.symbolic.foundations.inputs import restart
from mlsysim.symbolic.quantity import ratio, time
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
from mlsysim.symbolic.walls.fleet.fragility.interval import period, write
from mlsysim.symbolic.walls.fleet.fragility.survival import fleet_mtbf

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
