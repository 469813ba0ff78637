"""Serving: a prompt is computed all at once, an answer one token at a time.

Prefill is bound by arithmetic, decode by reading weights and cached keys and values for every single token.
"""

from sympy import Eq, Max, Piecewise, Sum, Symbol, ceiling, oo

from mlsysim.symbolic.foundations.communication.messages import reduce_time
from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    causal,
    efficiency,
    experts,
    one_position,
    one_sample,
    one_token,
    output_tokens,
    peak,
    sequence,
    tensor,
    weight_bytes,
)
from mlsysim.symbolic.foundations.split import expert_stage, group_requests, shared_stage, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity, count, data, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    define,
    equation,
    given,
    limit,
    rewrite,
    solve,
    specialise,
    substitute,
    summed,
    total,
)
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node import compute, memory
from mlsysim.symbolic.walls.node.batching import token_cache
from mlsysim.symbolic.walls.node.compute import attention_pair, compute_time, head_forward, layer_forward, work
from mlsysim.symbolic.walls.node.memory import memory_time, moved, roofline_time
from mlsysim.symbolic.walls.node.software import decode_efficiency

# The context that a decode step sees, on average over an answer.
index = Symbol("i", integer=True, positive=True)
answers = count("serving.steps", "g", "decode steps of an answer", high=4096)
mean_context = Quantity(
    "serving.context", r"\bar s", "token/sample", "tokens a decode step attends to, on average", low=1
)

context_sum = given(
    equation(mean_context, Sum(sequence + index * one_position, (index, 1, answers)) / answers),
    because="the i-th decode step sees the prompt and i tokens of the answer",
    cite="pope2022",
)
context_closed = summed(
    context_sum, equation(mean_context, sequence + (answers + 1) * one_position / 2), because="an arithmetic series"
)
steps_of_answer = define(
    equation(answers, output_tokens / one_position - 1),
    because="prefill gives the first token",
    when=TRANSFORMER_INFERENCE,
)
context_mean = substitute(
    context_closed,
    steps_of_answer,
    result=equation(mean_context, sequence + output_tokens / 2),
    because="count the steps of an answer",
    when=TRANSFORMER_INFERENCE,
)

# How many of the experts a pass reads.
tokens = Quantity("serving.tokens", "n", "token", "tokens in a pass", low=1, high=1e3)
missed = ratio("serving.missed", r"x_{\mathrm{miss}}", "probability that a token misses an expert")
touched = ratio("serving.touched", r"x_{E}", "share of experts that a pass reads")
prefill_touched = ratio("serving.prefill_touched", r"x_{\mathrm{pre}}", "share of experts that prefill reads")
decode_touched = ratio("serving.decode_touched", r"x_{\mathrm{dec}}", "share of experts that a decode step reads")

even = given(
    equation(missed, 1 - active_experts / Max(1, experts)),
    because="a router spreads tokens evenly over its experts",
    cite="fedus2021",
)
unless_all_miss = define(
    equation(touched, 1 - missed ** (tokens / one_token)), because="an expert is read unless every token misses it"
)
experts_read = substitute(
    unless_all_miss,
    even,
    result=equation(touched, 1 - (1 - active_experts / Max(1, experts)) ** (tokens / one_token)),
    because="name the probability of a miss",
)
experts_in_prefill = apply(
    experts_read,
    {touched: prefill_touched, tokens: group_requests * sequence},
    because="a prefill reads for its prompts",
    when=TRANSFORMER_INFERENCE,
)
experts_in_decode = apply(
    experts_read,
    {touched: decode_touched, tokens: group_requests / one_sample * one_token},
    because="a decode step reads for one token of each request",
    when=TRANSFORMER_INFERENCE,
)

# Prefill: every token of the prompts, once.
prefill_work = Quantity(
    "serving.prefill_work",
    r"O_{\mathrm{pre}}",
    "flop",
    "work of a prefill pass on a stage",
    display="TFLOP",
    low=1,
    high=1e18,
)
prefill_moved = data("serving.prefill_moved", r"D_{\mathrm{pre}}", "data a prefill pass moves")
prefill_compute = time("serving.prefill_compute", r"T_{\mathrm{pre,F}}", "least time of the work of prefill")
prefill_memory = time("serving.prefill_memory", r"T_{\mathrm{pre,BW}}", "least time of the data of prefill")
prefill_time = time("serving.prefill_time", r"T_{\mathrm{pre}}", "time of a prefill pass on a stage")

work_of_prefill = define(
    equation(
        prefill_work,
        group_requests
        / tensor
        * (
            stage_layers * sequence * (layer_forward + attention_pair * sequence * one_sample * (1 - causal / 2))
            + head_forward * one_token / one_sample
        ),
    ),
    because="every token of the prompts, and the output scores of the last",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
data_of_prefill = define(
    equation(
        prefill_moved,
        weight_bytes * (shared_stage + prefill_touched * expert_stage) + group_requests * sequence * token_cache,
    ),
    because="weights are read once and keys and values written",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
compute_of_prefill = apply(
    compute.law,
    {work: prefill_work, compute_time: prefill_compute},
    because="the law of compute",
    when=TRANSFORMER_INFERENCE,
)
memory_of_prefill = apply(
    memory.law,
    {moved: prefill_moved, memory_time: prefill_memory},
    because="the law of bandwidth",
    when=TRANSFORMER_INFERENCE,
)
prefill_roofline = apply(
    memory.roofline,
    {roofline_time: prefill_time, compute_time: prefill_compute, memory_time: prefill_memory},
    because="the roofline of prefill",
    when=TRANSFORMER_INFERENCE,
)

# Decode: one token of every request, with all weights and all cached keys and values read again.
decode_work = Quantity(
    "serving.decode_work",
    r"O_{\mathrm{dec}}",
    "flop",
    "work of a decode step on a stage",
    display="TFLOP",
    low=1,
    high=1e18,
)
decode_moved = data("serving.decode_moved", r"D_{\mathrm{dec}}", "data a decode step moves")
decode_compute = time("serving.decode_compute", r"T_{\mathrm{dec,F}}", "least time of the work of a decode step")
decode_memory = time("serving.decode_memory", r"T_{\mathrm{dec,BW}}", "least time of the data of a decode step")
decode_time = time("serving.decode_time", r"T_{\mathrm{dec}}", "time of a decode step on a stage")

work_of_decode = define(
    equation(
        decode_work,
        group_requests
        / one_sample
        * one_token
        / tensor
        * (stage_layers * (layer_forward + attention_pair * mean_context * one_sample) + head_forward),
    ),
    because="one token of each request attends to its context",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
data_of_decode = define(
    equation(
        decode_moved,
        weight_bytes * (shared_stage + decode_touched * expert_stage) + group_requests * mean_context * token_cache,
    ),
    because="weights, and the keys and values of every request",
    cite="pope2022",
    when=TRANSFORMER_INFERENCE,
)
compute_of_decode = apply(
    compute.law,
    {work: decode_work, compute_time: decode_compute, compute.efficiency: decode_efficiency},
    because="the law of compute, at the efficiency of decode",
    when=TRANSFORMER_INFERENCE,
)
memory_of_decode = apply(
    memory.law,
    {moved: decode_moved, memory_time: decode_memory},
    because="the law of bandwidth",
    when=TRANSFORMER_INFERENCE,
)
decode_roofline = apply(
    memory.roofline,
    {roofline_time: decode_time, compute_time: decode_compute, memory_time: decode_memory},
    because="the roofline of decode",
    when=TRANSFORMER_INFERENCE,
)

# A request from start to end.
first_token = time("serving.ttft", r"\mathrm{TTFT}", "time to the first token of a request")
next_token = time("serving.itl", r"\mathrm{ITL}", "time between tokens of a request")
exchange = time("serving.exchange", r"T_{\mathrm{x}}", "time in which tensor-parallel ranks exchange a pass")
prefill_exchange = time("serving.prefill_exchange", r"T_{\mathrm{x,pre}}", "time in which they exchange prefill")
decode_exchange = time("serving.decode_exchange", r"T_{\mathrm{x,dec}}", "time in which they exchange a decode step")
prefill_reduce = time("serving.prefill_reduce", r"T_{\mathrm{AR,pre}}", "one all-reduce of prefill")
decode_reduce = time("serving.decode_reduce", r"T_{\mathrm{AR,dec}}", "one all-reduce of a decode step")
request_time = time("serving.request", r"T_{\mathrm{e2e}}", "time of a request from start to end")

exchanges = given(
    equation(exchange, 2 * stage_layers * reduce_time),
    because="tensor parallelism adds an all-reduce after attention and one after the feed-forward layer",
    cite="shoeybi2019",
)
exchanges_of_prefill = apply(
    exchanges, {exchange: prefill_exchange, reduce_time: prefill_reduce}, because="the tokens of the prompts"
)
exchanges_of_decode = apply(
    exchanges, {exchange: decode_exchange, reduce_time: decode_reduce}, because="one token of each request"
)
first_parts = total(
    prefill_roofline,
    exchanges_of_prefill,
    result=equation(first_token, prefill_time + prefill_exchange),
    because="the first token waits for prefill and its exchanges",
)
first_law = substitute(
    first_parts,
    exchanges_of_prefill,
    result=equation(first_token, prefill_time + 2 * stage_layers * prefill_reduce),
    because="count the exchanges",
)
gap_parts = total(
    decode_roofline,
    exchanges_of_decode,
    result=equation(next_token, decode_time + decode_exchange),
    because="the next token waits for its decode step and its exchanges",
)
gap_law = substitute(
    gap_parts,
    exchanges_of_decode,
    result=equation(next_token, decode_time + 2 * stage_layers * decode_reduce),
    because="count the exchanges",
)
one_after_another = define(
    equation(request_time, first_token + Sum(next_token, (index, 1, answers))),
    because="the first token, and a gap before each of the others",
    cite="zhong2024",
)
gaps_closed = summed(
    one_after_another, equation(request_time, first_token + answers * next_token), because="all gaps are alike"
)
end_to_end = substitute(
    gaps_closed,
    steps_of_answer,
    result=equation(request_time, first_token + (output_tokens / one_position - 1) * next_token),
    because="count the steps of an answer",
)

# Prefix cache: a prompt that begins like an earlier one need not be computed from its beginning.
reused = Quantity("serving.reused", "u", "token/sample", "first tokens of a prompt that are cached", low=0, high=16)
hit = ratio("serving.hit", r"x_{\mathrm{hit}}", "share of a prompt that is cached", low=0)
prompt_work = Quantity(
    "serving.prompt_work", r"o_{\mathrm{req}}", "flop", "work of a layer on a prompt", low=1, high=1e18
)
whole_work = Quantity(
    "serving.whole_work",
    r"o_{\mathrm{whole}}",
    "flop",
    "work of a layer on a prompt of which nothing is cached",
    high=1e18,
)
product_share = ratio("serving.hit_work", r"x_{\mathrm{work}}", "work with a cached prefix per that without", low=0)
short_share = ratio("serving.short_share", r"x_{\mathrm{short}}", "the same where weights take most of the work", low=0)
long_share = ratio("serving.long_share", r"x_{\mathrm{long}}", "the same where attention takes most of it", low=0)

tokens_computed = given(
    equation(
        prompt_work,
        one_token
        * Sum(
            layer_forward + attention_pair * index * one_token,
            (index, reused / one_position + 1, sequence / one_position),
        ),
    ),
    because="only tokens after the cached ones are computed; the i-th meets the weights and i tokens, itself included",
    cite="zheng2024",
)
prompt_closed = summed(
    tokens_computed,
    equation(
        prompt_work,
        one_token
        * (
            (sequence - reused) / one_position * layer_forward
            + attention_pair
            * one_token
            * (
                sequence / one_position * (sequence / one_position + 1)
                - reused / one_position * (reused / one_position + 1)
            )
            / 2
        ),
    ),
    because="an arithmetic series",
)
hit_is_share = define(equation(hit, reused / sequence), because="the cached share of the prompt", cite="zheng2024")
reused_by_hit = solve(hit_is_share, reused, equation(reused, hit * sequence), because="the cached tokens")
prefix_law = substitute(
    prompt_closed,
    reused_by_hit,
    result=equation(
        prompt_work,
        one_token
        * (
            (1 - hit) * sequence / one_position * layer_forward
            + attention_pair
            * one_token
            * (
                sequence / one_position * (sequence / one_position + 1)
                - hit * sequence / one_position * (hit * sequence / one_position + 1)
            )
            / 2
        ),
    ),
    because="name the cached tokens",
)
nothing_cached = apply(
    specialise(
        prefix_law,
        {hit: 0},
        equation(
            prompt_work,
            one_token
            * sequence
            / one_position
            * (layer_forward + attention_pair * one_token * (sequence / one_position + 1) / 2),
        ),
        because="nothing is cached",
    ),
    {prompt_work: whole_work},
    because="the whole prompt",
)
against_whole = define(
    equation(product_share, prompt_work / whole_work), because="what is left against all there would be"
)
left_of_work = substitute(
    against_whole,
    prefix_law,
    nothing_cached,
    result=equation(
        product_share,
        (
            (1 - hit) * sequence / one_position * layer_forward
            + attention_pair
            * one_token
            * (
                sequence / one_position * (sequence / one_position + 1)
                - hit * sequence / one_position * (hit * sequence / one_position + 1)
            )
            / 2
        )
        * one_position
        / (sequence * (layer_forward + attention_pair * one_token * (sequence / one_position + 1) / 2)),
    ),
    because="name both",
)
short_prompts = apply(
    specialise(
        left_of_work,
        {attention_pair: 0},
        equation(product_share, 1 - hit),
        because="where weights take most of the work, the cached share of the tokens is saved",
    ),
    {product_share: short_share},
    because="short prompts",
)
only_attention = specialise(
    left_of_work,
    {layer_forward: 0},
    equation(product_share, 1 - hit * (hit * sequence / one_position + 1) / (sequence / one_position + 1)),
    because="attention alone",
)
long_prompts = apply(
    limit(
        only_attention,
        sequence,
        oo,
        equation(product_share, 1 - hit**2),
        because="where attention takes most, its square: the cached tokens attended to the fewest",
    ),
    {product_share: long_share},
    because="long prompts",
)

# Chunked prefill: a prompt in pieces, so that no decode step waits for all of it.
chunk = Quantity(
    "serving.chunk", r"q_{\mathrm{chunk}}", "token/sample", "tokens of a chunk of prefill", low=1, high=16, integer=True
)
chunks = count("serving.chunks", r"n_{\mathrm{chunk}}", "chunks of a prompt", high=4096)
chunk_work = Quantity(
    "serving.chunk_work", r"o_{\mathrm{chunk}}", "flop", "work of a layer on the last chunk", high=1e18
)
chunk_time = time("serving.chunk_time", r"T_{\mathrm{chunk}}", "time to compute the last chunk on a stage")
stall_whole = time("serving.stall_whole", r"T_{\mathrm{stall}}", "longest gap between tokens when a prompt goes first")
stall_chunked = time(
    "serving.stall_chunked", r"T_{\mathrm{stall,q}}", "longest gap between tokens with chunked prefill"
)
stall_short = time("serving.stall_short", r"T_{\mathrm{stall,s}}", "the same where weights take most of the work")
budget = Quantity("serving.budget", r"q_{\max}", "token/sample", "largest chunk that keeps a gap", low=1, high=1e6)
read_again = Quantity(
    "serving.read_again", r"n_{\mathrm{again}}", "token/sample", "cached tokens that the chunks of a prompt read again"
)

whole_stall = given(
    equation(stall_whole, decode_time + prefill_time),
    because="decodes that wait for a prompt wait for all of it",
    cite="agrawal2024",
)
chunk_count = given(
    equation(chunks, ceiling(sequence / chunk)), because="a prompt is cut into equal chunks", cite="agrawal2024"
)
last_chunk = apply(
    prompt_closed,
    {prompt_work: chunk_work, reused: sequence - chunk},
    because="the last chunk finds all others cached, and attends to most",
)
last_chunk_work = rewrite(
    last_chunk,
    equation(
        chunk_work,
        one_token
        * chunk
        / one_position
        * (layer_forward + attention_pair * one_token * (sequence / one_position - (chunk / one_position - 1) / 2)),
    ),
    because="on average its tokens attend to all but half a chunk",
)
time_of_chunk = apply(
    compute.law,
    {work: stage_layers * chunk_work / tensor, compute_time: chunk_time},
    because="the law of compute, on every layer of the stage",
)
stall_of_chunk = given(
    equation(stall_chunked, decode_time + chunk_time),
    because="every step decodes all requests and computes at most one chunk",
    cite="agrawal2024",
)
stall_law = substitute(
    stall_of_chunk,
    time_of_chunk,
    last_chunk_work,
    result=equation(
        stall_chunked,
        decode_time
        + stage_layers
        / tensor
        * one_token
        * chunk
        / one_position
        * (layer_forward + attention_pair * one_token * (sequence / one_position - (chunk / one_position - 1) / 2))
        / (peak * efficiency),
    ),
    because="name the time of a chunk",
    cite="agrawal2024",
)
short_stall = apply(
    specialise(
        stall_law,
        {attention_pair: 0},
        equation(
            stall_chunked,
            decode_time
            + stage_layers / tensor * one_token * chunk / one_position * layer_forward / (peak * efficiency),
        ),
        because="the prompt's length no longer matters",
    ),
    {stall_chunked: stall_short, chunk: budget},
    because="where weights take most of the work",
)
budget_law = solve(
    short_stall,
    budget,
    equation(
        budget,
        (stall_short - decode_time)
        * peak
        * efficiency
        * tensor
        * one_position
        / (stage_layers * one_token * layer_forward),
    ),
    because="what a promised gap leaves beside decoding is the budget for prefill",
    cite="agrawal2024",
)
earlier_chunks = given(
    equation(read_again, Sum((index - 1) * chunk, (index, 1, chunks))),
    because="the i-th chunk reads the keys and values of the i - 1 before it",
    cite="agrawal2024",
)
price_of_chunks = summed(
    earlier_chunks,
    equation(read_again, chunk * chunks * (chunks - 1) / 2),
    because="the first chunk is read by all others, the next by all but one, and so on",
)

# Speculative decoding: a small model drafts, the large one checks all drafts in one pass.
accept = ratio("serving.acceptance", r"\alpha", "probability that a draft is accepted", high=0.99)
drafts = count("serving.drafts", r"k_{\mathrm{d}}", "drafts that a pass checks", high=16)
expected = Quantity(
    "serving.expected", r"n_{\mathrm{pass}}", "1", "tokens that a pass yields, on average", low=1, high=64
)
draft_time = time("serving.draft_time", r"T_{\mathrm{draft}}", "time of a decode step of the drafting model")
target_time = time("serving.target_time", r"T_{\mathrm{target}}", "time of a decode step of the large model")
draft_cost = ratio(
    "serving.draft_cost", r"c_{\mathrm{d}}", "time of a draft per that of a step of the large model", low=0
)
round_time = time("serving.round", r"T_{\mathrm{round}}", "time to draft and check")
token_time = time("serving.token_time", r"T_{\mathrm{token}}", "time of a token with drafts, on average")
speedup = ratio("serving.speedup", "S", "speed with drafts per that without", high=64)
speedup_single = ratio("serving.speedup_single", "S_{1}", "speed with one draft per that without", high=64)
expected_single = ratio(
    "serving.expected_single", r"n_{\mathrm{pass},1}", "tokens of a pass with one draft", low=1, high=2
)
draft_work = ratio(
    "serving.draft_work", r"c_{\mathrm{O}}", "work of a draft per that of a token of the large model", low=0
)
more_work = ratio("serving.more_work", r"x_{\mathrm{O}}", "work with drafts per that without", high=64)

truncated = given(
    equation(expected, Sum(accept**index, (index, 0, drafts))),
    because="a pass yields one token of its own, and its i-th draft when it and all before it are accepted",
    cite="leviathan2023",
)
expected_law = summed(
    truncated,
    equation(expected, Piecewise((drafts + 1, Eq(accept, 1)), ((1 - accept ** (drafts + 1)) / (1 - accept), True))),
    because="a geometric series, cut off after the drafts",
    cite="leviathan2023",
)
draft_and_check = given(
    equation(round_time, drafts * draft_time + target_time),
    because="drafts come one after another, and checking them takes as long as one step",
    cite="leviathan2023",
)
cost_is_ratio = define(equation(draft_cost, draft_time / target_time), because="what a draft costs")
draft_by_cost = solve(
    cost_is_ratio, draft_time, equation(draft_time, draft_cost * target_time), because="the time of a draft"
)
round_by_cost = substitute(
    draft_and_check,
    draft_by_cost,
    result=equation(round_time, drafts * draft_cost * target_time + target_time),
    because="name it",
)
time_per_token = define(equation(token_time, round_time / expected), because="a round yields its tokens")
faster = define(equation(speedup, target_time / token_time), because="without drafts, a step gives one token")
speedup_law = substitute(
    faster,
    time_per_token,
    round_by_cost,
    result=equation(speedup, expected / (drafts * draft_cost + 1)),
    because="the time of a step cancels",
    cite="leviathan2023",
)
pass_of_one = apply(
    specialise(expected_law, {drafts: 1}, equation(expected, 1 + accept), because="one draft"),
    {expected: expected_single},
    because="one draft",
)
speedup_of_one = substitute(
    apply(
        speedup_law, {speedup: speedup_single, expected: expected_single, drafts: 1}, because="a pass with one draft"
    ),
    pass_of_one,
    result=equation(speedup_single, (1 + accept) / (draft_cost + 1)),
    because="drafting pays when drafts are accepted more often than they cost",
    cite="leviathan2023",
)
work_with_drafts = given(
    equation(more_work, (drafts * draft_work + drafts + 1) / expected),
    because="every round drafts, and checks all drafts and one more, accepted or not",
    cite="leviathan2023",
)

# Disaggregation: prefill and decode on accelerators of their own, with keys and values sent across.
handed = data("serving.handed", r"D_{\mathrm{kv}}", "keys and values of a prompt on one accelerator")
handing_rate = Quantity(
    "serving.handing_rate",
    r"BW_{\mathrm{kv}}",
    "byte/s",
    "bandwidth that hands keys and values over",
    display="GB/s",
    low=1,
    high=1e13,
)
handing_time = time("serving.handing_time", r"T_{\mathrm{kv}}", "time to hand the keys and values of a prompt over")
layer_compute = time("serving.layer_compute", r"T_{\mathrm{pre},1}", "time of prefill on one layer")
layer_handing = time("serving.layer_handing", r"T_{\mathrm{kv},1}", "time to hand over what one layer caches")
handed_at = time("serving.handed_at", r"T_{\mathrm{there}}", "time from the start of prefill until all has arrived")
shown = time("serving.shown", r"T_{\mathrm{shown}}", "time of the handing over that prefill does not hide", low=0)
split_request = time("serving.split_request", r"T_{\mathrm{e2e,pd}}", "time of a request with prefill and decode apart")
arrivals = Quantity("serving.arrivals", r"\lambda_{\mathrm{req}}", "sample/s", "requests per time", low=1e-2, high=1e3)
link_load = ratio("serving.link_load", r"\rho_{\mathrm{kv}}", "share of time in which the link hands over")
least_rate = Quantity(
    "serving.least_rate", r"BW_{\mathrm{kv},\min}", "byte/s", "least bandwidth that keeps up", display="GB/s", high=1e13
)

handed_data = define(
    equation(handed, sequence * one_sample * token_cache),
    because="decoding needs the keys and values of every token of the prompt",
    cite="zhong2024",
)
handing = given(equation(handing_time, handed / handing_rate), because="a bandwidth is data per time", cite="patel2024")
handing_law = substitute(
    handing,
    handed_data,
    result=equation(handing_time, sequence * one_sample * token_cache / handing_rate),
    because="name the data",
    cite="zhong2024",
)
share_of_prefill = define(
    equation(layer_compute, prefill_time / stage_layers), because="layers take equally long to compute"
)
share_of_handing = define(equation(layer_handing, handing_time / stage_layers), because="and to hand over")
layer_by_layer = given(
    equation(handed_at, layer_compute + (stage_layers - 1) * Max(layer_compute, layer_handing) + layer_handing),
    because="a layer is handed over while the next is computed, and the slower sets the pace",
    cite="patel2024",
)
seen = define(equation(shown, handed_at - prefill_time), because="what comes after prefill is seen")
seen_by_layer = substitute(
    seen,
    layer_by_layer,
    share_of_prefill,
    share_of_handing,
    result=equation(
        shown,
        prefill_time / stage_layers
        + (stage_layers - 1) * Max(prefill_time / stage_layers, handing_time / stage_layers)
        + handing_time / stage_layers
        - prefill_time,
    ),
    because="name the times of a layer",
)
shown_law = rewrite(
    seen_by_layer,
    equation(shown, (handing_time + (stage_layers - 1) * Max(0, handing_time - prefill_time)) / stage_layers),
    because="a fast link shows only the last layer",
)
split_parts = total(
    end_to_end,
    shown_law,
    result=equation(split_request, request_time + shown),
    because="the second token waits until everything has arrived",
    cite="zhong2024",
)
split_law = substitute(
    split_parts,
    end_to_end,
    result=equation(split_request, first_token + shown + (output_tokens / one_position - 1) * next_token),
    because="name the time of a request",
)
busy_link = define(
    equation(link_load, arrivals * handing_time / one_sample), because="every request takes the link for a time"
)
busy_by_rate = substitute(
    busy_link,
    handing,
    result=equation(link_load, arrivals * handed / (handing_rate * one_sample)),
    because="name the time",
)
rate_by_load = solve(
    busy_by_rate,
    handing_rate,
    equation(handing_rate, arrivals * handed / (link_load * one_sample)),
    because="the bandwidth that such a load means",
)
keeping_up = apply(
    specialise(
        rate_by_load,
        {link_load: 1},
        equation(handing_rate, arrivals * handed / one_sample),
        because="a link cannot be busy more than all of the time",
    ),
    {handing_rate: least_rate},
    because="the least that keeps up",
    cite="zhong2024",
)

wall = Wall(
    number=4,
    name="serving",
    domain="node",
    core=(
        prefill_roofline,
        decode_roofline,
        context_mean,
        experts_read,
        first_law,
        gap_law,
        end_to_end,
        prefix_law,
        short_prompts,
        long_prompts,
        whole_stall,
        chunk_count,
        stall_law,
        budget_law,
        price_of_chunks,
        expected_law,
        speedup_law,
        speedup_of_one,
        work_with_drafts,
        handing_law,
        shown_law,
        split_law,
        keeping_up,
    ),
    binds="every generated token waits for all weights and all cached keys and values",
    assumptions=(
        "a batch of equal requests starts together",
        "the branch of the roofline does not change while an answer grows",
        "a router spreads its tokens evenly",
        "attention over latent keys and values (MLA) is counted at the width of its heads, not of the latent",
        "the table of token embeddings is read with the other weights",
        "a draft is accepted with the same chance wherever it stands",
        "checking a few drafts takes no longer than one decode step",
    ),
    validity="autoregressive transformers",
)
