"""The steps of an answer: decode takes its time in each, and prompts ride along as often as they arrive."""

from sympy import Min, Piecewise, sqrt

from mlsysim.symbolic.foundations import in_turn, queue, rates, shares
from mlsysim.symbolic.foundations.inputs import pipeline
from mlsysim.symbolic.foundations.queue import load, one_request, service
from mlsysim.symbolic.quantity import TRANSFORMER_SERVING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, substitute
from mlsysim.symbolic.systems.serving import engine
from mlsysim.symbolic.systems.serving.engine import bare_step, chunk_step, step_decode, step_exchange, step_prompt
from mlsysim.symbolic.systems.serving.turn import replica_arrivals
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.serving.request import answers
from mlsysim.symbolic.walls.node.tail_latency import delay_cycle

# A step of its answer, as long as prompts ride in the steps as often as they arrive.
chunk_part = time("serving.chunk_part", r"T_{\mathrm{pr},p}", "time of a stage that a chunk adds to the steps")
prompt_part = time("serving.prompt_part", r"T_{+\mathrm{pr}}", "time of a stage that a prompt adds to the steps")
prompt_share = ratio(
    "serving.prompt_share", r"x_{\mathrm{pr}}", "share of a replica's time that prompts add", low=0, high=0.9
)
steady_step = time(
    "serving.steady_step", r"\bar T_{\mathrm{step},\mathrm{any}}", "mean time of a step that holds any number of chunks"
)
mean_step = time("serving.mean_step", r"\bar T_{\mathrm{step}}", "mean time of a step while a request is answered")

chunk_of_stage = apply(
    shares.law,
    {shares.share: chunk_part, shares.shares: pipeline, shares.whole: step_prompt},
    because="the stages share what a chunk adds to a step",
)
chunks_of_prompt = apply(
    in_turn.law,
    {in_turn.whole: prompt_part, in_turn.parts: chunks, in_turn.part: chunk_part},
    because="every prompt adds its own time, chunk after chunk",
)
part_of_prompt = substitute(
    chunks_of_prompt,
    chunk_of_stage,
    result=equation(prompt_part, chunks * step_prompt / pipeline),
    because="name what a chunk adds",
)
load_of_prompts = apply(
    queue.load_by_time,
    {load: prompt_share, queue.arrivals: replica_arrivals, service: prompt_part},
    because="Little's law: as many prompts as arrive while one adds its time",
)
time_of_prompts = substitute(
    load_of_prompts,
    part_of_prompt,
    result=equation(prompt_share, replica_arrivals * chunks * step_prompt / (pipeline * one_request)),
    because="name the time that it adds",
    when=TRANSFORMER_SERVING,
)
step_in_time = apply(
    delay_cycle.mean_law,
    {delay_cycle.mean: steady_step, delay_cycle.alone: bare_step, delay_cycle.share: prompt_share},
    because="decode has the rest of the time",
)
at_most_one_chunk = define(
    equation(mean_step, Piecewise((chunk_step, prompt_share >= 1), (Min(chunk_step, steady_step), True))),
    because="no step holds more than one chunk",
    cite="agrawal2024",
)
step_on_average = substitute(
    at_most_one_chunk,
    step_in_time,
    engine.step_alone,
    result=equation(
        mean_step,
        Piecewise(
            (chunk_step, prompt_share >= 1), (Min(chunk_step, (step_decode + step_exchange) / (1 - prompt_share)), True)
        ),
    ),
    because="name the step that decode leaves",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)

# How far an answer varies, and how often a chunk rides.
steps_alone = time("serving.steps_alone", r"T_{\mathrm{ans},0}", "time of an answer in whose steps no chunk rides")
answer_spread = time(
    "serving.answer_spread", r"\sigma_{\mathrm{ans}}", "standard deviation of the time of an answer", low=0
)
steady_spread = time(
    "serving.steady_spread",
    r"\sigma_{\mathrm{ans},\mathrm{any}}",
    "the same, for any number of chunks in a step",
    low=0,
)
chunk_rate = Quantity("serving.chunk_rate", r"r_{\mathrm{chunk}}", "1/s", "chunks that arrive per time", high=1e3)
step_rate = Quantity("serving.step_rate", r"r_{\mathrm{step}}", "1/s", "steps per time of all groups", high=1e3)
chunk_share = ratio("serving.chunk_share", r"x_{\mathrm{chunk}}", "share of steps in which a chunk rides", low=0)

answer_alone = apply(
    in_turn.law,
    {in_turn.whole: steps_alone, in_turn.parts: answers, in_turn.part: bare_step},
    because="a step for each further token",
)
cycle_varies = apply(
    delay_cycle.spread_law,
    {
        delay_cycle.spread: steady_spread,
        delay_cycle.alone: steps_alone,
        delay_cycle.added: prompt_part,
        delay_cycle.share: prompt_share,
        queue.arrivals: replica_arrivals,
    },
    because="an answer is a delay to which every prompt that arrives meanwhile adds its time",
)
varies_below_one = define(
    equation(answer_spread, Piecewise((0, prompt_share >= 1), (steady_spread, True))),
    because="where a chunk rides in every step, nothing is left to chance",
)
prompts_vary = substitute(
    varies_below_one,
    cycle_varies,
    part_of_prompt,
    answer_alone,
    engine.step_alone,
    result=equation(
        answer_spread,
        Piecewise(
            (0, prompt_share >= 1),
            (
                chunks
                * step_prompt
                / pipeline
                * sqrt(
                    replica_arrivals / one_request * answers * (step_decode + step_exchange) / (1 - prompt_share) ** 3
                ),
                True,
            ),
        ),
    ),
    because="name the answer and what a prompt adds",
    cite="kleinrock1976",
    when=TRANSFORMER_SERVING,
)
chunks_come = define(
    equation(chunk_rate, replica_arrivals / one_request * chunks), because="every prompt that arrives brings its chunks"
)
steps_go = apply(
    rates.per_time,
    {rates.rate: step_rate, rates.amount: pipeline, rates.duration: mean_step},
    because="each stage begins a step while one passes all of them",
)
chunk_in_step = define(
    equation(chunk_share, Min(1, chunk_rate / step_rate)),
    because="as often as chunks come per step, and at most always",
)
steps_with_chunk = substitute(
    chunk_in_step,
    chunks_come,
    steps_go,
    result=equation(chunk_share, Min(1, replica_arrivals * chunks * mean_step / (pipeline * one_request))),
    because="chunks per time over steps per time",
    when=TRANSFORMER_SERVING,
)
