"""Which splits exist at all: whole heads, whole layers, equal parts, and links between all who must talk."""

from sympy import Eq, Max, Min, Mod, Piecewise

from mlsysim.symbolic.foundations.inputs import (
    batch,
    causal,
    chunks,
    context,
    devices,
    expert,
    expert_width,
    experts,
    ffn_width,
    first_spared,
    heads,
    kv_heads,
    last_spared,
    latent,
    layers,
    microbatch,
    pipeline,
    reach,
    replicas,
    sequence,
    sequence_parallel,
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
from mlsysim.symbolic.wall import Change, Condition


def _stray(name: str, latex: str, meaning: str, unit: str = "1") -> Quantity:
    """What is left over where a split does not divide evenly; zero where it does."""
    return count(f"split.stray_{name}", latex, meaning, unit=unit, low=0)


stray_devices = _stray("devices", r"\Delta_{N}", "accelerators by which the degrees miss the fleet")
stray_samples = _stray("samples", r"\Delta_{B}", "samples left over", unit="sample")
stray_heads = _stray("heads", r"\Delta_{a}", "heads left over")
stray_kv_heads = _stray("kv_heads", r"\Delta_{\mathrm{kv}}", "key-value heads, or ranks, left over")
stray_width = _stray("width", r"\Delta_{f}", "feed-forward columns left over")
stray_expert_width = _stray("expert_width", r"\Delta_{f,\mathrm{e}}", "columns of an expert left over")
stray_tokens = _stray("tokens", r"\Delta_{s}", "tokens left over among context ranks", unit="token/sample")
stray_shares = _stray("shares", r"\Delta_{\sigma}", "tokens left over among the ranks of a layer", unit="token/sample")
stray_experts = _stray("experts", r"\Delta_{E}", "experts left over")
stray_ranks = _stray("ranks", r"\Delta_{n}", "accelerators left over among expert groups")
stray_rounds = _stray("rounds", r"\Delta_{m}", "microbatches left over in an interleaved schedule")
stray_chunks = _stray("chunks", r"\Delta_{v}", "chunks that a single stage cannot interleave")
stray_layers = _stray("layers", r"\Delta_{\ell}", "layers left over among the chunks of a stage")
stray_spared = _stray("spared", r"\Delta_{\mathrm{ends}}", "layers that a single stage cannot be spared")
places = count("split.places", r"N_{\mathrm{split}}", "places of the split", high=4096)
batch_step = count("split.batch_step", r"B_{\mathrm{step}}", "samples that the replicas take at a time", unit="sample")
sequence_parts = count("split.sequence_parts", r"n_{c}", "parts into which context ranks cut a sequence")
sequence_step = count("split.sequence_step", r"n_{\sigma}", "tokens by which a sequence can grow on these ranks")
pieces = count("split.pieces", r"p v", "model chunks in all")
end_lacks = count("split.end_lacks", r"\ell_{-,\mathrm{end}}", "layers that an end of the pipeline lacks", low=0)
chunk_layers = ratio("split.chunk_layers", r"\ell_{v}", "layers of a chunk", low=1, high=32)

places_there = define(
    equation(places, tensor * pipeline * context * replicas),
    because="a rank of every kind for every rank of the others",
    when=TRANSFORMER,
)
fleet_used = define(
    equation(stray_devices, Max(devices - places, places - devices)),
    because="every accelerator has one place in the split",
    when=TRANSFORMER,
)
batch_taken = define(
    equation(batch_step, replicas * microbatch), because="replicas do equal work", when=TRANSFORMER_TRAINING
)
batch_used = define(
    equation(stray_samples, Mod(batch, batch_step)), because="replicas do equal work", when=TRANSFORMER_TRAINING
)
heads_used = define(equation(stray_heads, Mod(heads, tensor)), because="a head is not divided", when=TRANSFORMER)
kv_heads_used = define(
    equation(stray_kv_heads, Piecewise((0, Eq(latent, 1)), (Min(Mod(kv_heads, tensor), Mod(tensor, kv_heads)), True))),
    because="ranks hold equally many key-value heads, or as many ranks share each of them; "
    "a latent vector has no heads",
    cite="pope2022",
    when=TRANSFORMER,
)
width_used = define(
    equation(stray_width, Mod(ffn_width, tensor)), because="columns are divided evenly", when=TRANSFORMER
)
expert_width_used = define(
    equation(stray_expert_width, Mod(expert_width, tensor)), because="columns are divided evenly", when=TRANSFORMER
)
parts_of_a_sequence = define(
    equation(sequence_parts, Piecewise((1, Eq(context, 1)), (context * (1 + causal), True))),
    because="where a token attends only to those before it, a rank takes an early and a late part, for equal work",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
sequence_used = define(
    equation(stray_tokens, Mod(sequence, sequence_parts)), because="ranks hold equal parts", when=TRANSFORMER_TRAINING
)
shares_used = define(
    equation(stray_shares, Piecewise((Mod(sequence, tensor * context), Eq(sequence_parallel, 1)), (0, True))),
    because="sequence parallelism divides the tokens of a context rank among its tensor ranks",
    cite="korthikanti2022",
    when=TRANSFORMER_TRAINING,
)
sequence_grows = define(
    equation(sequence_step, sequence_parts * tensor),
    because="a multiple of it is divided by context ranks and by tensor ranks",
    when=TRANSFORMER_TRAINING,
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
    equation(stray_rounds, Piecewise((0, Eq(chunks, 1)), (0, Eq(pipeline, 1)), (Mod(microbatches, pipeline), True))),
    because="an interleaved schedule runs its microbatches in groups of p",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
stages_interleave = define(
    equation(stray_chunks, Piecewise((chunks - 1, Eq(pipeline, 1)), (0, True))),
    because="chunks of one stage lie between those of others",
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


def _divides(
    name: str,
    needed: Quantity,
    sentence: str,
    *changes: Change,
    when: frozenset[str] = TRANSFORMER_TRAINING,
    available: Quantity | int = 0,
    beside: str = "",
) -> Condition:
    return Condition(f"split.{name}", needed, available, sentence, "structural", when, "parallelism", changes, beside)


_tensor = Change(tensor, heads, "{and} {do}")
_data = Change(replicas, devices, "DP {or} does")
_chunks = Change(chunks, share_layers, "interleave {or} does")
_length = Change(sequence, sequence_step, "a sequence of {or} does", near=True)
_fleet = Change(devices, places, "a fleet of {or} does")

uses_fleet = _divides(
    "devices",
    stray_devices,
    "TP {tensor} x PP {pipeline} x CP {context} x DP {data} = {places} do not multiply to {devices} accelerators",
    _data,
    Change(pipeline, devices, "PP {or} does"),
    Change(context, devices, "CP {or} does"),
    Change(tensor, devices, "TP {or} does"),
    _fleet,
    when=TRANSFORMER_TRAINING,
)
serves_fleet = _divides(
    "devices",
    stray_devices,
    "TP {tensor} x PP {pipeline} x DP {data} = {places} do not multiply to {devices} accelerators",
    _data,
    Change(pipeline, devices, "PP {or} does"),
    Change(tensor, devices, "TP {or} does"),
    _fleet,
    when=TRANSFORMER_INFERENCE,
)
uses_batch = _divides(
    "batch",
    stray_samples,
    "DP {data} x microbatch {microbatch} = {batch_step} does not divide the batch of {batch_size}",
    Change(batch, batch_step, "a batch of {or} does", near=True),
    Change(microbatch, batch, "microbatch {or} does"),
    _data,
)
uses_heads = _divides(
    "heads",
    stray_heads,
    "TP {tensor} does not divide {heads} attention heads",
    _tensor,
    when=TRANSFORMER,
    beside="with {heads} attention heads",
)
uses_kv_heads = _divides(
    "heads",
    stray_kv_heads,
    "TP {tensor} does not divide {kv_heads} key-value heads, nor do they divide it",
    _tensor,
    when=TRANSFORMER,
    beside="with {kv_heads} key-value heads",
)
uses_width = _divides(
    "width",
    stray_width,
    "TP {tensor} does not divide the feed-forward width {ffn_width}",
    _tensor,
    when=TRANSFORMER,
    beside="with the feed-forward width {ffn_width}",
)
uses_expert_width = _divides(
    "width",
    stray_expert_width,
    "TP {tensor} does not divide the width {expert_width} of an expert",
    _tensor,
    when=TRANSFORMER,
    beside="with experts of width {expert_width}",
)
uses_tokens = _divides(
    "sequence",
    stray_tokens,
    "CP {context} does not divide {sequence_length} tokens into {sequence_parts} equal parts",
    Change(context, devices, "CP {or} does"),
    _length,
    beside="with CP {context}",
)
uses_shares = _divides(
    "sequence",
    stray_shares,
    "with sequence parallelism TP {tensor} x CP {context} does not divide {sequence_length} tokens",
    Change(tensor, heads, "TP {or} does"),
    _length,
    Change(sequence_parallel, 1, "parallelism.sequence: false does"),
    beside="with sequence parallelism over TP {tensor}",
)
uses_experts = _divides(
    "experts", stray_experts, "EP {expert} does not divide {experts} experts", Change(expert, experts, "{and} {do}")
)
uses_ranks = _divides(
    "ranks",
    stray_ranks,
    "EP {expert} does not divide the {group} accelerators that hold the same weights (DP {data} x CP {context})",
    Change(expert, group, "{and} {do}"),
    _data,
)
uses_rounds = _divides(
    "rounds",
    stray_rounds,
    "interleaving needs microbatches in multiples of PP {pipeline}, a replica has {microbatches}",
    Change(pipeline, counted_layers, "PP {or} does"),
    _chunks,
)
uses_stages = _divides(
    "interleave",
    stray_chunks,
    "a single stage cannot interleave {interleave} chunks",
    _chunks,
    Change(pipeline, counted_layers, "PP {or} does"),
)
uses_layers = _divides(
    "chunks", stray_layers, "{interleave} chunks do not divide the {share_layers} layers of a stage", _chunks
)
uses_ends = _divides(
    "spared",
    stray_spared,
    "first_spared {first_spared} and last_spared {last_spared} need a second stage that takes these layers",
    Change(pipeline, counted_layers, "PP {or} does"),
    Change(first_spared, layers, "first_spared {or} does"),
    Change(last_spared, layers, "last_spared {or} does"),
)
keeps_ends = _divides(
    "ends",
    end_lacks,
    "an end of the pipeline cannot lack {needed} layers of a chunk of {available}",
    Change(first_spared, layers, "first_spared {or} does"),
    Change(last_spared, layers, "last_spared {or} does"),
    _chunks,
    available=chunk_layers,
)
has_layers = _divides(
    "layers",
    pieces,
    "more stages than layers: {needed} pieces of {available} layers",
    Change(pipeline, counted_layers, "PP {or} does"),
    _chunks,
    available=counted_layers,
)
has_stages = _divides(
    "layers",
    pieces,
    "more stages than layers: {needed} pieces of {available} layers",
    Change(pipeline, layers, "PP {or} does"),
    when=TRANSFORMER_INFERENCE,
    available=layers,
)
replica_ranks = count("split.replica_ranks", r"n_{\mathrm{rep}}", "accelerators of a replica")
ranks_of_replica = define(
    equation(replica_ranks, tensor * pipeline),
    because="every rank of every stage; replicas have nothing to tell each other",
    when=TRANSFORMER_SERVING,
)
_APART = "{needed} accelerators must exchange data, but links join only {available}"
joined = Condition(
    "split.links",
    devices,
    reach,
    _APART,
    "joined",
    ALL - SERVING,
    changes=(Change(devices, reach, "a fleet of {or} does"),),
)
replica_joined = Condition(
    "split.links",
    replica_ranks,
    reach,
    _APART,
    "joined",
    TRANSFORMER_SERVING,
    changes=(Change(tensor, heads, "TP {or} does"), Change(pipeline, layers, "PP {or} does")),
)
