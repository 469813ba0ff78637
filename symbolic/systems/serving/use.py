"""What serving takes of the hardware: what arrives is served, and slots, arithmetic and time are used for it."""

from sympy import Sum, exp, factorial, oo

from mlsysim.symbolic.foundations import in_turn, many_servers, rates, shares
from mlsysim.symbolic.foundations.inputs import arrivals, batch, one_sample, output_tokens, pipeline
from mlsysim.symbolic.foundations.many_servers import empty, in_state, load, state
from mlsysim.symbolic.foundations.queue import one_request
from mlsysim.symbolic.foundations.results import busy, latency, model_work, sample_throughput, throughput
from mlsysim.symbolic.quantity import PROFILED_SERVING, SERVING, TRANSFORMER_SERVING, Quantity, ratio, time
from mlsysim.symbolic.rules import apply, define, equation, given, solve, substitute, summed, total
from mlsysim.symbolic.systems.serving import engine
from mlsysim.symbolic.systems.serving.engine import step_decode
from mlsysim.symbolic.systems.serving.prompt import prompt_time
from mlsysim.symbolic.systems.serving.steps import chunk_share, mean_step
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.software import wall as software
from mlsysim.symbolic.walls.node.software.wall import mfu
from mlsysim.symbolic.walls.node.tail_latency.waiting import slot_load

# What is served is what arrives, whatever could be served.
answered = Quantity("serving.answered", r"\lambda_{\mathrm{out}}", "request/s", "requests answered per time", high=1e6)
turnover = time("serving.turnover", r"T_{B}", "time in which as many requests arrive as there are slots")

none_lost = given(
    equation(answered, arrivals), because="in a steady state as many requests leave as arrive", cite="kleinrock1975"
)
tokens_answered = apply(
    in_turn.law,
    {in_turn.whole: throughput, in_turn.parts: answered / one_request, in_turn.part: one_sample * output_tokens},
    because="every request gets its answer",
)
tokens_per_time = substitute(
    tokens_answered,
    none_lost,
    result=equation(throughput, arrivals * one_sample / one_request * output_tokens),
    because="name the requests answered",
    when=TRANSFORMER_SERVING,
)
samples_answered = apply(
    in_turn.law,
    {in_turn.whole: sample_throughput, in_turn.parts: answered / one_request, in_turn.part: one_sample},
    because="every request is a sample",
)
samples_per_time = substitute(
    samples_answered,
    none_lost,
    result=equation(sample_throughput, arrivals * one_sample / one_request),
    because="name the requests answered",
    when=PROFILED_SERVING,
)
changes_over = apply(
    rates.duration_law,
    {rates.duration: turnover, rates.amount: batch * one_request / one_sample, rates.rate: arrivals},
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

# How long a replica has requests: where none waits, each has a server, however many there are.
running = ratio("serving.running", r"x_{\mathrm{run}}", "share of time in which a replica has requests")

some_state = given(
    equation(1, Sum(in_state, (state, 0, oo))), because="some number of requests is here", cite="kleinrock1975"
)
all_states = substitute(
    some_state,
    many_servers.states,
    result=equation(1, Sum(empty * load**state / factorial(state), (state, 0, oo))),
    because="while none waits, the chain goes on as it began",
)
exponential = summed(all_states, equation(1, empty * exp(load)), because="the series of the exponential")
nobody_here = solve(
    exponential, empty, equation(empty, exp(-load)), because="the number of requests is that of a Poisson distribution"
)
somebody_here = substitute(
    define(equation(running, 1 - empty), because="a replica runs unless nobody is here"),
    nobody_here,
    result=equation(running, 1 - exp(-load)),
    because="name the empty state",
)
not_empty = apply(
    somebody_here, {load: slot_load}, because="for the slots of a replica", cite="kleinrock1975", when=SERVING
)

# How long it computes.
chunk_compute = time("serving.chunk_compute", r"T_{\mathrm{chunk,F}}", "what a chunk computes on a stage, on average")
chunk_computes = time("serving.chunk_computes", r"T_{\mathrm{chunk,F},p}", "what a chunk computes on all stages")
rider_computes = time("serving.rider_computes", r"T_{+\mathrm{F}}", "what chunks compute in a step, on average", low=0)
step_computes = time("serving.step_computes", r"T_{\mathrm{step,F}}", "time of a step in which accelerators compute")

chunk_on_stage = apply(
    shares.law,
    {shares.share: chunk_compute, shares.shares: chunks, shares.whole: prompt_time},
    because="the chunks share the work of a prompt",
)
chunk_on_stages = apply(
    in_turn.law,
    {in_turn.whole: chunk_computes, in_turn.parts: pipeline, in_turn.part: chunk_compute},
    because="a chunk passes every stage",
)
sometimes_a_chunk = define(
    equation(rider_computes, chunk_share * chunk_computes), because="a chunk rides in a share of the steps"
)
decode_and_chunks = total(
    engine.decode_in_step,
    sometimes_a_chunk,
    result=equation(step_computes, step_decode + rider_computes),
    because="the rest of a step is communication",
)
computes_while_running = define(
    equation(busy, running * step_computes / mean_step), because="of the time in which anybody is there"
)
computing = substitute(
    computes_while_running,
    decode_and_chunks,
    sometimes_a_chunk,
    chunk_on_stages,
    chunk_on_stage,
    result=equation(busy, running * (step_decode + chunk_share * pipeline * prompt_time / chunks) / mean_step),
    because="name what a step computes",
    when=TRANSFORMER_SERVING,
)
computing_profiled = define(equation(busy, running), because="or nobody is there", when=PROFILED_SERVING)
