"""Fidelity: fewer bits are fewer bytes, not always less time, and never quite the same answers.

Smaller numbers and left-out weights must still say what they stand for: scales, zero points and positions take room.
"""

from sympy import Max, log, oo

from mlsysim.symbolic.foundations.inputs import efficiency, peak
from mlsysim.symbolic.quantity import Quantity, constant, count, data, ratio, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, given, limit, solve, specialise, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved


def _per_weight(name: str, latex: str, meaning: str, low: float = 0.125) -> Quantity:
    return Quantity(f"fidelity.{name}", latex, "byte/param", meaning, low=low, high=4)


def _bytes(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"fidelity.{name}", latex, "byte", meaning, low=0, high=4)


base = _per_weight("base", r"b_{\mathrm{base}}", "bytes of a weight before")
code = _per_weight("target", r"b_{\mathrm{target}}", "bytes of a weight after, without what it shares")
scale = _bytes("scale", r"b_{\mathrm{scale}}", "bytes of the scale of a group")
zero = _bytes("zero", r"b_{\mathrm{zero}}", "bytes of the zero point of a group")
group = Quantity("fidelity.group", "g", "param", "weights that share a scale", low=8, high=4096)
shared = _per_weight("shared", r"b_{\mathrm{group}}", "bytes of scale and zero point per weight", low=0)
sparsity = ratio("fidelity.sparsity", "s", "share of weights that are left out", low=0, high=0.95)
index = _per_weight("index", r"b_{\mathrm{index}}", "bytes that say where a kept weight stands", low=0)
stored = _per_weight("stored", r"b_{\mathrm{stored}}", "bytes that a weight of the model takes, all told", low=0.01)
ratio_of_bytes = ratio("fidelity.compression", "r", "how many times smaller the weights are", low=0.1, high=100)
ratio_of_codes = ratio("fidelity.codes", r"r_{\mathrm{code}}", "the same in the largest groups", high=100)
ratio_of_kept = ratio("fidelity.ideal", r"r_{\mathrm{kept}}", "the same if positions were free", low=1, high=100)
ratio_two_of_four = ratio("fidelity.two_of_four", r"r_{2:4}", "the same with two of every four kept", high=100)

# What a weight takes.
spread = given(
    equation(shared, (scale + zero) / group),
    because="the weights of a group share one scale and one zero point",
    cite="frantar2023gptq",
)
kept = given(
    equation(stored, (1 - sparsity) * (code + index) + shared),
    because="a kept weight takes its code and its position, a weight left out takes neither",
    cite="han2016",
)
all_told = substitute(
    kept,
    spread,
    result=equation(stored, (1 - sparsity) * (code + index) + (scale + zero) / group),
    because="name what is shared",
)
compression = define(equation(ratio_of_bytes, base / stored), because="bytes before per bytes after")
both = substitute(
    compression,
    all_told,
    result=equation(ratio_of_bytes, base / ((1 - sparsity) * (code + index) + (scale + zero) / group)),
    because="name what a weight takes",
)

# Quantisation alone.
quantised = specialise(
    both,
    {sparsity: 0, index: 0},
    equation(ratio_of_bytes, base / (code + (scale + zero) / group)),
    because="every weight is kept",
)
bare = apply(
    limit(
        quantised,
        group,
        oo,
        equation(ratio_of_bytes, base / code),
        because="the larger the group, the less a scale costs",
    ),
    {ratio_of_bytes: ratio_of_codes},
    because="call it the ratio of the codes",
)
scale_code = _bytes("scale_code", r"b_{\mathrm{code}}", "bytes of a scale that is itself quantised")
second_scale = _bytes("second_scale", r"b_{\mathrm{second}}", "bytes of the scale that a block of scales shares")
block = count("fidelity.block", r"g_2", "scales that share a second scale", high=1024)
scale_of_scales = given(
    equation(scale, scale_code + second_scale / block),
    because="scales are numbers too and can be quantised in groups",
    cite="dettmers2023",
)
twice = substitute(
    spread,
    scale_of_scales,
    result=equation(shared, (scale_code + second_scale / block + zero) / group),
    because="name the bytes of a scale",
)

# Sparsity alone.
sparse = specialise(
    both,
    {scale: 0, zero: 0},
    equation(ratio_of_bytes, base / ((1 - sparsity) * (code + index))),
    because="kept weights keep their format",
)
same_format = specialise(
    sparse,
    {code: base},
    equation(ratio_of_bytes, base / ((1 - sparsity) * (base + index))),
    because="a kept weight keeps its bytes and adds its position",
)
ideal = apply(
    specialise(
        same_format,
        {index: 0},
        equation(ratio_of_bytes, 1 / (1 - sparsity)),
        because="if positions were free, only the kept weights would count",
    ),
    {ratio_of_bytes: ratio_of_kept},
    because="call it the ratio of the kept weights",
)
nothing_left_out = specialise(
    ideal, {sparsity: 0}, equation(ratio_of_kept, 1), because="with nothing left out nothing changes"
)
as_many_bytes = substitute(
    define(equation(stored, base), because="nothing is gained while a weight takes what it took before"),
    specialise(
        all_told,
        {scale: 0, zero: 0, code: base},
        equation(stored, (1 - sparsity) * (base + index)),
        because="a kept weight keeps its bytes and adds its position",
    ),
    result=equation((1 - sparsity) * (base + index), base),
    because="name what a weight takes",
)
break_even = solve(
    as_many_bytes,
    sparsity,
    equation(sparsity, index / (base + index)),
    because="below this, positions take more than zeros did",
)

# A pattern: n of every m weights are kept.
in_pattern = count("fidelity.kept", "n", "weights kept in every group of the pattern", low=1, high=4)
pattern = count("fidelity.pattern", "m", "weights in a group of the pattern", low=4, high=32)
one_byte = constant("one.byte_per_weight", 1, "byte/param", "a single byte per weight")
left_out = define(equation(sparsity, 1 - in_pattern / pattern), because="n of every m are kept", cite="mishra2021")
position = given(
    equation(index, log(pattern) / (log(2) * 8) * one_byte),
    because="one of m places takes as many bits as m has doublings, and a byte has eight",
    cite="mishra2021",
)
pattern_bytes = substitute(
    sparse,
    left_out,
    position,
    result=equation(ratio_of_bytes, base * pattern / (in_pattern * (code + log(pattern) / (log(2) * 8) * one_byte))),
    because="name what is left out and what a position takes",
)
two_of_four = apply(
    specialise(
        pattern_bytes,
        {in_pattern: 2, pattern: 4},
        equation(ratio_of_bytes, 2 * base / (code + one_byte / 4)),
        because="two of four, with two bits of position each",
        cite="mishra2021",
    ),
    {ratio_of_bytes: ratio_two_of_four},
    because="call it the ratio of two of four",
)

# What the pattern does for arithmetic.
sparse_work = Quantity("fidelity.sparse_work", r"O_{n:m}", "flop", "work that is left", display="TFLOP", high=1e18)
compute_before = time("fidelity.compute_before", r"T_{F}", "least time of arithmetic before")
sparse_time = time("fidelity.sparse_time", r"T_{n:m}", "least time of the work that is left")
skip = ratio("fidelity.skip", r"\sigma", "how many times less work arithmetic units do that skip zeros", low=1, high=32)
skip_two_of_four = ratio("fidelity.skip_two_of_four", r"\sigma_{2:4}", "the same for two of four", low=1, high=4)
computing_before = apply(compute.law, {compute_time: compute_before}, because="the law of compute, for all of it")
units_skip = given(
    equation(sparse_work, work * (in_pattern / pattern)),
    because="units made for the pattern multiply only the kept weights",
    cite="mishra2021",
)
time_left = apply(
    compute.law, {work: sparse_work, compute_time: sparse_time}, because="the law of compute, for the work that is left"
)
time_of_kept = substitute(
    time_left,
    units_skip,
    result=equation(sparse_time, work * (in_pattern / pattern) / (peak * efficiency)),
    because="name the work",
)
times_faster = define(equation(skip, compute_before / sparse_time), because="time before per time after")
skip_law = substitute(
    times_faster,
    computing_before,
    time_of_kept,
    result=equation(skip, pattern / in_pattern),
    because="work and rate cancel",
)
twice_as_fast = apply(
    specialise(skip_law, {in_pattern: 2, pattern: 4}, equation(skip, 2), because="two of four", cite="mishra2021"),
    {skip: skip_two_of_four},
    because="call it the gain of two of four",
)

# The regime decides how much faster all of it gets.
target_peak = Quantity(
    "fidelity.target_peak", r"F_{\mathrm{target}}", "flop/s", "peak rate of the format that is computed in",
    display="TFLOP/s", low=1e6, high=1e16,
)  # fmt: skip
share = ratio("fidelity.weight_share", "x", "share of the moved data that is weights", low=0.01)
moved_after = data("fidelity.moved", r"D'", "data moved after")
compute_after = time("fidelity.compute_after", r"T'_{F}", "least time of arithmetic after")
memory_before = time("fidelity.memory_before", r"T_{BW}", "least time of moving data before")
memory_after = time("fidelity.memory_after", r"T'_{BW}", "least time of moving data after")
before = time("fidelity.before", "T", "time before")
after = time("fidelity.after", r"T'", "time after")
rate_gain = ratio("fidelity.rate_gain", r"S_F", "how many times less time arithmetic takes", low=0.5, high=64)
byte_gain = ratio("fidelity.byte_gain", r"S_{BW}", "how many times less time moving data takes", low=0.5, high=64)
gain = ratio("fidelity.gain", "S", "speed-up", low=0.1, high=100)
gain_of_bytes = ratio("fidelity.memory_bound", r"S_{\mathrm{mem}}", "speed-up of what only moves data", high=100)
gain_of_rate = ratio("fidelity.compute_bound", r"S_{\mathrm{compute}}", "speed-up of what only computes", high=100)
gain_of_widened = ratio("fidelity.widened", r"S_{\mathrm{wide}}", "the same where only weights are quantised", high=100)

moving_before = apply(memory.law, {memory_time: memory_before}, because="the law of bandwidth, before")
less_moved = given(
    equation(moved_after, moved * (1 - share) + moved * share / ratio_of_bytes),
    because="weights shrink, the rest of the data does not",
    cite="frantar2023gptq",
)
moving = apply(memory.law, {moved: moved_after, memory_time: memory_after}, because="the law of bandwidth")
byte_speed_up = define(equation(byte_gain, memory_before / memory_after), because="time before per time after")
byte_law = substitute(
    substitute(
        byte_speed_up,
        moving_before,
        moving,
        result=equation(byte_gain, moved / moved_after),
        because="the bandwidth cancels",
    ),
    less_moved,
    result=equation(byte_gain, 1 / (1 - share + share / ratio_of_bytes)),
    because="the data before cancels",
)
all_weights = specialise(
    byte_law, {share: 1}, equation(byte_gain, ratio_of_bytes), because="when only weights are moved, bytes are all"
)
computing = apply(
    compute.law,
    {compute_time: compute_after, peak: target_peak * skip},
    because="the rate of the format, times what a pattern spares",
)
rate_speed_up = define(equation(rate_gain, compute_before / compute_after), because="time before per time after")
rate_law = substitute(
    rate_speed_up,
    computing_before,
    computing,
    result=equation(rate_gain, target_peak * skip / peak),
    because="the work cancels",
)
roofline_before = bottleneck(
    computing_before,
    moving_before,
    result=equation(before, Max(compute_before, memory_before)),
    because="the roofline before",
    cite="williams2009",
)
roofline_after = bottleneck(
    computing,
    moving,
    result=equation(after, Max(compute_after, memory_after)),
    because="the roofline after",
    cite="williams2009",
)
compute_shorter = solve(
    rate_speed_up,
    compute_after,
    equation(compute_after, compute_before / rate_gain),
    because="arithmetic is this much shorter",
)
memory_shorter = solve(
    byte_speed_up,
    memory_after,
    equation(memory_after, memory_before / byte_gain),
    because="moving is this much shorter",
)
speed_up = define(equation(gain, before / after), because="time before per time after")
ratio_of_rooflines = substitute(
    speed_up,
    roofline_before,
    roofline_after,
    result=equation(gain, Max(compute_before, memory_before) / Max(compute_after, memory_after)),
    because="name both rooflines",
)
gain_law = substitute(
    ratio_of_rooflines,
    compute_shorter,
    memory_shorter,
    result=equation(
        gain, Max(compute_before, memory_before) / Max(compute_before / rate_gain, memory_before / byte_gain)
    ),
    because="name both times after",
)
memory_bound = apply(
    specialise(gain_law, {compute_before: 0}, equation(gain, byte_gain), because="where bandwidth binds, bytes decide"),
    {gain: gain_of_bytes},
    because="call it the gain of bytes",
)
compute_bound = apply(
    specialise(
        gain_law, {memory_before: 0}, equation(gain, rate_gain), because="where arithmetic binds, the rate decides"
    ),
    {gain: gain_of_rate},
    because="call it the gain of the rate",
)
of_the_rate = substitute(
    compute_bound,
    rate_law,
    result=equation(gain_of_rate, target_peak * skip / peak),
    because="name the gain of the rate",
)
weights_only = apply(
    specialise(
        of_the_rate,
        {target_peak: peak, skip: 1},
        equation(gain_of_rate, 1),
        because="weights that are widened again before the product spare no arithmetic",
        cite="frantar2023gptq",
    ),
    {gain_of_rate: gain_of_widened},
    because="call it the gain of widened weights",
)

# What it costs in quality: ranges over published models, not one number.
quality = ratio("fidelity.perplexity", r"\pi", "perplexity before", low=2, high=100)
quality_after = ratio("fidelity.perplexity_after", r"\pi'", "perplexity after", low=2, high=200)
loss = ratio("fidelity.loss", r"\Delta", "relative rise of the perplexity", low=-0.02, high=1)


def _loss(word: str, latex: str, meaning: str, low: float, high: float) -> tuple[Quantity, Quantity]:
    """The published range of a relative rise, and the perplexity it leads to."""
    return (
        ratio(
            f"fidelity.loss_{word}", rf"\Delta_{{\mathrm{{{latex}}}}}", f"relative rise {meaning}", low=low, high=high
        ),
        ratio(f"fidelity.after_{word}", rf"\pi_{{\mathrm{{{latex}}}}}", f"perplexity {meaning}", low=2, high=200),
    )


# Least and most over the models of the table that the step below cites.
loss_four, after_four = _loss("four_bit", "4bit", "with weights of four bits", 0.003, 0.13)
loss_three, after_three = _loss("three_bit", "3bit", "with weights of three bits", 0.04, 0.95)
loss_half, after_half = _loss("half", "half", "with half the weights left out anywhere", -0.02, 0.44)
loss_pattern, after_pattern = _loss("two_of_four", "2of4", "with two of every four weights left out", 0.04, 0.38)

rise = define(equation(loss, (quality_after - quality) / quality), because="a rise relative to before")
quality_law = solve(
    rise, quality_after, equation(quality_after, quality * (1 + loss)), because="the perplexity is what was asked for"
)
four_bits = apply(
    quality_law,
    {quality_after: after_four, loss: loss_four},
    because="OPT and BLOOM models of 125 million to 176 billion parameters, rounded with compensation",
    cite="frantar2023gptq",
)
three_bits = apply(
    quality_law,
    {quality_after: after_three, loss: loss_three},
    because="the same models with a bit less",
    cite="frantar2023gptq",
)
half_left_out = apply(
    quality_law,
    {quality_after: after_half, loss: loss_half},
    because="OPT models of 125 million to 175 billion parameters, pruned without retraining",
    cite="frantar2023sparsegpt",
)
pattern_left_out = apply(
    quality_law,
    {quality_after: after_pattern, loss: loss_pattern},
    because="OPT models of 2.7 to 175 billion parameters, pruned to the pattern without retraining",
    cite="frantar2023sparsegpt",
)

wall = Wall(
    number=13,
    name="fidelity",
    domain="algorithm",
    core=(
        both,
        quantised,
        bare,
        twice,
        sparse,
        ideal,
        break_even,
        pattern_bytes,
        two_of_four,
        skip_law,
        twice_as_fast,
        byte_law,
        rate_law,
        gain_law,
        memory_bound,
        compute_bound,
        weights_only,
        four_bits,
        three_bits,
        half_left_out,
        pattern_left_out,
    ),
    binds="the answers may not get worse, so weights cannot get smaller",
    assumptions=(
        "widening codes and looking up positions cost no time",
        "arithmetic and moving data overlap perfectly, and reach the same share of their peaks before and after",
        "arithmetic units that are not made for a pattern multiply zeros like any weight",
        "the loss of a model not in the tables is within their range",
    ),
    validity="compression of weights; the rise in perplexity is of WikiText-2, after training and without retraining",
)
