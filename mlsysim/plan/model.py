"""The form of a plan, defined once: its fields, their limits and what they mean.

``plan.schema.json`` is made from it by ``make generate``; a plan that the schema accepts is used as it is, so only a plan
with mistakes pays for importing this module, of which ``mistakes`` then says everything that is wrong.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mlsysim.plan.lines import Line
from mlsysim.plan.quantities import Unit

#: What a number of accelerators, and of nodes, may be followed by.
ACCELERATORS = (
    "accelerator", "accelerators", "GPU", "GPUs", "TPU", "TPUs", "card", "cards", "chip", "chips", "device", "devices",
)  # fmt: skip
NODES = ("node", "nodes", "host", "hosts", "server", "servers")
#: What a batch counts besides samples, and how a rate of requests is written without them.
SEQUENCES = ("sequence", "sequences", "request", "requests")
RATES = ("/s", "1/s", "Hz")

#: A number in the field's own unit, or text with a unit; so is every number of a plan.
Count = Annotated[int, Field(strict=True, ge=1, le=10**9), Unit("1")]
Nodes = Annotated[int, Field(strict=True, ge=1, le=10**6), Unit("1", *NODES)]
Accelerators = Annotated[int, Field(strict=True, ge=1, le=10**7), Unit("1", *ACCELERATORS)]
Amount = Annotated[float, Field(strict=True, gt=0, le=1e6, allow_inf_nan=False)]
#: The same, which may be nothing.
Rate = Annotated[float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False)]
#: A number in the metric's own unit, or a string with a unit; a truth value is neither.
Bound = Annotated[float, Field(strict=True)] | str
Price = Annotated[Rate, Unit("USD/kWh")]
Intensity = Annotated[Rate, Unit("gCO2e/kWh")]
Bandwidth = Annotated[Amount, Unit("GB/s")]
Micros = Annotated[Amount, Unit("us")]
Millis = Annotated[Amount, Unit("ms")]
Traffic = Annotated[float, Field(strict=True, gt=0, le=1e9, allow_inf_nan=False), Unit("request/s", *RATES)]
Stage = Annotated[int, Field(strict=True, ge=0, le=3), Unit("1")]
Spared = Annotated[int, Field(strict=True, ge=0, le=1000), Unit("1", "layer", "layers")]
Share = Annotated[float, Field(strict=True, ge=1e-6, le=1, allow_inf_nan=False), Unit("1")]
#: Text in one line, without control characters, which a terminal or a build log would obey.
LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
Name = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=LINE)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Workload(_Section):
    """What is done with which model."""

    name: Name | None = Field(default=None, description="a model of the registry, by name or alias")
    model: dict[str, Any] | None = Field(
        default=None,
        description="instead of a name: a model of your own, as `mlsysim schema --type registry` describes an entry of "
        "`models`; needs only `facts`",
    )
    batch_size: Annotated[int, Field(strict=True, ge=1, le=10**9), Unit("sample", *SEQUENCES)] = Field(
        default=1,
        description="sequences (training), requests (inference) or samples at once, over all accelerators; "
        "not in serving, where requests arrive by themselves",
    )
    phase: Literal["training", "inference", "serving"] | None = Field(
        default=None,
        description="default: serving where requests arrive, training where hardware.nodes is given, else inference",
    )
    sequence_length: Annotated[int, Field(strict=True, ge=1, le=10**8), Unit("token")] | None = Field(
        default=None,
        description="tokens of a sequence; of the prompt in inference; default: the model's registered one",
    )
    output_tokens: Annotated[int, Field(strict=True, ge=1, le=10**7), Unit("token")] | None = Field(
        default=None, description="tokens generated for a request; inference only"
    )
    precision: Name | None = Field(
        default=None, description="number format of weights and arithmetic; default: bf16, fp16, ... as supported"
    )
    efficiency: Share | None = Field(
        default=None, description="share of peak that compute kernels reach; default: the guide's row for this work"
    )
    tokens: Annotated[float, Field(strict=True, ge=1, le=1e18, allow_inf_nan=False), Unit("token")] | None = Field(
        default=None, description="tokens of the whole training run; training of a transformer only"
    )
    optimizer: Name | None = Field(default=None, description="optimizer of the registry; training only; default: adam")


class Parallelism(_Section):
    """How the model is split over accelerators; what is left open follows the stated rule."""

    tensor: Count | None = Field(default=None, description="tensor-parallel degree")
    pipeline: Count | None = Field(default=None, description="pipeline stages")
    data: Count | None = Field(default=None, description="data-parallel replicas")
    context: Count | None = Field(default=None, description="context-parallel degree; training only")
    expert: Count | None = Field(default=None, description="expert-parallel degree; training only")
    microbatch: Count | None = Field(default=None, description="sequences in a microbatch; training only")
    interleave: Count | None = Field(default=None, description="model chunks on each pipeline stage; training only")
    zero: Stage | None = Field(default=None, description="ZeRO stage; training only")
    recompute: Literal["none", "selective", "full"] | None = Field(
        default=None, description="activations computed again in the backward pass; training only"
    )
    sequence: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="sequence parallelism; training only; default: wherever tensor is above 1"
    )
    first_spared: Spared | None = Field(
        default=None, description="layers that the first stage is spared, for the embedding; training only; default: 0"
    )
    last_spared: Spared | None = Field(
        default=None, description="layers that the last stage is spared, for the output head; training only; default: 0"
    )
    offload_optimizer: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        description="whether the host holds the optimizer's state and updates the weights; training only; default: false",
    )
    offload_activations: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        description="whether activations wait on the host for the backward pass; training only; default: false",
    )


class PoolChoice(_Section):
    """Accelerators of one kind, among several pools."""

    name: Name = Field(description="an accelerator of the registry, by name or alias")
    node: Name | None = Field(
        default=None, description="a node design of the registry; default: the accelerator's standard node"
    )
    nodes: Nodes | None = Field(default=None, description="nodes")
    accelerators: Accelerators | None = Field(default=None, description="accelerators, instead of nodes; default: 1")
    share: Share | None = Field(
        default=None,
        description="share of the requests, or of the batch, that it serves; all shares together are 1; default: in "
        "proportion to accelerators",
    )


class HardwareChoice(_Section):
    """Which accelerators, and how many: one kind by name, a fleet, or a list of pools."""

    name: Name | None = Field(default=None, description="an accelerator of the registry, by name or alias")
    fleet: Name | None = Field(
        default=None,
        description="instead of a name: a fleet of the registry, which says accelerator, node and how many, and the "
        "region unless ops does",
    )
    pools: tuple[PoolChoice, ...] = Field(
        default=(),
        max_length=100,
        description="instead of a name: pools that share requests or a batch; inference and serving only",
    )
    node: Name | None = Field(
        default=None, description="a node design of the registry; default: the accelerator's standard node"
    )
    nodes: Nodes | None = Field(default=None, description="standard nodes of that accelerator")
    accelerators: Accelerators | None = Field(default=None, description="accelerators, instead of nodes; default: 1")


class Network(_Section):
    """How accelerators reach each other; what it does not say is as in the node's design."""

    fabric: Name | None = Field(
        default=None, description="a fabric of the registry between nodes, a port for each accelerator"
    )
    bandwidth: Bandwidth | None = Field(
        default=None, description="GB/s between nodes, of an accelerator, one way; instead of a fabric"
    )
    latency: Micros | None = Field(default=None, description="us of a message between nodes; instead of a fabric")
    link: Name | None = Field(default=None, description="a fabric of the registry inside a node")
    link_bandwidth: Bandwidth | None = Field(
        default=None, description="GB/s inside a node, of an accelerator, one way; instead of a link"
    )
    link_latency: Micros | None = Field(default=None, description="us of a message inside a node; instead of a link")


class Software(_Section):
    """What software achieves beyond the compute kernels; the defaults are the ideal level."""

    memory_efficiency: Share | None = Field(default=None, description="share of memory bandwidth reached; default: 1")
    link_efficiency: Share | None = Field(default=None, description="share of link bandwidth reached; default: 1")
    overlap: Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False), Unit("1")] | None = Field(
        default=None, description="share of compute behind which communication can hide; training only; default: 1"
    )
    imbalance: Annotated[float, Field(strict=True, ge=1, le=1000, allow_inf_nan=False), Unit("1")] | None = Field(
        default=None,
        description="load of the busiest expert rank per mean load; training with expert parallelism only; default: 1",
    )
    page: Annotated[int, Field(strict=True, ge=1, le=10**6), Unit("token")] | None = Field(
        default=None, description="tokens of a key-value page; transformer inference only"
    )


class Ops(_Section):
    """Where and for how long; without a duration, or the tokens of a run, the macro lens is skipped."""

    region: Name | None = Field(default=None, description="a grid of the registry")
    duration_days: Annotated[float, Field(strict=True, gt=0, le=36500, allow_inf_nan=False), Unit("day")] | None = (
        Field(default=None, description="days for which the accelerators are held")
    )
    facility: Name | None = Field(default=None, description="a facility of the registry; default: AWS")
    price_per_accelerator_hour: Annotated[Amount, Unit("USD/h")] | None = Field(
        default=None, description="USD/h; default: the registry's price for this accelerator"
    )
    carbon_tax: Annotated[Rate, Unit("USD/tCO2e")] | None = Field(default=None, description="USD/tCO2e; default: 0")
    electricity_price: Price | Literal["grid"] | None = Field(
        default=None,
        description="USD/kWh, paid beside the rent; `grid` for the registry's price of the region; default: 0, the rent "
        "includes power",
    )
    carbon_intensity: Intensity | None = Field(
        default=None, description="gCO2e/kWh; default: the registry's of the region"
    )


Hours = Annotated[float, Field(strict=True, gt=0, le=1e6, allow_inf_nan=False), Unit("hour")]
Window = Annotated[int, Field(strict=True, ge=1, le=10_000), Unit("1")]


class Site(_Section):
    """A place where work may run; what it does not say is as in ops."""

    region: Name = Field(description="a grid of the registry")
    name: Name | None = Field(default=None, description="what to call it; default: the region")
    facility: Name | None = Field(default=None, description="a facility of the registry")
    electricity_price: Price | Literal["grid"] | Annotated[tuple[Price, ...], Field(max_length=10_000)] | None = Field(
        default=None, description="USD/kWh, paid beside the rent; a list has one for each window; `grid` as in ops"
    )
    carbon_intensity: Intensity | Annotated[tuple[Intensity, ...], Field(max_length=10_000)] | None = Field(
        default=None, description="gCO2e/kWh; a list has one for each window; default: the registry's"
    )
    capacity: Annotated[int, Field(strict=True, ge=0, le=10**9), Unit("1", *ACCELERATORS)] | None = Field(
        default=None, description="accelerators that can run there at once; default: any number"
    )
    latency: Millis | None = Field(default=None, description="ms, to the users")
    jurisdiction: Name | None = Field(default=None, description="whose law holds for data there, such as EU")


class Job(_Section):
    """Work that runs at one site in consecutive windows; what it does not say is as in the rest of the plan."""

    name: Name = Field(description="what to call it; no other job is called so")
    accelerators: Accelerators | None = Field(default=None, description="accelerators, instead of those of hardware")
    nodes: Nodes | None = Field(default=None, description="nodes, instead of those of hardware")
    duration_hours: Hours | None = Field(default=None, description="whole windows; default: ops.duration_days")
    release: Window | None = Field(
        default=None, description="the first window, counted from 1, in which it may start; default: 1"
    )
    deadline: Window | None = Field(
        default=None, description="the window, counted from 1, at whose end it must be done; default: the last"
    )
    jurisdictions: tuple[Name, ...] = Field(
        default=(), max_length=100, description="where its data may be; default: anywhere"
    )
    latency: Millis | None = Field(default=None, description="ms, the most that its users accept")
    workload: dict[str, Any] = Field(default={}, description="fields of the workload section that are its own")
    site: Name | None = Field(default=None, description="the name of the site where it must run; default: any")
    start: Window | None = Field(default=None, description="the window, counted from 1, in which it must start")


class Placement(_Section):
    """Where the work may run and when, for `mlsysim optimize placement`."""

    sites: tuple[Site, ...] = Field(
        default=(), max_length=5000, description="default: every grid of the registry, with any capacity"
    )
    jobs: tuple[Job, ...] = Field(default=(), max_length=5000, description="default: one, the plan itself")
    windows: Window | None = Field(default=None, description="how many there are; default: one, as long as ops says")
    window_hours: Hours | None = Field(default=None, description="hours of a window")


class Serving(_Section):
    """Requests that arrive one by one; makes the phase serving. An engine batches them continuously in its slots."""

    requests_per_second: Traffic | None = Field(
        default=None, description="requests that arrive per second, over all replicas"
    )
    percentile: Annotated[float, Field(strict=True, ge=1, le=99.9999, allow_inf_nan=False), Unit("%")] | None = Field(
        default=None, description="percentile of latency that is reported; default: 99"
    )
    slots: Annotated[int, Field(strict=True, ge=1, le=10**6), Unit("sample", *SEQUENCES)] | None = Field(
        default=None, description="requests that a replica works on at once; default: what fits, at most vLLM's default"
    )
    chunk: Annotated[int, Field(strict=True, ge=1, le=10**7), Unit("token")] | None = Field(
        default=None, description="tokens of a prompt that one step takes; transformer only; default: vLLM's"
    )


class Assert(_Section):
    """A limit on a metric. A number is in ``unit``, else in the metric's own; a string carries its unit."""

    metric: Name = Field(description="a metric, such as performance.latency")
    max: Bound | None = Field(default=None, description="the most it may be")
    min: Bound | None = Field(default=None, description="the least it may be")
    equals: Bound | None = Field(default=None, description="what it must be, to 9 digits; instead of max and min")
    unit: Name | None = Field(default=None, description="of the numbers, such as s; default: the metric's own unit")
    severity: Literal["error", "warn"] = Field(
        default="error", description="whether a violation fails the plan, or is only reported and no limit of a search"
    )
    reason: Annotated[str, Field(strict=True, max_length=500, pattern=LINE)] = Field(
        default="", description="why the limit is there; said when it is violated"
    )


class Constraints(_Section):
    """What must hold."""

    asserts: tuple[Annotated[Assert, Line()], ...] = Field(
        default=(), max_length=1000, alias="assert",
        description="limits on metrics, each a mapping, or in a line such as `latency <= 50 ms`",
    )  # fmt: skip


class Vary(_Section):
    """The values to choose from, of degrees that parallelism leaves open; a degree that is not named may be anything."""

    tensor: tuple[Count, ...] = Field(default=(), max_length=1000, description="tensor-parallel degrees")
    pipeline: tuple[Count, ...] = Field(default=(), max_length=1000, description="numbers of pipeline stages")
    data: tuple[Count, ...] = Field(
        default=(), max_length=1000, description="numbers of data-parallel replicas; not in serving"
    )
    context: tuple[Count, ...] = Field(
        default=(), max_length=1000, description="context-parallel degrees; training only"
    )
    expert: tuple[Count, ...] = Field(default=(), max_length=1000, description="expert-parallel degrees; training only")
    microbatch: tuple[Count, ...] = Field(
        default=(), max_length=1000, description="sequences in a microbatch; training only"
    )
    interleave: tuple[Count, ...] = Field(
        default=(), max_length=1000, description="model chunks on each stage; training only"
    )
    zero: tuple[Stage, ...] = Field(default=(), max_length=1000, description="ZeRO stages; training only")
    recompute: tuple[Literal["none", "selective", "full"], ...] = Field(
        default=(), max_length=1000, description="kinds of recomputation; training only"
    )


class Search(_Section):
    """What `mlsysim optimize` decides and chooses from; other commands take no notice."""

    problem: Literal["parallelism", "nodes", "placement", "batching"] | None = Field(
        default=None,
        description="what `mlsysim optimize PLAN` decides; default: placement where the plan has sites or jobs, nodes where "
        "it has pools or search.nodes, batching where it serves, else parallelism",
    )
    objective: Name | None = Field(
        default=None, description="a metric, a sum such as latency + 0.5*tco, or fewest, cheapest, cleanest, soonest"
    )
    maximize: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="whether the objective is to be large; default: what is better for the metric"
    )
    vary: Vary = Vary()
    hardware: tuple[Name, ...] = Field(
        default=(), max_length=100, description="accelerators to choose from; of the problem nodes"
    )
    nodes: Name | Annotated[tuple[Count, ...], Field(max_length=10_000)] | None = Field(
        default=None,
        description="numbers of nodes to choose from, a list or a range such as 1-64; of the problem nodes",
    )
    offload: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        description="whether optimizer state and activations may go to the host, each where parallelism leaves it open",
    )
    precisions: tuple[Name, ...] = Field(
        default=(), max_length=20, description="number formats to choose from, instead of workload.precision"
    )


class Plan(_Section):
    """A design to evaluate, and the limits it must keep."""

    version: Literal["1.0"] = Field(description="the version of this format")
    name: Annotated[str, Field(strict=True, max_length=500, pattern=LINE)] = Field(
        default="", description="what to call the plan in output"
    )
    workload: Workload
    hardware: HardwareChoice
    network: Network = Network()
    parallelism: Parallelism = Parallelism()
    search: Search = Search()
    software: Software = Software()
    ops: Ops = Ops()
    serving: Serving = Serving()
    placement: Placement = Placement()
    constraints: Constraints = Constraints()
    zoo: dict[str, Any] = Field(
        default={}, description="entries of your own, as `mlsysim schema --type registry` describes them: by category"
    )
