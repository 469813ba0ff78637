"""How long a request holds its slot: it waits for its turn in prefill, is read in, and is answered token by token."""

from sympy import Max, Min

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import one_sample
from mlsysim.symbolic.foundations.split import group_requests
from mlsysim.symbolic.quantity import PROFILED_SERVING, TRANSFORMER_SERVING, count, time
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, substitute, total
from mlsysim.symbolic.systems.serving import engine, turn
from mlsysim.symbolic.systems.serving.engine import bare_step, chunk_step, step_decode, step_exchange, step_prompt
from mlsysim.symbolic.systems.serving.long_step import long_step
from mlsysim.symbolic.systems.serving.steps import mean_step
from mlsysim.symbolic.systems.serving.turn import turn_mean
from mlsysim.symbolic.walls.node.serving import work
from mlsysim.symbolic.walls.node.serving.chunked_prefill import chunks
from mlsysim.symbolic.walls.node.serving.request import answers

# With all slots taken, every slot changes hands once while one does.
own_steps = count("serving.own_steps", r"n_{\mathrm{own}}", "steps that a request needs for itself", high=8192)
group_chunks = count("serving.group_chunks", r"n_{\mathrm{chunks,g}}", "chunks of the prompts of a group", high=8192)
rounds = count("serving.rounds", r"n_{\mathrm{step}}", "steps in which a slot is held, all slots taken", high=8192)
rounds_alone = time("serving.rounds_alone", r"S_{0}", "time of these steps without chunks")
rounds_prompts = time("serving.rounds_prompts", r"S_{+}", "time that the prompts of a group add to them")
full_hold = time("serving.full_hold", r"S_{\mathrm{full}}", "time in which a slot is held, all slots taken")

steps_of_its_own = total(
    engine.chunk_count,
    work.steps_of_answer,
    result=equation(own_steps, chunks + answers),
    because="a request takes a step for each chunk and each further token",
    cite="agrawal2024",
)
chunks_of_group = apply(
    in_turn.law,
    {in_turn.whole: group_chunks, in_turn.parts: group_requests / one_sample, in_turn.part: chunks},
    because="while a slot changes hands once, so do all others of its group",
)
more_of_both = bottleneck(
    steps_of_its_own,
    chunks_of_group,
    result=equation(rounds, Max(own_steps, group_chunks)),
    because="with at most one chunk in a step, a slot is held for its own steps or for the chunks of all",
    cite="agrawal2024",
)
rounds_of_slot = substitute(
    more_of_both,
    steps_of_its_own,
    chunks_of_group,
    result=equation(rounds, Max(answers + chunks, group_requests / one_sample * chunks)),
    because="count both",
    cite="agrawal2024",
    when=TRANSFORMER_SERVING,
)
decode_of_rounds = apply(
    in_turn.law,
    {in_turn.whole: rounds_alone, in_turn.parts: rounds, in_turn.part: bare_step},
    because="decode in every step",
)
prompts_of_rounds = apply(
    in_turn.law,
    {in_turn.whole: rounds_prompts, in_turn.parts: group_chunks, in_turn.part: step_prompt},
    because="and the prompts of all slots of a group, chunk after chunk",
)
rounds_take = total(
    decode_of_rounds,
    prompts_of_rounds,
    result=equation(full_hold, rounds_alone + rounds_prompts),
    because="chunks add to the steps that they ride in",
)
hold_when_full = substitute(
    rounds_take,
    decode_of_rounds,
    prompts_of_rounds,
    chunks_of_group,
    engine.step_alone,
    result=equation(
        full_hold, rounds * (step_decode + step_exchange) + group_requests / one_sample * chunks * step_prompt
    ),
    because="name both",
    when=TRANSFORMER_SERVING,
)
full_pass = define(
    equation(full_hold, long_step), because="passes take their places, taken or not", when=PROFILED_SERVING
)

# At the traffic of the plan.
reading_time = time("serving.reading_time", r"S_{\mathrm{read}}", "steps in which a prompt is read in")
answer_time = time("serving.answer_time", r"S_{\mathrm{ans}}", "steps of its answer, on average")
open_hold = time("serving.open_hold", r"S_{\mathrm{open}}", "time in a slot, however many arrive")
held = time("serving.held", r"S_{\mathrm{slot}}", "mean time in which a request holds its slot")

reads_in = apply(
    in_turn.law,
    {in_turn.whole: reading_time, in_turn.parts: chunks, in_turn.part: chunk_step},
    because="a step for each chunk",
    cite="agrawal2024",
)
writes_on = apply(
    in_turn.law,
    {in_turn.whole: answer_time, in_turn.parts: answers, in_turn.part: mean_step},
    because="a step for each further token",
)
one_after_another = total(
    turn.mean_turn,
    reads_in,
    writes_on,
    result=equation(open_hold, turn_mean + reading_time + answer_time),
    because="its turn, its chunks and its answer",
)
never_longer = define(
    equation(held, Min(full_hold, open_hold)), because="no slot is held longer than with all slots taken"
)
slot_held = substitute(
    never_longer,
    one_after_another,
    reads_in,
    writes_on,
    result=equation(held, Min(full_hold, turn_mean + chunks * chunk_step + answers * mean_step)),
    because="name the parts",
    when=TRANSFORMER_SERVING,
)
pass_held = define(equation(held, long_step), because="a pass answers all that is in it", when=PROFILED_SERVING)
