"""The split: what one accelerator holds when a model is divided over many: even shares, and whole ones."""

from mlsysim.symbolic.foundations import dealing, in_turn, shares, whole_shares
from mlsysim.symbolic.foundations.inputs import (
    batch,
    context,
    devices,
    microbatch,
    node_size,
    pipeline,
    replicas,
    sequence,
)
from mlsysim.symbolic.quantity import (
    ALL,
    PROFILED,
    PROFILED_TRAINING,
    TRANSFORMER_INFERENCE,
    TRANSFORMER_TRAINING,
    Quantity,
    count,
)
from mlsysim.symbolic.rules import apply, define, equation, solve, substitute
from mlsysim.symbolic.step import Step

nodes = count("split.nodes", r"N_{\mathrm{nodes}}", "nodes", high=1024)
stage_layers = count("split.stage_layers", r"\ell", "layers of the largest stage", high=32)
counted_layers = count(
    "split.counted_layers", r"L'", "layers to deal out, with those that the ends are spared", high=256
)
share_layers = count("split.share_layers", r"\ell'", "layers of an equal share", high=32)
lacking_layers = count("split.lacking_layers", r"\ell_{-}", "layers that equal shares lack", low=0, high=16)
first_layers = count("split.first_layers", r"\ell_{\mathrm{first}}", "layers of the first stage", low=0, high=32)
tail_layers = count("split.tail_layers", r"\ell_{\mathrm{tail}}", "layers of the last stage", low=0, high=32)
microbatches = count("split.microbatches", "m", "microbatches of a step on one replica", high=256)
local_tokens = Quantity(
    "split.local_tokens", r"n_b", "token", "tokens of a microbatch on one accelerator", low=1, high=1e6
)
held_requests = count("split.held_requests", r"B_{\mathrm{r}}", "requests that a replica holds", unit="sample")
group_requests = count(
    "split.group_requests", r"B_{\mathrm{g}}", "requests that a stage serves at a time", unit="sample"
)
groups = count("split.groups", r"g_{\mathrm{q}}", "groups of requests that follow each other through the stages")
local_samples = count("split.local_samples", "B_1", "samples of one accelerator", unit="sample")
group = count("split.group", "n", "accelerators that hold the same weights", high=512)


def _held(name: str, latex: str, meaning: str, low: float = 1) -> Quantity:
    return Quantity(f"split.{name}", latex, "param", meaning, display="Gparam", low=low, high=1e11)


shared_stage = _held("shared_parameters", r"S_{\mathrm{sh}}", "parameters of an accelerator, experts apart")
expert_stage = _held("expert_parameters", r"S_{\mathrm{ex}}", "parameters of its routed experts", low=0)
shared_first = _held("first_shared", r"S_{\mathrm{sh,first}}", "the same on the first stage")
shared_between = _held("between_shared", r"S_{\mathrm{sh,mid}}", "the same on a stage between the ends")
shared_last = _held("last_shared", r"S_{\mathrm{sh,last}}", "the same on the last stage")

replica_batch = Quantity(
    "split.replica_batch", r"B_{d}", "sample", "samples of a step on one replica", low=1, high=4096
)
microbatch_tokens = Quantity("split.microbatch_tokens", r"n_{bs}", "token", "tokens of a microbatch", low=1, high=1e6)


def _largest(share: Quantity, pieces: Quantity, sharers: Quantity, because: str, when: frozenset[str]) -> Step:
    """The largest share of pieces that come whole."""
    reading = {whole_shares.largest: share, whole_shares.pieces: pieces, whole_shares.sharers: sharers}
    return apply(whole_shares.law, reading, because=because, when=when)


def _boxes(boxes: Quantity, pieces: Quantity, box: Quantity, because: str, when: frozenset[str]) -> Step:
    """How many boxes of a size hold all pieces."""
    reading = {dealing.boxes: boxes, dealing.everything: pieces, dealing.takers: box}
    return apply(dealing.boxes_law, reading, because=because, when=when)


# The batch of a training step.
batch_of_a_replica = apply(
    shares.law,
    {shares.share: replica_batch, shares.whole: batch, shares.shares: replicas},
    because="the replicas share the batch",
)
round_after_round = apply(
    in_turn.law,
    {in_turn.whole: replica_batch, in_turn.parts: microbatches, in_turn.part: microbatch},
    because="a replica works on one microbatch after another",
)
rounds_of_a_replica = solve(
    round_after_round,
    microbatches,
    equation(microbatches, replica_batch / microbatch),
    because="as many as make up its share",
)
rounds = substitute(
    rounds_of_a_replica,
    batch_of_a_replica,
    result=equation(microbatches, batch / (replicas * microbatch)),
    because="name its share",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
tokens_of_a_microbatch = apply(
    in_turn.law,
    {in_turn.whole: microbatch_tokens, in_turn.parts: microbatch, in_turn.part: sequence},
    because="sequences are equally long",
)
tokens_of_a_rank = apply(
    shares.law,
    {shares.share: local_tokens, shares.whole: microbatch_tokens, shares.shares: context},
    because="context parallelism divides the sequence",
)
tokens_here = substitute(
    tokens_of_a_rank,
    tokens_of_a_microbatch,
    result=equation(local_tokens, microbatch * sequence / context),
    because="name the tokens",
    when=TRANSFORMER_TRAINING,
)
same_weights = apply(
    in_turn.law,
    {in_turn.whole: group, in_turn.parts: replicas, in_turn.part: context},
    because="the context ranks of a replica hold the same weights, and so do all replicas",
    when=TRANSFORMER_TRAINING,
)
same_weights_profiled = define(
    equation(group, devices), because="every accelerator holds the whole model", when=PROFILED_TRAINING
)

# Nodes, requests and samples come whole.
whole_nodes = _boxes(nodes, devices, node_size, "nodes come whole", ALL)
requests_here = _largest(held_requests, batch, replicas, "the replicas share the requests", TRANSFORMER_INFERENCE)
requests_at_a_time = _largest(
    group_requests, held_requests, pipeline, "as many groups as stages keep every stage busy", TRANSFORMER_INFERENCE
)
groups_here = _boxes(
    groups,
    held_requests,
    group_requests,
    "the last group may be smaller, and there may be fewer groups than stages",
    TRANSFORMER_INFERENCE,
)
samples_here = _largest(local_samples, batch, devices, "the accelerators share the batch", PROFILED)
