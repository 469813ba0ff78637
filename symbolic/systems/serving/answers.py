"""From arrival to the last token, at a percentile, and what serving takes."""

from sympy import Max, Min, Piecewise, erfinv, exp, sqrt

from mlsysim.symbolic.foundations.inputs import (
    arrivals,
    batch,
    in_time,
    one_position,
    one_sample,
    output_tokens,
    pipeline,
)
from mlsysim.symbolic.foundations.queue import one_request
from mlsysim.symbolic.foundations.results import busy, latency, model_work, sample_throughput, throughput
from mlsysim.symbolic.quantity import PROFILED_SERVING, SERVING, TRANSFORMER_SERVING, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, total
from mlsysim.symbolic.systems.inference import first_token, next_token
from mlsysim.symbolic.systems.serving.engine import chunk_step, long_step, prompt_time, step_decode, step_exchange
from mlsysim.symbolic.systems.serving.slots import answer_spread, chunk_share, mean_step, most_waiting, turn_quantile
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.serving.request import answers
from mlsysim.symbolic.walls.node.software import wall as software
from mlsysim.symbolic.walls.node.software.wall import mfu
from mlsysim.symbolic.walls.node.tail_latency.waiting import slot_load, slot_wait

time_wait = time("performance.time_wait", r"T_{\mathrm{wait}}", "wait for a slot and for the running step", low=0)
time_turn = time("performance.time_turn", r"T_{\mathrm{turn}}", "wait for its turn in prefill", low=0)
time_prompt = time("performance.time_prompt", r"T_{\mathrm{prompt}}", "steps in which the prompt is read in")
time_answer = time("performance.time_answer", r"T_{\mathrm{answer}}", "steps of all further tokens")
time_pass = time("performance.time_pass", r"T_{\mathrm{pass}}", "the pass that answers a request")
token_latency = time(
    "performance.token_latency",
    r"\bar T_{\mathrm{tok}}",
    "time from arrival to the last token, per token of the answer",
)
turnover = time("serving.turnover", r"T_{B}", "time in which as many requests arrive as there are slots")
running = ratio("serving.running", r"x_{\mathrm{run}}", "share of time in which a replica has requests")

waits = define(
    equation(time_wait, slot_wait + long_step),
    because="a request waits for a slot, at the percentile, and then for the step that is running, if there is one",
    cite="kwon2023",
    when=SERVING,
)
takes_turn = define(
    equation(time_turn, Min(turn_quantile, most_waiting)),
    because="the wait at the percentile, but never more prompts than there are slots",
    when=TRANSFORMER_SERVING,
)
reads_in = define(
    equation(time_prompt, chunks * chunk_step),
    because="a step for each of its chunks",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
writes_on = define(
    equation(
        time_answer,
        Max(
            answers * (step_decode + step_exchange),
            Min(answers * chunk_step, answers * mean_step + sqrt(2) * erfinv(2 * in_time - 1) * answer_spread),
        ),
    ),
    because="a step for each further token; at the percentile more or fewer prompts ride along, but never fewer than none, "
    "nor more than one in a step",
    when=TRANSFORMER_SERVING,
)
whole = total(
    waits,
    takes_turn,
    reads_in,
    writes_on,
    result=equation(latency, time_wait + time_turn + time_prompt + time_answer),
    because="first a slot, then the prompt, then the answer",
    when=TRANSFORMER_SERVING,
)
first_shown = total(
    waits,
    takes_turn,
    reads_in,
    result=equation(first_token, time_wait + time_turn + time_prompt),
    because="the last chunk gives the first token",
    when=TRANSFORMER_SERVING,
)
gap = define(
    equation(next_token, Piecewise((long_step, chunk_share > 1 - in_time), (step_decode + step_exchange, True))),
    because="where chunks ride in more steps than may be late, the gap is that of a step with the largest chunk",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
per_token = define(
    equation(token_latency, latency * one_position / output_tokens),
    because="normalised by the length of the answer",
    cite="kwon2023",
    when=TRANSFORMER_SERVING,
)
one_pass = define(equation(time_pass, long_step), because="one pass", when=PROFILED_SERVING)
pass_after_wait = total(
    waits,
    one_pass,
    result=equation(latency, time_wait + time_pass),
    because="first a place in a pass, then the pass",
    when=PROFILED_SERVING,
)

# What serving takes, whatever could be served.
tokens_per_time = define(
    equation(throughput, arrivals * one_sample / one_request * output_tokens),
    because="every request gets its answer",
    when=TRANSFORMER_SERVING,
)
samples_per_time = define(
    equation(sample_throughput, arrivals * one_sample / one_request),
    because="every request is a sample",
    when=PROFILED_SERVING,
)
changes_over = define(
    equation(turnover, batch * one_request / (one_sample * arrivals)),
    because="as many requests as slots, at the rate at which they arrive",
    when=SERVING,
)
utilisation_of_peak = apply(
    software.law,
    {software.utilisation: mfu, software.work: model_work, latency: turnover},
    because="count what the model needs for the requests that arrive in that time",
    cite="chowdhery2022",
    when=SERVING,
)
not_empty = define(
    equation(running, 1 - exp(-slot_load)),
    because="requests that do not wait are in a replica as many as a Poisson distribution says",
    cite="kleinrock1975",
    when=SERVING,
)
computing = define(
    equation(busy, running * (step_decode + chunk_share * pipeline * prompt_time / chunks) / mean_step),
    because="the rest is communication, or nobody is there",
    when=TRANSFORMER_SERVING,
)
computing_profiled = define(equation(busy, running), because="or nobody is there", when=PROFILED_SERVING)
