"""An engine that batches continuously: every step decodes the requests in its slots, and computes a chunk of one prompt.

Decode is counted with every slot taken; with fewer requests a step is shorter.
"""

from sympy import Max

from mlsysim.symbolic.foundations.inputs import (
    batch,
    devices,
    ffn_matrices,
    ffn_width,
    hidden,
    one_sample,
    one_token,
    pipeline,
    replicas,
    sequence,
    slots,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.results import stage_time
from mlsysim.symbolic.foundations.split import group_requests, stage_layers
from mlsysim.symbolic.quantity import PROFILED_SERVING, TRANSFORMER_SERVING, data, time
from mlsysim.symbolic.rules import apply, define, equation, total
from mlsysim.symbolic.walls.fleet.communication import messages
from mlsysim.symbolic.walls.fleet.communication.messages import bandwidth, hop, latency, message, ranks, reduce_time
from mlsysim.symbolic.walls.fleet.communication.passes import decode_exchange
from mlsysim.symbolic.walls.fleet.communication.pipeline import stage_rate, stages_apart
from mlsysim.symbolic.walls.fleet.communication.tensor import tensor_rate
from mlsysim.symbolic.walls.node.batching.wall import prompt_space, token_cache
from mlsysim.symbolic.walls.node.compute.wall import compute_time
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.memory.wall import memory_time, moved, roofline_time
from mlsysim.symbolic.walls.node.serving import chunked_prefill, routing
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunk, chunk_time, chunks, read_again
from mlsysim.symbolic.walls.node.serving.request import decode_time
from mlsysim.symbolic.walls.node.serving.routing import tokens, touched
from mlsysim.symbolic.walls.node.serving.wall import decode_touched, prefill_compute

batch_of_slots = define(
    equation(batch, slots * replicas), because="every replica has its slots", when=TRANSFORMER_SERVING
)
batch_of_slots_profiled = define(
    equation(batch, slots * devices), because="every accelerator has its slots", when=PROFILED_SERVING
)
prompt_in_chunks = define(
    equation(prompt_space, chunk * one_sample * value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)),
    because="a layer's input and output and the widest vectors between them, for every token of a chunk",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
chunk_count = apply(
    chunked_prefill.chunk_count, {}, because="the law of chunked prefill", cite="agrawal2024", when=TRANSFORMER_SERVING
)
experts_in_step = apply(
    routing.experts_read,
    {touched: decode_touched, tokens: group_requests / one_sample * one_token + chunk * one_sample},
    because="a step reads for one token of each request, and for a chunk",
    when=TRANSFORMER_SERVING,
)

# What a prompt adds to the steps that its chunks ride in, on one stage.
prompt_compute = time("serving.prompt_compute", r"T_{\mathrm{pr,F}}", "least time of the work of a prompt")
prompt_moved = data("serving.prompt_moved", r"D_{\mathrm{pr}}", "keys and values that a prompt writes and reads")
prompt_memory = time("serving.prompt_memory", r"T_{\mathrm{pr,BW}}", "least time of these keys and values")
prompt_time = time("serving.prompt_time", r"T_{\mathrm{pr}}", "time that a prompt adds to a stage")
prompt_message = data("communication.prompt_message", r"M_{\mathrm{pr}}", "activations of a prompt", display="MB")
prompt_reduce = time(
    "communication.prompt_reduce", r"T_{\mathrm{AR,pr}}", "what a prompt adds to the all-reduces", low=0
)
prompt_hop = time("communication.prompt_hop", r"T_{\mathrm{hop,pr}}", "passing a prompt to the next stage")
prompt_exchange = time(
    "communication.prompt", r"T_{\mathrm{comm,pr}}", "communication that a prompt adds to a stage", low=0
)

work_of_prompt = define(
    equation(prompt_compute, prefill_compute * one_sample / group_requests),
    because="prompts are computed one at a time, in as many chunks as it takes",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
cached_again = apply(
    chunked_prefill.price_of_chunks, {}, because="each chunk reads those before it", when=TRANSFORMER_SERVING
)
data_of_prompt = define(
    equation(prompt_moved, one_sample * (sequence + read_again) * token_cache),
    because="each token is written once; weights are read with the decode step that the chunk rides in",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
memory_of_prompt = apply(
    memory.law,
    {moved: prompt_moved, memory_time: prompt_memory},
    because="the law of bandwidth",
    when=TRANSFORMER_SERVING,
)
prompt_roofline = apply(
    memory.roofline,
    {roofline_time: prompt_time, compute_time: prompt_compute, memory_time: prompt_memory},
    because="the roofline of a prompt",
    when=TRANSFORMER_SERVING,
)
prompt_data = define(
    equation(prompt_message, one_sample * sequence * hidden * value_bytes),
    because="the activations of every token of the prompt",
    when=TRANSFORMER_SERVING,
)
prompt_all_reduce = apply(
    messages.streaming,
    {reduce_time: prompt_reduce, message: prompt_message, ranks: tensor, bandwidth: tensor_rate},
    because="chunks ride in messages that are sent anyway, so they only stream",
    when=TRANSFORMER_SERVING,
)
prompt_pass = apply(
    messages.one_message,
    {hop: prompt_hop, message: prompt_message, latency: 0, bandwidth: stage_rate},
    because="chunks ride in messages that are sent anyway, so they only stream",
    when=TRANSFORMER_SERVING,
)
prompt_all = define(
    equation(prompt_exchange, 2 * stage_layers * prompt_reduce + stages_apart * prompt_hop),
    because="attention and feed-forward layer each reduce once",
    cite="shoeybi2019",
    when=TRANSFORMER_SERVING,
)

# A step through all stages: decode, and the chunk that rides in it.
step_decode = time("serving.step_decode", r"T_{\mathrm{step,dec}}", "decode in a step")
step_exchange = time("serving.step_exchange", r"T_{\mathrm{step,x}}", "communication of decode in a step", low=0)
step_prompt = time("serving.step_prompt", r"T_{\mathrm{step,pr}}", "what a chunk adds to a step, on average")
chunk_step = time("serving.chunk_step", r"T_{\mathrm{step,chunk}}", "time of a step in which a chunk rides, on average")
chunk_memory = time("serving.chunk_memory", r"T_{\mathrm{chunk,BW}}", "time in which the last chunk reads its prompt")
chunk_adds = time("serving.chunk_adds", r"T_{\mathrm{chunk,max}}", "most that a chunk adds to a step on a stage")
long_step = time(
    "serving.long_step", r"T_{\mathrm{step,max}}", "time of a step in which the last chunk of a prompt rides"
)

decode_in_step = define(
    equation(step_decode, pipeline * decode_time),
    because="a token passes every stage",
    cite="pope2022",
    when=TRANSFORMER_SERVING,
)
exchange_in_step = define(
    equation(step_exchange, pipeline * decode_exchange),
    because="a token passes every stage",
    cite="pope2022",
    when=TRANSFORMER_SERVING,
)
prompt_in_step = define(
    equation(step_prompt, pipeline * (prompt_time + prompt_exchange) / chunks),
    because="a prompt adds the same in all of its chunks together",
    when=TRANSFORMER_SERVING,
)
step_with_chunk = total(
    decode_in_step,
    exchange_in_step,
    prompt_in_step,
    result=equation(chunk_step, step_decode + step_exchange + step_prompt),
    because="what rides in a step adds to it",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
last_chunk = apply(
    chunked_prefill.last_chunk_work, {}, because="the last chunk attends to all others", when=TRANSFORMER_SERVING
)
last_chunk_computes = apply(
    chunked_prefill.time_of_chunk, {}, because="the law of chunked prefill", when=TRANSFORMER_SERVING
)
last_chunk_reads = apply(
    memory.law,
    {moved: one_sample * sequence * token_cache, memory_time: chunk_memory},
    because="the law of bandwidth, for the keys and values of the prompt",
    when=TRANSFORMER_SERVING,
)
last_chunk_adds = define(
    equation(chunk_adds, Max(chunk_time, chunk_memory) + prompt_exchange / chunks),
    because="its work or its data, and its part of the messages",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
longest_step = define(
    equation(long_step, step_decode + step_exchange + pipeline * chunk_adds),
    because="the last chunk attends to all others",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
longest_pass = define(equation(long_step, stage_time), because="all passes are alike", when=PROFILED_SERVING)
