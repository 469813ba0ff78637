"""What a plan may write shorter, written out: a fleet, a model of its own, a pool that is the only one.

The rest of the program meets accelerators and models by their names alone. What is written out stands, for messages, where
the plan wrote the short form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mlsysim.registry import Zoo
from mlsysim.registry.document import Document, Mark, Path_
from mlsysim.symbolic.errors import InputError

#: What a model of the plan's own is called where it does not say.
OWN_MODEL = {"id": "model-of-the-plan", "name": "ModelOfThePlan", "title": "the plan's own model"}
#: A fact that only models with an architecture state.
ARCHITECTURE = "layers"


def written_out(document: Document, zoo: Zoo) -> tuple[Document, bool]:
    """A plan without short forms, and whether it had any.

    Args:
        document: a plan that fits the schema.
        zoo: what its names are looked up in.

    Raises:
        InputError: there is no such fleet, or it is not known what it is made of.
    """
    data = document.data
    if data["workload"].get("model") is not None:
        return _model(document), True
    if data["hardware"].get("fleet") is not None:
        return _fleet(document, zoo), True
    if len(data["hardware"].get("pools") or ()) == 1:
        return _only_pool(document), True
    return document, False


def _model(document: Document) -> Document:
    """The workload's own model as an entry of the plan's zoo."""
    data = document.data
    workload = {key: value for key, value in data["workload"].items() if key != "model"}
    stated = data["workload"]["model"]
    facts = stated.get("facts")
    kind = "transformer" if isinstance(facts, Mapping) and ARCHITECTURE in facts else "profiled"
    models = [*((data.get("zoo") or {}).get("models") or ()), {**OWN_MODEL, "kind": kind, **stated}]
    name = models[-1]["name"]
    stated_there = moved(document, ("workload", "model"), ("zoo", "models", len(models) - 1))
    if document.lines:
        stated_there.values["workload", "name"] = document.values["workload", "model"]
    zoo = {**(data.get("zoo") or {}), "models": models}
    return replace(stated_there, data={**data, "workload": {"name": name, **workload}, "zoo": zoo})


def _fleet(document: Document, zoo: Zoo) -> Document:
    """A fleet as its accelerator, its node design and how many there are."""
    said = document.data["hardware"]["fleet"]
    place = ("hardware", "fleet")
    where = document.where(place) if document.lines else None
    fleet = zoo.find("fleets", said, where=where)
    node = zoo.find("nodes", fleet.links["node"], where=where) if "node" in fleet.links else None
    counts = {fact: fleet.facts[fact].number for fact in ("nodes", "accelerators") if fact in fleet.facts}
    many = {fact: int(number) for fact, number in counts.items() if number and number >= 1}
    if node is None or "accelerator" not in node.links or not many:
        raise InputError(
            f"hardware.fleet: it is not known what {fleet.title} is made of", where=where,
            hint="name its accelerator, and how many",
        )  # fmt: skip
    accelerator = zoo.find("hardware", node.links["accelerator"], where=where)
    hardware: dict[str, Any] = {"name": accelerator.name, "node": node.name, **dict([next(iter(many.items()))])}
    data, stands = {**document.data, "hardware": hardware}, [("hardware", field) for field in hardware]
    ops = data.get("ops") or {}
    timed = "duration_days" in ops or "tokens" in data["workload"]
    if "region" in fleet.links and timed and "region" not in ops:  # where it stands, unless the plan says where
        data["ops"] = {**ops, "region": zoo.find("grids", fleet.links["region"], where=where).name}
        stands.append(("ops", "region"))
    values = dict(document.values)
    if document.lines:
        values |= dict.fromkeys(stands, document.values[place])
    return replace(document, data=data, values=values)


def _only_pool(document: Document) -> Document:
    """A single pool as the hardware itself."""
    pool = {key: value for key, value in document.data["hardware"]["pools"][0].items() if key != "share"}
    return replace(moved(document, ("hardware", "pools", 0), ("hardware",)), data={**document.data, "hardware": pool})


def moved(document: Document, old: Path_, new: Path_) -> Document:
    """A document, without its data, whose marks below one path stand below another as well."""

    def also(marks: Mapping[Path_, Mark]) -> dict[Path_, Mark]:
        below = {(*new, *path[len(old) :]): mark for path, mark in marks.items() if path[: len(old)] == old}
        return {**marks, **below}

    return replace(document, data=None, values=also(document.values), keys=also(document.keys))
