"""A large batch: throughput stops at what computing allows, or at what reading every request's keys and values does."""

from sympy import Max, oo

from mlsysim.symbolic.foundations.inputs import bandwidth, efficiency, memory_efficiency, one_position, peak
from mlsysim.symbolic.foundations.results import weights
from mlsysim.symbolic.quantity import Quantity, data, time
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, solve, substitute
from mlsysim.symbolic.walls.node.batching import ridge
from mlsysim.symbolic.walls.node.batching.ridge import decode_rate, decoding, per_time, read_time, request_work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved

read_share = Quantity(
    "batching.read_share", r"\rho_{\mathrm{read}}", "s/sample", "reading of the weights per request", low=1e-6, high=1
)
most_rate = per_time("most_rate", r"X_{\max}", "most tokens per time, whatever the batch")
context_rate = per_time("context_rate", r"X_{\kappa}", "tokens per time while decode is bound by reading")
most_context_rate = per_time(
    "most_context_rate", r"X_{\kappa,\max}", "most tokens per time that reading contexts allows"
)
context_cache = Quantity(
    "batching.context_cache",
    r"\kappa_{\mathrm{ctx}}",
    "byte/sample",
    "keys and values of a request that a step reads, on average",
    display="MB/sample",
    low=1,
    high=1e12,
)
context_data = data("batching.context_data", r"D_{\kappa}", "data of a step: the weights, and all keys and values")
context_read = time("batching.context_read", r"T_{\kappa}", "time to read the weights and all keys and values")

# Bound by computing: the reading of the weights is shared until nothing is left of it.
share_of_reading = define(
    equation(read_share, read_time / decoding), because="the requests of a step share one reading of the weights"
)
share_by_batch = substitute(
    share_of_reading,
    ridge.reading,
    result=equation(read_share, weights / (bandwidth * memory_efficiency) / decoding),
    because="name the time to read",
)
nothing_to_read = limit(
    share_by_batch, decoding, oo, equation(read_share, 0), because="a large batch reads next to nothing for each"
)
batch_of_share = solve(
    share_by_batch,
    decoding,
    equation(decoding, weights / (bandwidth * memory_efficiency * read_share)),
    because="the batch that has such a share",
)
rate_of_share = substitute(
    ridge.rate_by_batch,
    batch_of_share,
    result=equation(
        decode_rate,
        weights
        / (bandwidth * memory_efficiency * read_share)
        * one_position
        / Max(
            weights / (bandwidth * memory_efficiency),
            weights / (bandwidth * memory_efficiency * read_share) * request_work / (peak * efficiency),
        ),
    ),
    because="name the batch",
)
rate_by_share = rewrite(
    rate_of_share,
    equation(decode_rate, one_position / Max(read_share, request_work / (peak * efficiency))),
    because="a token takes its share of reading or its work, whichever is longer",
)
only_work = substitute(
    rate_by_share,
    nothing_to_read,
    result=equation(decode_rate, one_position / Max(0, request_work / (peak * efficiency))),
    because="in a large batch only work is left",
)
saturation = apply(
    rewrite(
        only_work,
        equation(decode_rate, one_position * peak * efficiency / request_work),
        because="work takes longer than nothing",
    ),
    {decode_rate: most_rate},
    because="a batch past the ridge buys nothing",
)

# Bound by reading: every request brings keys and values of its own.
weights_and_contexts = given(
    equation(context_data, weights + decoding * context_cache),
    because="a step reads the weights once and the keys and values of each request",
    cite="pope2022",
)
at_the_bandwidth = apply(
    memory.law, {moved: context_data, memory_time: context_read}, because="the law of bandwidth, for both"
)
reading_contexts = substitute(
    at_the_bandwidth,
    weights_and_contexts,
    result=equation(context_read, (weights + decoding * context_cache) / (bandwidth * memory_efficiency)),
    because="name the data",
)
tokens_of_reading = define(
    equation(context_rate, decoding * one_position / context_read), because="a step gives every request a token"
)
context_law = substitute(
    tokens_of_reading,
    reading_contexts,
    result=equation(
        context_rate, decoding * one_position * bandwidth * memory_efficiency / (weights + decoding * context_cache)
    ),
    because="name the time to read",
)
context_saturation = apply(
    limit(
        context_law,
        decoding,
        oo,
        equation(context_rate, one_position * bandwidth * memory_efficiency / context_cache),
        because="a large batch reads hardly anything but keys and values",
    ),
    {context_rate: most_context_rate},
    because="the most there is",
)
