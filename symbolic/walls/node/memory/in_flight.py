"""In flight: how many layers' activations the first stage of a pipeline holds at once."""

from sympy import oo

from mlsysim.symbolic.foundations.inputs import chunks, layers, pipeline
from mlsysim.symbolic.quantity import Quantity, count, ratio
from mlsysim.symbolic.rules import apply, define, equation, given, limit, rewrite, specialise, substitute

flying = count("memory.flying", r"n_{\mathrm{fly}}", "chunks whose activations the first stage holds", high=128)
chunk_layers = Quantity("memory.chunk_layers", r"\ell_{v}", "1", "layers of a chunk", low=1, high=128)
layers_held = Quantity("memory.layers_held", r"L_{\mathrm{fly}}", "1", "layers whose activations it holds", low=1)
layers_plain = Quantity("memory.layers_plain", r"L_{\mathrm{1F1B}}", "1", "the same without interleaving", low=1)
layers_interleaved = Quantity("memory.layers_interleaved", r"L_{v}", "1", "the same with interleaving", low=1)
interleaving = ratio("memory.interleaving", r"\phi_{v}", "memory that interleaving takes, per that without it", high=2)

chunk_size = define(equation(chunk_layers, layers / (pipeline * chunks)), because="stages and chunks share the layers")
held_chunks = define(equation(layers_held, flying * chunk_layers), because="each holds its layers")
held_layers = substitute(
    held_chunks,
    chunk_size,
    result=equation(layers_held, flying * layers / (pipeline * chunks)),
    because="name the layers of a chunk",
)
plain_flight = given(
    equation(flying, pipeline),
    because="the first stage starts p microbatches before the first one comes back",
    cite="narayanan2021",
)
plain_layers = apply(
    specialise(
        substitute(
            held_layers,
            plain_flight,
            result=equation(layers_held, pipeline * layers / (pipeline * chunks)),
            because="one forward, one backward",
        ),
        {chunks: 1},
        equation(layers_held, layers),
        because="p microbatches of a p-th of the layers are all of them",
        cite="korthikanti2022",
    ),
    {layers_held: layers_plain},
    because="without interleaving",
)
interleaved_flight = given(
    equation(flying, 2 * (pipeline - 1) + (chunks - 1) * pipeline + 1),
    because="with v chunks it warms up over all but the last round, two more for every stage behind it, and starts one",
    cite="narayanan2021",
)
interleaved_layers = substitute(
    held_layers,
    interleaved_flight,
    result=equation(layers_held, (2 * (pipeline - 1) + (chunks - 1) * pipeline + 1) * layers / (pipeline * chunks)),
    because="interleaved",
)
interleaved_held = apply(
    rewrite(
        interleaved_layers,
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
