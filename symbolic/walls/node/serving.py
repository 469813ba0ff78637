"""Serving: a prompt is computed all at once, an answer one token at a time.

Prefill is bound by arithmetic, decode by reading weights and cached keys and values for every single token.
"""

from sympy import Max, Sum, Symbol

from mlsysim.symbolic.foundations.inputs import (
    active_experts,
    causal,
    experts,
    one_token,
    output_tokens,
    sequence,
    tensor,
    weight_bytes,
)
from mlsysim.symbolic.foundations.split import expert_stage, group_requests, shared_stage, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_INFERENCE, Quantity, constant, count, data, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, summed
from mlsysim.symbolic.wall import Wall
from mlsysim.symbolic.walls.node import compute, memory
from mlsysim.symbolic.walls.node.batching import token_cache
from mlsysim.symbolic.walls.node.compute import (
    attention_pair,
    compute_time,
    head_forward,
    layer_forward,
    one_sample,
    work,
)
from mlsysim.symbolic.walls.node.memory import memory_time, moved, roofline_time
from mlsysim.symbolic.walls.node.software import decode_efficiency

# The context that a decode step sees, on average over an answer.
index = Symbol("i", integer=True, positive=True)
one_position = constant("one.position", 1, "token/sample", "a single token of a sequence")
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
wall = Wall(
    number=4,
    name="serving",
    domain="node",
    core=(prefill_roofline, decode_roofline, context_mean, experts_read),
    binds="every generated token waits for all weights and all cached keys and values",
    assumptions=(
        "a batch of equal requests starts together",
        "the branch of the roofline does not change while an answer grows",
        "a router spreads its tokens evenly",
    ),
    validity="autoregressive transformers",
)
