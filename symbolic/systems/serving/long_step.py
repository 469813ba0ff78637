"""The longest step: the last chunk of a prompt attends to all others, so none adds more to the step that it rides in."""

from sympy import Max

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import one_sample, pipeline, sequence
from mlsysim.symbolic.foundations.results import stage_time
from mlsysim.symbolic.quantity import PROFILED_SERVING, TRANSFORMER_SERVING, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.systems.serving import engine
from mlsysim.symbolic.systems.serving.engine import step_decode, step_exchange
from mlsysim.symbolic.systems.serving.prompt import prompt_exchange
from mlsysim.symbolic.walls.node.batching.cache import token_cache
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved
from mlsysim.symbolic.walls.node.serving import chunked_prefill
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunk_memory, chunk_time, chunks, stall_chunked
from mlsysim.symbolic.walls.node.serving.request import decode_compute, decode_memory, decode_time

last_ridden = time(
    "serving.last_ridden", r"T_{\mathrm{chunk,1}}", "time of a decode step and the last chunk on a stage"
)
chunk_exchange = time("serving.chunk_exchange", r"T_{\mathrm{chunk,x}}", "messages of a chunk on a stage", low=0)
chunk_adds = time("serving.chunk_adds", r"T_{\mathrm{chunk,max}}", "most that a chunk adds to a step on a stage")
chunk_most = time("serving.chunk_most", r"T_{\mathrm{chunk},p}", "most that a chunk adds to a step")
long_step = time(
    "serving.long_step", r"T_{\mathrm{step,max}}", "time of a step in which the last chunk of a prompt rides"
)

last_chunk = apply(
    chunked_prefill.last_chunk_work, {}, because="the last chunk attends to all others", when=TRANSFORMER_SERVING
)
last_chunk_time = apply(
    chunked_prefill.time_of_chunk, {}, because="the law of chunked prefill", when=TRANSFORMER_SERVING
)
last_chunk_reads = apply(
    memory.law,
    {moved: one_sample * sequence * token_cache, memory_time: chunk_memory},
    because="the law of bandwidth, for the keys and values of the prompt",
    when=TRANSFORMER_SERVING,
)
last_chunk_takes = apply(
    chunked_prefill.stall_of_chunk, {stall_chunked: last_ridden}, because="the law of chunked prefill"
)
messages_of_chunk = apply(
    shares.law,
    {shares.share: chunk_exchange, shares.shares: chunks, shares.whole: prompt_exchange},
    because="chunks are equally long, and so are their messages",
)
takes_and_sends = define(
    equation(chunk_adds, last_ridden - decode_time + chunk_exchange),
    because="it adds what the step takes longer than without it, and its messages",
)
last_chunk_adds = substitute(
    takes_and_sends,
    last_chunk_takes,
    messages_of_chunk,
    result=equation(
        chunk_adds,
        Max(decode_compute + chunk_time, decode_memory + chunk_memory) - decode_time + prompt_exchange / chunks,
    ),
    because="name both",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
last_chunk_on_stages = apply(
    in_turn.law,
    {in_turn.whole: chunk_most, in_turn.parts: pipeline, in_turn.part: chunk_adds},
    because="a chunk passes every stage",
)
step_and_last_chunk = total(
    engine.decode_in_step,
    engine.exchange_in_step,
    last_chunk_on_stages,
    result=equation(long_step, step_decode + step_exchange + chunk_most),
    because="no chunk adds more to a step than the last",
)
longest_step = substitute(
    step_and_last_chunk,
    last_chunk_on_stages,
    result=equation(long_step, step_decode + step_exchange + pipeline * chunk_adds),
    because="name what it adds",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
longest_pass = define(equation(long_step, stage_time), because="all passes are alike", when=PROFILED_SERVING)
