"""An audit: how many samples show that two groups' rates differ.

Noise shrinks with the root of the sample until the difference stands out; that counts are whole asks for a few more.
"""

from sympy import Max, Piecewise, erf, erfinv, oo, sqrt

from mlsysim.symbolic.foundations import normal
from mlsysim.symbolic.foundations.inputs import one_sample
from mlsysim.symbolic.quantity import Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, substitute
from mlsysim.symbolic.walls.operations.safety import subgroup
from mlsysim.symbolic.walls.operations.safety.subgroup import drawn, needed

first = ratio("safety.first", "p_1", "rate in the first group", low=0.05, high=0.95)
second = ratio("safety.second", "p_2", "rate in the second group", low=0.05, high=0.95)
relative = ratio("safety.relative", "r", "size of the second group's sample, relative to the first's", low=0.1, high=10)
significance = ratio(
    "safety.significance", r"\alpha_{\mathrm{test}}", "probability of a false alarm", low=1e-4, high=0.3
)
certainty = ratio("safety.certainty", r"\pi", "probability of seeing the difference (power)", low=0.6, high=0.999)
alarm = ratio("safety.alarm", r"z_{\alpha}", "standard deviations at which the audit sounds", low=0.1, high=4)
reserve = ratio("safety.reserve", r"z_{\pi}", "standard deviations by which it is sure to", low=0.1, high=4)
gap = ratio("safety.gap", r"\Delta", "difference of the rates")
pooled = ratio("safety.pooled", "p_0", "rate of both groups together")
noise_alike = ratio("safety.noise_alike", r"k_0", "noise of the difference were the rates alike, of one sample", high=4)
noise_apart = ratio("safety.noise_apart", r"k_1", "noise of the difference as the rates are, of one sample", high=4)
total_noise = ratio("safety.total_noise", "K", "noise that the difference must exceed, of one sample", high=20)
audit = Quantity("safety.audit", r"n_1", "sample", "samples of the first group", low=1, high=1e6)
corrected = Quantity("safety.corrected", r"n_1'", "sample", "the same, counts being whole", low=1, high=1e6)
audit_low = Quantity("safety.audit_low", r"n_{1,\mathrm{low}}", "sample", "least samples of the first group", low=1)
audit_high = Quantity("safety.audit_high", r"n_{1,\mathrm{high}}", "sample", "most samples of the first group", low=1)
more = ratio("safety.more", "y", "how much larger the root of the sample becomes")
audit_drawn_low = Quantity("safety.audit_drawn_low", r"N_{\mathrm{low}}", "sample", "draw that holds the least", low=1)
audit_drawn_high = Quantity(
    "safety.audit_drawn_high", r"N_{\mathrm{high}}", "sample", "draw that holds the most", low=1
)

two_sided = given(
    equation(significance, 1 - erf(alarm / sqrt(2))),
    because="how often noise alone goes so far to either side",
    cite="fleiss2003",
)
alarm_law = solve(two_sided, alarm, equation(alarm, sqrt(2) * erfinv(1 - significance)), because="turned round")
reserve_law = apply(
    normal.law,
    {normal.share: certainty, normal.deviations: reserve},
    because="how far beyond the alarm the truth must lie",
)
gap_law = define(equation(gap, Max(first - second, second - first)), because="either group may be the worse off")
pooled_law = define(
    equation(pooled, (first + relative * second) / (1 + relative)), because="both groups as one", cite="fleiss2003"
)
alike_law = given(
    equation(noise_alike, sqrt(pooled * (1 - pooled) * (1 + 1 / relative))),
    because="a rate varies as a binomial does, and variances add up",
    cite="fleiss2003",
)
apart_law = given(
    equation(noise_apart, sqrt(first * (1 - first) + second * (1 - second) / relative)),
    because="the same with each group's own rate",
    cite="fleiss2003",
)
both_noises = define(
    equation(total_noise, alarm * noise_alike + reserve * noise_apart),
    because="the alarm must stand above chance and below the truth",
    cite="fleiss2003",
)
seen = given(
    equation(gap, total_noise / sqrt(audit / one_sample)),
    because="noise shrinks with the root of the sample until the difference stands out",
    cite="fleiss2003",
)
audit_size = solve(
    seen, audit, equation(audit, one_sample * (total_noise / gap) ** 2), because="the sample is what was asked for"
)
alike_never = rewrite(
    audit_size,
    equation(audit, Piecewise((one_sample * (total_noise / gap) ** 2, gap > 0), (oo, True))),
    because="rates that are alike no sample tells apart",
)
audit_law = apply(alike_never, {audit: audit_low}, because="by the normal approximation")
noise_by_sample = solve(
    seen, total_noise, equation(total_noise, gap * sqrt(audit / one_sample)), because="turned round"
)
whole_counts = given(
    equation(gap, total_noise / sqrt(corrected / one_sample) + (1 + 1 / relative) / 2 * one_sample / corrected),
    because="counts are whole: half a sample in each group goes to the approximation",
    cite="fleiss1980",
)
larger = define(equation(corrected, audit * (1 + more) ** 2), because="a somewhat larger sample")
one_more_unknown = substitute(
    whole_counts,
    noise_by_sample,
    larger,
    result=equation(gap, gap / (1 + more) + (1 + 1 / relative) * one_sample / (2 * audit * (1 + more) ** 2)),
    because="only the increase is unknown",
)
increase = solve(
    one_more_unknown,
    more,
    equation(more, (sqrt(1 + 2 * (1 + 1 / relative) * one_sample / (audit * gap)) - 1) / 2),
    because="only one root is positive",
)
corrected_size = substitute(
    larger,
    increase,
    result=equation(corrected, audit / 4 * (1 + sqrt(1 + 2 * (1 + 1 / relative) * one_sample / (audit * gap))) ** 2),
    because="back to samples",
    cite="fleiss1980",
)
still_never = rewrite(
    corrected_size,
    equation(
        corrected,
        Piecewise(
            (audit / 4 * (1 + sqrt(1 + 2 * (1 + 1 / relative) * one_sample / (audit * gap))) ** 2, gap > 0), (oo, True)
        ),
    ),
    because="rates that are alike no sample tells apart",
)
corrected_law = apply(
    still_never, {corrected: audit_high, audit: audit_low}, because="with the correction for whole counts"
)
audit_draw_low = apply(
    subgroup.draw, {drawn: audit_drawn_low, needed: audit_low}, because="the first group is the rare one"
)
audit_draw_high = apply(
    subgroup.draw, {drawn: audit_drawn_high, needed: audit_high}, because="the first group is the rare one"
)
