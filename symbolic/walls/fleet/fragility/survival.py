"""Survival: a job that needs every part fails as many times as often as it has parts."""

from sympy import exp

from mlsysim.symbolic.foundations.inputs import device_mtbf, devices
from mlsysim.symbolic.quantity import TRAINING, ratio, time
from mlsysim.symbolic.rules import define, equation, given, solve, substitute

chance = ratio("fragility.survival", r"P_{\mathrm{up}}", "probability that one accelerator works through a time")
all_chance = ratio("fragility.all_survive", r"P_{\mathrm{all}}", "probability that all do")
span = time("fragility.span", r"\theta", "a span of time", display="h")
fleet_mtbf = time("fragility.job_mtbf", "M", "mean time between failures of the job", display="h")
failure = ratio("fragility.failure", r"P_{\mathrm{fail}}", "probability that the job fails within a time", low=0)

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

# The chance that a run of a given length is interrupted.
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
