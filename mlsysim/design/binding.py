"""Binding: a plan and the registry become a value for every leaf of the graph, each with where it comes from."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

from mlsysim.design import Binding, Design, encodes
from mlsysim.design.assumptions import assumptions
from mlsysim.design.data_input import NO_DATA, OF_A_NODE, UNSAID, refuse_unknown_data, stored, unfitted
from mlsysim.design.hosts import refuse_unknown_host
from mlsysim.design.idle_fields import idle_fields, refuse_idle_fields
from mlsysim.design.precisions import chosen_precision
from mlsysim.plan import LoadedPlan
from mlsysim.plan.leaves import LeafField, by_leaf, leaf_fields
from mlsysim.plan.shorthand import OWN_MODEL
from mlsysim.plan.synonyms import field_called
from mlsysim.registry import Entry
from mlsysim.registry.entry import alone
from mlsysim.symbolic.errors import InputError, refuse
from mlsysim.symbolic.kernels import catalogue, kernel

#: The fields that name entries of the registry, and of which category.
_NAMES = (
    ("models", "workload", "name"), ("optimizers", "workload", "optimizer"), ("hardware", "hardware", "name"),
    ("nodes", "hardware", "node"), ("fabrics", "network", "fabric"), ("fabrics", "network", "link"),
    ("datasets", "data", "dataset"), ("storage", "data", "storage"), ("scaling", "workload", "scaling"),
    ("grids", "ops", "region"), ("facilities", "ops", "facility"),
)  # fmt: skip
#: The field that names a fabric instead of the node's own, by what the fabric is for.
_FABRICS = {"network": "fabric", "link": "link"}

#: The entry of a category whose facts are taken where a plan names none.
STANDARD = {"reliability": "Llama3_405B_run", "software": "ideal"}
#: What a checkpoint, and reading samples, is bound by: facts of storage, by leaf.
WRITTEN = {"node_bandwidth": "write_bandwidth", "filesystem_bandwidth": "filesystem_write_bandwidth"}
READ = {"read_bandwidth": "bandwidth", "filesystem_read_bandwidth": "filesystem_bandwidth"}
#: What a plan says instead of a price of electricity, for the registry's of its region.
OF_THE_GRID = "grid"
#: Why nothing is known of a run, or of the time that its fleet is held; and how long that is where only its tokens are known.
NO_TOKENS = "the plan does not say how many tokens the run has (workload.tokens)"
NO_RUN = "the plan has neither a duration (ops.duration_days) nor the tokens of a run (workload.tokens)"
NO_RATE = "the plan does not say how often one answer solves its problem (workload.solve_rate)"
NOT_SHARED = "the plan does not say how busy a shared cluster is (ops.shared_load)"
#: How a cluster is shared of which the plan does not say it.
UNSHARED = {"shared_places": 1.0, "shared_spread": 1.0}
NO_REASONING = "the plan does not say how its model reasons (workload.thought_tokens, workload.samples)"
#: How a plan reasons that says a part of it.
UNTHOUGHT = {"samples": 1.0, "thought_tokens": 0.0}
HELD_FOR_THE_RUN = "the time of the run, since the plan has no ops.duration_days"
#: The fit of the loss that is taken where the plan names none.
SCALING = "chinchilla_refit"
#: The percentile of latency that is reported where the plan names none.
PERCENTILE = 99.0
#: Whose defaults are taken for what an engine does.
SCHEDULER = "vLLM's scheduler"
#: Tokens of a sequence where nobody says how long those were that a model was trained with.
USUAL_LENGTH = 8192.0


def bind(loaded: LoadedPlan, model: Entry | None = None, hardware: Entry | None = None) -> Design:
    """Bind every leaf that is not of the split.

    Args:
        loaded: the plan.
        model, hardware: entries to use instead of looking up the plan's names.

    Raises:
        InputError: an unknown name, a format the accelerator lacks, or a field that would change nothing.
    """
    return _Binder(loaded, model, hardware).design()


class _Binder:
    def __init__(self, loaded: LoadedPlan, model: Entry | None, hardware: Entry | None) -> None:
        self.loaded, self.plan, self.zoo = loaded, loaded.plan, loaded.zoo
        self.refuse_several_pools()
        self.refuse_unknown_names(given={"models": model, "hardware": hardware})
        self.model = model or self.lookup("models", "workload", "name")
        self.hardware = hardware or self.lookup("hardware", "hardware", "name")
        self.node = self.choose_node()
        self.training = self.loaded.phase == "training"
        self.transformer = self.model.kind == "transformer"
        self.variant = f"{self.model.kind}_{self.loaded.phase}"

    def design(self) -> Design:
        self.refuse_what_is_open()
        size = int(self.node.facts["accelerators"].number or 1)
        idle = idle_fields(self.loaded, self.model, int(self.devices().value or 1), size)
        refuse_idle_fields(self.loaded, idle)
        refuse_unknown_data(self.loaded, self.model, self.node)
        self.precision = chosen_precision(self.loaded, self.hardware)
        bindings = {leaf: self.leaf(leaf) for leaf in kernel(self.variant).leaves}
        self.refuse_what_cannot_be_judged(bindings)
        self.refuse_unknown_hosts(bindings)
        self.refuse_thoughts_beyond_the_answer(bindings)
        made = (self.loaded, self.variant, self.model, self.hardware, self.node, self.precision, bindings)
        return Design(*made).assuming(
            *assumptions(
                Design(*made), {leaf for f in leaf_fields() if (f.section, f.name) in idle for leaf in f.leaves}
            )
        )

    def lookup(self, category: str, *path: str) -> Entry:
        section: Any = self.plan
        for part in path:
            section = getattr(section, part)
        return self.zoo.find(category, section, where=self.loaded.where(*path))

    def refuse_unknown_names(self, given: dict[str, Entry | None]) -> None:
        """Every name of the plan that nobody knows, at once; those of entries that were given are not looked up."""
        wrong: list[InputError] = []
        for category, section, name in _NAMES:
            if given.get(category) is None and self.said(section, name) is not None:
                try:
                    self.lookup(category, section, name)
                except InputError as error:
                    wrong.append(error)
        refuse(wrong)

    def choose_node(self) -> Entry:
        """The node design that the plan names, else the first of this accelerator; else the accelerator stands alone."""
        designs = [n for n in self.zoo.entries("nodes").values() if n.links.get("accelerator") == self.hardware.id]
        wanted = self.plan.hardware.node
        if wanted is not None:
            node = self.lookup("nodes", "hardware", "node")
            if node not in designs:
                holds = ", ".join(n.name for n in designs) or "none that is known"
                raise InputError(
                    f"hardware.node: {node.title} does not hold {self.hardware.name}",
                    where=self.loaded.where("hardware", "node"), hint=f"nodes of {self.hardware.name}: {holds}",
                )  # fmt: skip
            return node
        if designs:
            return designs[0]
        many = next((f for f in ("nodes", "accelerators") if (getattr(self.plan.hardware, f) or 1) > 1), None)
        apart = self.loaded.phase == "serving" and self.model.kind != "transformer"  # each serves by itself
        joined = self.plan.network.fabric is not None or self.plan.network.bandwidth is not None
        if many and not apart and not joined:
            raise InputError(
                f"hardware.{many}: no node design of {self.hardware.name} is known, so one stands alone",
                where=self.where("hardware", many),
                hint="leave it out, say how they are joined (network.fabric), or add a node to a zoo of your own",
            )  # fmt: skip
        return alone(self.hardware)

    def said(self, section: str, name: str) -> Any:
        return getattr(getattr(self.plan, section), name)

    def refuse_what_is_open(self) -> None:
        """Where and when the work runs is for a search to say, not for one evaluation."""
        said = self.plan.placement
        if said.sites or said.jobs or said.windows or said.window_hours:
            raise InputError(
                "placement: this plan leaves open where its work runs", where=self.loaded.where("placement", key=True),
                hint="decide it with `mlsysim optimize placement`, or leave the section out",
            )  # fmt: skip

    def refuse_several_pools(self) -> None:
        """Refuse a plan of several pools: a design is of one."""
        refuse_pools_of_training(self.loaded)
        if self.plan.hardware.pools:
            raise InputError(
                f"hardware.pools: this command evaluates one pool, the plan has {len(self.plan.hardware.pools)}",
                where=self.loaded.where("hardware", "pools", key=True),
                hint="use `mlsysim eval` (in Python `evaluate_whole`), or choose pools with `mlsysim optimize nodes`",
            )  # fmt: skip

    def where(self, section: str, name: str) -> str | None:
        return self.loaded.where(section, name, key=True)

    def refuse_what_cannot_be_judged(self, bindings: dict[str, Binding]) -> None:
        """Without a model's shape, or the memory it must fit into, nothing can be said."""
        for entry, section, name, leaves in (
            (self.model, "workload", "models", [leaf for leaf in bindings if leaf.startswith("model.")]),
            (self.hardware, "hardware", "hardware", ["accelerator.capacity", "accelerator.peak"]),
        ):
            unknown = [leaf.partition(".")[2].replace("_", " ") for leaf in leaves if bindings[leaf].value is None]
            if unknown:
                verb = "are" if len(unknown) > 1 else "is"
                if entry.id == OWN_MODEL["id"]:
                    raise InputError(
                        f"workload.model: {', '.join(word.replace(' ', '_') for word in unknown)} {verb} missing",
                        where=self.loaded.where("workload", "model", key=True),
                        hint="add to its `facts:`, 0 for what it does not have; `mlsysim zoo show Llama3_8B` shows all of one",
                    )  # fmt: skip
                raise InputError(
                    f"{section}.name: {', '.join(unknown)} of {entry.title} {verb} not published",
                    where=self.where(section, "name"),
                    hint=f"choose another, or state it in a zoo of your own (`mlsysim zoo show {name}/{entry.name}`)",
                )  # fmt: skip

    def refuse_thoughts_beyond_the_answer(self, bindings: dict[str, Binding]) -> None:
        """Thoughts are a part of the answer's tokens."""
        thought, output = (bindings.get(f"workload.{name}_tokens") for name in ("thought", "output"))
        if thought and output and (thought.value or 0) >= (output.value or 0) and thought.value:
            raise InputError(
                f"workload.thought_tokens: an answer has {output.value:,.0f} tokens, so {thought.value:,.0f} of them "
                "leave none after the thoughts", where=self.where("workload", "thought_tokens"),
                hint="give workload.output_tokens, which counts both",
            )  # fmt: skip

    def refuse_unknown_hosts(self, bindings: dict[str, Binding]) -> None:
        """What a plan puts on the host needs a host of which something is known."""
        for name in ("offload_optimizer", "offload_activations"):
            if self.said("parallelism", name):
                refuse_unknown_host(self.loaded, bindings, "parallelism", name)

    # One leaf at a time: what the plan says, else what the registry knows, else a stated default.

    def leaf(self, name: str) -> Binding:
        if (field := by_leaf().get(name)) is not None and self.said(field.section, field.name) is not None:
            return self.from_plan(field, name)
        record = catalogue().QUANTITIES[name]
        if "fact" in record:
            bound = self.of_fact(record["fact"])
        else:
            namespace, _, rest = name.partition(".")
            bound = getattr(self, f"_{namespace}")(rest)
        absent = record["absent"]
        if bound.value is None and absent is not None:
            return replace(bound, value=float(absent), left_out=True)
        return bound

    def from_plan(self, field: LeafField, leaf: str) -> Binding:
        """What a plan says of a leaf, in the leaf's unit."""
        raw = self.said(field.section, field.name)
        if (field.name, raw) == ("electricity_price", OF_THE_GRID):
            return self.of_the_grid(self.loaded.where(field.section, field.name))
        names = catalogue().QUANTITIES[leaf]["choices"]
        value = names.index(raw) if raw in names else float(raw) * field.scale
        return Binding(float(value), "plan", f"{field.section}.{field.name} of the plan")

    def of_fact(self, fact: str) -> Binding:
        """The fact of the registry that a leaf takes where the plan does not say it: of the model, or of a standard entry."""
        holder, _, name = fact.partition(".")
        return (
            _of(self.model, name)
            if holder == "model"
            else self.taken(_of(self.zoo.entries(holder)[STANDARD[holder]], name))
        )

    def _model(self, rest: str) -> Binding:
        return _of(self.model, rest)

    def _accelerator(self, rest: str) -> Binding:
        if rest == "peak":
            return _of(self.hardware, f"compute.peak.{self.precision}")
        return _of(self.hardware, f"memory.{rest}")

    def _node(self, rest: str) -> Binding:
        per_node = self.node.facts["accelerators"].number or 1.0
        match rest:
            case "link_bandwidth" | "link_latency":
                return self.of_fabric("link", rest.partition("_")[2])
            case "net_latency":
                return self.of_fabric("network", "latency")
            case "net_bandwidth":
                port = self.of_fabric("network", "bandwidth")
                if self.plan.network.fabric is not None:
                    return replace(port, says=f"{port.says}, a port for each accelerator")
                ports = self.node.facts["ports"].number if "ports" in self.node.facts else None
                if port.value is None or not ports:
                    return port
                return replace(
                    port, value=port.value * ports / per_node, says=f"{ports:g} ports for {per_node:g} accelerators"
                )
            case "power_max":
                whole = _of(self.node, "power.maximum")
                if whole.value is None:
                    return whole
                return replace(whole, value=whole.value / per_node, says=f"{whole.says}, shared by {per_node:g}")
            case "power_idle":
                return _of(self.node, "power.idle")
            case "host_bandwidth":
                return self.of_fabric("host", "bandwidth")
            case "host_memory" | "host_memory_bandwidth":
                return _of(self.node, rest.replace("_", ".", 1))
        return _of(self.node, rest)

    @staticmethod
    def taken(bound: Binding, named: str | None = None) -> Binding:
        """A fact of an entry that a default chose, unless the plan names it."""
        return bound if named is not None or bound.value is None else replace(bound, origin="default")

    def of_fabric(self, role: str, name: str) -> Binding:
        field_ = _FABRICS.get(role)
        if field_ and self.said("network", field_) is not None:
            return _of(self.lookup("fabrics", "network", field_), name)
        if role not in self.node.links:
            return Binding(None, "registry", f"{self.node.title} has no {role}")
        return _of(self.zoo.find("fabrics", self.node.links[role]), name)

    def _datatype(self, rest: str) -> Binding:
        return _of(self.zoo.entries("datatypes")[self.precision], rest)

    def _optimizer(self, rest: str) -> Binding:
        name = self.plan.workload.optimizer or "adam"
        entry = self.zoo.find("optimizers", name, where=self.loaded.where("workload", "optimizer"))
        full = "full." if self.precision in ("fp32", "tf32") else ""
        return self.taken(_of(entry, full + rest), self.plan.workload.optimizer)

    def _storage(self, rest: str) -> Binding:
        facts = READ if rest in READ else WRITTEN
        named = self.lookup("storage", "data", "storage") if self.plan.data.storage is not None else None
        if named is not None and any(_of(named, fact).value is not None for fact in facts.values()):
            found = _of(named, facts[rest])
            if found.value is None and named.kind in OF_A_NODE and rest.startswith("filesystem"):
                return Binding(inf, "registry", f"each node has a {named.title} of its own")
            return found if found.value is not None else replace(found, value=inf, left_out=True)
        if facts is READ:
            return Binding(None, "default", NO_DATA)
        usual = self.taken(_of(self.zoo.entries("storage")["SuperPOD"], WRITTEN[rest]))
        return (
            usual
            if named is None
            else replace(usual, says=f"{usual.says}, since that to {named.title} is not published")
        )

    def _dataset(self, rest: str) -> Binding:
        if self.plan.data.dataset is None:
            return Binding(None, "default", NO_DATA)
        return stored(self.lookup("datasets", "data", "dataset"), rest, of_tokens=self.transformer)

    def _data(self, rest: str) -> Binding:
        return Binding(None, "default", NO_DATA if self.plan.data.dataset is None else UNSAID[rest])

    def _scaling(self, rest: str) -> Binding:
        named = self.plan.workload.scaling
        unfit = unfitted(self.model)
        if unfit:
            return Binding(None, "default", unfit)
        return self.taken(_of(self.zoo.find("scaling", named or SCALING), rest), named)

    def _workload(self, rest: str) -> Binding:
        if rest == "sequence_length":
            return self.leaving_room(self.own_length())
        if rest == "training_tokens":
            timed = self.plan.ops.duration_days is not None
            return Binding(None, "default", NO_TOKENS if timed else NO_RUN)
        if rest in UNTHOUGHT:
            reasons = any(self.said("workload", field) is not None for field in (*UNTHOUGHT, "solve_rate"))
            return (
                Binding(UNTHOUGHT[rest], "default", "reasoning") if reasons else Binding(None, "default", NO_REASONING)
            )
        if rest == "solve_rate":
            return Binding(None, "default", NO_RATE)
        if rest == "output_tokens" and encodes(self.model):
            return Binding(
                1.0, "default", f"{self.model.name} is an encoder, which reads in one pass and writes nothing"
            )
        if rest == "output_tokens":
            return replace(
                _of(self.zoo.entries("software")["ideal"], rest), origin="default", says="the mean answer of ShareGPT"
            )
        return Binding(1.0, "default", "one at a time")

    def own_length(self) -> Binding:
        """The sequence length of a plan that gives none: what the model was trained with, else what most accept."""
        trained, longest = _of(self.model, "sequence_length"), _of(self.model, "context_length")
        if trained.value is not None:
            return replace(trained, origin="default", says=f"the length {self.model.name} was trained with")
        if longest.value is not None:
            says = f"{self.model.name} accepts {longest.value:,.0f}, the length it was trained with is not published"
            return replace(longest, value=min(longest.value, USUAL_LENGTH), origin="default", says=says)
        raise InputError(
            f"workload.sequence_length: that of {self.model.name} is not published",
            where=self.where("workload", "name"), hint="give workload.sequence_length",
        )  # fmt: skip

    def leaving_room(self, length: Binding) -> Binding:
        """A prompt that leaves room for its answer, where a table of positions ends; any other as it is."""
        positions, answer = _of(self.model, "positions").value, self.leaf("workload.output_tokens").value or 0
        longest = min(_of(self.model, "context_length").value or inf, positions or inf)
        if self.training or not positions or encodes(self.model) or answer >= longest:
            return length
        says = (
            f"what an answer of {answer:,.0f} leaves of the {longest:,.0f} positions that {self.model.name} has learned"
        )
        return length if (length.value or 0) <= longest - answer else replace(length, value=longest - answer, says=says)

    def _serving(self, rest: str) -> Binding:
        if rest == "in_time":
            return Binding(PERCENTILE / 100, "default", f"percentile {PERCENTILE:g}")
        if rest == "slots":
            return Binding(None, "default", "left to the rule")
        usual = _of(self.zoo.entries("software")["ideal"], rest)
        length = self.leaf("workload.sequence_length").value
        if usual.value is None or length is None or usual.value <= length:
            return replace(usual, origin="default", says=f"default of {SCHEDULER}")
        return Binding(length, "default", "the whole prompt")

    def _software(self, rest: str) -> Binding:
        row = self.zoo.entries("software")[self.guide_row(rest)]
        return replace(_of(row, "efficiency"), origin="default", says=f"the middle of the guide's row: {row.title}")

    def guide_row(self, rest: str) -> str:
        """The row of the efficiency guide for this kind of work."""
        if rest != "efficiency":
            return rest
        if self.transformer:
            return "training_large" if self.training else "prefill"
        return "tinyml" if self.hardware.family == "Tiny" else "training_small"

    def _facility(self, rest: str) -> Binding:
        return self.taken(_of(self.facility(), rest), self.plan.ops.facility)

    def facility(self) -> Entry:
        if self.plan.ops.facility is not None:
            return self.lookup("facilities", "ops", "facility")
        return self.zoo.entries("facilities")["AWS"]

    def _grid(self, rest: str) -> Binding:
        if rest == "electricity_price" and self.plan.ops.electricity_price is None:
            return Binding(0.0, "default", "the rent includes power")
        if self.plan.ops.region is None:
            return Binding(None, "default", "the plan names no region (ops.region)")
        return _of(self.lookup("grids", "ops", "region"), rest)

    def of_the_grid(self, where: str | None) -> Binding:
        """The registry's price of electricity in the plan's region."""
        found = self._grid("electricity_price")
        if found.value is None:
            raise InputError(f"ops.electricity_price: {found.says}", where=where, hint="give a price, such as 0.08")
        return found

    def _price(self, rest: str) -> Binding:
        offers = [
            p
            for p in self.zoo.entries("prices").values()
            if p.links.get("accelerator") == self.hardware.id and p.kind == "on-demand"
            and _of(p, "per_accelerator").value is not None
        ]  # fmt: skip
        if not offers:
            return Binding(None, "registry", f"no price for {self.hardware.name} (ops.price_per_accelerator_hour)")
        # A price that two sources confirm is better than one that none does; then the lowest counts.
        best = min(offers, key=lambda p: (not p.facts["per_accelerator"].verified, p.facts["per_accelerator"].number))
        return replace(_of(best, "per_accelerator"), origin="default", says=f"{best.title}, on demand")

    def _ops(self, rest: str) -> Binding:
        if rest == "shared_load":
            return Binding(None, "default", NOT_SHARED)
        if rest in UNSHARED:
            return Binding(UNSHARED[rest], "default", "a shared cluster")
        if rest == "carbon_tax":
            return Binding(0.0, "default", "no carbon tax")
        return self.open_duration()

    def open_duration(self) -> Binding:
        """How long a fleet is held for which the plan has no duration: for its run, where it says how many tokens that has."""
        if self.plan.workload.tokens is not None:
            return Binding(0.0, "default", HELD_FOR_THE_RUN)
        if self.training and self.transformer:
            return Binding(None, "default", NO_RUN)
        return Binding(None, "default", "the plan has no duration (ops.duration_days)")

    def _split(self, rest: str) -> Binding:
        if rest == "devices":
            return self.devices()
        return Binding(None, "default", "left to the rule")

    def devices(self) -> Binding:
        choice = self.plan.hardware
        if choice.nodes:
            per_node = self.node.facts["accelerators"].number or 1.0
            says = f"{choice.nodes} nodes ({self.node.title}) of {per_node:g}"
            return Binding(choice.nodes * per_node, "plan", says)
        if choice.accelerators:
            return Binding(float(choice.accelerators), "plan", "hardware.accelerators of the plan")
        return Binding(1.0, "default", "one accelerator")


def refuse_pools_of_training(loaded: LoadedPlan) -> None:
    """Refuse several pools in training, whose step runs on accelerators of one kind."""
    if loaded.plan.hardware.pools and loaded.phase == "training":
        raise InputError(
            "hardware.pools: a training step runs on accelerators of one kind", hint="choose with `mlsysim optimize nodes`",
            where=loaded.where("hardware", "pools", key=True),
        )  # fmt: skip


def leaf_meant(name: str) -> str | None:
    """The leaf that a field of a plan binds, by the field's name or what people call it; None where it binds none.

    >>> leaf_meant("tp"), leaf_meant("requests_per_second"), leaf_meant("GPUs")
    ('split.tensor', 'serving.arrivals', 'split.devices')
    """
    bound = {f"{field.section}.{field.name}": field.leaves[0] for field in leaf_fields()}
    bound["hardware.accelerators"] = "split.devices"
    fields = (field for field in bound if name in (field, field.rpartition(".")[2]))
    return bound.get(field_called(name) or next(fields, ""))


def _of(entry: Entry, name: str) -> Binding:
    """A fact of the registry as a binding."""
    fact = entry.facts.get(name)
    if fact is None or fact.number is None:
        return Binding(
            None, "registry", f"{name.replace('.', ' ').replace('_', ' ')} of {entry.title} is not published", fact
        )
    return Binding(fact.number, "registry", entry.title, fact)
