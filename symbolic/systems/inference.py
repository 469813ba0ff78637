"""A batch of requests from start to end: the first token, the tokens after it, and what they add up to."""

from mlsysim.symbolic.foundations.inputs import (
    batch,
    causal,
    layers,
    one_position,
    one_sample,
    output_tokens,
    pipeline,
    sequence,
)
from mlsysim.symbolic.foundations.results import busy, latency, model_work, throughput
from mlsysim.symbolic.foundations.split import groups
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, time
from mlsysim.symbolic.rules import define, equation, total
from mlsysim.symbolic.walls.fleet.communication.passes import decode_exchange, prefill_exchange
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, head_forward, layer_forward
from mlsysim.symbolic.walls.node.serving.request import answers, decode_time, mean_context, prefill_time

first_token = time("performance.ttft", r"\mathrm{TTFT}", "time to the first token")
next_token = time("performance.itl", r"\mathrm{ITL}", "time between tokens")
time_prefill = time("performance.time_prefill", r"T_{\mathrm{prefill}}", "work of prefill on its data")
time_prefill_comm = time(
    "performance.time_prefill_communication", r"T_{\mathrm{prefill,comm}}", "communication of prefill", low=0
)
time_decode = time("performance.time_decode", r"T_{\mathrm{decode}}", "work of all decode steps on their data")
time_decode_comm = time(
    "performance.time_decode_communication", r"T_{\mathrm{decode,comm}}", "communication of all decode steps", low=0
)

stages_of_prefill = define(
    equation(first_token, (groups + pipeline - 1) * (prefill_time + prefill_exchange)),
    because="the last group of requests waits for the groups before it and passes p stages",
    cite="pope2022",
    when=TRANSFORMER_BATCH,
)
stages_of_decode = define(
    equation(next_token, pipeline * (decode_time + decode_exchange)),
    because="a token passes every stage, and the other groups keep the stages busy meanwhile",
    cite="pope2022",
    when=TRANSFORMER_BATCH,
)
prefill_part = define(
    equation(time_prefill, (groups + pipeline - 1) * prefill_time),
    because="every pass of prefill",
    when=TRANSFORMER_BATCH,
)
prefill_comm_part = define(
    equation(time_prefill_comm, (groups + pipeline - 1) * prefill_exchange),
    because="every pass of prefill",
    when=TRANSFORMER_BATCH,
)
decode_part = define(
    equation(time_decode, answers * pipeline * decode_time), because="every decode step", when=TRANSFORMER_BATCH
)
decode_comm_part = define(
    equation(time_decode_comm, answers * pipeline * decode_exchange),
    because="every decode step",
    when=TRANSFORMER_BATCH,
)
whole = total(
    prefill_part,
    prefill_comm_part,
    decode_part,
    decode_comm_part,
    result=equation(latency, time_prefill + time_prefill_comm + time_decode + time_decode_comm),
    because="first the prompts, then the answers",
    when=TRANSFORMER_BATCH,
)
tokens_per_time = define(
    equation(throughput, batch * output_tokens / latency),
    because="every request gets its answer",
    when=TRANSFORMER_BATCH,
)
work_needed = define(
    equation(
        model_work,
        batch
        * (
            layers
            * (
                (sequence + output_tokens - one_position) * layer_forward
                + attention_pair
                * one_sample
                * (sequence**2 * (1 - causal / 2) + (output_tokens - one_position) * mean_context)
            )
            + output_tokens * head_forward
        ),
    ),
    because="every token of prompts and answers, once",
    cite="chowdhery2022",
    when=TRANSFORMER_INFERENCE,
)
computing = define(
    equation(busy, (time_prefill + time_decode) / latency), because="the rest is communication", when=TRANSFORMER_BATCH
)
