"""What a model is in numbers: parameters, work and cache of a token, from its architecture by walls 1, 2 and 5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.registry import Entry, Source, Value, Zoo, standard
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.words import amount

#: The quantities of a profile: attribute, and name in the graph.
_OF_TRANSFORMER = {
    "parameters": "model.parameters", "active_parameters": "model.active", "flop_per_token": "work.token",
    "kv_bytes_per_token": "batching.token_cache", "weight_bytes": "memory.weights",
}  # fmt: skip
#: The source of what is counted here.
_COUNTED = Source("definition", "By definition", "mlsysim", 2026, "", "online", "")


@dataclass(frozen=True)
class Profile:
    """A model in numbers, in coherent units; None where its architecture does not say.

    Attributes:
        model: the registry entry.
        precision: the format that bytes are counted in.
        parameters: all of them.
        active_parameters: weights that a token meets; fewer than all in a mixture of experts.
        flop_per_token: of a forward pass, attention to other tokens apart; of one sample where only a profile is known.
        kv_bytes_per_token: keys and values that a token leaves in the cache.
        weight_bytes: all weights.
    """

    model: Entry
    precision: str
    parameters: float | None
    active_parameters: float | None
    flop_per_token: float | None
    kv_bytes_per_token: float | None
    weight_bytes: float | None

    def rows(self) -> dict[str, str]:
        """The numbers with their units, for people."""
        records = catalogue().QUANTITIES
        shown = {}
        for attribute, name in _OF_TRANSFORMER.items():
            value = getattr(self, attribute)
            if value is not None:
                shown[attribute.replace("_", " ").replace("flop", "FLOP").replace("kv", "KV")] = amount(
                    value, records[name]
                )
        return shown


def profile(model: str | Entry, precision: str = "bf16", zoo: Zoo | None = None) -> Profile:
    """A model's parameters, work and cache of a token, computed from its architecture.

    Args:
        model: an entry of ``mlsysim.Models``, or its name.
        precision: the number format of weights and cache.
        zoo: where names are looked up.

    Raises:
        UnknownNameError: there is no such model or format.

    >>> llama = profile("Llama3_70B")
    >>> llama.parameters, llama.kv_bytes_per_token
    (70553706496.0, 327680.0)
    """
    zoo = zoo or standard()
    if not isinstance(model, (str, Entry)):
        raise InputError(
            f"a model is a name or an entry, not {model!r:.60}", hint="such as mlsysim.profile('Llama3_8B')"
        )
    entry = model if isinstance(model, Entry) else zoo.find("models", model)
    if entry.category != "models":
        raise InputError(f"{entry.name} is no model", hint="see `mlsysim zoo models`")
    format = zoo.find("datatypes", precision)
    if entry.kind != "transformer":
        return _of_profiled(entry, format)
    compiled = kernel("transformer_inference")
    point = compiled([_leaf(name, entry, format) for name in compiled.leaves])
    values: dict[str, float | None] = {
        attribute: float(point[compiled.position[name]]) for attribute, name in _OF_TRANSFORMER.items()
    }
    if not _number(entry, "causal"):
        values["kv_bytes_per_token"] = None  # an encoder keeps no cache
    return Profile(entry, format.name, **values)


def counted(model: Entry) -> Value | None:
    """The parameters of a transformer, counted from its architecture, as a value of the registry; of other models None.

    >>> from mlsysim.registry import find
    >>> str(counted(find("models", "Llama3_8B")))
    '8030261248 param'
    """
    if model.kind != "transformer":
        return None
    number, verified = profile(model).parameters, all(value.verified for value in model.facts.values())
    how = "counted from the architecture; see mlsysim.profile"
    return Value(f"{number:.15g} param", number, "parameter", _COUNTED, "derived", verified=verified, how=how)


def _of_profiled(entry: Entry, format: Entry) -> Profile:
    parameters, macs = (_number(entry, fact) for fact in ("parameters", "multiply_accumulates"))
    weight_bytes = None if parameters is None else parameters * (_number(format, "weight_bytes") or 0.0)
    return Profile(entry, format.name, parameters, parameters, None if macs is None else 2 * macs, None, weight_bytes)


def _leaf(name: str, entry: Entry, format: Entry) -> float:
    """A leaf of the model or of the format; of all others only that the model is not split matters here."""
    kind, _, fact = name.partition(".")
    holder: Any = {"model": entry, "datatype": format}.get(kind)
    if holder is None:
        return 1.0 if kind == "split" else min(2.0, float(catalogue().QUANTITIES[name]["high"]))
    found = _number(holder, fact)
    if found is None:
        absent = catalogue().QUANTITIES[name]["absent"]
        if absent is None:
            raise InputError(f"{entry.name} does not say its {fact.replace('_', ' ')}", hint=f"add the fact {fact}")
        return float(absent)
    return found


def _number(entry: Entry, fact: str) -> float | None:
    return entry.facts[fact].number if fact in entry.facts else None
