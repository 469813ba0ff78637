"""Places: every rank of one kind meets every rank of the others, and stages hold chunks of equally many layers."""

from sympy import Eq, Max, Min, Piecewise

from mlsysim.symbolic.foundations import in_turn, shares
from mlsysim.symbolic.foundations.inputs import (
    chunks,
    context,
    devices,
    first_spared,
    last_spared,
    pipeline,
    replicas,
    tensor,
)
from mlsysim.symbolic.foundations.split import first_layers, share_layers, tail_layers
from mlsysim.symbolic.quantity import (
    TRANSFORMER,
    TRANSFORMER_INFERENCE,
    TRANSFORMER_SERVING,
    TRANSFORMER_TRAINING,
    count,
    ratio,
)
from mlsysim.symbolic.rules import apply, bottleneck, define, equation, rewrite, substitute
from mlsysim.symbolic.walls.fleet.communication.remainders import stray

stray_devices = stray("devices", r"\Delta_{N}", "accelerators by which the degrees miss the fleet")
stray_chunks = stray("chunks", r"\Delta_{v}", "chunks that a single stage cannot interleave")
stray_spared = stray("spared", r"\Delta_{\mathrm{ends}}", "layers that a single stage cannot be spared")
replica_ranks = count("split.replica_ranks", r"n_{\mathrm{rep}}", "accelerators of a replica")
context_places = count("split.context_places", r"n_{tpc}", "accelerators of all context ranks of a replica", high=4096)
places = count("split.places", r"N_{\mathrm{split}}", "places of the split", high=4096)
too_many = count("split.too_many", r"\Delta_{+}", "places without an accelerator", low=0)
too_few = count("split.too_few", r"\Delta_{-}", "accelerators without a place", low=0)
pieces = count("split.pieces", r"p v", "model chunks in all")
first_lacks = count("split.first_lacks", r"\ell_{-,\mathrm{first}}", "layers that the first stage lacks", low=0)
last_lacks = count("split.last_lacks", r"\ell_{-,\mathrm{last}}", "layers that the last stage lacks", low=0)
end_lacks = count("split.end_lacks", r"\ell_{-,\mathrm{end}}", "layers that an end of the pipeline lacks", low=0)
chunk_layers = ratio("split.chunk_layers", r"\ell_{v}", "layers of a chunk", low=1, high=32)

ranks_of_replica = apply(
    in_turn.law,
    {in_turn.whole: replica_ranks, in_turn.parts: tensor, in_turn.part: pipeline},
    because="every tensor rank stands in every stage; replicas have nothing to tell each other",
    when=TRANSFORMER_SERVING,
)
ranks_of_contexts = apply(
    in_turn.law,
    {in_turn.whole: context_places, in_turn.parts: replica_ranks, in_turn.part: context},
    because="and each of them for every part of a sequence",
)
places_of_replicas = apply(
    in_turn.law,
    {in_turn.whole: places, in_turn.parts: context_places, in_turn.part: replicas},
    because="and in every replica",
)
places_there = substitute(
    places_of_replicas,
    ranks_of_contexts,
    ranks_of_replica,
    result=equation(places, tensor * pipeline * context * replicas),
    because="a rank of every kind for every rank of the others",
    when=TRANSFORMER,
)
accelerators_lack = define(equation(too_many, places - devices), because="a place needs an accelerator")
accelerators_idle = define(equation(too_few, devices - places), because="an accelerator has one place")
either_way = bottleneck(
    accelerators_idle,
    accelerators_lack,
    result=equation(stray_devices, Max(too_few, too_many)),
    because="one is the other's opposite, and the one that is not negative counts",
)
fleet_used = substitute(
    either_way,
    accelerators_idle,
    accelerators_lack,
    result=equation(stray_devices, Max(devices - places, places - devices)),
    because="every accelerator has one place in the split",
    when=TRANSFORMER,
)

# Stages and their chunks.
chunks_used = apply(
    in_turn.law,
    {in_turn.whole: pieces, in_turn.parts: pipeline, in_turn.part: chunks},
    because="each chunk holds a layer at least",
    when=TRANSFORMER_TRAINING,
)
stages_used = define(
    equation(pieces, pipeline), because="each stage holds a layer at least", when=TRANSFORMER_INFERENCE
)
chunk_of_a_share = apply(
    shares.law,
    {shares.share: chunk_layers, shares.whole: share_layers, shares.shares: chunks},
    because="the chunks of a stage are equal",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
stages_interleave = define(
    equation(stray_chunks, Piecewise((chunks - 1, Eq(pipeline, 1)), (0, True))),
    because="chunks of one stage lie between those of others",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
ends_used = define(
    equation(stray_spared, Piecewise((first_spared + last_spared, Eq(pipeline, 1)), (0, True))),
    because="a single stage holds every layer",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
lacking_first = define(equation(first_lacks, share_layers - first_layers), because="the embedding takes their place")
lacking_last = define(equation(last_lacks, share_layers - tail_layers), because="the output head takes their place")
lacking_most = bottleneck(
    lacking_first,
    lacking_last,
    result=equation(end_lacks, Max(first_lacks, last_lacks)),
    because="both ends must hold all their chunks, so the one that lacks more decides",
)
lacking_named = substitute(
    lacking_most,
    lacking_first,
    lacking_last,
    result=equation(end_lacks, Max(share_layers - first_layers, share_layers - tail_layers)),
    because="name both",
)
lacking_at_an_end = rewrite(
    lacking_named,
    equation(end_lacks, share_layers - Min(first_layers, tail_layers)),
    because="what an end is spared, it is spared in its own chunk",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
