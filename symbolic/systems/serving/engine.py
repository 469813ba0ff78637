"""An engine that batches continuously: every step decodes the requests in its slots, and computes a chunk of one prompt.

Decode is counted with every slot taken; with fewer requests a step is shorter.
"""

from mlsysim.symbolic.foundations import in_turn, shares
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
    slots,
    tensor,
    value_bytes,
)
from mlsysim.symbolic.foundations.split import group_requests
from mlsysim.symbolic.quantity import PROFILED_SERVING, TRANSFORMER_SERVING, time
from mlsysim.symbolic.rules import apply, define, equation, substitute, total
from mlsysim.symbolic.systems.serving import prompt
from mlsysim.symbolic.systems.serving.prompt import prompt_exchange, prompt_time
from mlsysim.symbolic.walls.fleet.communication.passes import decode_exchange
from mlsysim.symbolic.walls.node.batching.space import passing, prompt_space, space_of_tokens
from mlsysim.symbolic.walls.node.serving import chunked_prefill, routing
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunk, chunks
from mlsysim.symbolic.walls.node.serving.reading import decode_touched
from mlsysim.symbolic.walls.node.serving.request import decode_time
from mlsysim.symbolic.walls.node.serving.routing import tokens, touched

batch_of_slots = apply(
    in_turn.law,
    {in_turn.whole: batch, in_turn.parts: replicas, in_turn.part: slots},
    because="every replica has its slots",
    when=TRANSFORMER_SERVING,
)
batch_of_slots_profiled = apply(
    in_turn.law,
    {in_turn.whole: batch, in_turn.parts: devices, in_turn.part: slots},
    because="every accelerator has its slots",
    when=PROFILED_SERVING,
)
one_chunk = define(equation(passing, chunk * one_sample), because="prompts pass through prefill in chunks")
prompt_in_chunks = substitute(
    space_of_tokens,
    one_chunk,
    result=equation(prompt_space, chunk * one_sample * value_bytes * (2 * hidden + ffn_matrices * ffn_width / tensor)),
    because="count the tokens of a chunk",
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

# A step through all stages: decode, and the chunk that rides in it.
step_decode = time("serving.step_decode", r"T_{\mathrm{step,dec}}", "decode in a step")
step_exchange = time("serving.step_exchange", r"T_{\mathrm{step,x}}", "communication of decode in a step", low=0)
bare_step = time("serving.bare_step", r"T_{\mathrm{step},0}", "time of a step in which no chunk rides")
stage_adds = time("serving.stage_adds", r"T_{\mathrm{pr},\ell}", "all that a prompt adds to a stage")
chunk_stage = time("serving.chunk_stage", r"T_{\mathrm{pr,chunk}}", "what a chunk adds to a stage, on average")
step_prompt = time("serving.step_prompt", r"T_{\mathrm{step,pr}}", "what a chunk adds to a step, on average")
chunk_step = time("serving.chunk_step", r"T_{\mathrm{step,chunk}}", "time of a step in which a chunk rides, on average")

decode_in_step = apply(
    in_turn.law,
    {in_turn.whole: step_decode, in_turn.parts: pipeline, in_turn.part: decode_time},
    because="a token passes every stage",
    cite="pope2022",
    when=TRANSFORMER_SERVING,
)
exchange_in_step = apply(
    in_turn.law,
    {in_turn.whole: step_exchange, in_turn.parts: pipeline, in_turn.part: decode_exchange},
    because="a token passes every stage",
    cite="pope2022",
    when=TRANSFORMER_SERVING,
)
step_alone = total(
    decode_in_step,
    exchange_in_step,
    result=equation(bare_step, step_decode + step_exchange),
    because="a step decodes and exchanges",
)
prompt_on_stage = total(
    prompt.prompt_adds,
    prompt.prompt_all,
    result=equation(stage_adds, prompt_time + prompt_exchange),
    because="a prompt is computed and exchanged",
)
chunk_on_stage = apply(
    shares.law,
    {shares.share: chunk_stage, shares.shares: chunks, shares.whole: stage_adds},
    because="a prompt adds the same in all of its chunks together",
    cite="agrawal2024",
)
chunk_on_stages = apply(
    in_turn.law,
    {in_turn.whole: step_prompt, in_turn.parts: pipeline, in_turn.part: chunk_stage},
    because="a chunk passes every stage",
)
prompt_in_step = substitute(
    chunk_on_stages,
    chunk_on_stage,
    prompt_on_stage,
    result=equation(step_prompt, pipeline * (prompt_time + prompt_exchange) / chunks),
    because="name what a chunk adds to a stage",
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
