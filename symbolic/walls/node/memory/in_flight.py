"""In flight: how many layers' activations the stages of a pipeline hold at once."""

from sympy import Eq, Min, Piecewise, oo

from mlsysim.symbolic.foundations import in_turn
from mlsysim.symbolic.foundations.inputs import chunks, layers, pipeline
from mlsysim.symbolic.foundations.split import first_layers, microbatches, share_layers, stage_layers, tail_layers
from mlsysim.symbolic.quantity import TRANSFORMER_TRAINING, Quantity, count, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, specialise, substitute
from mlsysim.symbolic.walls.fleet.communication import places
from mlsysim.symbolic.walls.fleet.communication.places import chunk_layers

place = count("memory.place", "j", "stages before a stage", low=0)
started = count("memory.started", r"n_{\mathrm{1F1B}}", "microbatches that a stage starts before one comes back")
flying = count("memory.flying", r"n_{\mathrm{fly}}", "chunks whose activations a stage holds", high=128)
odd_chunk = count("memory.odd_chunk", r"n_{\mathrm{odd}}", "of them, those of the chunk that differs", high=128)
end_layers = count("memory.end_layers", r"\ell_{\mathrm{end}}", "layers of a stage at an end", low=0, high=32)
layers_held = Quantity("memory.layers_held", r"L_{\mathrm{fly}}", "1", "layers whose activations a stage holds", low=1)
first_in_turn = Quantity("memory.first_in_turn", r"\phi_{1}", "1", "those of the first stage without interleaving")
second_in_turn = Quantity("memory.second_in_turn", r"\phi_{2}", "1", "those of the second without")
in_flight = ratio("memory.in_flight", r"\phi", "layers whose activations the first stage holds", low=1, high=128)
in_flight_between = ratio(
    "memory.in_flight_between",
    r"\phi_{\mathrm{mid}}",
    "layers whose activations the second stage holds",
    low=0,
    high=128,
)
in_flight_last = ratio(
    "memory.in_flight_last", r"\phi_{\mathrm{last}}", "layers whose activations the last stage holds", low=0, high=128
)
layers_plain = Quantity("memory.layers_plain", r"L_{\mathrm{1F1B}}", "1", "the same without interleaving", low=1)
layers_interleaved = Quantity("memory.layers_interleaved", r"L_{v}", "1", "the same with interleaving", low=1)
interleaving = ratio("memory.interleaving", r"\phi_{v}", "memory that interleaving takes, per that without it", high=2)

# One forward, one backward.
plain_flight = given(
    equation(started, Min(microbatches, pipeline - place)),
    because="one for itself and for every stage behind it, if there are as many",
    cite="narayanan2021",
)
first_starts = specialise(
    plain_flight,
    {place: 0},
    equation(started, Min(microbatches, pipeline)),
    because="the first stage has none before it",
)
second_starts = specialise(
    plain_flight, {place: 1}, equation(started, Min(microbatches, pipeline - 1)), because="the second has one"
)
first_held_in_turn = substitute(
    apply(
        in_turn.law,
        {in_turn.whole: first_in_turn, in_turn.parts: started, in_turn.part: first_layers},
        because="every microbatch is held in every layer of the stage",
    ),
    first_starts,
    result=equation(first_in_turn, Min(microbatches, pipeline) * first_layers),
    because="count the microbatches",
)
second_held_in_turn = substitute(
    apply(
        in_turn.law,
        {in_turn.whole: second_in_turn, in_turn.parts: started, in_turn.part: stage_layers},
        because="every microbatch is held in every layer of the stage",
    ),
    second_starts,
    result=equation(second_in_turn, Min(microbatches, pipeline - 1) * stage_layers),
    because="count the microbatches",
)

# Interleaved: v chunks a stage, in rounds of p microbatches.
interleaved_flight = given(
    equation(flying, 2 * (pipeline - 1 - place) + (chunks - 1) * pipeline + 1),
    because="it warms up over all rounds but the last, two more for every stage behind it, and starts one",
    cite="narayanan2021",
)
rounds_of_the_others = given(
    equation(odd_chunk, flying - (chunks - 1) * pipeline),
    because="at either end of the pipeline a stage holds a whole round of every chunk but one: the first stage's first "
    "chunk, which begins the next round, and the last stage's last chunk, which ends this one",
    cite="narayanan2021",
)
held_chunks = define(
    equation(layers_held, flying * chunk_layers - odd_chunk * (share_layers - end_layers)),
    because="every chunk holds its layers; what an end lacks of an equal share is lacking in the chunk that differs",
)
held_layers = substitute(
    held_chunks,
    places.chunk_of_a_share,
    rounds_of_the_others,
    interleaved_flight,
    result=equation(
        layers_held,
        (2 * (pipeline - 1 - place) + (chunks - 1) * pipeline + 1) * share_layers / chunks
        - (2 * (pipeline - 1 - place) + 1) * (share_layers - end_layers),
    ),
    because="count the chunks and their layers",
)
first_interleaved = specialise(
    held_layers,
    {place: 0, end_layers: first_layers},
    equation(
        layers_held,
        share_layers * (pipeline + (pipeline - 1) / chunks) - (share_layers - first_layers) * (2 * pipeline - 1),
    ),
    because="the first stage: p v and p - 1 more",
    cite="korthikanti2022",
)
second_interleaved = specialise(
    held_layers,
    {place: 1, end_layers: stage_layers, share_layers: stage_layers},
    equation(layers_held, stage_layers * (pipeline + (pipeline - 3) / chunks)),
    because="the second stage lacks nothing, and starts two chunks fewer",
    cite="narayanan2021",
)
last_interleaved = specialise(
    held_layers,
    {place: pipeline - 1, end_layers: tail_layers},
    equation(layers_held, share_layers * (pipeline - (pipeline - 1) / chunks) - (share_layers - tail_layers)),
    because="the last stage holds a round of every chunk but the last, and that once; without interleaving, only that",
    cite="narayanan2021",
)

# What a plan holds.
first_of_the_plan = define(
    equation(in_flight, Piecewise((first_in_turn, Eq(chunks, 1)), (layers_held, True))),
    because="the plan interleaves or it does not",
)
layers_in_flight = substitute(
    first_of_the_plan,
    first_held_in_turn,
    first_interleaved,
    result=equation(
        in_flight,
        Piecewise(
            (Min(microbatches, pipeline) * first_layers, Eq(chunks, 1)),
            (
                share_layers * (pipeline + (pipeline - 1) / chunks)
                - (share_layers - first_layers) * (2 * pipeline - 1),
                True,
            ),
        ),
    ),
    because="the first stage starts as many microbatches as there are stages before one returns; "
    "interleaved, its first chunk starts p and p - 1 more",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
second_of_the_plan = define(
    equation(in_flight_between, Piecewise((second_in_turn, Eq(chunks, 1)), (layers_held, True))), because="likewise"
)
layers_in_flight_between = substitute(
    second_of_the_plan,
    second_held_in_turn,
    second_interleaved,
    result=equation(
        in_flight_between,
        stage_layers
        * Piecewise((Min(microbatches, pipeline - 1), Eq(chunks, 1)), (pipeline + (pipeline - 3) / chunks, True)),
    ),
    because="the second stage starts one microbatch fewer, interleaved two chunks fewer",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
layers_in_flight_last = apply(
    last_interleaved,
    {layers_held: in_flight_last},
    because="the last stage, in either schedule",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)

# The published cases: all stages hold as many layers.
plain_layers = apply(
    specialise(
        layers_in_flight,
        {chunks: 1, microbatches: pipeline, first_layers: layers / pipeline},
        equation(in_flight, layers),
        because="p microbatches of a p-th of the layers are all of them",
        cite="korthikanti2022",
    ),
    {in_flight: layers_plain},
    because="without interleaving",
)
interleaved_held = apply(
    specialise(
        first_interleaved,
        {share_layers: layers / pipeline, first_layers: layers / pipeline},
        equation(layers_held, layers * (1 + (pipeline - 1) / (pipeline * chunks))),
        because="p v + p - 1 chunks",
        cite="korthikanti2022",
    ),
    {layers_held: layers_interleaved},
    because="with interleaving",
)
interleaved_ratio = define(
    equation(interleaving, layers_interleaved / layers_plain), because="interleaving against none"
)
interleaved_factor = substitute(
    interleaved_ratio,
    interleaved_held,
    plain_layers,
    result=equation(interleaving, 1 + (pipeline - 1) / (pipeline * chunks)),
    because="the layers cancel",
    cite="korthikanti2022",
)
interleaving_vanishes = limit(
    interleaved_factor, chunks, oo, equation(interleaving, 1), because="the smaller the chunks, the less it costs"
)
