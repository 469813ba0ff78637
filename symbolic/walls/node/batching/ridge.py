"""The ridge: up to it another request is almost free, and throughput grows with the batch.

Requests share the reading of the weights, but each brings its own work; at the ridge both take equally long.
"""

from sympy import Max, Min

from mlsysim.symbolic.foundations.inputs import bandwidth, efficiency, memory_efficiency, one_position, peak
from mlsysim.symbolic.foundations.results import weights
from mlsysim.symbolic.quantity import Quantity, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, given, rewrite, solve, substitute
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved

request_work = Quantity(
    "batching.request_work", r"o_{\mathrm{req}}", "flop/sample", "work that each request adds", low=1, high=1e15
)
ridge_batch = Quantity("batching.ridge", r"B^{*}", "sample", "batch at which decode turns compute-bound")
read_time = time("batching.read_time", r"T_{\mathrm{read}}", "time to read the weights")
work_time = time("batching.work_time", r"T_{\mathrm{work}}", "time to compute for every request")
reading = apply(memory.law, {moved: weights, memory_time: read_time}, because="the law of bandwidth, for all weights")
working_time = apply(
    compute.law,
    {compute.work: ridge_batch * request_work, compute_time: work_time},
    because="the law of compute, for every request",
)
turning = substitute(
    given(equation(work_time, read_time), because="at the ridge both take equally long", cite="williams2009"),
    reading,
    working_time,
    result=equation(ridge_batch * request_work / (peak * efficiency), weights / (bandwidth * memory_efficiency)),
    because="name both times",
)
ridge_law = solve(
    turning,
    ridge_batch,
    equation(ridge_batch, weights * peak * efficiency / (request_work * bandwidth * memory_efficiency)),
    because="below it, another request is almost free",
)

# Throughput against batch: it grows until computing takes the time.
decoding = Quantity("batching.decoding", r"B", "sample", "requests that a decode step serves", low=1, high=4096)
decode_work_time = time("batching.decode_work_time", r"T_{\mathrm{req}}", "time to compute for the requests of a step")
step_time = time("batching.step_time", r"T_{\mathrm{step}}", "time of a decode step")


def per_time(name: str, latex: str, meaning: str) -> Quantity:
    """Tokens of all requests per time."""
    return Quantity(f"batching.{name}", latex, "token/s", meaning, low=1, high=1e9)


decode_rate = per_time("decode_rate", r"X_{\mathrm{dec}}", "tokens per time while the context is short")
ridge_rate = per_time("ridge_rate", r"X^{*}", "tokens per time at the ridge")

work_of_step = apply(
    working_time, {ridge_batch: decoding, work_time: decode_work_time}, because="the law of compute, for any batch"
)
step_roofline = bottleneck(
    reading,
    work_of_step,
    result=equation(step_time, Max(read_time, decode_work_time)),
    because="reading and computing run side by side",
    cite="williams2009",
)
tokens_of_step = define(
    equation(decode_rate, decoding * one_position / step_time), because="a step gives every request a token"
)
rate_by_batch = substitute(
    tokens_of_step,
    step_roofline,
    reading,
    work_of_step,
    result=equation(
        decode_rate,
        decoding
        * one_position
        / Max(weights / (bandwidth * memory_efficiency), decoding * request_work / (peak * efficiency)),
    ),
    because="name the times",
)
throughput_law = rewrite(
    rate_by_batch,
    equation(
        decode_rate,
        Min(
            decoding * one_position * bandwidth * memory_efficiency / weights,
            one_position * peak * efficiency / request_work,
        ),
    ),
    because="below the ridge throughput grows with the batch, above it stays",
    cite="williams2009",
)
at_the_ridge = substitute(
    apply(throughput_law, {decoding: ridge_batch, decode_rate: ridge_rate}, because="the batch at the ridge"),
    ridge_law,
    result=equation(
        ridge_rate,
        Min(
            weights
            * peak
            * efficiency
            / (request_work * bandwidth * memory_efficiency)
            * one_position
            * bandwidth
            * memory_efficiency
            / weights,
            one_position * peak * efficiency / request_work,
        ),
    ),
    because="name it",
)
reached_at_ridge = rewrite(
    at_the_ridge,
    equation(ridge_rate, one_position * peak * efficiency / request_work),
    because="both sides meet: the ridge already reaches the most",
)
