"""What training reads: the stored size of a sample, and what must be known of a data set, its storage and a node's memory."""

from __future__ import annotations

from mlsysim.design import Binding, encodes
from mlsysim.plan import LoadedPlan
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InputError

#: Why nothing is known of reading and transforming samples.
NO_DATA = "the plan names no data set (data.dataset)"
#: What a plan with a data set may leave out, by leaf.
UNSAID = {
    "cache": "the plan gives no memory for samples (data.cache)",
    "workers": "the plan does not say how many workers transform samples (data.workers)",
    "worker_rate": "the plan does not say how fast a worker transforms samples (data.worker_rate)",
}
#: Metrics of the data that training reads.
OF_DATA = (
    "performance.time_ingest", "performance.time_transform", "performance.data_stall", "performance.workers_needed",
)  # fmt: skip
#: Kinds of storage that each node has for itself, so that no file system is shared.
OF_A_NODE = ("memory", "ssd", "disk", "flash")
_OWN = "or state it in a zoo of your own"


def stored(dataset: Entry, leaf: str, *, of_tokens: bool) -> Binding:
    """A stored size of a data set: of all of it, of a sample, or of a token of text.

    Args:
        dataset: the entry.
        leaf: ``size``, ``sample_size`` or ``token_size``.
        of_tokens: whether the model reads tokens, so that a sample of text is a sequence of them.
    """
    text = of_tokens and (dataset.kind == "text" or _number(dataset, "tokens") is not None)
    if leaf == "size":
        return _fact(dataset, "size")
    if (leaf == "token_size") != text:
        return Binding(0.0, "registry", f"{dataset.title} is counted by {'token' if text else 'sample'}")
    if leaf == "token_size":
        return _part(dataset, "tokens")
    return _fact(dataset, "sample_size") if _number(dataset, "sample_size") is not None else _part(dataset, "samples")


def unfitted(model: Entry) -> str:
    """Why no fit of the loss to parameters and tokens is of a model, as a clause; empty where one may be."""
    experts = model.facts.get("experts")
    if experts and experts.number:
        return f"{model.name} is a mixture of experts, and the fits of the loss are of dense models"
    if encodes(model):
        return f"{model.name} is an encoder, and the fits of the loss are of models that predict the next token"
    return ""


def refuse_unknown_data(loaded: LoadedPlan, model: Entry, node: Entry) -> None:
    """Refuse a data set, a storage or a cache of which too little is known, or that cannot be.

    Raises:
        InputError: at the field, with what lacks.
    """
    said = loaded.plan.data
    if said.dataset is None or said.storage is None:
        return
    dataset = loaded.zoo.find("datasets", said.dataset)
    storage = loaded.zoo.find("storage", said.storage)
    of_tokens = model.kind == "transformer"
    for leaf in ("sample_size", "token_size"):
        size = stored(dataset, leaf, of_tokens=of_tokens)
        if size.value is None:
            raise InputError(
                f"data.dataset: {size.says}, so the bytes of a sample are not known",
                where=loaded.where("data", "dataset"), hint=f"choose another (`mlsysim zoo datasets`), {_OWN}",
            )  # fmt: skip
    if all(_number(storage, fact) is None for fact in ("bandwidth", "filesystem_bandwidth")):
        raise InputError(
            f"data.storage: the bandwidth of reading from {storage.title} is not published",
            where=loaded.where("data", "storage"), hint=f"choose another (`mlsysim zoo storage`), {_OWN}",
        )  # fmt: skip
    if said.cache is not None:
        _refuse_cache(loaded, said.cache, dataset, node)


def _refuse_cache(loaded: LoadedPlan, cache: float, dataset: Entry, node: Entry) -> None:
    """A cache that no host holds, or that changes nothing."""
    where, tokens = loaded.where("data", "cache"), loaded.plan.workload.tokens
    memory, epoch = _number(node, "host.memory"), _number(dataset, "tokens")
    if memory is not None and cache * 1e9 > memory:
        raise InputError(
            f"data.cache: {cache:,g} GB is more than the {memory / 1e9:,g} GB of a host of {node.title}", where=where,
            hint=f"give at most {memory / 1e9:,g} GB",
        )  # fmt: skip
    if _number(dataset, "size") is None:
        raise InputError(
            f"data.cache: the size of {dataset.title} is not published, so what a cache holds of it is not known",
            where=where, hint=f"leave it out, {_OWN}",
        )  # fmt: skip
    if tokens is not None and epoch is not None and tokens <= epoch:
        raise InputError(
            f"data.cache: it changes nothing in a run that reads {tokens:.4g} of the {epoch:.4g} tokens of {dataset.title}: "
            "none is read twice", where=where, hint="leave it out",
        )  # fmt: skip


def _part(dataset: Entry, parts: str) -> Binding:
    """The stored size divided by a number of parts."""
    size, number = _fact(dataset, "size"), _fact(dataset, parts)
    if size.value is None or number.value is None:
        return size if size.value is None else number
    says = f"{dataset.title}: size over {parts}"
    return Binding(size.value / number.value, "registry", says, size.fact)


def _number(entry: Entry, name: str) -> float | None:
    fact = entry.facts.get(name)
    return fact.number if fact else None


def _fact(entry: Entry, name: str) -> Binding:
    """A fact of the registry as a binding."""
    fact = entry.facts.get(name)
    if fact is None or fact.number is None:
        return Binding(
            None, "registry", f"{name.replace('.', ' ').replace('_', ' ')} of {entry.title} is not published", fact
        )
    return Binding(fact.number, "registry", entry.title, fact)
