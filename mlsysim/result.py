"""The result as one flat JSON object, and the schema that describes it.

Keys begin with ``f_`` (feasibility), ``p_`` (performance) or ``m_`` (macro) and end with their unit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlsysim.constraints.asserts import LENSES, metrics
from mlsysim.design.degrees import Degree, degrees
from mlsysim.evaluation import TOTALS
from mlsysim.symbolic.kernels import catalogue

if TYPE_CHECKING:
    from mlsysim.evaluation import Evaluation, Violation

SCHEMA = "https://json-schema.org/draft/2020-12/schema"
#: Whole numbers beyond this lose digits in JSON.
LARGEST = 2**53
#: What every evaluation says.
REQUIRED = (
    "name", "model", "hardware", "accelerators", "phase", "precision", "exit_code", "f_status", "f_summary", "p_status",
    "p_binding_wall", "m_status", "violations", "assumptions",
)  # fmt: skip
#: What a search adds to a result.
SEARCH_KEYS: dict[str, dict[str, Any]] = {
    "o_status": {"enum": ["optimal", "feasible", "infeasible", "unknown"], "description": "what the search proved"},
    "o_metric": {"type": "string", "description": "the metric that was optimised"},
    "o_unit": {"type": "string", "description": "the unit of objective and bound"},
    "o_objective": {"type": ["number", "null"], "description": "the metric at the choice"},
    "o_bound": {"type": ["number", "null"], "description": "no design is better than this"},
    "o_gap": {"type": ["number", "null"], "description": "relative distance of objective and bound"},
    "o_space": {"type": ["integer", "null"], "description":
        "designs that exist; where they were not enumerated, the combinations of values that they are among"},
    "o_rows": {"type": "integer", "description": "rows of the integer program"},
    "o_enumerated": {"type": "boolean", "description": "whether every split was enumerated as well"},
    "o_seconds": {"type": "number", "description": "seconds of the search"},
    "o_seed": {"type": "integer", "description": "seed of the search"},
    "o_complete": {"type": "boolean", "description": "whether everything asked for was found before the search had to end"},
    "o_workers": {"type": "integer", "description": "threads of the search"},
    "o_runners_up": {"type": "array", "description": "the designs that come next, where they were asked for", "items": {
        "type": "object", "required": ["o_objective"]}},
    "o_explanation": {"type": "array", "description": "why the design is the best, where that was asked for", "items": {
        "type": "string"}},
    "o_accelerators": {"type": "integer", "description": "the number of accelerators that was chosen, to serve"},
    "o_slots": {"type": "integer", "description": "the chosen number of requests that a replica works on at once"},
    "o_replicas": {"type": "integer", "description": "the chosen number of replicas that serve"},
    "o_chunk": {"type": "integer", "description": "the chosen tokens of a prompt that a step takes"},
    "o_pools": {"type": "array", "description": "the pools that serve; of several, m_* are the totals", "items": {
        "type": "object", "required": ["hardware", "requests_per_second", "accelerators", "slots", "replicas"]}},
    "o_hardware": {"type": "string", "description": "the accelerator that was chosen"},
    "o_nodes": {"type": "integer", "description": "the number of nodes that was chosen"},
    "o_region": {"type": "string", "description": "the region that was chosen for the work"},
    "o_site": {"type": "string", "description": "what the plan calls the site there"},
    "o_start": {"type": "integer", "description": "the window, counted from 1, in which the work starts"},
    "o_jobs": {"type": "integer", "description": "how many jobs were placed; m_* are then their totals"},
    "o_placement": {"type": "array", "description": "where and when each job runs, and its own m_*", "items": {
        "type": "object", "required": ["job", "region", "site", "start", "end", "accelerators"]}},
    "o_precision": {"type": "string", "description": "the number format that was chosen, where several were offered"},
    "o_conflict": {"type": ["string", "null"], "description": "the asserts that no split keeps"},
}  # fmt: skip
#: What serving decides beside the split.
BATCHED = ("serving.slots", "serving.chunk")
_SUFFIX = {"1": "", "kgCO2e": "kg", "token": "", "sample": ""}


def address(kind: str) -> str:
    """The address of a published schema, which is also its name.

    >>> address("plan")
    'https://mlsysim.org/schema/plan-1.0.json'
    """
    return f"https://mlsysim.org/schema/{kind}-1.0.json"


def key(metric: str) -> str:
    """The JSON key of a metric.

    >>> key("performance.latency"), key("macro.carbon"), key("performance.throughput")
    ('p_latency_ms', 'm_carbon_kg', 'p_throughput')
    """
    lens, _, name = metric.partition(".")
    unit = catalogue().QUANTITIES[metric]["display"]
    suffix = "" if "/" in unit else _SUFFIX.get(unit, unit.lower())
    return f"{lens[0]}_{name}" + (f"_{suffix}" if suffix else "")


def flat(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as one flat object, in a stable order; a metric that has no value is null."""
    design = evaluation.design
    failed, violations = evaluation.failures, evaluation.violations
    result: dict[str, Any] = {
        "name": evaluation.name, "model": design.model.name,
        "hardware": design.hardware.name, "accelerators": int(design.bindings["split.devices"].value or 0),
        "phase": design.loaded.phase, "precision": design.precision, "exit_code": evaluation.exit_code,
    }  # fmt: skip
    for name, binding in design.bindings.items():
        if name.startswith(("split.", *BATCHED)) and name != "split.devices" and binding.value is not None:
            result[name.replace(".", "_")] = int(binding.value)
    lenses: dict[str, dict[str, Any]] = {
        "f": {"f_status": evaluation.status("feasibility"), "f_summary": summary(evaluation),
              "f_wall": evaluation.deciding_wall},
        "p": {"p_status": evaluation.status("performance"),
              "p_binding_wall": None if failed else evaluation.binding_wall},
        "m": {"m_status": evaluation.status("macro"),
              "m_skipped": next((evaluation.skipped[name] for name in TOTALS if name in evaluation.skipped), None)},
    }  # fmt: skip
    for name, value in evaluation.metrics.items():
        lenses[name[0]][key(name)] = figure(name, value)
    for lens in lenses.values():
        result |= lens
    return result | {
        "asserts": [each.text for each in evaluation.limits],
        "violations": [shown_violation(each) for each in violations],
        "assumptions": list(evaluation.assumptions),
    }  # fmt: skip


def shown_violation(violation: Violation) -> dict[str, Any]:
    """An assert that does not hold, as a result gives it."""
    limit = violation.limit
    return {
        "metric": limit.metric, "limit": limit.text, "wall": violation.wall, "where": limit.where,
        "severity": limit.severity, "reason": limit.reason, "sentence": violation.sentence,
        "found": figure(limit.metric, violation.found),
    }  # fmt: skip


def summary(evaluation: Evaluation) -> str:
    """Feasibility in one sentence, with what would fix it where it fails, and the asserts on it that do not hold."""
    from mlsysim.symbolic.words import amount

    if evaluation.feasible:
        unit = catalogue().QUANTITIES["feasibility.memory_required"]
        needed, there = (evaluation.values[f"feasibility.memory_{m}"] for m in ("required", "capacity"))
        broken = [each.limit.text for each in evaluation.errors if each.limit.metric.startswith("feasibility.")]
        fits = f"fits: uses {amount(needed, unit)} of {amount(there, unit)}"
        return f"{fits}, but {' and '.join(broken)} does not hold" if broken else fits
    return "; ".join(part for part in (evaluation.failures[0].sentence, " or ".join(evaluation.cures)) if part)


def _valued(degree: Degree) -> str:
    """What a degree is, and the names of its numbers."""
    meaning = str(catalogue().QUANTITIES[degree.leaf]["meaning"])
    return meaning + "".join(f"{': ' if not at else ', '}{at} {name}" for at, name in enumerate(degree.choices))


def figure(metric: str, value: float | None) -> float | None:
    """A metric as a result gives it: in its own unit; None where it is not known, or no finite number."""
    if value is None or not math.isfinite(value):
        return None
    return float(value / catalogue().QUANTITIES[metric]["scale"])


def schema() -> dict[str, Any]:
    """The JSON Schema of the flat object."""
    number = {"type": ["number", "null"]}
    properties: dict[str, Any] = {
        "name": {"type": "string", "description": "the plan's name"},
        "model": {"type": "string", "description": "the model, by its registry name"},
        "hardware": {"type": "string", "description": "the accelerator, by its registry name"},
        "accelerators": {"type": "integer", "minimum": 1, "description": "accelerators in all"},
        "phase": {"enum": ["training", "inference", "serving"], "description": "what the plan does with the model"},
        "precision": {"type": "string", "description": "number format of weights and arithmetic"},
        "exit_code": {"enum": [0, 3, 4, 5],
                      "description": "0 fine, 3 an assert is violated (one that only warns is not counted), "
                      "4 physically infeasible, 5 not proven"},
        "f_status": {"enum": ["PASS", "FAIL"],
                     "description": "FAIL where the design is not physically possible (exit_code 4), or an assert on a "
                     "feasibility metric fails"},
        "f_summary": {"type": "string", "description": "feasibility in one sentence, with what would fix it"},
        "f_wall": {"type": "string", "description": "the wall that fails, or is nearest to failing; parallelism or model "
                   "where a split does not divide the work or the model cannot take it"},
        "p_status": {"enum": ["PASS", "FAIL", "SKIPPED"],
                     "description": "FAIL where an assert on performance fails, SKIPPED where the design does not fit"},
        "p_binding_wall": {"type": ["string", "null"], "description": "the wall that takes most of the time"},
        "m_status": {"enum": ["PASS", "FAIL", "PARTIAL", "SKIPPED"],
                     "description": "FAIL where an assert on the macro lens fails, else whether cost, energy, carbon and water "
                     "are all known"},
        "m_skipped": {"type": ["string", "null"], "description": "why the macro lens was skipped"},
        "asserts": {"type": "array", "items": {"type": "string"}, "description": "the limits that were checked"},
        "violations": {
            "type": "array",
            "description": "the asserts that do not hold",
            "items": {
                "type": "object",
                "properties": {
                    "metric": {"type": "string", "description": "its full name"},
                    "limit": {"type": "string", "description": "the limit in words"},
                    "wall": {"type": ["string", "null"], "description": "the wall that causes it"},
                    "where": {"type": ["string", "null"], "description": "file, line and column of the limit"},
                    "severity": {"enum": ["error", "warn"], "description": "one that warns does not fail the plan"},
                    "reason": {"type": "string", "description": "why the plan has this limit"},
                    "sentence": {"type": "string", "description": "what was found, the limit and by how much it misses"},
                    "found": {**number, "description": "the metric, in its own unit"},
                },
                "required": ["metric", "limit", "wall", "where", "severity", "reason", "sentence", "found"],
                "additionalProperties": False,
            },
        },
        "pools": {"type": "array", "description": "the evaluation of each of several pools; m_* are then their totals",
                  "items": {"type": "object", "required": ["share", "hardware", "accelerators", "exit_code"]}},
        "assumptions": {"type": "array", "items": {"type": "string"}, "description": "what the plan left open"},
    }  # fmt: skip
    splits = {n.partition(".")[2] for n in catalogue().QUANTITIES if n.startswith("split.")}
    parents = {n for v in catalogue().VARIANTS.values() for n in v["parents"]}
    for name in sorted(splits):
        if f"split.{name}" not in parents and name != "devices":
            meaning = catalogue().QUANTITIES[f"split.{name}"]["meaning"]
            properties[f"split_{name}"] = {"type": "integer", "minimum": 0, "description": meaning}
    for name in BATCHED:
        meaning = catalogue().QUANTITIES[name]["meaning"]
        properties[name.replace(".", "_")] = {"type": "integer", "minimum": 1, "description": meaning}
    for name, record in metrics().items():
        unit = record["display"]
        told = record["meaning"] if unit == "1" else f"{record['meaning']} [{unit}]"
        properties[key(name)] = {**number, "description": told, "x-metric": name, "x-unit": unit}
    chosen = {f"o_{degree.key}": {"type": "integer", "description": f"the choice: {_valued(degree)}"}
              for degree in degrees().values()}  # fmt: skip
    for name, told in (SEARCH_KEYS | chosen).items():
        properties[name] = {**told, "description": f"{told['description']} (optimize only)"}
    return {
        "$schema": SCHEMA, "$id": address("result"), "title": "mlsysim result",
        "description": f"One evaluation; keys by lens: {', '.join(f'{lens[0]}_ {lens}' for lens in LENSES)}.",
        "type": "object", "properties": properties, "additionalProperties": False,
        # Several jobs, or pools, have totals, and no evaluation of one plan.
        "if": {"anyOf": [{"required": [several]} for several in ("o_jobs", "o_pools", "pools")]},
        "then": {"required": ["name", "exit_code"]},
        "else": {"required": list(REQUIRED)},
    }  # fmt: skip
