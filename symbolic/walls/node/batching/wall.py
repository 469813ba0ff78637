"""Batching: requests share the weights, but each brings its own keys and values.

A larger batch costs memory for every request and buys throughput only up to the ridge.
"""

from sympy import Eq, Max, Min, Piecewise, ceiling, floor

from mlsysim.symbolic.foundations.inputs import (
    cache_bytes,
    capacity,
    ffn_matrices,
    ffn_width,
    head_width,
    hidden,
    kv_heads,
    kv_rank,
    latent,
    logit_bytes,
    one_sample,
    one_token,
    output_tokens,
    page,
    replicas,
    rope_width,
    sequence,
    tensor,
    value_bytes,
    vocabulary,
)
from mlsysim.symbolic.foundations.results import weights
from mlsysim.symbolic.foundations.split import held_requests, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, Quantity, count, data, ratio
from mlsysim.symbolic.rules import define, equation, given, solve, substitute
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.batching import large_batch, ridge, waste

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
prompt_space = data("memory.prompt", r"M_{\mathrm{prompt}}", "activations of one prompt in prefill")
request_scores = Quantity(
    "batching.request_scores",
    r"M_{\mathrm{out}}",
    "byte/sample",
    "output scores of a request",
    display="MB/sample",
    low=1,
    high=1e7,
)
largest = Quantity(
    "feasibility.largest_batch",
    r"B_{\max}",
    "sample",
    "largest batch that fits with this split",
    display="sample",
    low=0,
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
prompt_in_prefill = define(
    equation(prompt_space, sequence * one_sample * value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)),
    because="a layer's input and output and the widest vectors between them, for every token of one prompt",
    cite="agrawal2024",
    when=TRANSFORMER_BATCH,
)
scores_of_request = define(
    equation(request_scores, one_token / one_sample * vocabulary * logit_bytes / tensor),
    because="a request scores one token at a time",
    when=TRANSFORMER_INFERENCE,
)
working = define(
    equation(workspace, prompt_space + held_requests * request_scores),
    because="prompts pass through prefill one at a time, and every request scores one token",
    cite="agrawal2024",
    when=TRANSFORMER_INFERENCE,
)
room_left = define(equation(room, capacity - weights - prompt_space), because="what neither weights nor a prompt take")
fits = define(
    equation(room, held_requests * (request_cache + request_scores)),
    because="the largest batch fills the room with keys, values and scores",
)
exact = solve(
    substitute(
        fits,
        room_left,
        result=equation(capacity - weights - prompt_space, held_requests * (request_cache + request_scores)),
        because="both are the room",
    ),
    held_requests,
    equation(held_requests, (capacity - weights - prompt_space) / (request_cache + request_scores)),
    because="divide it up",
)
largest_batch = define(
    equation(largest, replicas * Max(0, floor((capacity - weights - prompt_space) / (request_cache + request_scores)))),
    because="requests come whole, and every replica has its own room",
    cite="kwon2023",
    when=TRANSFORMER_INFERENCE,
)

wall = Wall(
    number=5,
    name="batching",
    domain="node",
    core=(
        all_requests,
        exact,
        largest_batch,
        ridge.ridge_law,
        waste.half_a_page,
        waste.page_law,
        waste.static_law,
        waste.static_half,
        waste.paging_law,
        ridge.throughput_law,
        large_batch.saturation,
        ridge.reached_at_ridge,
        large_batch.context_law,
        large_batch.context_saturation,
    ),
    binds="keys and values fill the memory that weights leave",
    assumptions=(
        "every request reserves its whole length",
        "prompts pass through prefill one at a time",
        "lengths leave no remainder in a page likelier than another",
    ),
    validity="decoder models that cache keys and values",
)
