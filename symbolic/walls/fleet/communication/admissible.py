"""Which splits exist at all: whole heads, whole layers, equal parts, and links between all who must talk."""

from mlsysim.symbolic.foundations.inputs import (
    batch,
    chunks,
    context,
    devices,
    expert,
    experts,
    first_spared,
    heads,
    last_spared,
    layers,
    microbatch,
    pipeline,
    reach,
    replicas,
    sequence,
    sequence_parallel,
    tensor,
)
from mlsysim.symbolic.foundations.split import counted_layers, group, share_layers
from mlsysim.symbolic.quantity import (
    ALL,
    SERVING,
    TRANSFORMER,
    TRANSFORMER_INFERENCE,
    TRANSFORMER_SERVING,
    TRANSFORMER_TRAINING,
    Quantity,
)
from mlsysim.symbolic.wall import Change, Condition
from mlsysim.symbolic.walls.fleet.communication.places import (
    chunk_layers,
    end_lacks,
    pieces,
    places,
    replica_ranks,
    stray_chunks,
    stray_devices,
    stray_spared,
)
from mlsysim.symbolic.walls.fleet.communication.remainders import (
    batch_step,
    sequence_step,
    stray_expert_width,
    stray_experts,
    stray_heads,
    stray_kv_heads,
    stray_layers,
    stray_ranks,
    stray_rounds,
    stray_samples,
    stray_shares,
    stray_tokens,
    stray_width,
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
