"""A prompt's turn: a replica reads in one prompt at a time, so it is a queue with one server for prompts."""

from sympy import Rational

from mlsysim.symbolic.foundations import in_turn, queue, shares
from mlsysim.symbolic.foundations.inputs import arrivals, devices, in_time, one_sample, pipeline, replicas
from mlsysim.symbolic.foundations.many_servers import must_wait
from mlsysim.symbolic.foundations.queue import load, one_request, rate, servers, service, utilisation
from mlsysim.symbolic.foundations.split import held_requests
from mlsysim.symbolic.quantity import PROFILED_SERVING, TRANSFORMER_SERVING, Quantity, time
from mlsysim.symbolic.rules import apply, equation, solve, substitute
from mlsysim.symbolic.systems.serving.engine import chunk_step
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.tail_latency import wall as tail_latency

replica_arrivals = Quantity(
    "serving.replica_arrivals",
    r"\lambda_{\mathrm{r}}",
    "request/s",
    "requests that arrive at a replica",
    low=0.1,
    high=1,
)
chunk_turn = time("serving.chunk_turn", r"T_{\mathrm{turn},1}", "time after which the next chunk can follow")
prompt_turn = time("serving.prompt_turn", r"S_{\mathrm{pr}}", "time after which the next prompt can follow")
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

shared_arrivals = apply(
    shares.law,
    {shares.share: replica_arrivals, shares.shares: replicas, shares.whole: arrivals},
    because="the replicas share the requests",
    when=TRANSFORMER_SERVING,
)
shared_by_accelerators = apply(
    shares.law,
    {shares.share: replica_arrivals, shares.shares: devices, shares.whole: arrivals},
    because="every accelerator is a replica, and they share the requests",
    when=PROFILED_SERVING,
)
next_chunk = apply(
    shares.law,
    {shares.share: chunk_turn, shares.shares: pipeline, shares.whole: chunk_step},
    because="a step passes equal stages, and the next chunk follows as soon as the first is free",
    cite="agrawal2024",
)
next_prompt = apply(
    in_turn.law,
    {in_turn.whole: prompt_turn, in_turn.parts: chunks, in_turn.part: chunk_turn},
    because="the next prompt follows the last chunk",
    cite="agrawal2024",
)
turn_of_prompt = substitute(
    next_prompt,
    next_chunk,
    result=equation(prompt_turn, chunks * chunk_step / pipeline),
    because="name the time of a chunk",
)
rate_of_prompts = apply(
    solve(queue.one_service, rate, equation(rate, one_request / service), because="a service time is a rate"),
    {rate: prompt_rate, service: prompt_turn},
    because="one prompt after another",
)
prompts_read = substitute(
    rate_of_prompts,
    turn_of_prompt,
    result=equation(prompt_rate, one_request * pipeline / (chunks * chunk_step)),
    because="name the time of a prompt",
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
most_waiting = time("serving.backlog", r"W_{\mathrm{pr},\max}", "wait for its turn when all slots hold prompts", low=0)
all_others = apply(
    in_turn.law,
    {in_turn.whole: most_waiting, in_turn.parts: held_requests / one_sample - 1, in_turn.part: prompt_turn},
    because="the prompts of all other slots come before it",
)
backlog = substitute(
    all_others,
    turn_of_prompt,
    result=equation(most_waiting, (held_requests / one_sample - 1) * chunks * chunk_step / pipeline),
    because="name the time of a prompt",
    when=TRANSFORMER_SERVING,
)
