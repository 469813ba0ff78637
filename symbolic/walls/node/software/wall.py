"""Software: hardware reaches only the fraction of its peak that its programs know how to use.

A utilisation is measured by counting work; where it is lost can be told from the parts of a program.
"""

from sympy import Min

from mlsysim.symbolic.foundations.inputs import decode_batched, decode_single, devices, full_batch, one_sample, peak
from mlsysim.symbolic.foundations.results import hardware_work, latency, model_work, throughput, work_of
from mlsysim.symbolic.foundations.split import group_requests
from mlsysim.symbolic.quantity import ALL, SERVING, TRAINING, TRANSFORMER_INFERENCE, Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, rewrite, solve, specialise, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute.wall import repeated, work
from mlsysim.symbolic.walls.node.software import amdahl, decode_step, program, tiling, work_per_token
from mlsysim.symbolic.walls.node.software.work_per_token import hardware_cost, model_cost

utilisation = ratio("software.utilisation", r"U", "work done per work that could have been done")
possible = Quantity(
    "software.possible", r"O_{\mathrm{peak}}", "flop", "work that the fleet could have done at peak", display="TFLOP"
)
mfu = ratio(
    "performance.mfu",
    r"\mathrm{MFU}",
    "model FLOPs utilisation; a causal model needs half of all pairs",
    more_is_better=True,
)
hfu = ratio("performance.hfu", r"\mathrm{HFU}", "hardware FLOPs utilisation", more_is_better=True)
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
    law,
    {utilisation: mfu, work: model_work},
    because="count what the model needs",
    cite="chowdhery2022",
    when=ALL - SERVING,
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

# Decode, between one request and a full batch.
filled = ratio(
    "software.filled", r"x_{\mathrm{full}}", "how far a batch has come from one request to a full one", low=0
)
gain = ratio("software.gain", r"\Delta\eta", "what a full batch reaches beyond one request", low=0)

filling = define(
    equation(filled, Min(1, (group_requests - one_sample) / (full_batch - one_sample))),
    because="in equal steps, until the arithmetic units are as full as they get",
)
in_proportion = define(
    equation(decode_efficiency, decode_single + gain * filled),
    because="decode fills the arithmetic units in proportion to its batch",
)
when_full = apply(
    specialise(
        in_proportion, {filled: 1}, equation(decode_efficiency, decode_single + gain), because="a batch that is full"
    ),
    {decode_efficiency: decode_batched},
    because="reaches what was measured with a full one",
)
gain_of_full = solve(
    when_full, gain, equation(gain, decode_batched - decode_single), because="what lies between both measurements"
)
decode_guide = substitute(
    in_proportion,
    gain_of_full,
    filling,
    result=equation(
        decode_efficiency,
        decode_single
        + (decode_batched - decode_single) * Min(1, (group_requests - one_sample) / (full_batch - one_sample)),
    ),
    because="the straight line through both",
    when=TRANSFORMER_INFERENCE,
)

# The same counters per token: what the model needs, and what the hardware does.
token_cost = work_of("per_token", r"o", "work of a token", per="/token")
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
model_law = apply(time_cancels, {utilisation: all_mfu, token_cost: model_cost}, because="count what the model needs")
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
    work_per_token.done_law,
    result=equation(excess, 1 + repeated / 3),
    because="a full recomputation is a fourth pass on top of three",
)

wall = Wall(
    number=3,
    name="software",
    domain="node",
    core=(
        law,
        achieved,
        work_per_token.needed_law,
        model_law,
        work_per_token.done_law,
        hardware_law,
        hardware_over_model,
        tiling.cut,
        tiling.tile_law,
        tiling.wave_law,
        tiling.gemm_law,
        tiling.whole_tiles,
        tiling.one_processor,
        program.parts_law,
        program.shares_law,
        amdahl.slow_reach,
        amdahl.classes_law,
        amdahl.ceiling_of_classes,
        program.launches_law,
        decode_step.decode_roofline,
        decode_step.decode_turning,
        decode_guide,
    ),
    binds="kernels leave the arithmetic units idle",
    assumptions=(
        "one efficiency stands for all kernels of a phase",
        "between one request and a full batch it is linear",
        "a tile takes equally long wherever it lies, and operators do not overlap",
    ),
    validity="efficiencies taken from measurements of the same kind of work",
)
