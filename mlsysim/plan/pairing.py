"""Plans made of a model, an accelerator and a few fields, as the command line and the Python interface take them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlsysim.plan.reading import exists
from mlsysim.plan.synonyms import alike, pointer
from mlsysim.registry import Entry, standard
from mlsysim.symbolic.errors import InputError, UnknownNameError, refuse
from mlsysim.zoo import Models

#: The fields that may stand beside a model and an accelerator, and the section of a plan that each belongs to.
FIELDS = {
    "batch_size": "workload", "nodes": "hardware", "accelerators": "hardware", "phase": "workload",
    "sequence_length": "workload", "output_tokens": "workload", "precision": "workload", "efficiency": "workload",
    "region": "ops", "duration_days": "ops",
}  # fmt: skip

#: How names of files end that are no names of models.
FILES = (".yaml", ".yml")


def paired(model: str | Entry, hardware: str | Entry, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a model on an accelerator; a field that is None is left open.

    Raises:
        UnknownNameError: a field is none of ``FIELDS``; the nearest are suggested.
        InputError: an entry is of another category.

    >>> paired("Llama3_8B", "H100", {"batch_size": 32, "nodes": None})["workload"]
    {'name': 'Llama3_8B', 'batch_size': 32}
    """
    see = f"the fields are {', '.join(FIELDS)}; a plan can state more"
    refuse(
        [
            UnknownNameError("field", name, FIELDS, see=pointer(name) or see, meant=alike(name, FIELDS))
            for name in fields
            if name not in FIELDS
        ]
    )
    sections: dict[str, dict[str, Any]] = {
        "workload": {"name": _name(model, "models", "model")}, "hardware": {"name": _name(hardware, "hardware", "hardware")},
        "ops": {},
    }  # fmt: skip
    for name, value in fields.items():
        if value is not None:
            sections[FIELDS[name]][name] = value
    return {"version": "1.0", **sections}


def refuse_pair(plan: Any, fields: Mapping[str, Any]) -> None:
    """Refuse a model without an accelerator, and fields beside a plan, which states them itself.

    Raises:
        InputError: what stands in place of a plan is a model, or there are fields.
    """
    model = plan if isinstance(plan, Entry) and plan.category == "models" else None
    if isinstance(plan, str) and not plan.endswith(FILES) and not exists(Path(plan)):
        known = standard().categories_of(plan)
        model = Models[plan] if "models" in known and "scenarios" not in known else None
    if model is not None:
        hint = f'name it behind the model: "{model.name}", "H100"'
        raise InputError(f"{model.name} on which accelerator?", hint=hint)
    given = [name for name, value in fields.items() if value is not None]
    if given:
        hint = 'change the plan, or name a model and its accelerator: evaluate("Llama3_8B", "H100", batch_size=32)'
        raise InputError(f"{', '.join(given)}: a plan says this itself", hint=hint)


def _name(what: Any, category: str, word: str) -> str:
    if isinstance(what, str) and not what.endswith(FILES):
        return what
    if not isinstance(what, Entry):
        hint = "such as 'Llama3_8B' on 'H100'; a plan names its accelerators itself"
        raise InputError(f"{word}: {what!r:.60} is neither a name nor an entry", hint=hint)
    if what.category != category:
        raise InputError(
            f"{what.name} is no {word}, it is of {what.category}", hint="the model first, then the accelerator"
        )
    return what.name
