"""Chunked prefill: a prompt in pieces, so that no decode step waits for all of it."""

from sympy import Max, Sum, Symbol

from mlsysim.symbolic.facets import Field
from mlsysim.symbolic.foundations import dealing
from mlsysim.symbolic.foundations.inputs import efficiency, one_position, one_token, peak, sequence, tensor
from mlsysim.symbolic.foundations.split import stage_layers
from mlsysim.symbolic.quantity import Quantity, count, time
from mlsysim.symbolic.rules import apply, equation, given, rewrite, solve, specialise, substitute, summed
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.compute.wall import attention_pair, compute_time, layer_forward, work
from mlsysim.symbolic.walls.node.serving import prefix
from mlsysim.symbolic.walls.node.serving.prefix import prompt_work, reused
from mlsysim.symbolic.walls.node.serving.request import decode_compute, decode_memory, decode_time, prefill_time

index = Symbol("i", integer=True, positive=True)

chunk = Quantity(
    "serving.chunk",
    r"q_{\mathrm{chunk}}",
    "token/sample",
    "tokens of a chunk of prefill",
    low=1,
    high=16,
    integer=True,
    field=Field("serving.chunk", "tokens of a prompt that one step takes", "vLLM's", "token", most=1e7),
)
chunks = count("serving.chunks", r"n_{\mathrm{chunk}}", "chunks of a prompt", high=4096)
chunk_work = Quantity(
    "serving.chunk_work", r"o_{\mathrm{chunk}}", "flop", "work of a layer on the last chunk", display="TFLOP", high=1e18
)
chunk_time = time("serving.chunk_time", r"T_{\mathrm{chunk}}", "time to compute the last chunk on a stage")
chunk_memory = time("serving.chunk_memory", r"T_{\mathrm{chunk,BW}}", "time in which the last chunk reads its prompt")
stall_whole = time("serving.stall_whole", r"T_{\mathrm{stall}}", "longest gap between tokens when a prompt goes first")
stall_chunked = time(
    "serving.stall_chunked", r"T_{\mathrm{stall,q}}", "longest gap between tokens with chunked prefill"
)
stall_short = time("serving.stall_short", r"T_{\mathrm{stall,s}}", "the same where weights take most of the work")
budget = Quantity("serving.budget", r"q_{\max}", "token/sample", "largest chunk that keeps a gap", low=1, high=1e6)
read_again = Quantity(
    "serving.read_again", r"n_{\mathrm{again}}", "token/sample", "cached tokens that the chunks of a prompt read again"
)

whole_stall = given(
    equation(stall_whole, decode_time + prefill_time),
    because="decodes that wait for a prompt wait for all of it",
    cite="agrawal2024",
)
chunk_count = apply(
    dealing.boxes_law,
    {dealing.boxes: chunks, dealing.everything: sequence, dealing.takers: chunk},
    because="a prompt is cut into equal chunks, and what is left over into one more",
    cite="agrawal2024",
)
last_chunk = apply(
    prefix.prompt_closed,
    {prompt_work: chunk_work, reused: sequence - chunk},
    because="the last chunk finds all others cached, and attends to most",
)
last_chunk_work = rewrite(
    last_chunk,
    equation(
        chunk_work,
        one_token
        * chunk
        / one_position
        * (layer_forward + attention_pair * one_token * (sequence / one_position - (chunk / one_position - 1) / 2)),
    ),
    because="on average its tokens attend to all but half a chunk",
)
time_of_chunk = apply(
    compute.law,
    {work: stage_layers * chunk_work / tensor, compute_time: chunk_time},
    because="the law of compute, on every layer of the stage",
)
stall_of_chunk = given(
    equation(stall_chunked, Max(decode_compute + chunk_time, decode_memory + chunk_memory)),
    because="every step decodes all requests and computes at most one chunk: what decoding leaves of the arithmetic, "
    "while it waits for data, is the chunk's",
    cite="agrawal2024",
)
stall_on_top = specialise(
    stall_of_chunk,
    {decode_memory: 0, chunk_memory: 0, decode_compute: decode_time},
    equation(stall_chunked, decode_time + chunk_time),
    because="where arithmetic decides, the chunk comes on top",
)
stall_law = substitute(
    stall_on_top,
    time_of_chunk,
    last_chunk_work,
    result=equation(
        stall_chunked,
        decode_time
        + stage_layers
        / tensor
        * one_token
        * chunk
        / one_position
        * (layer_forward + attention_pair * one_token * (sequence / one_position - (chunk / one_position - 1) / 2))
        / (peak * efficiency),
    ),
    because="name the time of a chunk",
    cite="agrawal2024",
)
short_stall = apply(
    specialise(
        stall_law,
        {attention_pair: 0},
        equation(
            stall_chunked,
            decode_time
            + stage_layers / tensor * one_token * chunk / one_position * layer_forward / (peak * efficiency),
        ),
        because="the prompt's length no longer matters",
    ),
    {stall_chunked: stall_short, chunk: budget},
    because="where weights take most of the work",
)
budget_law = solve(
    short_stall,
    budget,
    equation(
        budget,
        (stall_short - decode_time)
        * peak
        * efficiency
        * tensor
        * one_position
        / (stage_layers * one_token * layer_forward),
    ),
    because="what a promised gap leaves beside decoding is the budget for prefill",
    cite="agrawal2024",
)
earlier_chunks = given(
    equation(read_again, Sum((index - 1) * chunk, (index, 1, chunks))),
    because="the i-th chunk reads the keys and values of the i - 1 before it",
    cite="agrawal2024",
)
price_of_chunks = summed(
    earlier_chunks,
    equation(read_again, chunk * chunks * (chunks - 1) / 2),
    because="the first chunk is read by all others, the next by all but one, and so on",
)
