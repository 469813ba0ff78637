"""The plan with a search's choice filled in, as text: what was decided is changed, every other character stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mlsysim.design.binding import bind
from mlsysim.design.split import complete
from mlsysim.plan import LoadedPlan
from mlsysim.plan.acceptance import schema
from mlsysim.plan.editing import edited, same
from mlsysim.plan.leaves import split_fields
from mlsysim.registry.document import parse
from mlsysim.reports.data import as_yaml
from mlsysim.symbolic.errors import InputError

#: The degrees that are always written: they say what the split is.
_SPLIT = ("tensor", "pipeline")


class Found(Protocol):
    """The answer of a search."""

    def plan(self) -> dict[str, Any]:
        """The plan with every decision filled in."""


def plan_text(loaded: LoadedPlan, found: Found) -> str:
    """A plan with what was decided filled in; evaluating it gives the same numbers.

    Of the degrees of a split, tensor and pipeline are written, and those others that evaluation would not take by itself.
    The section ``search`` is answered, and left out.

    Args:
        loaded: the plan that was searched.
        found: the answer.

    Raises:
        InputError: the answer is no single plan.
    """
    data = _decided(loaded, found.plan())
    text = loaded.document.text
    return edited(text, _as_stated(loaded, data), list(schema()["properties"])) if text else as_yaml(data)


def _decided(loaded: LoadedPlan, data: dict[str, Any]) -> dict[str, Any]:
    """A plan without the degrees that evaluation takes by itself; those that the plan had stay."""
    degrees: Mapping[str, Any] = data.get("parallelism", {})
    stated = loaded.document.data.get("parallelism", {})
    order = ("data", *(field for field in reversed(split_fields()) if field != "data"))  # the others say what data is
    idle = [field for field in order if field in degrees and field not in (*stated, *_SPLIT)]
    wanted = _split(loaded, data) if idle else {}
    for field in idle:
        shorter = {key: value for key, value in degrees.items() if key != field}
        if _split(loaded, {**data, "parallelism": shorter}) == wanted:
            degrees = shorter
    return {**data, "parallelism": dict(degrees)} if "parallelism" in data else data


def _split(loaded: LoadedPlan, data: Mapping[str, Any]) -> dict[str, float | None]:
    """The split that evaluation takes; without tensor parallelism there is no sequence parallelism."""
    bindings = complete(bind(loaded.with_data(data))).bindings
    found = {leaf: each.value for leaf, each in bindings.items() if leaf.startswith(("split.", "serving."))}
    return found if found.get("split.tensor", 1) != 1 else {**found, "split.sequence": None}


def _as_stated(loaded: LoadedPlan, data: dict[str, Any]) -> dict[str, Any]:
    """A plan in the short forms that its document uses, where they still say the same."""
    before, stated = loaded.document.data, parse(loaded.document.text, loaded.document.name).data
    if same(stated, before):
        return data
    patched = _patched(stated, before, data)
    changed = [key for key in data if not same(before.get(key), data[key])]
    anew = [(), *((key,) for key in changed), tuple(changed)]  # the sections that are written without short forms
    for candidate in ({**patched, **{key: data[key] for key in sections}} for sections in anew):
        try:
            if same(loaded.with_data(candidate).document.data, data):
                return candidate
        except InputError:
            continue
    return data


def _patched(stated: Any, before: Any, after: Any) -> Any:
    """What a document states, with the changes between two plans."""
    if same(before, after):
        return stated
    if all(isinstance(each, list) for each in (stated, before, after)) and len(stated) == len(before) <= len(after):
        kept = [_patched(*parts) for parts in zip(stated, before, after, strict=False)]
        return [*kept, *after[len(before) :]]
    if not (isinstance(stated, dict) and isinstance(before, dict) and isinstance(after, dict)):
        return after
    left = {key: value for key, value in stated.items() if key in after or key not in before}
    changed = {key: value for key, value in after.items() if key not in before or not same(before[key], value)}
    return {**left, **{key: _patched(stated.get(key), before.get(key), value) for key, value in changed.items()}}
