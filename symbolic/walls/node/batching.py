"""Batching: requests share the weights, but each brings its own keys and values.

A larger batch costs memory for every request and buys throughput only up to the ridge.
"""

from sympy import Eq, Max, Min, Piecewise, Rational, Sum, Symbol, ceiling, floor, oo

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
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity, constant, count, data, ratio, time
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
    summed,
)
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
    when=TRANSFORMER_INFERENCE,
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

# What pages and reservations leave unused.
index = Symbol("i", integer=True, positive=True)
one_position = constant("one.position", 1, "token/sample", "a single token of a sequence")


def _tokens(name: str, latex: str, meaning: str, low: float = 1) -> Quantity:
    return Quantity(f"batching.{name}", latex, "token/sample", meaning, low=low, high=1e5)


empty = _tokens("empty", r"n_{\mathrm{empty}}", "places of its last page that a request leaves empty, on average", 0)
mean_tokens = _tokens("mean_tokens", r"n_{\mathrm{mean}}", "tokens of a request, on average")
paged_tokens = _tokens("paged_tokens", r"n_{\mathrm{paged}}", "tokens reserved in pages, on average")
longest = _tokens("longest", r"n_{\max}", "tokens of the longest request that is allowed")
unused = _tokens("unused", r"n_{\mathrm{un}}", "reserved tokens that a request never uses, on average", 0)
page_waste = ratio("batching.page_waste", r"x_{\mathrm{page}}", "share of the reserved pages that stays empty", low=0)
static_waste = ratio("batching.static_waste", r"x_{\mathrm{static}}", "share of a fixed reservation never used", low=0)
any_waste = ratio("batching.any_waste", r"x_{\mathrm{any}}", "the same where every length is as likely")
paging_gain = ratio("batching.paging_gain", "g", "requests held with pages per those with reservations", high=1e4)

any_remainder = given(
    equation(empty, one_position * one_position / page * Sum(index, (index, 0, page / one_position - 1))),
    because="a request ends anywhere in its last page, so 0 to p - 1 places stay empty, each as likely",
    cite="kwon2023",
)
half_a_page = summed(any_remainder, equation(empty, (page - one_position) / 2), because="an arithmetic series")
paged = define(
    equation(paged_tokens, mean_tokens + empty), because="a request takes its tokens and what it leaves empty"
)
paged_on_average = substitute(
    paged,
    half_a_page,
    result=equation(paged_tokens, mean_tokens + (page - one_position) / 2),
    because="half a page on average",
)
empty_share = define(equation(page_waste, empty / paged_tokens), because="waste is the empty share")
waste_of_pages = substitute(
    empty_share,
    paged_on_average,
    half_a_page,
    result=equation(page_waste, (page - one_position) / 2 / (mean_tokens + (page - one_position) / 2)),
    because="name both",
)
page_law = rewrite(
    waste_of_pages,
    equation(page_waste, (page - one_position) / (2 * mean_tokens + page - one_position)),
    because="twice above and below",
)
no_page_waste = specialise(
    page_law, {page: one_position}, equation(page_waste, 0), because="pages of one token waste nothing"
)
reserved_unused = given(
    equation(unused, longest - mean_tokens),
    because="a request of unknown length reserves the longest there can be",
    cite="kwon2023",
)
unused_share = define(equation(static_waste, unused / longest), because="waste is the unused share")
unused_of_longest = substitute(
    unused_share,
    reserved_unused,
    result=equation(static_waste, (longest - mean_tokens) / longest),
    because="name what is unused",
)
static_law = rewrite(
    unused_of_longest, equation(static_waste, 1 - mean_tokens / longest), because="only the mean length matters"
)

any_length = define(
    equation(mean_tokens, one_position * one_position / longest * Sum(index, (index, 1, longest / one_position))),
    because="for instance, every length up to the longest is as likely",
)
middle_length = summed(any_length, equation(mean_tokens, (longest + one_position) / 2), because="an arithmetic series")
static_of_any = substitute(
    static_law,
    middle_length,
    result=equation(static_waste, 1 - (longest + one_position) / 2 / longest),
    because="name the mean length",
)
static_half = apply(
    limit(
        static_of_any,
        longest,
        oo,
        equation(static_waste, Rational(1, 2)),
        because="lengths that are all as likely waste half of the reservation",
    ),
    {static_waste: any_waste},
    because="every length as likely",
)
held_instead = define(
    equation(paging_gain, longest / paged_tokens), because="the same memory holds as many requests as they are smaller"
)
paging_law = substitute(
    held_instead,
    paged_on_average,
    result=equation(paging_gain, longest / (mean_tokens + (page - one_position) / 2)),
    because="name what a request takes in pages",
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

# Throughput against batch: it grows until computing, or reading every request's keys and values, takes the time.
decoding = Quantity("batching.decoding", r"B", "sample", "requests that a decode step serves", low=1, high=4096)
decode_work_time = time("batching.decode_work_time", r"T_{\mathrm{req}}", "time to compute for the requests of a step")
read_share = Quantity(
    "batching.read_share", r"\rho_{\mathrm{read}}", "s/sample", "reading of the weights per request", low=1e-6, high=1
)
step_time = time("batching.step_time", r"T_{\mathrm{step}}", "time of a decode step")


def _rate(name: str, latex: str, meaning: str) -> Quantity:
    return Quantity(f"batching.{name}", latex, "token/s", meaning, low=1, high=1e9)


decode_rate = _rate("decode_rate", r"X", "tokens per time while the context is short")
ridge_rate = _rate("ridge_rate", r"X^{*}", "tokens per time at the ridge")
most_rate = _rate("most_rate", r"X_{\max}", "most tokens per time, whatever the batch")
context_rate = _rate("context_rate", r"X_{\kappa}", "tokens per time while decode is bound by reading")
most_context_rate = _rate("most_context_rate", r"X_{\kappa,\max}", "most tokens per time that reading contexts allows")
context_cache = Quantity(
    "batching.context_cache",
    r"\kappa_{\mathrm{ctx}}",
    "byte/sample",
    "keys and values of a request that a step reads, on average",
    display="MB/sample",
    low=1,
    high=1e12,
)
context_read = time("batching.context_read", r"T_{\kappa}", "time to read the weights and all keys and values")

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
share_of_reading = define(
    equation(read_share, read_time / decoding), because="the requests of a step share one reading of the weights"
)
share_by_batch = substitute(
    share_of_reading,
    reading,
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
    rate_by_batch,
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
reading_contexts = given(
    equation(context_read, (weights + decoding * context_cache) / (bandwidth * memory_efficiency)),
    because="a step reads the weights once and the keys and values of each request",
    cite="pope2022",
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

wall = Wall(
    number=5,
    name="batching",
    domain="node",
    core=(
        all_requests,
        exact,
        largest_batch,
        ridge_law,
        half_a_page,
        page_law,
        static_law,
        static_half,
        paging_law,
        throughput_law,
        saturation,
        reached_at_ridge,
        context_law,
        context_saturation,
    ),
    binds="keys and values fill the memory that weights leave",
    assumptions=(
        "every request reserves its whole length",
        "prompts pass through prefill one at a time",
        "lengths leave no remainder in a page likelier than another",
    ),
    validity="decoder models that cache keys and values",
)
