"""Software: hardware reaches only the fraction of its peak that its programs know how to use.

A utilisation is measured by counting work; where it is lost can be told from the parts of a program.
"""

from sympy import Max, Min, ceiling, oo

from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    causal,
    decode_batched,
    decode_single,
    devices,
    efficiency,
    full_batch,
    hidden,
    layers,
    memory_efficiency,
    multiply_add,
    multiply_add_pair,
    one_sample,
    one_token,
    parameters,
    peak,
    sequence,
    weight_bytes,
)
from mlsysim.symbolic.foundations.results import hardware_work, latency, model_work, throughput, work_of
from mlsysim.symbolic.foundations.split import group_requests
from mlsysim.symbolic.quantity import ALL, TRAINING, TRANSFORMER_INFERENCE, Quantity, constant, count, data, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    bottleneck,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    substitute,
    total,
)
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node import compute, memory
from mlsysim.symbolic.walls.node.compute import (
    attention_of_a_model,
    compute_time,
    model_attention,
    model_token,
    repeated,
    six,
    work,
)
from mlsysim.symbolic.walls.node.memory import intensity, memory_time, moved

utilisation = ratio("software.utilisation", r"U", "work done per work that could have been done")
possible = Quantity(
    "software.possible", r"O_{\mathrm{peak}}", "flop", "work that the fleet could have done at peak", display="TFLOP"
)
mfu = ratio("performance.mfu", r"\mathrm{MFU}", "model FLOPs utilisation")
hfu = ratio("performance.hfu", r"\mathrm{HFU}", "hardware FLOPs utilisation")
decode_efficiency = ratio("software.decode_efficiency", r"\eta_{\mathrm{dec}}", "share of peak that decode reaches")

could = given(
    equation(possible, devices * peak * latency),
    because="every accelerator at its peak, all the time",
    cite="chowdhery2022",
)
is_share = define(
    equation(utilisation, work / possible), because="utilisation is work done per work possible", cite="chowdhery2022"
)
law = substitute(
    is_share, could, result=equation(utilisation, work / (devices * peak * latency)), because="name what was possible"
)
model_utilisation = apply(
    law, {utilisation: mfu, work: model_work}, because="count what the model needs", cite="chowdhery2022", when=ALL
)
hardware_utilisation = apply(
    law,
    {utilisation: hfu, work: hardware_work},
    because="count what the hardware does",
    cite="chowdhery2022",
    when=TRAINING,
)
achieved = solve(
    law,
    latency,
    equation(latency, work / (devices * peak * utilisation)),
    because="a measured utilisation gives the time back",
)
decode_guide = define(
    equation(
        decode_efficiency,
        decode_single
        + (decode_batched - decode_single) * Min(1, (group_requests - one_sample) / (full_batch - one_sample)),
    ),
    because="decode fills the arithmetic units in proportion to its batch, until they are as full as they get",
    when=TRANSFORMER_INFERENCE,
)

# The same counters per token: what the model needs, and what the hardware does.
token_cost = work_of("per_token", r"o", "work of a token", per="/token")
token_use = ratio("software.token_utilisation", r"U_{\mathrm{tok}}", "utilisation, from tokens per time")
forward_cost = work_of("forward_per_token", r"o_{\mathrm{pass}}", "work of a token in a forward pass", per="/token")
six_pair = constant("one.six_pair", 6, "flop/token/token", "two forward and four backward, per pair of tokens")
model_cost = work_of(
    "model_per_token", r"o_{\mathrm{model}}", "work that a token of a training run needs", per="/token"
)
hardware_cost = work_of(
    "hardware_per_token", r"o_{\mathrm{hw}}", "work that the hardware does for a token", per="/token"
)
all_mfu = ratio("software.mfu", r"\mathrm{MFU}_{\mathrm{tok}}", "model FLOPs utilisation, from tokens per time")
all_hfu = ratio("software.hfu", r"\mathrm{HFU}_{\mathrm{tok}}", "hardware FLOPs utilisation, from tokens per time")
excess = ratio("software.excess", r"x_{\mathrm{hw}}", "work done per work needed", low=1, high=2)

tokens_in_a_step = define(
    equation(work, token_cost * throughput * latency), because="the tokens of a step are its rate times its time"
)
per_token = substitute(
    law,
    tokens_in_a_step,
    result=equation(utilisation, token_cost * throughput * latency / (devices * peak * latency)),
    because="count the work by its tokens",
)
time_cancels = rewrite(
    per_token,
    equation(utilisation, token_cost * throughput / (devices * peak)),
    because="how long a step takes cancels",
    cite="chowdhery2022",
)
one_pass = define(
    equation(forward_cost, model_token + model_attention), because="a forward pass is products and attention"
)
three_passes = define(
    equation(model_cost, 3 * forward_cost), because="a backward pass is twice a forward pass", cite="chowdhery2022"
)
needed = substitute(
    three_passes,
    one_pass,
    compute.model_forward,
    attention_of_a_model,
    result=equation(
        model_cost,
        3 * (multiply_add * parameters + multiply_add_pair * layers * sequence * one_sample * hidden * (2 - causal)),
    ),
    because="name both",
)
needed_law = rewrite(
    needed,
    equation(model_cost, six * parameters + six_pair * layers * sequence * one_sample * hidden * (2 - causal)),
    because="six per weight, and twelve per layer, position and width when all pairs count",
    cite="chowdhery2022",
)
model_law = apply(time_cancels, {utilisation: all_mfu, token_cost: model_cost}, because="count what the model needs")
done = define(
    equation(hardware_cost, model_cost + repeated * forward_cost),
    because="what was not kept is computed again",
    cite="chowdhery2022",
)
one_of_three = solve(
    three_passes, forward_cost, equation(forward_cost, model_cost / 3), because="a forward pass is a third of the work"
)
done_law = substitute(
    done,
    one_of_three,
    result=equation(hardware_cost, model_cost + repeated * model_cost / 3),
    because="name the forward pass",
)
hardware_law = apply(
    time_cancels, {utilisation: all_hfu, token_cost: hardware_cost}, because="count what the hardware does"
)
more = define(equation(excess, all_hfu / all_mfu), because="the two utilisations share everything but their counts")
more_work = substitute(
    more,
    hardware_law,
    model_law,
    result=equation(excess, hardware_cost / model_cost),
    because="tokens per time and peaks cancel",
)
hardware_over_model = substitute(
    more_work,
    done_law,
    result=equation(excess, 1 + repeated / 3),
    because="a full recomputation is a fourth pass on top of three",
)

# A matrix product is cut into tiles, and tiles run in waves.
rows = count("software.rows", r"m_{\mathrm{mm}}", "rows of a product", high=65536)
columns = count("software.columns", r"n_{\mathrm{mm}}", "columns of a product", high=65536)
tile_rows = count("software.tile_rows", r"m_{\mathrm{t}}", "rows of a tile", low=16, high=256)
tile_columns = count("software.tile_columns", r"n_{\mathrm{t}}", "columns of a tile", low=16, high=256)
processors = count("software.processors", "S", "processors that each compute one tile at a time", high=256)
tiles = count("software.tiles", r"n_{\mathrm{tiles}}", "tiles of a product", high=1 << 20)
waves = count("software.waves", r"n_{\mathrm{waves}}", "rounds in which the tiles run", high=1 << 14)
tile_share = ratio("software.tile_share", r"\eta_{\mathrm{tile}}", "share of the tiles that the product fills")
wave_share = ratio("software.wave_share", r"\eta_{\mathrm{wave}}", "share of the waves that tiles fill")
kernel_share = ratio("software.kernel", r"\eta_{\mathrm{krn}}", "share of peak inside a full tile")
gemm_share = ratio("software.gemm", r"\eta_{\mathrm{mm}}", "share of peak that matrix products reach")

cut = given(
    equation(tiles, ceiling(rows / tile_rows) * ceiling(columns / tile_columns)),
    because="tiles at the edge are computed whole",
    cite="nvidia2023matmul",
)
rounds = given(
    equation(waves, ceiling(tiles / processors)),
    because="the last wave takes as long as a full one",
    cite="nvidia2023matmul",
)
filled = define(
    equation(tile_share, rows * columns / (tiles * tile_rows * tile_columns)),
    because="what is asked for, of what is computed",
)
tile_law = substitute(
    filled,
    cut,
    result=equation(
        tile_share,
        rows * columns / (ceiling(rows / tile_rows) * ceiling(columns / tile_columns) * tile_rows * tile_columns),
    ),
    because="count the tiles",
)
busy_processors = define(
    equation(wave_share, tiles / (waves * processors)), because="tiles, of the places in all waves"
)
wave_law = substitute(
    busy_processors,
    rounds,
    result=equation(wave_share, tiles / (ceiling(tiles / processors) * processors)),
    because="count the waves",
)
together = define(
    equation(gemm_share, kernel_share * tile_share * wave_share), because="each loses a share of what the others leave"
)
gemm_law = substitute(
    together,
    tile_law,
    wave_law,
    cut,
    result=equation(
        gemm_share,
        kernel_share
        * (
            rows
            * columns
            / (
                ceiling(ceiling(rows / tile_rows) * ceiling(columns / tile_columns) / processors)
                * processors
                * tile_rows
                * tile_columns
            )
        ),
    ),
    because="of all places in all waves, those that the product fills",
)
whole_tiles = specialise(
    tile_law,
    {rows: tile_rows, columns: tile_columns},
    equation(tile_share, 1),
    because="a product of whole tiles loses nothing",
)
one_processor = specialise(
    wave_law, {processors: 1}, equation(wave_share, 1), because="one processor is never left without a tile"
)

# A program is products, operators that only move data, and launches.
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

# Amdahl's law over two classes of operators.
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

# In decode the memory side decides, so that the efficiency of arithmetic hardly matters.
decoding = Quantity("software.decoding", "B", "sample", "requests that decode together", low=1, high=512)
decode_work_time = time("software.decode_work", r"T_{\mathrm{dec,F}}", "time of a decode step's products")
decode_read_time = time("software.decode_read", r"T_{\mathrm{dec,BW}}", "time to read all weights")
decode_time = time("software.decode_time", r"T_{\mathrm{dec}}", "time of a decode step, keys and values apart")
turning = ratio("software.turning", r"\eta^{*}", "share of peak from which reading decides", high=4)

decode_works = apply(
    compute.law,
    {
        work: multiply_add * parameters * one_token * decoding / one_sample,
        compute_time: decode_work_time,
        efficiency: turning,
    },
    because="every request meets every weight",
)
decode_reads = apply(
    memory.law,
    {moved: weight_bytes * parameters, memory_time: decode_read_time, memory_efficiency: 1},
    because="the weights are read once, at the peak bandwidth",
)
decode_roofline = bottleneck(
    decode_works,
    decode_reads,
    result=equation(decode_time, Max(decode_work_time, decode_read_time)),
    because="the slower decides",
    cite="pope2022",
)
decode_balance = substitute(
    define(equation(decode_work_time, decode_read_time), because="at the turning point both take equally long"),
    decode_works,
    decode_reads,
    result=equation(
        multiply_add * parameters * one_token * decoding / one_sample / (peak * turning),
        weight_bytes * parameters / (bandwidth * 1),
    ),
    because="name both times",
)
decode_turning = solve(
    decode_balance,
    turning,
    equation(turning, multiply_add * one_token * decoding / one_sample * bandwidth / (weight_bytes * peak)),
    because="above it, a better kernel changes nothing",
)

wall = Wall(
    number=3,
    name="software",
    domain="node",
    core=(
        law,
        achieved,
        needed_law,
        model_law,
        done_law,
        hardware_law,
        hardware_over_model,
        cut,
        tile_law,
        wave_law,
        gemm_law,
        whole_tiles,
        one_processor,
        parts_law,
        shares_law,
        slow_reach,
        classes_law,
        ceiling_of_classes,
        launches_law,
        decode_roofline,
        decode_turning,
    ),
    binds="kernels leave the arithmetic units idle",
    assumptions=(
        "one efficiency stands for all kernels of a phase",
        "between one request and a full batch it is linear",
        "a tile takes equally long wherever it lies, and operators do not overlap",
    ),
    validity="efficiencies taken from measurements of the same kind of work",
)
