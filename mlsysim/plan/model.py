"""The form of a plan, defined once: its fields, their limits and what they mean.

``plan.schema.json`` is made from it by ``make generate``; a plan that the schema accepts is used as it is, so only a plan
with mistakes pays for importing this module, of which ``mistakes`` then says everything that is wrong.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mlsysim.plan.leaf_fields import (
    DataLeaves,
    NetworkLeaves,
    OpsCarbonIntensity,
    OpsElectricityPrice,
    OpsLeaves,
    ParallelismLeaves,
    ServingLeaves,
    SoftwareLeaves,
    VaryLeaves,
    WorkloadLeaves,
)  # fmt: skip
from mlsysim.plan.lines import Line
from mlsysim.plan.quantities import Unit
from mlsysim.plan.section import Section

#: What a number of accelerators, and of nodes, may be followed by.
ACCELERATORS = (
    "accelerator", "accelerators", "GPU", "GPUs", "TPU", "TPUs", "card", "cards", "chip", "chips", "device", "devices",
)  # fmt: skip
NODES = ("node", "nodes", "host", "hosts", "server", "servers")
#: A number in the field's own unit, or text with a unit; so is every number of a plan.
Count = Annotated[int, Field(strict=True, ge=1, le=10**9), Unit("1")]
Nodes = Annotated[int, Field(strict=True, ge=1, le=10**6), Unit("1", *NODES)]
Accelerators = Annotated[int, Field(strict=True, ge=1, le=10**7), Unit("1", *ACCELERATORS)]
#: A number in the metric's own unit, or a string with a unit; a truth value is neither.
Bound = Annotated[float, Field(strict=True)] | str
Millis = Annotated[float, Field(strict=True, gt=0, le=1e6, allow_inf_nan=False), Unit("ms")]
Share = Annotated[float, Field(strict=True, ge=1e-6, le=1, allow_inf_nan=False), Unit("1")]
#: Text in one line, without control characters, which a terminal or a build log would obey.
LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
Name = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=LINE)]


class Workload(WorkloadLeaves):
    """What is done with which model."""

    name: Name | None = Field(default=None, description="a model of the registry, by name or alias")
    model: dict[str, Any] | None = Field(
        default=None,
        description="instead of a name: a model of your own, as `mlsysim schema --type registry` describes an entry of "
        "`models`; needs only `facts`",
    )
    phase: Literal["training", "inference", "serving"] | None = Field(
        default=None,
        description="default: serving where requests arrive, training where hardware.nodes is given, else inference",
    )
    precision: Name | None = Field(
        default=None, description="number format of weights and arithmetic; default: bf16, fp16, ... as supported"
    )
    optimizer: Name | None = Field(default=None, description="optimizer of the registry; training only; default: adam")
    scaling: Name | None = Field(
        default=None,
        description="fit of the loss to parameters and tokens, of the registry; a training run of a dense language model "
        "whose tokens are given; default: chinchilla_refit",
    )


class Parallelism(ParallelismLeaves):
    """How the model is split over accelerators; what is left open follows the stated rule."""


class PoolChoice(Section):
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


class HardwareChoice(Section):
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


class Network(NetworkLeaves):
    """How accelerators reach each other; what it does not say is as in the node's design."""

    fabric: Name | None = Field(
        default=None, description="a fabric of the registry between nodes, a port for each accelerator"
    )
    link: Name | None = Field(default=None, description="a fabric of the registry inside a node")


class Data(DataLeaves):
    """What training reads from where; without a data set, samples are there when they are needed."""

    dataset: Name | None = Field(default=None, description="a data set of the registry; training only")
    storage: Name | None = Field(
        default=None,
        description="a storage of the registry that all nodes read the data set from; checkpoints go there too, where its "
        "bandwidth of writing is known",
    )


class Software(SoftwareLeaves):
    """What software achieves beyond the compute kernels; the defaults are the ideal level."""


class Ops(OpsLeaves):
    """Where and for how long; without a duration, or the tokens of a run, the macro lens is skipped."""

    region: Name | None = Field(default=None, description="a grid of the registry")
    facility: Name | None = Field(default=None, description="a facility of the registry; default: AWS")


Hours = Annotated[float, Field(strict=True, gt=0, le=1e6, allow_inf_nan=False), Unit("hour")]
Window = Annotated[int, Field(strict=True, ge=1, le=10_000), Unit("1")]


class Site(Section):
    """A place where work may run; what it does not say is as in ops."""

    region: Name = Field(description="a grid of the registry")
    name: Name | None = Field(default=None, description="what to call it; default: the region")
    facility: Name | None = Field(default=None, description="a facility of the registry")
    electricity_price: (
        OpsElectricityPrice
        | Literal["grid"]
        | Annotated[tuple[OpsElectricityPrice, ...], Field(max_length=10_000)]
        | None
    ) = Field(
        default=None, description="USD/kWh, paid beside the rent; a list has one for each window; `grid` as in ops"
    )
    carbon_intensity: (
        OpsCarbonIntensity | Annotated[tuple[OpsCarbonIntensity, ...], Field(max_length=10_000)] | None
    ) = Field(default=None, description="gCO2e/kWh; a list has one for each window; default: the registry's")
    capacity: Annotated[int, Field(strict=True, ge=0, le=10**9), Unit("1", *ACCELERATORS)] | None = Field(
        default=None, description="accelerators that can run there at once; default: any number"
    )
    latency: Millis | None = Field(default=None, description="ms, to the users")
    jurisdiction: Name | None = Field(default=None, description="whose law holds for data there, such as EU")


class Job(Section):
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


class Placement(Section):
    """Where the work may run and when, for `mlsysim optimize placement`."""

    sites: tuple[Site, ...] = Field(
        default=(), max_length=5000, description="default: every grid of the registry, with any capacity"
    )
    jobs: tuple[Job, ...] = Field(default=(), max_length=5000, description="default: one, the plan itself")
    windows: Window | None = Field(default=None, description="how many there are; default: one, as long as ops says")
    window_hours: Hours | None = Field(default=None, description="hours of a window")


class Serving(ServingLeaves):
    """Requests that arrive one by one; makes the phase serving. An engine batches them continuously in its slots."""


class Assert(Section):
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


class Constraints(Section):
    """What must hold."""

    asserts: tuple[Annotated[Assert, Line()], ...] = Field(
        default=(), max_length=1000, alias="assert",
        description="limits on metrics, each a mapping, or in a line such as `latency <= 50 ms`",
    )  # fmt: skip


class Vary(VaryLeaves):
    """The values to choose from, of degrees that parallelism leaves open; a degree that is not named may be anything."""


class Search(Section):
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


class Plan(Section):
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
    data: Data = Data()
    software: Software = Software()
    ops: Ops = Ops()
    serving: Serving = Serving()
    placement: Placement = Placement()
    constraints: Constraints = Constraints()
    zoo: dict[str, Any] = Field(
        default={}, description="entries of your own, as `mlsysim schema --type registry` describes them: by category"
    )
