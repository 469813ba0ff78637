"""Safety: hiding one person in the data costs noise, work and memory, and proving fairness costs samples.

Noise bounds what a model can tell about any one example; every step of training spends a part of that bound. To see
that a small group is treated alike, enough of it must be drawn. Each answer is a range.
"""

from sympy import Rational

from mlsysim.symbolic.foundations.inputs import gradient_bytes, microbatch, one_sample, parameters
from mlsysim.symbolic.foundations.results import required, work_of
from mlsysim.symbolic.quantity import data, ratio, time
from mlsysim.symbolic.rules import define, equation, given, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.algorithm.complexity import wall as complexity
from mlsysim.symbolic.walls.algorithm.complexity.wall import backward, token_cost
from mlsysim.symbolic.walls.operations.safety import accountant, fairness, full_batch, mechanism, subgroup

# What gradients of single examples cost.
step_time = time("safety.step_time", r"T_{\mathrm{step}}", "time of a step without privacy")
slowdown_low = ratio("safety.slowdown_low", r"\kappa_{\mathrm{low}}", "least measured slow-down", low=1, high=8)
slowdown_high = ratio("safety.slowdown_high", r"\kappa_{\mathrm{high}}", "most measured slow-down", low=1, high=8)
time_low = time("safety.time_low", r"T_{\mathrm{low}}", "least time of a private step")
time_high = time("safety.time_high", r"T_{\mathrm{high}}", "most time of a private step")
private_cost = work_of(
    "token_private", r"o_{\mathrm{priv}}", "a token's passes when gradients are clipped unseen", per="/token"
)
work_ratio = ratio("safety.work", r"\kappa_{\mathrm{ghost}}", "work of clipping without keeping gradients", high=10)
overhead_low = ratio(
    "safety.memory_overhead", r"m_{\mathrm{low}}", "measured memory of ghost clipping, relative", low=1, high=1.1
)
example_gradients = data("safety.example_gradients", r"M_{\mathrm{ex}}", "gradients of every example of a microbatch")
memory_low = data("safety.memory_low", r"M_{\mathrm{low}}", "least memory of private training")
memory_high = data("safety.memory_high", r"M_{\mathrm{high}}", "most memory of private training")

twice_back = given(
    equation(private_cost, token_cost + backward),
    because="ghost clipping goes backward once for the norms and once for the clipped sum",
    cite="li2022dp",
)
relative_work = define(equation(work_ratio, private_cost / token_cost), because="against ordinary training")
ghost_work = substitute(
    relative_work,
    twice_back,
    complexity.both_ways,
    complexity.backward_cost,
    result=equation(work_ratio, Rational(5, 3)),
    because="five passes' worth of work instead of three",
)
fast_end = given(
    equation(time_low, slowdown_low * step_time), because="measured where norms are taken in passing", cite="bu2023"
)
slow_end = given(
    equation(time_high, slowdown_high * step_time), because="measured where every gradient is kept", cite="beltran2024"
)
kept = define(
    equation(example_gradients, microbatch / one_sample * parameters * gradient_bytes),
    because="a gradient of every parameter for every example",
    cite="yousefpour2021",
)
lean_end = given(
    equation(memory_low, overhead_low * required), because="ghost clipping keeps none of them", cite="bu2023"
)
full_end = define(
    equation(memory_high, required + example_gradients), because="they come on top", cite="yousefpour2021"
)
memory_law = substitute(
    full_end,
    kept,
    result=equation(memory_high, required + microbatch / one_sample * parameters * gradient_bytes),
    because="name them",
)

wall = Wall(
    number=20,
    name="safety",
    domain="operations",
    core=(
        mechanism.noise_law,
        accountant.one_odds, accountant.expanded, accountant.mean_law, accountant.spent_law, accountant.converted,
        accountant.tightly,
        full_batch.rarely, full_batch.full_law,
        ghost_work, fast_end, slow_end, lean_end, memory_law,
        subgroup.draw_law, subgroup.quantile, subgroup.rest, subgroup.sure_law,
        fairness.alarm_law, fairness.reserve_law, fairness.gap_law, fairness.pooled_law, fairness.alike_law,
        fairness.apart_law, fairness.both_noises, fairness.audit_law, fairness.corrected_law,
        fairness.audit_draw_low, fairness.audit_draw_high,
    ),
    binds="the privacy or fairness promised needs more noise, work, memory or samples than there are",
    assumptions=(
        "examples are sampled one by one (Poisson) and neighbouring data differ by one example more or less",
        "the order is chosen by trying: any order gives a valid bound, the least is the claim",
        "each example's gradient is clipped to the sensitivity",
    ),
    validity="whole orders; counts of five or more in every cell of an audit",
)  # fmt: skip
