"""Amdahl's law over two classes of operators: the slow one weighs by its slowness."""

from sympy import Min, oo

from mlsysim.symbolic.foundations.inputs import bandwidth, efficiency, peak
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.quantity import ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, substitute, total
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, work
from mlsysim.symbolic.walls.node.memory.wall import intensity
from mlsysim.symbolic.walls.node.software.tiling import gemm_share

class_work = work_of("classes", r"O_{\mathrm{cls}}", "work of both classes of operators")
product_part = ratio("software.product_part", r"f", "share of the work that is in matrix products")
slow_share = ratio("software.slow", r"\eta_{\mathrm{op}}", "share of peak that the other operators reach")
fast_time = time("software.fast_time", r"T_{f}", "time of the class of matrix products")
slow_time = time("software.slow_time", r"T_{1-f}", "time of the class of other operators")
class_time = time("software.class_time", r"T_{\mathrm{cls}}", "time of both classes")
class_share = ratio("software.classes", r"\eta_{\mathrm{cls}}", "share of peak that both classes together reach")

slow_reach = given(
    equation(slow_share, Min(1, intensity * bandwidth / peak)),
    because="left of the ridge an operator computes as fast as its data arrives",
    cite="williams2009",
)
fast_takes = apply(
    compute.law,
    {work: product_part * class_work, compute_time: fast_time, efficiency: gemm_share},
    because="the law of compute for the products",
)
slow_takes = apply(
    compute.law,
    {work: (1 - product_part) * class_work, compute_time: slow_time, efficiency: slow_share},
    because="and for the rest, at the rate its data allows",
)
classes_take = total(
    fast_takes,
    slow_takes,
    result=equation(class_time, fast_time + slow_time),
    because="operators run one after another",
)
class_reach = define(
    equation(class_share, class_work / (peak * class_time)), because="work done, of what the peak allows"
)
classes_named = substitute(
    class_reach,
    classes_take,
    fast_takes,
    slow_takes,
    result=equation(
        class_share,
        class_work
        / (
            peak
            * (product_part * class_work / (peak * gemm_share) + (1 - product_part) * class_work / (peak * slow_share))
        ),
    ),
    because="name both times",
)
classes_law = rewrite(
    classes_named,
    equation(class_share, 1 / (product_part / gemm_share + (1 - product_part) / slow_share)),
    because="work and peak cancel; a small share of slow work weighs by its slowness",
    cite="amdahl1967",
)
ceiling_of_classes = limit(
    classes_law,
    gemm_share,
    oo,
    equation(class_share, slow_share / (1 - product_part)),
    because="were products free, the rest would still bound the whole",
    cite="amdahl1967",
)
