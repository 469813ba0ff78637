"""Correlated failures: parts that several accelerators share, and causes that several accelerators share."""

from sympy import exp, oo

from mlsysim.symbolic.foundations.inputs import device_mtbf, devices
from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, solve, specialise, substitute
from mlsysim.symbolic.walls.fleet.fragility import survival
from mlsysim.symbolic.walls.fleet.fragility.survival import all_chance, span

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
    survival.all_survive,
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
