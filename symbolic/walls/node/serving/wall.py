"""Serving: a prompt is computed all at once, an answer one token at a time.

Prefill is bound by arithmetic, decode by reading weights and cached keys and values for every single token.
"""

from mlsysim.symbolic.foundations.inputs import (
    causal,
    one_position,
    one_sample,
    one_token,
    output_tokens,
    sequence,
    tensor,
    weight_bytes,
)
from mlsysim.symbolic.foundations.split import expert_stage, group_requests, shared_stage, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, Quantity, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.batching.wall import token_cache
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, compute_time, head_forward, layer_forward, work
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, roofline_time
from mlsysim.symbolic.walls.node.serving import chunked_prefill, disaggregation, prefix, request, routing, speculation
from mlsysim.symbolic.walls.node.serving.disaggregation import shown
from mlsysim.symbolic.walls.node.serving.request import (
    answers,
    decode_exchange,
    decode_reduce,
    decode_time,
    first_token,
    mean_context,
    next_token,
    prefill_exchange,
    prefill_reduce,
    prefill_time,
    request_time,
)
from mlsysim.symbolic.walls.node.serving.routing import tokens, touched
from mlsysim.symbolic.walls.node.software.wall import decode_efficiency

# What the passes of an answer see: its context on average, and how many of the experts.
steps_of_answer = define(
    equation(answers, output_tokens / one_position - 1),
    because="prefill gives the first token",
    when=TRANSFORMER_INFERENCE,
)
context_mean = substitute(
    request.context_closed,
    steps_of_answer,
    result=equation(mean_context, sequence + output_tokens / 2),
    because="count the steps of an answer",
    when=TRANSFORMER_INFERENCE,
)
prefill_touched = ratio("serving.prefill_touched", r"x_{\mathrm{pre}}", "share of experts that prefill reads")
decode_touched = ratio("serving.decode_touched", r"x_{\mathrm{dec}}", "share of experts that a decode step reads")
experts_in_prefill = apply(
    routing.experts_read,
    {touched: prefill_touched, tokens: group_requests * sequence},
    because="a prefill reads for its prompts",
    when=TRANSFORMER_BATCH,
)
experts_in_decode = apply(
    routing.experts_read,
    {touched: decode_touched, tokens: group_requests / one_sample * one_token},
    because="a decode step reads for one token of each request",
    when=TRANSFORMER_BATCH,
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
    when=TRANSFORMER_BATCH,
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
    when=TRANSFORMER_BATCH,
)
prefill_roofline = apply(
    memory.roofline,
    {roofline_time: prefill_time, compute_time: prefill_compute, memory_time: prefill_memory},
    because="the roofline of prefill",
    when=TRANSFORMER_BATCH,
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
first_parts = total(
    prefill_roofline,
    request.exchanges_of_prefill,
    result=equation(first_token, prefill_time + prefill_exchange),
    because="the first token waits for prefill and its exchanges",
)
first_law = substitute(
    first_parts,
    request.exchanges_of_prefill,
    result=equation(first_token, prefill_time + 2 * stage_layers * prefill_reduce),
    because="count the exchanges",
)
gap_parts = total(
    decode_roofline,
    request.exchanges_of_decode,
    result=equation(next_token, decode_time + decode_exchange),
    because="the next token waits for its decode step and its exchanges",
)
gap_law = substitute(
    gap_parts,
    request.exchanges_of_decode,
    result=equation(next_token, decode_time + 2 * stage_layers * decode_reduce),
    because="count the exchanges",
)
end_to_end = substitute(
    request.gaps_closed,
    steps_of_answer,
    result=equation(request_time, first_token + (output_tokens / one_position - 1) * next_token),
    because="count the steps of an answer",
)

# The same with prefill and decode on accelerators of their own.
split_request = time("serving.split_request", r"T_{\mathrm{e2e,pd}}", "time of a request with prefill and decode apart")

split_parts = total(
    end_to_end,
    disaggregation.shown_law,
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

wall = Wall(
    number=4,
    name="serving",
    domain="node",
    core=(
        prefill_roofline,
        decode_roofline,
        context_mean,
        routing.experts_read,
        first_law,
        gap_law,
        end_to_end,
        prefix.prefix_law,
        prefix.short_prompts,
        prefix.long_prompts,
        chunked_prefill.whole_stall,
        chunked_prefill.chunk_count,
        chunked_prefill.stall_law,
        chunked_prefill.budget_law,
        chunked_prefill.price_of_chunks,
        speculation.expected_law,
        speculation.speedup_law,
        speculation.speedup_of_one,
        speculation.work_with_drafts,
        disaggregation.handing_law,
        disaggregation.shown_law,
        split_law,
        disaggregation.keeping_up,
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
