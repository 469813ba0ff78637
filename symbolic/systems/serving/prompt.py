"""What a prompt adds to the steps that its chunks ride in, on one stage: its work, its data and its messages."""

from sympy import Max

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import hidden, one_sample, sequence
from mlsysim.symbolic.foundations.split import group_requests, stage_layers
from mlsysim.symbolic.quantity import TRANSFORMER_SERVING, count, data, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.walls.fleet.communication import hierarchy, messages, payload, placement
from mlsysim.symbolic.walls.fleet.communication.hierarchy import hierarchy_time
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message, reduce_time
from mlsysim.symbolic.walls.fleet.communication.pipeline import stage_rate, stages_apart
from mlsysim.symbolic.walls.fleet.communication.tensor import tensor_inside, tensor_nodes
from mlsysim.symbolic.walls.node.batching.cache import token_cache
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved
from mlsysim.symbolic.walls.node.serving import chunked_prefill, request
from mlsysim.symbolic.walls.node.serving.chunked_prefill import (
    chunk_memory,
    chunk_time,
    chunks,
    read_again,
    stall_chunked,
)
from mlsysim.symbolic.walls.node.serving.request import decode_compute, decode_memory, decode_time
from mlsysim.symbolic.walls.node.serving.wall import prefill_compute

group_prompts = count("serving.group_prompts", r"n_{\mathrm{pr}}", "prompts of a prefill pass", high=512)
prompt_compute = time("serving.prompt_compute", r"T_{\mathrm{pr,F}}", "least time of the work of a prompt")
prompt_written = data("serving.prompt_written", r"D_{\mathrm{pr,w}}", "keys and values that a prompt writes")
prompt_reread = data("serving.prompt_reread", r"D_{\mathrm{pr,r}}", "keys and values that its chunks read again")
prompt_moved = data("serving.prompt_moved", r"D_{\mathrm{pr}}", "keys and values that a prompt writes and reads")
prompt_memory = time("serving.prompt_memory", r"T_{\mathrm{pr,BW}}", "least time of these keys and values")
prompt_time = time("serving.prompt_time", r"T_{\mathrm{pr}}", "time that a prompt adds to a stage")
ridden_time = time("serving.ridden", r"T_{\mathrm{dec+pr}}", "time of a decode step and a chunk that rides in it")
prompt_message = data("communication.prompt_message", r"M_{\mathrm{pr}}", "activations of a prompt", display="MB")
prompt_reduce = time(
    "communication.prompt_reduce", r"T_{\mathrm{AR,pr}}", "what a prompt adds to the all-reduces", low=0
)
prompt_hop = time("communication.prompt_hop", r"T_{\mathrm{hop,pr}}", "passing a prompt to the next stage")
prompt_layers = time(
    "communication.prompt_layers", r"T_{\mathrm{TP,pr}}", "what it adds to all layers of a stage", low=0
)
prompt_stages = time("communication.prompt_stages", r"T_{\mathrm{PP,pr}}", "what it adds to the hand-over", low=0)
prompt_exchange = time(
    "communication.prompt", r"T_{\mathrm{comm,pr}}", "communication that a prompt adds to a stage", low=0
)

# Its work and its data.
prompts_of_group = define(
    equation(group_prompts, group_requests / one_sample), because="every request of a group has a prompt"
)
equal_prompts = apply(
    shares.law,
    {shares.share: prompt_compute, shares.shares: group_prompts, shares.whole: prefill_compute},
    because="prompts are equal, and computed one at a time, in as many chunks as it takes",
    cite="agrawal2024",
)
work_of_prompt = substitute(
    equal_prompts,
    prompts_of_group,
    result=equation(prompt_compute, prefill_compute * one_sample / group_requests),
    because="count the prompts of a prefill pass",
    when=TRANSFORMER_SERVING,
)
cached_again = apply(
    chunked_prefill.price_of_chunks, {}, because="each chunk reads those before it", when=TRANSFORMER_SERVING
)
written_once = apply(
    in_turn.law,
    {in_turn.whole: prompt_written, in_turn.parts: one_sample * sequence, in_turn.part: token_cache},
    because="each token is written once",
)
read_by_chunks = apply(
    in_turn.law,
    {in_turn.whole: prompt_reread, in_turn.parts: one_sample * read_again, in_turn.part: token_cache},
    because="and read again by every later chunk",
)
written_and_read = total(
    written_once,
    read_by_chunks,
    result=equation(prompt_moved, prompt_written + prompt_reread),
    because="weights are read with the decode step that the chunk rides in",
    cite="agrawal2024",
)
data_of_prompt = substitute(
    written_and_read,
    written_once,
    read_by_chunks,
    result=equation(prompt_moved, one_sample * (sequence + read_again) * token_cache),
    because="name both",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
memory_of_prompt = apply(
    memory.law,
    {moved: prompt_moved, memory_time: prompt_memory},
    because="the law of bandwidth",
    when=TRANSFORMER_SERVING,
)
rides = apply(
    chunked_prefill.stall_of_chunk,
    {stall_chunked: ridden_time, chunk_time: prompt_compute / chunks, chunk_memory: prompt_memory / chunks},
    because="a chunk has its share of the prompt's work and data",
)
all_chunks = define(
    equation(prompt_time, chunks * (ridden_time - decode_time)),
    because="each chunk adds what its step takes longer than without it",
)
prompt_adds = substitute(
    all_chunks,
    rides,
    result=equation(
        prompt_time,
        chunks * (Max(decode_compute + prompt_compute / chunks, decode_memory + prompt_memory / chunks) - decode_time),
    ),
    because="name the time of a step with a chunk",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)

# Its messages.
prompt_data = apply(
    payload.law,
    {payload.payload: prompt_message, payload.tokens: one_sample * sequence, payload.width: hidden},
    because="the activations of every token of the prompt",
    when=TRANSFORMER_SERVING,
)
prompt_all_reduce = apply(
    hierarchy.levels_streaming,
    {
        hierarchy_time: prompt_reduce,
        message: prompt_message,
        placement.inside: tensor_inside,
        placement.outside: tensor_nodes,
    },
    because="chunks ride in messages that are sent anyway, so they only stream",
    when=TRANSFORMER_SERVING,
)
prompt_pass = apply(
    messages.one_message,
    {hop: prompt_hop, message: prompt_message, latency: 0, bandwidth: stage_rate},
    because="chunks ride in messages that are sent anyway, so they only stream",
    when=TRANSFORMER_SERVING,
)
prompt_sums = apply(
    request.exchanges,
    {request.exchange: prompt_layers, reduce_time: prompt_reduce},
    because="attention and feed-forward layer each reduce once",
)
prompt_onward = define(
    equation(prompt_stages, stages_apart * prompt_hop), because="and where there is a next stage, it gets the output"
)
prompt_both = total(
    prompt_sums,
    prompt_onward,
    result=equation(prompt_exchange, prompt_layers + prompt_stages),
    because="one after the other",
)
prompt_all = substitute(
    prompt_both,
    prompt_sums,
    prompt_onward,
    result=equation(prompt_exchange, 2 * stage_layers * prompt_reduce + stages_apart * prompt_hop),
    because="name both",
    cite="shoeybi2019",
    when=TRANSFORMER_SERVING,
)
