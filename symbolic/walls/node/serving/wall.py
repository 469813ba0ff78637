"""Serving: a prompt is computed all at once, an answer one token at a time.

Prefill is bound by arithmetic, decode by reading weights and cached keys and values for every single token.
"""

from mlsysim.symbolic.foundations.inputs import one_position, one_sample, one_token, output_tokens, sequence
from mlsysim.symbolic.foundations.split import group_requests, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, time
from mlsysim.symbolic.rules import apply, equation, substitute, total
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import compute_time
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, roofline_time
from mlsysim.symbolic.walls.node.serving import (
    chunked_prefill,
    disaggregation,
    prefix,
    reading,
    request,
    routing,
    speculation,
    work,
)
from mlsysim.symbolic.walls.node.serving.disaggregation import shown
from mlsysim.symbolic.walls.node.serving.reading import decode_moved, decode_touched, prefill_moved, prefill_touched
from mlsysim.symbolic.walls.node.serving.request import (
    decode_compute,
    decode_exchange,
    decode_memory,
    decode_reduce,
    decode_time,
    first_token,
    next_token,
    prefill_exchange,
    prefill_reduce,
    prefill_time,
    request_time,
)
from mlsysim.symbolic.walls.node.serving.routing import tokens, touched
from mlsysim.symbolic.walls.node.serving.work import decode_work, prefill_work
from mlsysim.symbolic.walls.node.software.wall import decode_efficiency

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

# The roofline of prefill, and that of a decode step.
prefill_compute = time("serving.prefill_compute", r"T_{\mathrm{pre,F}}", "least time of the work of prefill")
prefill_memory = time("serving.prefill_memory", r"T_{\mathrm{pre,BW}}", "least time of the data of prefill")

compute_of_prefill = apply(
    compute.law,
    {compute.work: prefill_work, compute_time: prefill_compute},
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
compute_of_decode = apply(
    compute.law,
    {compute.work: decode_work, compute_time: decode_compute, compute.efficiency: decode_efficiency},
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
    work.steps_of_answer,
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
        work.context_mean,
        work.work_of_prefill,
        work.work_of_decode,
        reading.pass_law,
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
