"""Which splits exist at all: whole heads, whole layers, equal parts, and links between all who must talk."""

from sympy import Eq, Max, Min, Mod, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    batch,
    chunks,
    context,
    devices,
    expert,
    experts,
    ffn_width,
    first_spared,
    heads,
    last_spared,
    layers,
    microbatch,
    pipeline,
    reach,
    replicas,
    sequence,
    tensor,
)
from mlsysim.symbolic.foundations.split import (
    counted_layers,
    first_layers,
    group,
    microbatches,
    share_layers,
    tail_layers,
)
from mlsysim.symbolic.quantity import (
    ALL,
    SERVING,
    TRANSFORMER,
    TRANSFORMER_INFERENCE,
    TRANSFORMER_SERVING,
    TRANSFORMER_TRAINING,
    Quantity,
    count,
    ratio,
)
from mlsysim.symbolic.rules import define, equation
from mlsysim.symbolic.wall import Condition
from mlsysim.symbolic.walls.fleet import communication


def _stray(name: str, latex: str, meaning: str, unit: str = "1") -> Quantity:
    """What is left over where a split does not divide evenly; zero where it does."""
    return count(f"split.stray_{name}", latex, meaning, unit=unit, low=0)


stray_devices = _stray("devices", r"\Delta_{N}", "accelerators by which the degrees miss the fleet")
stray_samples = _stray("samples", r"\Delta_{B}", "samples left over", unit="sample")
stray_heads = _stray("heads", r"\Delta_{a}", "heads left over")
stray_width = _stray("width", r"\Delta_{f}", "feed-forward columns left over")
stray_tokens = _stray("tokens", r"\Delta_{s}", "tokens left over", unit="token/sample")
stray_experts = _stray("experts", r"\Delta_{E}", "experts left over")
stray_ranks = _stray("ranks", r"\Delta_{n}", "accelerators left over among expert groups")
stray_rounds = _stray("rounds", r"\Delta_{m}", "microbatches left over in an interleaved schedule")
stray_layers = _stray("layers", r"\Delta_{\ell}", "layers left over among the chunks of a stage")
stray_spared = _stray("spared", r"\Delta_{\mathrm{ends}}", "layers that a single stage cannot be spared")
pieces = count("split.pieces", r"p v", "model chunks in all")
end_lacks = count("split.end_lacks", r"\ell_{-,\mathrm{end}}", "layers that an end of the pipeline lacks", low=0)
chunk_layers = ratio("split.chunk_layers", r"\ell_{v}", "layers of a chunk", low=1, high=32)

fleet_used = define(
    equation(
        stray_devices,
        Max(devices - tensor * pipeline * context * replicas, tensor * pipeline * context * replicas - devices),
    ),
    because="every accelerator has one place in the split",
    when=TRANSFORMER,
)
batch_used = define(
    equation(stray_samples, Mod(batch, replicas * microbatch)),
    because="replicas do equal work",
    when=TRANSFORMER_TRAINING,
)
heads_used = define(equation(stray_heads, Mod(heads, tensor)), because="a head is not divided", when=TRANSFORMER)
width_used = define(
    equation(stray_width, Mod(ffn_width, tensor)), because="columns are divided evenly", when=TRANSFORMER
)
sequence_used = define(
    equation(stray_tokens, Mod(sequence, context)), because="ranks hold equal parts", when=TRANSFORMER_TRAINING
)
experts_used = define(
    equation(stray_experts, Mod(experts, expert) + Piecewise((0, Eq(expert, 1)), (0, experts > 0), (1, True))),
    because="ranks hold equally many experts",
    when=TRANSFORMER_TRAINING,
)
ranks_used = define(
    equation(stray_ranks, Mod(group, expert)), because="expert groups are made of replicas", when=TRANSFORMER_TRAINING
)
rounds_used = define(
    equation(stray_rounds, Piecewise((0, Eq(chunks, 1)), (1, Eq(pipeline, 1)), (Mod(microbatches, pipeline), True))),
    because="an interleaved schedule runs its microbatches in groups of p",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
chunks_used = define(
    equation(pieces, pipeline * chunks), because="each chunk holds a layer at least", when=TRANSFORMER_TRAINING
)
layers_used = define(
    equation(stray_layers, Mod(share_layers, chunks)),
    because="the chunks of a stage are equal",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
ends_used = define(
    equation(stray_spared, Piecewise((first_spared + last_spared, Eq(pipeline, 1)), (0, True))),
    because="a single stage holds every layer",
    when=TRANSFORMER_TRAINING,
)
lacking_at_an_end = define(
    equation(end_lacks, share_layers - Min(first_layers, tail_layers)),
    because="what an end is spared, it is spared in its own chunk",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
chunk_of_a_share = define(
    equation(chunk_layers, share_layers / chunks),
    because="the chunks of a stage are equal",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
stages_used = define(
    equation(pieces, pipeline), because="each stage holds a layer at least", when=TRANSFORMER_INFERENCE
)


def _divides(name: str, needed: Quantity, sentence: str, when: frozenset[str] = TRANSFORMER_TRAINING) -> Condition:
    return Condition(f"split.{name}", needed, 0, sentence, "structural", when)


uses_fleet = _divides(
    "devices", stray_devices, "the degrees of the split do not multiply to the accelerators there are", TRANSFORMER
)
uses_batch = _divides("batch", stray_samples, "the batch is not a multiple of replicas times microbatch")
uses_heads = _divides("heads", stray_heads, "tensor parallelism does not divide the attention heads", TRANSFORMER)
uses_width = _divides("width", stray_width, "tensor parallelism does not divide the feed-forward width", TRANSFORMER)
uses_tokens = _divides("sequence", stray_tokens, "context parallelism does not divide the sequence")
uses_experts = _divides("experts", stray_experts, "expert parallelism does not divide the experts")
uses_ranks = _divides("ranks", stray_ranks, "expert parallelism does not divide the replicas")
uses_rounds = _divides("rounds", stray_rounds, "interleaving needs microbatches in multiples of the pipeline stages")
uses_layers = _divides("chunks", stray_layers, "interleaving does not divide the layers of a stage")
uses_ends = _divides("spared", stray_spared, "a single stage has no other to take the layers that it is spared")
keeps_ends = Condition(
    "split.ends",
    end_lacks,
    chunk_layers,
    "an end of the pipeline cannot lack {needed} layers of a chunk of {available}",
    "structural",
    TRANSFORMER_TRAINING,
)
has_layers = Condition(
    "split.layers",
    pieces,
    counted_layers,
    "more stages than layers: {needed} pieces of {available} layers",
    "structural",
    TRANSFORMER_TRAINING,
)
has_stages = Condition(
    "split.layers",
    pieces,
    layers,
    "more stages than layers: {needed} pieces of {available} layers",
    "structural",
    TRANSFORMER_INFERENCE,
)
replica_ranks = count("split.replica_ranks", r"n_{\mathrm{rep}}", "accelerators of a replica")
ranks_of_replica = define(
    equation(replica_ranks, tensor * pipeline),
    because="every rank of every stage; replicas have nothing to tell each other",
    when=TRANSFORMER_SERVING,
)
_APART = "{needed} accelerators must exchange data, but links join only {available}"
joined = Condition("split.links", devices, reach, _APART, "joined", ALL - SERVING)
replica_joined = Condition("split.links", replica_ranks, reach, _APART, "joined", TRANSFORMER_SERVING)

wall = communication.wall
