"""From arrival to the last token, at a percentile."""

from sympy import Max, Min, Piecewise, erfinv, sqrt

from mlsysim.symbolic.foundations import in_turn, normal, shares
from mlsysim.symbolic.foundations.inputs import in_time, one_position, output_tokens
from mlsysim.symbolic.foundations.results import latency
from mlsysim.symbolic.quantity import PROFILED_SERVING, SERVING, TRANSFORMER_SERVING, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.systems.inference import first_token, next_token
from mlsysim.symbolic.systems.serving import engine, slots, steps
from mlsysim.symbolic.systems.serving import long_step as longest
from mlsysim.symbolic.systems.serving.engine import bare_step, chunk_step, step_decode, step_exchange
from mlsysim.symbolic.systems.serving.long_step import long_step
from mlsysim.symbolic.systems.serving.slots import answer_time
from mlsysim.symbolic.systems.serving.steps import answer_spread, chunk_share, mean_step, steps_alone
from mlsysim.symbolic.systems.serving.turn import most_waiting, turn_quantile
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.serving.request import answers
from mlsysim.symbolic.walls.node.tail_latency import waiting
from mlsysim.symbolic.walls.node.tail_latency.waiting import slot_wait

time_wait = time("performance.time_wait", r"T_{\mathrm{wait}}", "wait for a slot and for the running step", low=0)
time_turn = time("performance.time_turn", r"T_{\mathrm{turn}}", "wait for its turn in prefill", low=0)
time_prompt = time("performance.time_prompt", r"T_{\mathrm{prompt}}", "steps in which the prompt is read in")
time_answer = time("performance.time_answer", r"T_{\mathrm{answer}}", "steps of all further tokens")
time_pass = time("performance.time_pass", r"T_{\mathrm{pass}}", "the pass that answers a request")
answer_tokens = count("serving.answer_tokens", r"n_{\mathrm{ans}}", "tokens of an answer", high=4096)
token_latency = time(
    "performance.token_latency",
    r"\bar T_{\mathrm{tok}}",
    "time from arrival to the last token, per token of the answer",
)

# Before its answer.
waits = total(
    waiting.late_slot,
    longest.longest_step,
    result=equation(time_wait, slot_wait + long_step),
    because="a request waits for a slot, at the percentile, and then for the step that is running, if there is one",
    cite="kwon2023",
    when=SERVING,
)
takes_turn = define(
    equation(time_turn, Min(turn_quantile, most_waiting)),
    because="the wait at the percentile, but never more prompts than there are slots",
    when=TRANSFORMER_SERVING,
)
reads_in = apply(
    in_turn.law,
    {in_turn.whole: time_prompt, in_turn.parts: chunks, in_turn.part: chunk_step},
    because="a step for each of its chunks",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)

# Its answer, at the percentile.
deviations = ratio("serving.deviations", r"z_{q}", "deviations that a share of answers does not exceed", high=4)
late_answer = time("serving.late_answer", r"T_{\mathrm{ans},q}", "time of an answer, at the percentile, unbounded")
crowded_answer = time(
    "serving.crowded_answer", r"T_{\mathrm{ans},1}", "time of an answer in whose steps a chunk always rides"
)
normal_quantile = apply(
    normal.law,
    {normal.share: in_time, normal.deviations: deviations},
    because="many prompts ride along with an answer, each of little effect, so that its time is almost normal",
)
above_the_mean = define(
    equation(late_answer, answer_time + deviations * answer_spread),
    because="at the percentile so many deviations more, or fewer, than on average",
)
every_step_with_chunk = apply(
    in_turn.law,
    {in_turn.whole: crowded_answer, in_turn.parts: answers, in_turn.part: chunk_step},
    because="no step holds more than one chunk",
)
within_bounds = define(
    equation(time_answer, Max(steps_alone, Min(crowded_answer, late_answer))),
    because="never fewer prompts than none ride along, nor more than one chunk in a step",
)
writes_on = substitute(
    within_bounds,
    steps.answer_alone,
    engine.step_alone,
    every_step_with_chunk,
    above_the_mean,
    slots.writes_on,
    normal_quantile,
    result=equation(
        time_answer,
        Max(
            answers * (step_decode + step_exchange),
            Min(answers * chunk_step, answers * mean_step + sqrt(2) * erfinv(2 * in_time - 1) * answer_spread),
        ),
    ),
    because="name the three times",
    when=TRANSFORMER_SERVING,
)

# All of it.
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
gap_of_steps = define(
    equation(next_token, Piecewise((long_step, chunk_share > 1 - in_time), (bare_step, True))),
    because="where chunks ride in more steps than may be late, the gap is that of a step with the largest chunk",
    cite="agrawal2024",
)
gap = substitute(
    gap_of_steps,
    engine.step_alone,
    result=equation(next_token, Piecewise((long_step, chunk_share > 1 - in_time), (step_decode + step_exchange, True))),
    because="name the other steps",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
tokens_of_answer = define(
    equation(answer_tokens, output_tokens / one_position), because="an answer is counted by its tokens"
)
time_of_each = apply(
    shares.law,
    {shares.share: token_latency, shares.shares: answer_tokens, shares.whole: latency},
    because="as if every token took equally long",
)
per_token = substitute(
    time_of_each,
    tokens_of_answer,
    result=equation(token_latency, latency * one_position / output_tokens),
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
