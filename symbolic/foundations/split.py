"""The split: what one accelerator holds when a model is divided over many, and which splits exist at all."""

from sympy import Eq, Max, Piecewise, ceiling, floor

from mlsysim.symbolic.foundations.inputs import (
    batch,
    context,
    devices,
    expert,
    layers,
    microbatch,
    node_size,
    pipeline,
    replicas,
    sequence,
    tensor,
)
from mlsysim.symbolic.foundations.transformer import embedding, ends, expert_layer, head, shared_layer
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
shared_stage = Quantity(
    "split.shared_parameters",
    r"S_{\mathrm{sh}}",
    "param",
    "parameters of an accelerator, experts apart",
    display="Gparam",
    low=1,
    high=1e11,
)
expert_stage = Quantity(
    "split.expert_parameters",
    r"S_{\mathrm{ex}}",
    "param",
    "parameters of its routed experts",
    display="Gparam",
    low=0,
    high=1e11,
)

whole_nodes = define(equation(nodes, ceiling(devices / node_size)), because="nodes come whole", when=ALL)
layers_of_a_stage = define(
    equation(stage_layers, ceiling(layers / pipeline)),
    because="a stage holds whole layers, and the largest decides",
    cite="narayanan2021",
    when=TRANSFORMER,
)
layers_of_the_tail = define(
    equation(tail_layers, floor(layers / pipeline)),
    because="the last stage takes fewest, for it also scores the output",
    cite="grattafiori2024",
    when=TRANSFORMER,
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
    when=TRANSFORMER,
)
experts_here = define(
    equation(expert_stage, stage_layers * expert_layer / (tensor * expert)),
    because="expert parallelism divides the experts",
    cite="lepikhin2020",
    when=TRANSFORMER,
)
