"""The host of a node: what must be known of it before a plan or a search puts something there."""

from __future__ import annotations

from collections.abc import Mapping

from mlsysim.design import Binding
from mlsysim.plan import LoadedPlan
from mlsysim.symbolic.errors import InputError

#: What offload needs of a host, by leaf.
HOST = ("node.host_bandwidth", "node.host_memory", "node.host_memory_bandwidth")


def unknown_host(bindings: Mapping[str, Binding]) -> str:
    """What is not known of the host that offload needs, as a clause; empty where nothing lacks."""
    return next((bindings[leaf].says for leaf in HOST if leaf in bindings and bindings[leaf].left_out), "")


def refuse_unknown_host(loaded: LoadedPlan, bindings: Mapping[str, Binding], section: str, name: str) -> None:
    """Refuse a field that puts something on a host of which not enough is known.

    Raises:
        InputError: with what lacks, and how to state it.
    """
    unknown = unknown_host(bindings)
    if unknown:
        raise InputError(
            f"{section}.{name}: {unknown}", where=loaded.where(section, name, key=True),
            hint="leave it out, or state host.memory, host.memory_bandwidth and a link of role host in a node of your own",
        )  # fmt: skip
