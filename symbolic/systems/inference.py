"""A batch of requests from start to end: the first token, the tokens after it, and what they add up to."""

from sympy import Expr

from mlsysim.symbolic.foundations import in_turn, rates
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
from mlsysim.symbolic.foundations.results import busy, latency, model_work, throughput, work_of
from mlsysim.symbolic.foundations.split import groups
from mlsysim.symbolic.quantity import TRANSFORMER_BATCH, TRANSFORMER_INFERENCE, Quantity, count, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, total
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.walls.fleet.communication import passes
from mlsysim.symbolic.walls.fleet.communication.passes import decode_exchange, prefill_exchange
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, head_forward, layer_forward
from mlsysim.symbolic.walls.node.serving import request_work
from mlsysim.symbolic.walls.node.serving import wall as serving
from mlsysim.symbolic.walls.node.serving.request import answers, decode_time, mean_context, prefill_time
from mlsysim.symbolic.walls.node.serving.request_work import request_layer

first_token = time("performance.ttft", r"\mathrm{TTFT}", "time to the first token")
next_token = time("performance.itl", r"\mathrm{ITL}", "time between tokens")
prefill_slot = time("performance.prefill_slot", r"T_{\mathrm{slot,pre}}", "a prefill pass on a stage, all told")
prefill_slots = count("performance.prefill_slots", r"n_{\mathrm{slot}}", "passes until the last group has left")
decode_slot = time("performance.decode_slot", r"T_{\mathrm{slot,dec}}", "a decode step on a stage, all told")
time_prefill = time("performance.time_prefill", r"T_{\mathrm{prefill}}", "work of prefill on its data")
time_prefill_comm = time(
    "performance.time_prefill_communication", r"T_{\mathrm{prefill,comm}}", "communication of prefill", low=0
)
time_decode = time("performance.time_decode", r"T_{\mathrm{decode}}", "work of all decode steps on their data")
time_decode_comm = time(
    "performance.time_decode_communication", r"T_{\mathrm{decode,comm}}", "communication of all decode steps", low=0
)

pass_of_prefill = total(
    serving.prefill_roofline,
    passes.prefill_all,
    result=equation(prefill_slot, prefill_time + prefill_exchange),
    because="a pass computes and exchanges",
)
slots_of_prefill = given(
    equation(prefill_slots, groups + pipeline - 1),
    because="the last group of requests waits for the groups before it and passes p stages",
    cite="pope2022",
)
prefill_in_slots = define(equation(first_token, prefill_slots * prefill_slot), because="slot after slot")
stages_of_prefill = substitute(
    prefill_in_slots,
    slots_of_prefill,
    pass_of_prefill,
    result=equation(first_token, (groups + pipeline - 1) * (prefill_time + prefill_exchange)),
    because="name both",
    cite="pope2022",
    when=TRANSFORMER_BATCH,
)
step_of_decode = total(
    serving.decode_roofline,
    passes.decode_all,
    result=equation(decode_slot, decode_time + decode_exchange),
    because="a step computes and exchanges",
)
steps_of_decode = apply(
    in_turn.law,
    {in_turn.whole: next_token, in_turn.parts: pipeline, in_turn.part: decode_slot},
    because="a token passes every stage, and the other groups keep the stages busy meanwhile",
    cite="pope2022",
)
stages_of_decode = substitute(
    steps_of_decode,
    step_of_decode,
    result=equation(next_token, pipeline * (decode_time + decode_exchange)),
    because="name the step",
    cite="pope2022",
    when=TRANSFORMER_BATCH,
)


def _in_turn(all_of_them: Quantity, times: Expr, one: Quantity, because: str) -> Step:
    """What equal passes take, one after another."""
    reading = {in_turn.whole: all_of_them, in_turn.parts: times, in_turn.part: one}
    return apply(in_turn.law, reading, because=because, when=TRANSFORMER_BATCH)


prefill_part = _in_turn(time_prefill, groups + pipeline - 1, prefill_time, "every pass of prefill")
prefill_comm_part = _in_turn(time_prefill_comm, groups + pipeline - 1, prefill_exchange, "every pass of prefill")
decode_part = _in_turn(time_decode, answers * pipeline, decode_time, "every decode step")
decode_comm_part = _in_turn(time_decode_comm, answers * pipeline, decode_exchange, "every decode step")
whole = total(
    prefill_part,
    prefill_comm_part,
    decode_part,
    decode_comm_part,
    result=equation(latency, time_prefill + time_prefill_comm + time_decode + time_decode_comm),
    because="first the prompts, then the answers",
    when=TRANSFORMER_BATCH,
)
# What comes out of it.
batch_tokens = Quantity("performance.batch_tokens", r"n_{\mathrm{tok}}", "token", "tokens of all answers", high=1e7)
time_computing = time("performance.time_computing", r"T_{\mathrm{F+BW}}", "time in which accelerators compute")

tokens_of_batch = apply(
    in_turn.law,
    {in_turn.whole: batch_tokens, in_turn.parts: batch, in_turn.part: output_tokens},
    because="every request gets its answer",
)
tokens_in_time = apply(
    rates.per_time,
    {rates.rate: throughput, rates.amount: batch_tokens, rates.duration: latency},
    because="a rate is an amount for each unit of time",
)
tokens_per_time = substitute(
    tokens_in_time,
    tokens_of_batch,
    result=equation(throughput, batch * output_tokens / latency),
    because="count the tokens",
    when=TRANSFORMER_BATCH,
)
both_compute = total(
    prefill_part,
    decode_part,
    result=equation(time_computing, time_prefill + time_decode),
    because="the rest is communication",
)
computing = substitute(
    define(equation(busy, time_computing / latency), because="a share of the time"),
    both_compute,
    result=equation(busy, (time_prefill + time_decode) / latency),
    because="name the time of computing",
    when=TRANSFORMER_BATCH,
)

# What the model needs for it.
layers_on_request = work_of("request_layers", r"o_{\mathrm{req},L}", "all layers' work on a request", per="/sample")
scores_of_request = work_of("request_scores", r"o_{\mathrm{out}}", "scores of the tokens of an answer", per="/sample")
request_needs = work_of("request", r"o_{\mathrm{req}}", "work that a request needs", per="/sample")

every_layer = apply(
    in_turn.law,
    {in_turn.whole: layers_on_request, in_turn.parts: layers, in_turn.part: request_layer},
    because="one layer after another",
)
every_token_scored = apply(
    in_turn.law,
    {in_turn.whole: scores_of_request, in_turn.parts: output_tokens, in_turn.part: head_forward},
    because="every token of an answer was scored",
)
layers_and_scores = total(
    every_layer,
    every_token_scored,
    result=equation(request_needs, layers_on_request + scores_of_request),
    because="every token of prompt and answer, once",
    cite="chowdhery2022",
)
every_request = apply(
    in_turn.law,
    {in_turn.whole: model_work, in_turn.parts: batch, in_turn.part: request_needs},
    because="request after request",
)
work_needed = substitute(
    every_request,
    layers_and_scores,
    every_layer,
    every_token_scored,
    request_work.request_in_a_layer,
    result=equation(
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
    because="name the work of a request",
    cite="chowdhery2022",
    when=TRANSFORMER_INFERENCE,
)
