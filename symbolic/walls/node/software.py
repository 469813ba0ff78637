"""Software: hardware reaches only the fraction of its peak that its programs know how to use."""

from sympy import Min

from mlsysim.symbolic.foundations.inputs import decode_batched, decode_single, devices, full_batch, peak
from mlsysim.symbolic.foundations.results import hardware_work, latency, model_work
from mlsysim.symbolic.foundations.split import group_requests
from mlsysim.symbolic.quantity import ALL, TRAINING, TRANSFORMER_INFERENCE, Quantity, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import one_sample, work

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

wall = Wall(
    number=3,
    name="software",
    domain="node",
    core=(law, achieved),
    binds="kernels leave the arithmetic units idle",
    assumptions=(
        "one efficiency stands for all kernels of a phase",
        "between one request and a full batch it is linear",
    ),
    validity="efficiencies taken from measurements of the same kind of work",
)
