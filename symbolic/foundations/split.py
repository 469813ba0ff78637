"""The split: what one accelerator holds when a model is divided over many, and which splits exist at all."""

from sympy import Eq, Max, Min, Piecewise, ceiling

from mlsysim.symbolic.foundations.inputs import (
    batch,
    context,
    devices,
    expert,
    first_spared,
    last_spared,
    layers,
    microbatch,
    node_size,
    pipeline,
    replicas,
    sequence,
    tensor,
)
from mlsysim.symbolic.foundations.transformer import (
    embedding,
    ends,
    expert_layer,
    final_norm,
    further,
    head,
    shared_layer,
)
from mlsysim.symbolic.quantity import (
    ALL,
    PROFILED,
    PROFILED_TRAINING,
    TRANSFORMER,
    TRANSFORMER_INFERENCE,
    TRANSFORMER_TRAINING,
    Quantity,
    count,
)
from mlsysim.symbolic.rules import define, equation

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

whole_nodes = define(equation(nodes, ceiling(devices / node_size)), because="nodes come whole", when=ALL)
layers_of_a_stage = define(
    equation(stage_layers, ceiling(layers / pipeline)),
    because="a stage holds whole layers, and the largest decides",
    cite="narayanan2021",
    when=TRANSFORMER_INFERENCE,
)
layers_dealt = define(
    equation(counted_layers, layers + first_spared + last_spared),
    because="the embedding and the output head count as so many layers when layers are dealt out",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
equal_share = define(
    equation(share_layers, ceiling(counted_layers / pipeline)),
    because="a stage holds whole layers",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
lacking = define(
    equation(lacking_layers, pipeline * share_layers - counted_layers),
    because="equal shares may be more layers than there are",
    when=TRANSFORMER_TRAINING,
)
layers_of_the_first = define(
    equation(first_layers, share_layers - first_spared - Piecewise((1, lacking_layers >= 2), (0, True))),
    because="what the embedding counts as; where two layers lack, one of them lacks here",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
layers_of_the_tail = define(
    equation(tail_layers, share_layers - last_spared - Min(1, lacking_layers)),
    because="what the output head counts as; where a layer lacks, it lacks here first, for this stage scores the output",
    cite="grattafiori2024",
    when=TRANSFORMER_TRAINING,
)
layers_of_the_largest = define(
    equation(stage_layers, Piecewise((Max(first_layers, tail_layers), pipeline <= 2), (share_layers, True))),
    because="a stage between the ends holds an equal share; one or two stages are ends",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
rounds = define(
    equation(microbatches, batch / (replicas * microbatch)),
    because="the replicas share the batch",
    when=TRANSFORMER_TRAINING,
)
tokens_here = define(
    equation(local_tokens, microbatch * sequence / context),
    because="context parallelism divides the sequence",
    when=TRANSFORMER_TRAINING,
)
requests_here = define(
    equation(held_requests, ceiling(batch / replicas)),
    because="the replicas share the requests",
    when=TRANSFORMER_INFERENCE,
)
requests_at_a_time = define(
    equation(group_requests, ceiling(held_requests / pipeline)),
    because="as many groups as stages keep every stage busy",
    when=TRANSFORMER_INFERENCE,
)
groups_here = define(
    equation(groups, ceiling(held_requests / group_requests)),
    because="the last group may be smaller, and there may be fewer groups than stages",
    when=TRANSFORMER_INFERENCE,
)
samples_here = define(
    equation(local_samples, ceiling(batch / devices)), because="the accelerators share the batch", when=PROFILED
)
same_weights = define(
    equation(group, replicas * context),
    because="replicas and context ranks hold the same weights",
    when=TRANSFORMER_TRAINING,
)
same_weights_profiled = define(
    equation(group, devices), because="every accelerator holds the whole model", when=PROFILED_TRAINING
)
parameters_here = define(
    equation(
        shared_stage,
        (stage_layers * shared_layer + Piecewise((ends, Eq(pipeline, 1)), (Max(embedding, head), True))) / tensor,
    ),
    because="tensor parallelism divides every matrix, and the ends of a pipeline hold one table each",
    cite="narayanan2021",
    when=TRANSFORMER_INFERENCE,
)
parameters_of_the_first = define(
    equation(
        shared_first, (first_layers * shared_layer + Piecewise((ends, Eq(pipeline, 1)), (embedding, True))) / tensor
    ),
    because="tensor parallelism divides every matrix, and the first stage holds the embedding",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
parameters_between = define(
    equation(shared_between, stage_layers * shared_layer / tensor),
    because="layers alone",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
parameters_of_the_last = define(
    equation(
        shared_last,
        (tail_layers * shared_layer + Piecewise((ends, Eq(pipeline, 1)), (head + final_norm + further, True))) / tensor,
    ),
    because="the last stage holds the output head, a copy of its own where that is tied to the embedding",
    cite="narayanan2021",
    when=TRANSFORMER_TRAINING,
)
parameters_at_most = define(
    equation(shared_stage, Max(shared_first, shared_between, shared_last)),
    because="the stage that holds most",
    when=TRANSFORMER_TRAINING,
)
experts_here = define(
    equation(expert_stage, stage_layers * expert_layer / (tensor * expert)),
    because="expert parallelism divides the experts",
    cite="lepikhin2020",
    when=TRANSFORMER,
)
