"""How long a request holds its slot: it waits for its turn in prefill, is read in, and is answered token by token."""

from sympy import Max, Min, Piecewise, Rational, sqrt

from mlsysim.symbolic.foundations import queue
from mlsysim.symbolic.foundations.inputs import arrivals, devices, in_time, one_sample, pipeline, replicas
from mlsysim.symbolic.foundations.many_servers import must_wait
from mlsysim.symbolic.foundations.queue import load, one_request, rate, servers, utilisation
from mlsysim.symbolic.foundations.split import group_requests, held_requests
from mlsysim.symbolic.quantity import PROFILED_SERVING, TRANSFORMER_SERVING, Quantity, count, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given
from mlsysim.symbolic.systems.serving.engine import chunk_step, long_step, step_decode, step_exchange, step_prompt
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.serving.request import answers
from mlsysim.symbolic.walls.node.tail_latency import wall as tail_latency

# Its turn in prefill: one prompt at a time, so a replica is a queue with one server for prompts.
replica_arrivals = Quantity(
    "serving.replica_arrivals",
    r"\lambda_{\mathrm{r}}",
    "request/s",
    "requests that arrive at a replica",
    low=0.1,
    high=1,
)
prompt_rate = Quantity(
    "serving.prompt_rate",
    r"\mu_{\mathrm{pr}}",
    "request/s",
    "prompts that a replica can read in per time",
    low=1,
    high=10,
)
prompt_load = Quantity(
    "serving.prompt_load", r"a_{\mathrm{pr}}", "1", "time that prompts take, per time", low=1e-2, high=0.9
)
turn_mean = time("serving.turn_mean", r"\bar W_{\mathrm{pr}}", "mean wait of a prompt for its turn", low=0)
turn_quantile = time(
    "serving.turn", r"W_{\mathrm{pr}}", "wait for its turn that a share of prompts does not exceed", low=0
)

shared_arrivals = define(
    equation(replica_arrivals, arrivals / replicas), because="the replicas share the requests", when=TRANSFORMER_SERVING
)
shared_by_accelerators = define(
    equation(replica_arrivals, arrivals / devices),
    because="every accelerator is a replica, and they share the requests",
    when=PROFILED_SERVING,
)
prompts_read = define(
    equation(prompt_rate, one_request * pipeline / (chunks * chunk_step)),
    because="a prompt takes a step for each chunk, and the next one follows on each stage",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
prompts_load = apply(
    queue.load_law,
    {load: prompt_load, queue.arrivals: replica_arrivals, rate: prompt_rate},
    because="the law of load, for prompts",
    when=TRANSFORMER_SERVING,
)
_turn = {load: prompt_load, rate: prompt_rate}
mean_turn = apply(
    tail_latency.kingman_law,
    {tail_latency.single_wait: turn_mean, tail_latency.arrival_spread: 1, tail_latency.service_spread: 0, **_turn},
    because="prompts arrive at random and are equally long",
    when=TRANSFORMER_SERVING,
)
late_turn = apply(
    tail_latency.quantile_law,
    {
        tail_latency.wait_quantile: turn_quantile,
        utilisation: prompt_load,
        must_wait: prompt_load,
        tail_latency.spread: Rational(1, 2),
        tail_latency.share: in_time,
        servers: 1,
        queue.arrivals: replica_arrivals,
        rate: prompt_rate,
    },
    because="prompts arrive at random and are equally long; one server is busy for the share of its load",
    when=TRANSFORMER_SERVING,
)

# A step of its answer, as long as prompts ride in the steps as often as they arrive.
prompt_share = ratio(
    "serving.prompt_share", r"x_{\mathrm{pr}}", "share of a replica's time that prompts add", low=0, high=0.9
)
mean_step = time("serving.mean_step", r"\bar T_{\mathrm{step}}", "mean time of a step while a request is answered")
chunk_share = ratio("serving.chunk_share", r"x_{\mathrm{chunk}}", "share of steps in which a chunk rides", low=0)

time_of_prompts = define(
    equation(prompt_share, replica_arrivals * chunks * step_prompt / (pipeline * one_request)),
    because="every prompt adds its own time, once",
    when=TRANSFORMER_SERVING,
)
step_on_average = define(
    equation(
        mean_step,
        Piecewise(
            (chunk_step, prompt_share >= 1), (Min(chunk_step, (step_decode + step_exchange) / (1 - prompt_share)), True)
        ),
    ),
    because="decode has the rest of the time, and no step holds more than one chunk",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
answer_spread = time(
    "serving.answer_spread", r"\sigma_{\mathrm{ans}}", "standard deviation of the time of an answer", low=0
)
prompts_vary = given(
    equation(
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
    because="how many prompts ride along is random: the variance of a delay cycle with equal interruptions",
    cite="kleinrock1976",
    when=TRANSFORMER_SERVING,
)
steps_with_chunk = define(
    equation(chunk_share, Min(1, replica_arrivals * chunks * mean_step / (pipeline * one_request))),
    because="chunks per time over steps per time",
    when=TRANSFORMER_SERVING,
)

# With all slots taken, every slot changes hands once while one does.
rounds = count("serving.rounds", r"n_{\mathrm{step}}", "steps in which a slot is held, all slots taken", high=8192)
held = time("serving.held", r"S_{\mathrm{slot}}", "mean time in which a request holds its slot")
full_hold = time("serving.full_hold", r"S_{\mathrm{full}}", "time in which a slot is held, all slots taken")

rounds_of_slot = define(
    equation(rounds, Max(answers + chunks, group_requests / one_sample * chunks)),
    because="a request takes a step for each chunk and each further token; and while its slot changes hands once, "
    "so do all others, with at most one chunk in a step",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
hold_when_full = define(
    equation(full_hold, rounds * (step_decode + step_exchange) + group_requests / one_sample * chunks * step_prompt),
    because="decode in every step, and the prompts of all slots of a group",
    when=TRANSFORMER_SERVING,
)
slot_held = define(
    equation(held, Min(full_hold, turn_mean + chunks * chunk_step + answers * mean_step)),
    because="its turn, its chunks and its answer; never longer than with all slots taken",
    when=TRANSFORMER_SERVING,
)
pass_held = define(equation(held, long_step), because="a pass answers all that is in it", when=PROFILED_SERVING)
full_pass = define(
    equation(full_hold, long_step), because="passes take their places, taken or not", when=PROFILED_SERVING
)
most_waiting = time("serving.backlog", r"W_{\mathrm{pr},\max}", "wait for its turn when all slots hold prompts", low=0)
backlog = define(
    equation(most_waiting, (held_requests / one_sample - 1) * chunks * chunk_step / pipeline),
    because="the prompts of all other slots come before it",
    when=TRANSFORMER_SERVING,
)
