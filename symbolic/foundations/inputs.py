"""The leaves of the graph: every quantity that a plan, the registry or a stated default binds.

The first word of a name says who binds it: ``model``, ``accelerator``, ``node``, ``datatype``, ``optimizer``,
``storage``, ``dataset``, ``scaling``, ``reliability``, ``facility`` and ``grid`` are registry entries; ``workload``,
``split``, ``data``, ``software`` and ``ops`` are what the plan says or the documented default. The price of electricity
is nothing unless the plan asks for it.
"""

from math import inf

from mlsysim.symbolic.facets import Degree, Field
from mlsysim.symbolic.quantity import Quantity, constant, count, flag, ratio, time

#: The greatest amount of what has no limit of its own, such as a price.
_MOST = 1e6
#: What a bare number of samples, and a rate of requests, may be followed by instead.
_SEQUENCES = ("sequence", "sequences", "request", "requests")
_RATES = ("/s", "1/s", "Hz")
_LAYERS = ("layer", "layers")


def _share(path: str, default: str) -> Field:
    """A share that something reaches, which is more than nothing."""
    return Field(path, default=default, least=1e-6, most=1)


def _amount(path: str, says: str, unit: str = "", default: str = "") -> Field:
    """An amount that is more than nothing."""
    return Field(path, says, default, unit, least=0, above=True, most=_MOST)


def _degree(
    name: str, default: str = "", *, also: tuple[str, ...] = (), least: float = 1, most: float = 1e9, only: str = ""
) -> Field:
    """A field of the parallelism section."""
    return Field(f"parallelism.{name}", default=default, also=also, least=least, most=most, only=only)


# Definitional constants: they carry the units that bare numbers cannot.
one_parameter = constant("one.parameter", 1, "param", "a single parameter")
multiply_add = constant("one.multiply_add", 2, "flop/param/token", "a multiplication and an addition, per weight")
multiply_add_pair = constant("one.pair", 2, "flop/token/token", "a multiplication and an addition, per pair of tokens")
one_token = constant("one.token", 1, "token", "a single token")
one_sample = constant("one.sample", 1, "sample", "a single sample")
one_position = constant("one.position", 1, "token/sample", "a single token of a sequence")
flop_per_mac = constant("one.mac", 2, "flop/sample", "two operations per multiply-accumulate")

# The model, as its configuration publishes it.
layers = count("model.layers", "L", "layers", high=256)
hidden = count("model.hidden", "d", "width of the residual stream", low=64, high=32768)
heads = count("model.heads", "a", "query heads", high=256)
kv_heads = count("model.kv_heads", r"n_{\mathrm{kv}}", "key-value heads", high=256)
head_width = count("model.head_width", r"d_{\mathrm{head}}", "width of a head", low=16, high=256)
ffn_width = count("model.ffn_width", r"d_{\mathrm{ff}}", "width of the feed-forward layer", low=64, high=131072)
ffn_matrices = count("model.ffn_matrices", r"n_{\mathrm{ff}}", "matrices of a feed-forward layer", low=2, high=3)
vocabulary = count("model.vocabulary", "V", "entries of the vocabulary", low=64, high=524288)
positions = count("model.positions", r"n_{\mathrm{pos}}", "learned position embeddings", low=0, high=8192)
context_length = Quantity(
    "model.context_length",
    r"n_{\mathrm{ctx}}",
    "token/sample",
    "longest sequence that the model accepts",
    low=16,
    high=131072,
    integer=True,
    absent=inf,
)
tied = flag("model.tied", r"\tau_{\mathrm{emb}}", "whether embedding and output head are one matrix")
norm_vectors = count("model.norm_vectors", r"n_{\mathrm{vec}}", "vectors of a normalisation", low=1, high=2)
norms = count("model.norms", r"n_{\mathrm{norm}}", "normalisations in a layer", low=1, high=4)
head_norms = count("model.head_norms", r"n_{\mathrm{qk}}", "normalisations of the width of a head", low=0, high=256)
attention_bias = flag("model.attention_bias", r"\beta_{\mathrm{qkv}}", "whether query, key and value have a bias")
output_bias = flag("model.output_bias", r"\beta_{\mathrm{o}}", "whether the attention output has a bias")
ffn_bias = flag("model.ffn_bias", r"\beta_{\mathrm{ff}}", "whether feed-forward matrices have a bias")
dropout = flag("model.dropout", r"\delta_{\mathrm{drop}}", "whether training keeps dropout masks")
causal = flag("model.causal", r"\kappa", "whether a token attends only to those before it")
dense_layers = count("model.dense_layers", r"L_{\mathrm{dense}}", "layers without experts", low=0, high=256)
experts = count("model.experts", "E", "routed experts of a layer", low=0, high=1024)
active_experts = count("model.active_experts", "k", "routed experts a token visits", low=0, high=32)
shared_experts = count("model.shared_experts", r"E_{\mathrm{s}}", "experts every token visits", low=0, high=16)
expert_groups = Quantity(
    "model.expert_groups", r"g_{E}", "1", "groups into which a layer's routed experts are dealt",
    low=1, high=8, integer=True, absent=1,
)  # fmt: skip
routed_groups = Quantity(
    "model.routed_groups", r"g_{k}", "1", "groups to whose experts a token may be routed",
    low=1, high=8, integer=True, absent=1,
)  # fmt: skip
expert_width = count("model.expert_width", r"d_{\mathrm{e}}", "width of an expert", low=0, high=65536)
router_bias = flag("model.router_bias", r"\beta_{\mathrm{r}}", "whether the router has a bias")
latent = flag("model.latent", r"\lambda", "whether keys and values are kept as one latent vector (MLA)")
query_rank = count("model.query_rank", r"r_{\mathrm{q}}", "rank of the query compression", low=0, high=2048)
kv_rank = count("model.kv_rank", r"r_{\mathrm{kv}}", "rank of the key-value compression", low=0, high=1024)
rope_width = count("model.rope_width", r"d_{\mathrm{rope}}", "part of a head that is rotated", low=0, high=128)
nope_width = count("model.nope_width", r"d_{\mathrm{nope}}", "part of a head that is not rotated", low=0, high=256)
value_width = count("model.value_width", r"d_{\mathrm{v}}", "width of a value head under MLA", low=0, high=256)
further = Quantity(
    "model.further", r"P_{+}", "param", "parameters beside the layers: poolers, token types, a bias of the head",
    low=0, high=1e9, absent=0,
)  # fmt: skip
parameters = Quantity("model.parameters", "P", "param", "parameters of the model", display="Gparam", low=1, high=1e13)
multiply_accumulates = Quantity(
    "model.multiply_accumulates", r"O_{\mathrm{MAC}}", "1", "multiply-accumulates of one forward pass", low=1, high=1e12
)
activation_bytes = Quantity(
    "model.activation_bytes",
    r"A_1",
    "byte/sample",
    "activations that training keeps for one sample",
    display="MB/sample",
    low=0,
    high=1e9,
    absent=0,
    without="activations: memory is a lower bound",
)

# The accelerator, its node and its links.
peak = Quantity(
    "accelerator.peak",
    r"F_{\mathrm{peak}}",
    "flop/s",
    "dense peak rate of the datatype",
    display="TFLOP/s",
    low=1e6,
    high=1e16,
)
capacity = Quantity(
    "accelerator.capacity", r"M_{\mathrm{dev}}", "byte", "memory of one accelerator", display="GB", low=1e5, high=1e12
)
bandwidth = Quantity(
    "accelerator.bandwidth",
    r"BW_{\mathrm{mem}}",
    "byte/s",
    "peak memory bandwidth",
    display="GB/s",
    low=1e6,
    high=1e13,
    absent=inf,
    without="memory bandwidth: times are lower bounds",
)
node_size = count("node.accelerators", r"G", "accelerators of one node", high=72)
link_bandwidth = Quantity(
    "node.link_bandwidth",
    r"BW_{\mathrm{link}}",
    "byte/s",
    "one-way bandwidth of an accelerator inside its node",
    display="GB/s",
    low=1e8,
    high=1e13,
    absent=inf,
    without="bandwidth inside a node: times are lower bounds",
    field=_amount("network.link_bandwidth", "bandwidth inside a node, of an accelerator, one way; instead of a link"),
)
link_latency = Quantity(
    "node.link_latency",
    r"\alpha_{\mathrm{link}}",
    "s",
    "latency of one hop inside a node",
    display="us",
    low=0,
    high=1e-3,
    absent=0,
    without="latency inside a node: times are lower bounds",
    field=_amount("network.link_latency", "time of a message inside a node; instead of a link"),
)
net_bandwidth = Quantity(
    "node.net_bandwidth",
    r"BW_{\mathrm{net}}",
    "byte/s",
    "one-way bandwidth of an accelerator out of its node",
    display="GB/s",
    low=1e8,
    high=1e13,
    absent=inf,
    without="bandwidth between nodes: times are lower bounds",
    field=_amount("network.bandwidth", "bandwidth between nodes, of an accelerator, one way; instead of a fabric"),
)
net_latency = Quantity(
    "node.net_latency",
    r"\alpha_{\mathrm{net}}",
    "s",
    "latency of one hop between nodes",
    display="us",
    low=0,
    high=1e-3,
    absent=0,
    without="latency between nodes: times are lower bounds",
    field=_amount("network.latency", "time of a message between nodes; instead of a fabric"),
)
host_bandwidth = Quantity(
    "node.host_bandwidth",
    r"BW_{\mathrm{host}}",
    "byte/s",
    "one-way bandwidth of an accelerator to the memory of its host",
    display="GB/s",
    low=1e8,
    high=1e12,
    absent=inf,
)
host_memory = Quantity(
    "node.host_memory",
    r"M_{\mathrm{host}}",
    "byte",
    "memory of a node's host",
    display="GB",
    low=0,
    high=1e14,
    absent=0,
)
host_memory_bandwidth = Quantity(
    "node.host_memory_bandwidth",
    r"BW_{\mathrm{dram}}",
    "byte/s",
    "peak bandwidth of the memory of a node's host",
    display="GB/s",
    low=1e9,
    high=1e13,
    absent=inf,
)
reach = count("node.reach", r"N_{\mathrm{reach}}", "accelerators that links or a network join", high=131072)
power_max = Quantity(
    "node.power_max", r"W_{\max}", "W", "power of one accelerator with its share of the node, busy", low=1, high=2e4
)
power_idle = Quantity(
    "node.power_idle",
    r"W_{\mathrm{idle}}",
    "W",
    "power of one accelerator with its share of the node, idle",
    low=0,
    high=1e3,
)

# Number formats and optimizers.
weight_bytes = Quantity("datatype.weight_bytes", r"b_{\mathrm{w}}", "byte/param", "bytes of a weight", low=0.5, high=4)
cache_bytes = Quantity(
    "datatype.cache_bytes", r"b_{\mathrm{kv}}", "byte/token", "bytes of one cached number, per token", low=0.5, high=4
)
value_bytes = Quantity(
    "datatype.value_bytes",
    r"b_{\mathrm{a}}",
    "byte/token",
    "bytes of one activation number, per token",
    low=0.5,
    high=4,
)
mask_bytes = constant("one.mask", 1, "byte/token", "one byte of a dropout mask, per token")
score_mask_bytes = constant("one.score_mask", 1, "byte/token/token", "one byte of a dropout mask, per pair of tokens")
score_bytes = Quantity(
    "datatype.score_bytes", r"b_{\mathrm{s}}", "byte/token/token", "bytes of one attention score", low=0.5, high=4
)
logit_bytes = constant("one.logit", 4, "byte/token", "bytes of one output score, kept in single precision")
gradient_bytes = Quantity(
    "optimizer.gradient_bytes", r"b_{\mathrm{g}}", "byte/param", "bytes of a gradient", low=2, high=4
)
state_bytes = Quantity(
    "optimizer.state_bytes", r"b_{\mathrm{opt}}", "byte/param", "bytes of optimizer state per parameter", low=0, high=12
)

# How the model is split over accelerators.
devices = count("split.devices", "N", "accelerators", high=4096, unsaid="one accelerator: the plan gives no number")
tensor = count(
    "split.tensor",
    "t",
    "tensor-parallel degree",
    high=8,
    field=_degree("tensor"),
    degree=Degree("tp", "devices", "TP {}", shown="always"),
)
pipeline = count(
    "split.pipeline",
    "p",
    "pipeline stages",
    high=16,
    field=_degree("pipeline"),
    degree=Degree("pp", "stages", "PP {}", shown="always"),
)
replicas = count(
    "split.data",
    r"d_{\mathrm{p}}",
    "data-parallel replicas",
    high=64,
    field=_degree("data"),
    degree=Degree("dp", "devices", "DP {}", shown="always"),
)
context = count(
    "split.context",
    "c",
    "context-parallel degree",
    high=8,
    field=_degree("context", only="training"),
    degree=Degree("cp", "devices", "CP {}", beside="split.devices"),
)
expert = count(
    "split.expert",
    "e",
    "expert-parallel degree",
    high=8,
    field=_degree("expert", only="training"),
    degree=Degree("ep", "devices", "EP {}", beside="model.experts"),
)
microbatch = count(
    "split.microbatch",
    "b",
    "sequences in a microbatch",
    unit="sample",
    high=8,
    field=_degree("microbatch"),
    degree=Degree("microbatch", "batch", "microbatch {}"),
)
chunks = count(
    "split.interleave",
    "v",
    "model chunks on each pipeline stage (interleaving)",
    high=4,
    field=_degree("interleave"),
    degree=Degree("interleave", "chunks", "{} chunk{s} a stage", beside="split.pipeline"),
)
zero = Quantity(
    "split.zero",
    "z",
    "1",
    "ZeRO stage",
    choices=("0", "1", "2", "3"),
    field=_degree("zero", least=0, most=3),
    degree=Degree("zero", (0, 1, 2, 3), "ZeRO {}", 0, shown="always"),
)
recompute = Quantity(
    "split.recompute",
    "r",
    "1",
    "activations computed again in the backward pass",
    choices=("none", "selective", "full"),
    field=_degree("recompute"),
    degree=Degree(
        "recompute", (0, 1, 2), ("no recomputation", "selective recomputation", "full recomputation"), 0, shown="always"
    ),
)
sequence_parallel = flag(
    "split.sequence",
    r"\sigma",
    "whether normalisation and dropout are split along the sequence",
    field=_degree("sequence", "wherever tensor is above 1"),
    degree=Degree(
        "sequence_parallel",
        (1,),
        ("no sequence parallelism", "sequence parallelism"),
        shown="never",
        beside="split.tensor",
    ),
)
first_spared = count(
    "split.first_spared",
    r"\ell_{\mathrm{emb}}",
    "layers that the first stage is spared, for the embedding",
    low=0,
    high=2,
    field=_degree("first_spared", "0", also=_LAYERS, least=0, most=1000),
    degree=Degree("first_spared", "ends", "first stage spared {} layer{s}", 0, beside="split.pipeline"),
)
last_spared = count(
    "split.last_spared",
    r"\ell_{\mathrm{head}}",
    "layers that the last stage is spared, for the output head",
    low=0,
    high=2,
    field=_degree("last_spared", "0", also=_LAYERS, least=0, most=1000),
    degree=Degree("last_spared", "ends", "last stage spared {} layer{s}", 0, beside="split.pipeline"),
)
offload_optimizer = flag(
    "split.offload_optimizer",
    r"\omega_{\mathrm{opt}}",
    "whether the host holds the optimizer's state and updates the weights",
    field=_degree("offload_optimizer", "false"),
    degree=Degree("offload_optimizer", "host", ("optimizer on the accelerator", "optimizer on the host"), 0),
)
offload_activations = flag(
    "split.offload_activations",
    r"\omega_{\mathrm{act}}",
    "whether activations wait on the host for the backward pass",
    field=_degree("offload_activations", "false"),
    degree=Degree("offload_activations", "host", ("activations on the accelerator", "activations on the host"), 0),
)

# The workload.
batch = count(
    "workload.batch_size",
    "B",
    "sequences, samples or requests at once",
    unit="sample",
    high=4096,
    field=Field(
        "workload.batch_size",
        "sequences (training), requests (inference) or samples at once, over all accelerators; not in serving, where "
        "requests arrive by themselves",
        "1",
        also=_SEQUENCES,
    ),
    unsaid="batch size 1: the plan gives none",
)
sequence = Quantity(
    "workload.sequence_length",
    "s",
    "token/sample",
    "tokens of a sequence; of a prompt when serving",
    low=16,
    high=131072,
    integer=True,
    field=Field(
        "workload.sequence_length",
        "tokens of a sequence; of the prompt in inference",
        "the model's registered one",
        "token",
        most=1e8,
    ),
)
output_tokens = Quantity(
    "workload.output_tokens",
    "n_{\\mathrm{out}}",
    "token/sample",
    "tokens generated for a request",
    low=1,
    high=4096,
    integer=True,
    field=Field("workload.output_tokens", unit="token", most=1e7),
)
samples_drawn = count(
    "workload.samples",
    r"N_{\mathrm{draw}}",
    "answers that are drawn for each problem, each a request of its own",
    high=1024,
    field=Field("workload.samples", default="1", most=1e6),
)
solve_rate = ratio(
    "workload.solve_rate",
    r"p_{1}",
    "probability that one answer solves its problem",
    low=0.001,
    field=Field("workload.solve_rate", least=1e-6, most=1),
)
thought_tokens = Quantity(
    "workload.thought_tokens",
    r"n_{\mathrm{think}}",
    "token",
    "tokens of an answer that are thought before the rest, which the user waits for",
    low=0,
    high=4096,
    integer=True,
    field=Field("workload.thought_tokens", default="0", least=0, most=1e7),
)
arrivals = Quantity(
    "serving.arrivals",
    r"\lambda_{\mathrm{all}}",
    "request/s",
    "requests that arrive per time",
    low=0.1,
    high=1,
    field=Field(
        "serving.requests_per_second",
        "requests that arrive per second, over all replicas",
        also=_RATES,
        least=0,
        above=True,
    ),
)
in_time = ratio(
    "serving.in_time",
    r"q_{\mathrm{p}}",
    "share of requests that latencies are given for",
    high=0.999,
    field=Field("serving.percentile", "percentile of latency that is reported", "99", "%", most=99.9999),
)
slots = count(
    "serving.slots",
    r"B_{\mathrm{slot}}",
    "requests that a replica works on at once",
    unit="sample",
    high=512,
    field=Field("serving.slots", default="what fits, at most vLLM's default", also=_SEQUENCES, most=1e6),
)
training_tokens = Quantity(
    "workload.training_tokens",
    r"n_{\mathrm{train}}",
    "token",
    "tokens of a training run",
    low=1e6,
    high=1e14,
    field=Field("workload.tokens", "tokens of the whole training run", most=1e18),
)
page = Quantity(
    "software.page",
    r"n_{\mathrm{page}}",
    "token/sample",
    "tokens of a key-value page",
    low=1,
    high=256,
    integer=True,
    field=Field("software.page", unit="token", most=1e6),
    called="cache page",
    fact="software.page",
)

# What the software achieves.
_EFFICIENCY = Field(
    "workload.efficiency",
    "share of peak that compute kernels reach",
    "the guide's row for this work",
    least=1e-6,
    most=1,
)
efficiency = ratio(
    "software.efficiency", r"\eta", "share of peak that the compute kernels reach", low=0.01, field=_EFFICIENCY
)
decode_single = ratio(
    "software.decode_single", r"\eta_1", "share of peak in decode with one request", low=0.01, field=_EFFICIENCY
)
decode_batched = ratio(
    "software.decode_batched", r"\eta_{\mathrm{full}}", "share of peak in decode with a full batch", field=_EFFICIENCY
)
full_batch = Quantity(
    "software.full_batch",
    r"B_{\mathrm{full}}",
    "sample",
    "batch from which decode counts as full",
    low=2,
    high=64,
    called="full decode batch",
    fact="software.full_batch",
)
memory_efficiency = ratio(
    "software.memory_efficiency",
    r"\eta_{\mathrm{mem}}",
    "share of memory bandwidth reached",
    field=_share("software.memory_efficiency", "1"),
    fact="software.memory_efficiency",
)
link_efficiency = ratio(
    "software.link_efficiency",
    r"\eta_{\mathrm{net}}",
    "share of link bandwidth reached",
    field=_share("software.link_efficiency", "1"),
    fact="software.link_efficiency",
)
overlap = ratio(
    "software.overlap",
    r"\omega",
    "share of compute behind which communication can hide",
    low=0,
    field=Field("software.overlap", default="1", least=0, most=1),
    fact="software.overlap",
)
imbalance = Quantity(
    "software.imbalance",
    r"\gamma_{E}",
    "1",
    "load of the busiest expert rank per mean load",
    low=1,
    high=8,
    field=Field("software.imbalance", default="1", most=1000),
    fact="software.imbalance",
)

# Failures and storage.
device_mtbf = Quantity(
    "reliability.device_mtbf",
    r"M_1",
    "s",
    "mean time between failures of one accelerator",
    display="h",
    low=1e7,
    high=1e9,
    called="mean time between failures of an accelerator",
    fact="reliability.device_mtbf",
)
restart = time(
    "reliability.restart",
    "R",
    "time to find a failure and start again",
    display="min",
    low=1,
    fact="reliability.restart",
)
node_storage = Quantity(
    "storage.node_bandwidth",
    r"BW_{\mathrm{node}}",
    "byte/s",
    "bandwidth at which one node writes to storage",
    display="GB/s",
    low=1e8,
    high=1e11,
    called="node",
)
filesystem = Quantity(
    "storage.filesystem_bandwidth",
    r"BW_{\mathrm{fs}}",
    "byte/s",
    "bandwidth the file system sustains",
    display="GB/s",
    low=1e9,
    high=1e13,
    called="file system",
)

# The data that training reads: where no data set is named, reading and transforming take no time.
sample_bytes = Quantity(
    "dataset.sample_size",
    r"b_{1}",
    "byte/sample",
    "stored size of a sample that is no text",
    display="kB/sample",
    low=0,
    high=1e8,
    absent=0,
)
token_bytes = Quantity(
    "dataset.token_size", r"b_{\mathrm{tok}}", "byte/token", "stored size of a token of text", low=0, high=64, absent=0
)
dataset_size = Quantity(
    "dataset.size", r"D_{\mathrm{set}}", "byte", "stored size of the data set", display="GB", low=1, absent=inf
)
node_reads = Quantity(
    "storage.read_bandwidth",
    r"BW_{\mathrm{read}}",
    "byte/s",
    "bandwidth at which one node reads from storage",
    display="GB/s",
    low=1e6,
    high=1e11,
    absent=inf,
    without="bandwidth at which a node reads: times are lower bounds",
)
filesystem_reads = Quantity(
    "storage.filesystem_read_bandwidth",
    r"BW_{\mathrm{fs,read}}",
    "byte/s",
    "bandwidth at which the file system is read by all nodes",
    display="GB/s",
    low=1e8,
    high=1e13,
    absent=inf,
    without="bandwidth at which the file system is read: times are lower bounds",
)
node_cache = Quantity(
    "data.cache",
    r"C_{\mathrm{node}}",
    "byte",
    "memory of a node that holds samples",
    display="GB",
    low=0,
    absent=0,
    field=_amount(
        "data.cache",
        "memory of each node that holds samples from one epoch to the next, in GB",
        default="0, every sample comes from storage",
    ),
)
node_workers = Quantity(
    "data.workers",
    r"n_{\mathrm{w}}",
    "1",
    "workers of a node that transform samples",
    low=1,
    high=256,
    integer=True,
    absent=1,
    field=Field("data.workers", "workers of each node that transform samples", most=1e6),
)
worker_rate = Quantity(
    "data.worker_rate",
    r"r_{1}",
    "sample/s",
    "samples per time that one worker transforms",
    low=1,
    high=1e5,
    absent=inf,
    field=Field(
        "data.worker_rate",
        "samples per second that one worker, such as a core, decodes and augments",
        "transforming takes no time",
        also=_RATES,
        least=0,
        above=True,
    ),
    without="transforming samples takes no time",
)

# How the loss falls with parameters and tokens, as it was fitted to many training runs.
irreducible = ratio("scaling.irreducible", r"E_{\mathrm{fit}}", "loss that no model avoids", low=0.5, high=3)
size_scale = ratio("scaling.size_scale", r"A_{\mathrm{fit}}", "scale of the loss of a small model", low=1, high=3000)
data_scale = ratio("scaling.data_scale", r"B_{\mathrm{fit}}", "scale of the loss of little data", low=1, high=3000)
size_exponent = ratio(
    "scaling.size_exponent", r"\alpha_{\mathrm{fit}}", "power at which the loss falls with size", low=0.1
)
data_exponent = ratio(
    "scaling.data_exponent", r"\beta_{\mathrm{fit}}", "power at which the loss falls with data", low=0.1
)

# Operations.
duration = Quantity(
    "ops.duration",
    "D",
    "s",
    "time the fleet is held; 0 where it is held for a training run",
    display="h",
    low=0,
    high=1e8,
    field=Field(
        "ops.duration_days", "days for which the accelerators are held", unit="day", least=0, above=True, most=36500
    ),
)
shared_load = ratio(
    "ops.shared_load",
    r"\rho_{\mathrm{shared}}",
    "share of a shared cluster that jobs like this one keep busy",
    low=0,
    high=0.99,
    field=Field("ops.shared_load", least=0, most=0.999),
)
shared_places = count(
    "ops.shared_places",
    r"c_{\mathrm{shared}}",
    "jobs of this size that the shared cluster runs at once",
    high=64,
    field=Field("ops.shared_places", default="1", most=1e4),
)
shared_spread = ratio(
    "ops.shared_spread",
    r"c_{v}",
    "standard deviation of how long jobs take, over the mean",
    low=0,
    high=4,
    field=Field("ops.shared_spread", default="1, as of exponential times", least=0, most=100),
)
price = Quantity(
    "price.accelerator_hour",
    r"\pi_{\mathrm{acc}}",
    "USD/s",
    "price of one accelerator for one hour",
    display="USD/h",
    low=1e-6,
    high=1e-1,
    field=_amount(
        "ops.price_per_accelerator_hour",
        "price of one accelerator for an hour",
        default="the registry's price for this accelerator",
    ),
)
carbon_tax = Quantity(
    "ops.carbon_tax",
    r"\pi_{\mathrm{C}}",
    "USD/gCO2e",
    "price of emissions",
    display="USD/tCO2e",
    low=0,
    high=1e-3,
    field=Field("ops.carbon_tax", default="0", least=0, most=_MOST),
    unsaid="no carbon tax",
)
pue = Quantity("facility.pue", r"\mathrm{PUE}", "1", "facility energy per IT energy", low=1, high=3, called="PUE")
wue = Quantity(
    "facility.wue",
    r"\mathrm{WUE}",
    "L/J",
    "water on site per IT energy",
    display="L/kWh",
    low=0,
    high=1e-6,
    called="WUE",
)
carbon_intensity = Quantity(
    "grid.carbon_intensity",
    r"\mathrm{CI}",
    "gCO2e/J",
    "emissions per energy of the grid",
    display="gCO2e/kWh",
    low=0,
    high=1e-3,
    field=Field(
        "ops.carbon_intensity", "emissions of electricity", "the registry's of the region", least=0, most=_MOST
    ),
)
water_intensity = Quantity(
    "grid.water_intensity",
    r"\mathrm{EWIF}",
    "L/J",
    "water off site per energy of the grid",
    display="L/kWh",
    low=0,
    high=1e-5,
    absent=0,
    without="water of the grid is left out",
)
electricity_price = Quantity(
    "grid.electricity_price",
    r"\pi_{E}",
    "USD/J",
    "price of electricity, where it is paid beside the accelerators",
    display="USD/kWh",
    low=0,
    high=1e-7,
    field=Field(
        "ops.electricity_price",
        "price of electricity, paid beside the rent; `grid` for the registry's of the region",
        "0, the rent includes power",
        least=0,
        most=_MOST,
        words=("grid",),
    ),
    unsaid="electricity: in the price of the accelerators; give ops.electricity_price where it is paid beside it",
)
embodied = Quantity(
    "node.embodied",
    r"C_{\mathrm{emb}}",
    "gCO2e",
    "emissions of making one accelerator",
    display="kgCO2e",
    low=0,
    high=1e7,
    absent=0,
    without="emissions of making the hardware are left out",
)
lifetime = Quantity("node.lifetime", r"Y", "s", "service life of an accelerator", display="year", low=1e7, high=1e9)
