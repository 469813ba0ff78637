"""A program: products, operators that only move data, and launches, one after another."""

from mlsysim.symbolic.foundations.inputs import efficiency, peak
from mlsysim.symbolic.foundations.results import work_of
from mlsysim.symbolic.quantity import count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, rewrite, solve, substitute, total
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved
from mlsysim.symbolic.walls.node.software.tiling import gemm_share

product_work = work_of("products", r"O_{\mathrm{mm}}", "work of a program's matrix products")
other_data = data("software.other_moved", r"D_{\mathrm{mem}}", "data that a program's other operators move")
launches = count("software.launches", r"n_{\mathrm{krn}}", "kernels that a program launches", high=1 << 16)
launch = time("software.launch", r"t_{\mathrm{krn}}", "time in which a launch keeps the device idle", display="us")
product_time = time("software.product_time", r"T_{\mathrm{mm}}", "time of a program's matrix products")
other_time = time("software.other_time", r"T_{\mathrm{op}}", "time of a program's other operators")
launch_time = time("software.launch_time", r"T_{\mathrm{krn}}", "time of a program's launches")
program_time = time("software.time", r"T_{\mathrm{prog}}", "time of the program")
program_share = ratio("software.program", r"\eta_{\mathrm{prog}}", "share of peak that the program reaches")
other_share = ratio("software.other_share", r"x_{\mathrm{op}}", "share of time in operators that move data")
launch_share = ratio("software.launch_share", r"x_{\mathrm{krn}}", "share of time in launches")

products_take = apply(
    compute.law,
    {work: product_work, compute_time: product_time, efficiency: gemm_share},
    because="the law of compute, at the efficiency of matrix products",
)
others_take = apply(
    memory.law,
    {moved: other_data, memory_time: other_time},
    because="the law of bandwidth, for everything else",
    cite="ivanov2021",
)
launches_take = define(equation(launch_time, launches * launch), because="launches that nothing hides add up")
program_takes = total(
    products_take,
    others_take,
    launches_take,
    result=equation(program_time, product_time + other_time + launch_time),
    because="operators run one after another",
)
reaches = define(
    equation(program_share, product_work / (peak * program_time)), because="work done, of what the peak allows"
)
parts_law = substitute(
    reaches,
    program_takes,
    products_take,
    others_take,
    launches_take,
    result=equation(
        program_share,
        product_work / (peak * (product_work / (peak * gemm_share) + others_take.result.right + launches * launch)),
    ),
    because="name the parts of the time",
)
other_part = define(equation(other_share, other_time / program_time), because="a share of the time")
launch_part = define(equation(launch_share, launch_time / program_time), because="likewise")
other_in_time = solve(
    other_part, other_time, equation(other_time, other_share * program_time), because="the time of a share"
)
launch_in_time = solve(launch_part, launch_time, equation(launch_time, launch_share * program_time), because="likewise")
products_do = solve(
    products_take,
    product_work,
    equation(product_work, peak * gemm_share * product_time),
    because="work is its rate times its time",
)
products_have = solve(
    program_takes,
    product_time,
    equation(product_time, program_time - other_time - launch_time),
    because="products have the time that is left",
)
reaches_then = substitute(
    reaches,
    products_do,
    result=equation(program_share, peak * gemm_share * product_time / (peak * program_time)),
    because="name the work done",
)
reaches_in_the_rest = substitute(
    reaches_then,
    products_have,
    result=equation(
        program_share, peak * gemm_share * (program_time - other_time - launch_time) / (peak * program_time)
    ),
    because="name the time left",
)
by_shares = substitute(
    reaches_in_the_rest,
    other_in_time,
    launch_in_time,
    result=equation(
        program_share,
        peak
        * gemm_share
        * (program_time - other_share * program_time - launch_share * program_time)
        / (peak * program_time),
    ),
    because="name both shares",
)
shares_law = rewrite(
    by_shares, equation(program_share, gemm_share * (1 - other_share - launch_share)), because="peak and time cancel"
)

# How much work a launch must bring.
grain = work_of("grain", r"O_{\mathrm{krn}}", "work per kernel at which launching takes as long as computing")
grain_balance = substitute(
    define(equation(product_time, launch_time), because="launching takes as long as computing"),
    products_take,
    launches_take,
    result=equation(product_work / (peak * gemm_share), launches * launch),
    because="name both times",
)
all_kernels = substitute(
    grain_balance,
    define(equation(product_work, launches * grain), because="the kernels share the work"),
    result=equation(launches * grain / (peak * gemm_share), launches * launch),
    because="name the work",
)
launches_law = solve(
    all_kernels, grain, equation(grain, peak * gemm_share * launch), because="smaller kernels are mostly launched"
)
