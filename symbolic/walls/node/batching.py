"""Batching: requests share the weights, but each brings its own keys and values.

A larger batch costs memory for every request and buys throughput only up to the ridge.
"""

from sympy import Eq, Max, Min, Piecewise, ceiling, floor

from mlsysim.symbolic.foundations.inputs import (
    bandwidth,
    cache_bytes,
    capacity,
    efficiency,
    ffn_matrices,
    ffn_width,
    head_width,
    hidden,
    kv_heads,
    kv_rank,
    latent,
    logit_bytes,
    memory_efficiency,
    one_token,
    output_tokens,
    page,
    peak,
    replicas,
    rope_width,
    sequence,
    tensor,
    value_bytes,
    vocabulary,
)
from mlsysim.symbolic.foundations.results import weights
from mlsysim.symbolic.foundations.split import held_requests, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity, count, data, ratio, time
from mlsysim.symbolic.rules import define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import one_sample

cache_width = ratio("batching.cache_width", r"w_{\mathrm{kv}}", "numbers cached per token and layer", low=1, high=1e5)
cache_ranks = count("batching.cache_ranks", r"t_{\mathrm{kv}}", "ranks that share the keys and values")
token_cache = Quantity(
    "batching.token_cache",
    r"\kappa_{1}",
    "byte/token",
    "keys and values of a token on one accelerator",
    display="kB/token",
)
request_tokens = Quantity(
    "batching.request_tokens", r"n_{\mathrm{res}}", "token/sample", "tokens reserved for a request", low=1, high=1e5
)
request_cache = Quantity(
    "batching.request_cache",
    r"\kappa_{\mathrm{req}}",
    "byte/sample",
    "keys and values of a request on one accelerator",
    display="MB/sample",
    low=1,
    high=1e12,
)
cache = data("memory.cache", r"M_{\mathrm{kv}}", "keys and values on one accelerator")
workspace = data("memory.workspace", r"M_{\mathrm{ws}}", "activations of the prompt in prefill and output scores")
room = data("batching.room", r"M_{\mathrm{room}}", "memory left for keys and values")
largest = Quantity(
    "feasibility.largest_batch", r"B_{\max}", "sample", "largest batch that fits", display="sample", low=0
)

two_vectors = given(
    equation(cache_width, Piecewise((kv_rank + rope_width, Eq(latent, 1)), (2 * kv_heads * head_width, True))),
    because="attention needs the key and the value of every earlier token; MLA keeps one latent vector for all heads",
    cite="shazeer2019,deepseek2024v2",
    when=TRANSFORMER_INFERENCE,
)
shared_heads = define(
    equation(cache_ranks, Piecewise((1, Eq(latent, 1)), (Min(tensor, kv_heads), True))),
    because="key-value heads are divided until each rank has one; a latent vector is not divided",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
per_token = define(
    equation(token_cache, stage_layers * cache_width * cache_bytes / cache_ranks),
    because="every layer caches its own",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
pages = define(
    equation(request_tokens, page * ceiling((sequence + output_tokens) / page)),
    because="memory is handed out in pages",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
per_request = define(
    equation(request_cache, token_cache * request_tokens),
    because="tokens add up",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
all_requests = define(
    equation(cache, held_requests * request_cache),
    because="requests share nothing",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)
working = define(
    equation(
        workspace,
        sequence * one_sample * value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)
        + held_requests / one_sample * one_token * vocabulary * logit_bytes / tensor,
    ),
    because="prompts pass through prefill one at a time, and every request scores one token",
    cite="agrawal2024",
    when=TRANSFORMER_INFERENCE,
)
room_left = define(equation(room, capacity - weights - workspace), because="what neither weights nor workspace take")
fits = define(equation(room, held_requests * request_cache), because="the largest batch fills the room")
exact = solve(
    substitute(
        fits,
        room_left,
        result=equation(capacity - weights - workspace, held_requests * request_cache),
        because="both are the room",
    ),
    held_requests,
    equation(held_requests, (capacity - weights - workspace) / request_cache),
    because="divide it up",
)
largest_batch = define(
    equation(largest, replicas * Max(0, floor((capacity - weights - workspace) / request_cache))),
    because="requests come whole, and every replica has its own room",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)

# Where more requests stop helping.
request_work = Quantity(
    "batching.request_work", r"o_{\mathrm{req}}", "flop/sample", "work that each request adds", low=1, high=1e15
)
ridge_batch = Quantity("batching.ridge", r"B^{*}", "sample", "batch at which decode turns compute-bound")
read_time = time("batching.read_time", r"T_{\mathrm{read}}", "time to read the weights")
work_time = time("batching.work_time", r"T_{\mathrm{work}}", "time to compute for every request")
reading = define(equation(read_time, weights / (bandwidth * memory_efficiency)), because="the law of bandwidth")
working_time = define(
    equation(work_time, ridge_batch * request_work / (peak * efficiency)), because="the law of compute"
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

wall = Wall(
    number=5,
    name="batching",
    domain="node",
    core=(all_requests, exact, largest_batch, ridge_law),
    binds="keys and values fill the memory that weights leave",
    assumptions=("every request reserves its whole length", "prompts pass through prefill one at a time"),
    validity="decoder models that cache keys and values",
)
