"""A request: every token lengthens its context, and waits for a pass, its exchanges and the token before."""

from sympy import Sum, Symbol

from mlsysim.symbolic.foundations.inputs import one_position, sequence
from mlsysim.symbolic.foundations.split import stage_layers
from mlsysim.symbolic.quantity import Quantity, count, time
from mlsysim.symbolic.rules import apply, define, equation, given, substitute, summed
from mlsysim.symbolic.walls.fleet.communication import tensor
from mlsysim.symbolic.walls.fleet.communication.messages import reduce_time
from mlsysim.symbolic.walls.fleet.communication.tensor import forward_sums

index = Symbol("i", integer=True, positive=True)

# The context that a decode step sees, on average over an answer.
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

# What a request waits for: passes, exchanges, and the tokens before.
prefill_time = time("serving.prefill_time", r"T_{\mathrm{pre}}", "time of a prefill pass on a stage")
decode_time = time("serving.decode_time", r"T_{\mathrm{dec}}", "time of a decode step on a stage")
decode_compute = time("serving.decode_compute", r"T_{\mathrm{dec,F}}", "least time of the work of a decode step")
decode_memory = time("serving.decode_memory", r"T_{\mathrm{dec,BW}}", "least time of the data of a decode step")
first_token = time("serving.ttft", r"\mathrm{TTFT}", "time to the first token of a request")
next_token = time("serving.itl", r"\mathrm{ITL}", "time between tokens of a request")
exchange = time("serving.exchange", r"T_{\mathrm{x}}", "time in which tensor-parallel ranks exchange a pass")
prefill_exchange = time("serving.prefill_exchange", r"T_{\mathrm{x,pre}}", "time in which they exchange prefill")
decode_exchange = time("serving.decode_exchange", r"T_{\mathrm{x,dec}}", "time in which they exchange a decode step")
prefill_reduce = time("serving.prefill_reduce", r"T_{\mathrm{AR,pre}}", "one all-reduce of prefill")
decode_reduce = time("serving.decode_reduce", r"T_{\mathrm{AR,dec}}", "one all-reduce of a decode step")
request_time = time("serving.request", r"T_{\mathrm{e2e}}", "time of a request from start to end")

every_layer = define(
    equation(exchange, forward_sums * stage_layers * reduce_time), because="every layer of the stage sums"
)
exchanges = substitute(
    every_layer,
    tensor.forward_pair,
    result=equation(exchange, 2 * stage_layers * reduce_time),
    because="after attention, and after the feed-forward layer",
    cite="shoeybi2019",
)
exchanges_of_prefill = apply(
    exchanges, {exchange: prefill_exchange, reduce_time: prefill_reduce}, because="the tokens of the prompts"
)
exchanges_of_decode = apply(
    exchanges, {exchange: decode_exchange, reduce_time: decode_reduce}, because="one token of each request"
)
one_after_another = define(
    equation(request_time, first_token + Sum(next_token, (index, 1, answers))),
    because="the first token, and a gap before each of the others",
    cite="zhong2024",
)
gaps_closed = summed(
    one_after_another, equation(request_time, first_token + answers * next_token), because="all gaps are alike"
)
