"""Metrics, from the catalogue of the graph: name, key in JSON, unit, meaning, and where each exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docs.generate.markdown import code, page, table, words

_LENSES = {
    "feasibility": "Does it fit, and can it be done?", "performance": "How fast is it?",
    "macro": "What does it cost and emit? These need `ops.duration_days`, or the tokens of a run.",
}  # fmt: skip


def pages() -> dict[str, str]:
    """One page with a table for each lens."""
    from mlsysim.constraints.asserts import LENSES

    shown = [
        "A metric is called by its full name, or by its last word: `performance.latency` or `latency`. Asserts, objectives, "
        "targets and `derive` take it. In JSON its key begins with the lens and ends with the unit. More is better of the "
        "metrics marked ↑; an objective then means the most of it.",
        *(_lens(lens) for lens in LENSES),
    ]  # fmt: skip
    return {"metrics": page("Metrics", *shown)}


def _lens(lens: str) -> str:
    from mlsysim.constraints.asserts import metrics

    rows = [_row(name, record) for name, record in metrics().items() if name.startswith(f"{lens}.")]
    heads = ["metric, key", "unit", "meaning", "exists in"]
    return f"## {lens.capitalize()}\n\n{_LENSES[lens]}\n\n{table(heads, rows)}"


def _row(name: str, record: Mapping[str, Any]) -> list[str]:
    from mlsysim.constraints.asserts import more_is_better
    from mlsysim.result import key

    better = " ↑" if more_is_better(name) else ""
    unit = "" if record["display"] == "1" else words(record["display"])
    return [f"{code(name)}{better}<br>{code(key(name))}", unit, words(record["meaning"]), where(name)]


def where(name: str) -> str:
    """The phases in which a metric exists; a kind of model is named where only that kind has it."""
    from mlsysim.constraints.asserts import metrics
    from mlsysim.symbolic.kernels import catalogue

    kinds: dict[str, list[str]] = {}
    for variant in catalogue().VARIANTS:
        kind, _, phase = variant.partition("_")
        kinds.setdefault(phase, [])
        if name in metrics(variant):
            kinds[phase].append(kind)
    every = {variant.partition("_")[0] for variant in catalogue().VARIANTS}
    told = [phase if set(found) == every else f"{phase} ({found[0]})" for phase, found in kinds.items() if found]
    return "all" if told == list(kinds) else ", ".join(told)
