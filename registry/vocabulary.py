"""What the registry can say: the facts of each category, their units and their meaning.

A name may end in ``*``, which stands for a number format. Peaks are dense unless the name says sparse, bandwidths are one
way unless the name says both ways, capacities are nominal unless the name says usable.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The unit of a fact that is a word, such as a memory technology.
WORD = "word"


@dataclass(frozen=True)
class Meaning:
    """What a fact is.

    Attributes:
        unit: any unit of its dimension; ``1`` for a plain number, ``word`` for a word.
        says: its meaning as a clause.
        required: whether an entry without it is refused; ``not published`` is an answer.
        dated: whether it must say when it was read.
        low, high: what it may be, in the unit.
        above: whether it must be above ``low``, not only at it.
        whole: whether it counts.
    """

    unit: str
    says: str
    required: bool = False
    dated: bool = False
    low: float = 0
    high: float = 1e30
    above: bool = False
    whole: bool = False

    def refuses(self, value: float) -> str | None:
        """What is wrong with a value in the unit, as a clause."""
        if self.whole and value != int(value):
            return "is not a whole number"
        if value < self.low or (self.above and value == self.low):
            return f"is not above {self.low:g}" if self.above else f"is below {self.low:g}"
        return f"is above {self.high:g}" if value > self.high else None


def _optional(*, above: bool = False, **facts: tuple[str, str]) -> dict[str, Meaning]:
    return {name.replace("__", "."): Meaning(*said, above=above) for name, said in facts.items()}


def _required(*, above: bool = False, **facts: tuple[str, str]) -> dict[str, Meaning]:
    return {name.replace("__", "."): Meaning(*said, required=True, above=above) for name, said in facts.items()}


def _counts(**facts: tuple[str, int, int]) -> dict[str, Meaning]:
    """Whole numbers, from the least to the most that makes sense."""
    return {name: Meaning("1", says, low=low, high=high, whole=True) for name, (says, low, high) in facts.items()}


#: Facts by category and name.
FACTS: dict[str, dict[str, Meaning]] = {
    "hardware": {
        "compute.peak.*": Meaning("TFLOP/s", "dense peak rate of a number format", above=True),
        "compute.peak_sparse.*": Meaning("TFLOP/s", "peak rate with structured sparsity, counting what is skipped", above=True),
        "compute.operations_per_clock.*": Meaning("1", "operations of a unit in a clock, two for a multiply-add", above=True),
        **_optional(
            above=True,
            compute__clock=("Hz", "clock that the peaks are quoted at"),
            compute__units=("1", "multiprocessors, compute units or cores"),
            memory__usable=("GB", "memory that software can use, where the maker states it"),
            memory__technology=("word", "kind of memory"),
            memory__bus_width=("GB", "width of the memory interface"),
            memory__pin_rate=("GB/s", "rate of one pin of it"),
            memory__sram=("GB", "memory on the chip"),
            memory__flash=("GB", "flash memory of a microcontroller"),
            power__idle=("W", "power when idle"),
            interconnect__bandwidth=("GB/s", "one way, all links of the device together"),
            interconnect__bandwidth_both_ways=("GB/s", "both ways added, as makers quote it"),
        ),
        **_required(
            above=True,
            memory__capacity=("GB", "nominal memory"),
            memory__bandwidth=("GB/s", "peak memory bandwidth"),
            power__maximum=("W", "thermal design or board power"),
            launch_year=("1", "year of its launch"),
        ),
    },
    "nodes": {
        **_required(
            power__maximum=("W", "power of the whole node under full load"),
            power__idle=("W", "power of one accelerator's share of an idle node"),
            lifetime=("year", "years over which the node is written off"),
            reach=("1", "accelerators that one network joins"),
        ),
        "accelerators": Meaning("1", "accelerators of one node", required=True, low=1, high=1e5, whole=True),
        **_optional(
            ports=("1", "network ports for accelerator traffic"),
            embodied=("gCO2e", "emissions of making one accelerator's share"),
            scale_up=("1", "accelerators joined by the fast link, where it spans nodes"),
            host__memory=("GB", "memory of the host, all processors together"),
            host__memory_bandwidth=("GB/s", "peak bandwidth of that memory"),
        ),
    },
    "fabrics": {
        **_required(above=True, bandwidth=("GB/s", "one way, of one accelerator or port")),
        **_optional(
            latency=("s", "one step of a ring"),
            bandwidth_both_ways=("GB/s", "both ways added, as makers quote it"),
            links=("1", "links or ports that are counted in it"),
            link_bandwidth=("GB/s", "one way, of one link"),
            node_bandwidth=("GB/s", "one way, of a whole node"),
        ),
    },
    "grids": {
        **_required(carbon_intensity=("gCO2e/kWh", "emissions of electricity")),
        **_optional(
            water_intensity=("L/kWh", "water consumed off site"),
            electricity_price=("USD/kWh", "price to industrial customers"),
        ),
    },
    "facilities": {
        "pue": Meaning("1", "power of the facility per power of its computers", required=True, low=1, high=10),
        **_required(wue=("L/kWh", "water used on site per energy of its computers")),
    },
    "fleets": {
        **_required(accelerators=("1", "accelerators"), nodes=("1", "nodes")),
        **_optional(
            power=("W", "power of the whole fleet"),
            oversubscription=("1", "links below the top of its network per link above"),
            used=("1", "accelerators that one job used"),
            pod=("1", "accelerators joined at full bandwidth"),
        ),
    },
    "storage": {
        **_required(bandwidth=("GB/s", "read by one node, device or instance"), latency=("s", "time to the first byte")),
        **_optional(
            write_bandwidth=("GB/s", "written by one node, device or instance"),
            filesystem_bandwidth=("GB/s", "read by all nodes together"),
            filesystem_write_bandwidth=("GB/s", "written by all nodes together"),
            unit_bandwidth=("GB/s", "read by one scalable unit"),
            unit_write_bandwidth=("GB/s", "written by one scalable unit"),
            peak_bandwidth=("GB/s", "the most it reaches for a short time"),
            capacity=("GB", "data it holds"),
            power=("W", "power of one device"),
            price=("USD/GB/month", "price of holding data"),
            requests_read=("1/s", "reads a second"),
            requests_write=("1/s", "writes a second"),
        ),
    },
    "datasets": {
        **_required(size=("GB", "stored size")),
        **_optional(
            samples=("1", "samples of the training part"),
            tokens=("token", "tokens of text"),
            sample_size=("kB/sample", "mean stored size of a sample"),
            duration=("s", "length of recordings"),
        ),
    },
    "prices": {
        "per_accelerator": Meaning("USD/h", "price of one accelerator for an hour", dated=True),
        "purchase": Meaning("USD", "price of one accelerator"),
        "per_capacity": Meaning("USD/GB/month", "price of holding data"),
        "per_energy": Meaning("USD/kWh", "price of electricity"),
        "per_volume": Meaning("USD/GB", "price of moving data out"),
    },
    "datatypes": {
        **_required(weight_bytes=("byte/param", "bytes of a weight")),
        **_optional(
            value_bytes=("byte/token", "bytes of an activation"),
            cache_bytes=("byte/token", "bytes of a cached key or value"),
            score_bytes=("byte/token/token", "bytes of an attention score"),
        ),
    },
    "optimizers": _optional(
        state_bytes=("byte/param", "the optimizer's own numbers, for each parameter"),
        gradient_bytes=("byte/param", "bytes of a gradient"),
        full__state_bytes=("byte/param", "the same when training in full precision"),
        full__gradient_bytes=("byte/param", "the same when training in full precision"),
    ),
    "software": {
        "full_batch": Meaning("sample", "requests from which decoding counts as batched", low=2),
        **_optional(
        efficiency=("1", "share of peak that compute kernels reach"),
        memory_efficiency=("1", "share of memory bandwidth reached"),
        link_efficiency=("1", "share of link bandwidth reached"),
        overlap=("1", "share of compute behind which communication hides"),
        imbalance=("1", "load of the busiest expert rank per mean load"),
        page=("token/sample", "tokens of a key-value page"),
        output_tokens=("token/sample", "tokens generated for a request"),
        chunk=("token/sample", "tokens of a prompt that a step of serving takes"),
        slots=("sample", "requests that a replica works on at once"),
    )},
    "reliability": _optional(
        device_mtbf=("s", "mean time between failures of one accelerator"),
        restart=("s", "time to restart a job"),
    ),
    "scaling": _required(
        irreducible=("1", "loss that no model avoids"),
        size_scale=("1", "scale of the loss of a small model"),
        size_exponent=("1", "power at which the loss falls with size"),
        data_scale=("1", "scale of the loss of little data"),
        data_exponent=("1", "power at which the loss falls with data"),
    ),
    "privacy": _optional(
        slowdown_low=("1", "least measured slow-down"),
        slowdown_high=("1", "most measured slow-down"),
        memory_overhead=("1", "measured memory, relative"),
    ),
    "models": {
        "sequence_length": Meaning("token/sample", "tokens of a sequence it was trained with", low=1, high=1e8, whole=True),
        "context_length": Meaning("token/sample", "longest sequence it accepts", low=1, high=1e8, whole=True),
        **_optional(
            above=True,
            published__parameters=("param", "parameters as their publisher counts them"),
            further=("param", "parameters beside the layers: poolers, token types, a bias of the head"),
            parameters=("param", "parameters, of a model known by its profile"),
            multiply_accumulates=("1", "multiply-accumulates of one forward pass of one sample"),
            activation_bytes=("kB/sample", "activations kept at once for one sample"),
        ),
        **_counts(
            layers=("layers", 1, 10_000), hidden=("width of the residual stream", 1, 10**6), heads=("query heads", 1, 10**5),
            kv_heads=("key-value heads", 1, 10**5), head_width=("width of a head", 1, 10**5),
            ffn_width=("width of the feed-forward layer", 0, 10**7), ffn_matrices=("matrices of a feed-forward layer", 2, 3),
            vocabulary=("entries of the vocabulary", 1, 10**8), positions=("learned position embeddings", 0, 10**8),
            tied=("1 where embedding and output head are one matrix", 0, 1),
            norm_vectors=("vectors of a normalisation", 0, 2), norms=("normalisations in a layer", 0, 16),
            head_norms=("normalisations of the width of a head in a layer", 0, 10**5),
            attention_bias=("1 where query, key and value have a bias", 0, 1),
            output_bias=("1 where the attention output has a bias", 0, 1),
            ffn_bias=("1 where feed-forward matrices have a bias", 0, 1),
            dropout=("1 where training keeps dropout masks", 0, 1),
            causal=("1 where a token attends only to those before it", 0, 1),
            dense_layers=("layers without experts", 0, 10_000), experts=("routed experts of a layer", 0, 10**5),
            active_experts=("routed experts a token visits", 0, 10**5),
            expert_groups=("groups into which routed experts are dealt; 1 for no groups", 1, 10**4),
            routed_groups=("groups to whose experts a token may be routed", 1, 10**4),
            shared_experts=("experts every token visits", 0, 10**4), expert_width=("width of an expert", 0, 10**7),
            router_bias=("1 where the router has a bias", 0, 1),
            latent=("1 where keys and values are kept as one latent vector (MLA)", 0, 1),
            query_rank=("rank of the query compression, 0 for none", 0, 10**6),
            kv_rank=("rank of the key-value compression", 0, 10**6), rope_width=("part of a head that is rotated", 0, 10**5),
            nope_width=("part of a head that is not", 0, 10**5), value_width=("width of a value head under MLA", 0, 10**5),
        ),
    },
    "scenarios": {},
}  # fmt: skip

#: What kinds of entries a category has, where the kind decides how they are evaluated.
KINDS = {
    "models": ("transformer", "profiled"),
    "hardware": ("gpu", "tpu", "asic", "wafer", "edge", "mobile", "cpu", "mcu", ""),
}  # fmt: skip

#: Facts of a transformer of which one is at most the other.
AT_MOST = (
    ("kv_heads", "heads"), ("dense_layers", "layers"), ("active_experts", "experts"),
    ("routed_groups", "expert_groups"), ("expert_groups", "experts"), ("sequence_length", "context_length"),
)  # fmt: skip

#: The number formats of processors.
FORMATS = ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4")


def meaning(category: str, fact: str) -> Meaning | None:
    """What a fact of a category is; None where the category has no such fact."""
    known = FACTS[category]
    head, _, format = fact.rpartition(".")
    return known.get(fact) or (known.get(f"{head}.*") if format in FORMATS else None)


def names(category: str) -> list[str]:
    """Every fact that a category can state."""
    return [name.replace("*", format) for name in FACTS[category] for format in (FORMATS if "*" in name else ("",))]
