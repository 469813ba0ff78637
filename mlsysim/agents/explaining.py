"""Tools that say why: a wall's derivation with the plan's numbers, what matters, and what a target needs."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from mlsysim.agents.evaluating import evaluated, published
from mlsysim.agents.knowing import source_schema, sources_of
from mlsysim.agents.tool import Schema, Tool, plan_text, record, text

if TYPE_CHECKING:
    from mlsysim.evaluation import Evaluation

FORMATS = ("latex", "text")
#: Inputs that a ranking shows at most, and how many unless it is told.
MOST_INPUTS, USUAL_INPUTS = 100, 15

_NUMBER = {"type": ["number", "null"]}
_WORD = {"type": "string"}
#: The algebra's switches and caches are shared by all threads, so that one derivation at a time is printed.
_ALGEBRA = threading.Lock()


def explain_wall(wall: str | int, plan_yaml: str | None = None, format: str = "latex") -> dict[str, Any]:
    """A wall's derivation, or a metric's, with numbers and sources where there is a plan."""
    from mlsysim.derivations import derivation_of
    from mlsysim.symbolic.kernels import catalogue

    name = str(wall).strip()
    evaluation = None if plan_yaml is None else evaluated(plan_yaml)
    record = next((w for w in catalogue().WALLS if name.lower() in (w["name"], str(w["number"]))), None)
    if record:
        page, cited = wall_page(record["name"], format)
    else:
        with _ALGEBRA:
            page, cited = derivation_of(name, evaluation, format), ()
    facts = [] if evaluation is None else _facts(evaluation, _leaves(evaluation, name, record))
    return {
        "what": record["name"] if record else name, "format": format, "derivation": page,
        "wall": dict(record) if record else None,
        "binds_here": evaluation.binding_wall == record["name"] if evaluation and record else None,
        "numbers": [] if evaluation is None else _numbers(evaluation, name, record), "facts": facts,
        "sources": sources_of({*cited, *(fact["source"] for fact in facts if fact["source"])}),
    }  # fmt: skip


def wall_page(name: str, format: str) -> tuple[str, tuple[str, ...]]:
    """A wall's derivation and the keys of what it cites; every step is verified."""
    with _ALGEBRA:
        return _printed(name, format)


@cache
def _printed(name: str, format: str) -> tuple[str, tuple[str, ...]]:
    from mlsysim.derivations import derivation_of
    from mlsysim.symbolic.graph import wall

    chapter = wall(name).wall
    steps = chapter.derivation if chapter else []
    return derivation_of(name, format=format), tuple(
        sorted({key for step in steps for key in step.cite.split(",") if key})
    )


def _about(evaluation: Evaluation, name: str, wall: Any) -> list[str]:
    """The quantities that the question is about: those of the wall, or the metric and what it is computed from."""
    from mlsysim.constraints.asserts import metric
    from mlsysim.symbolic.kernels import catalogue

    structure = catalogue().VARIANTS[evaluation.variant]
    if wall:
        return [quantity for quantity, owner in structure["walls"].items() if owner == wall["name"]]
    full = name if name in evaluation.values else metric(name, evaluation.variant)
    found, waiting = {full: None}, [full]
    while waiting:
        for parent in structure["parents"].get(waiting.pop(), ()):
            if parent not in found and parent in structure["parents"]:
                found[parent] = None
                waiting.append(parent)
    return list(found)


def _leaves(evaluation: Evaluation, name: str, wall: Any) -> list[str]:
    from mlsysim.constraints.structure import leaves_of

    return sorted({leaf for q in _about(evaluation, name, wall) for leaf in leaves_of(evaluation.variant, q)})


def _numbers(evaluation: Evaluation, name: str, wall: Any) -> list[dict[str, Any]]:
    return [_number(evaluation, quantity) for quantity in _about(evaluation, name, wall)]


def _number(evaluation: Evaluation, name: str) -> dict[str, Any]:
    """A quantity in its display unit."""
    from mlsysim.result import figure
    from mlsysim.symbolic.kernels import catalogue

    said = catalogue().QUANTITIES[name]
    return {"name": name, "meaning": said["meaning"], "value": figure(name, evaluation[name]),
            "unit": said["display"]}  # fmt: skip


def _facts(evaluation: Evaluation, leaves: Iterable[str]) -> list[dict[str, Any]]:
    """Where the value of each leaf comes from."""
    bound = evaluation.design.bindings
    return [
        {**_number(evaluation, leaf), "origin": b.origin, "says": b.says, "source": b.source.key if b.source else None,
         "verified": b.fact.verified if b.fact else None}
        for leaf in leaves if (b := bound.get(leaf)) is not None
    ]  # fmt: skip


def rank_inputs(plan_yaml: str, metric: str = "performance.latency", top: int = USUAL_INPUTS) -> dict[str, Any]:
    """The inputs of a plan by what one percent of each does to a metric."""
    from mlsysim.elasticities import sensitivity

    found: dict[str, Any] = sensitivity(evaluated(plan_yaml), metric).to_dict()
    return {**found, "inputs": len(found["elasticities"]), "elasticities": found["elasticities"][:top]}


def find_requirements(plan_yaml: str, target: str) -> dict[str, Any]:
    """What hardware a target needs."""
    from mlsysim.plan import loads
    from mlsysim.requirements import synthesize

    found: dict[str, Any] = synthesize(loads(plan_yaml), target).to_dict()
    return found


def _explanation_schema() -> Schema:
    number: Schema = {"name": _WORD, "meaning": _WORD, "value": _NUMBER, "unit": _WORD}
    fact = record(
        **number, origin={**_WORD, "description": "plan, registry or default"}, says=_WORD,
        source={"type": ["string", "null"]}, verified={"type": ["boolean", "null"]},
    )  # fmt: skip
    return record(
        what=_WORD, format={"enum": list(FORMATS)}, derivation=_WORD, wall={"type": ["object", "null"]},
        binds_here={"type": ["boolean", "null"], "description": "whether this wall decides the plan's design"},
        numbers={"type": "array", "items": record(**number)}, facts={"type": "array", "items": fact},
        sources=source_schema(),
    )  # fmt: skip


def _ranking_schema() -> Schema:
    ranking = published("ranking")
    inputs = {"type": "integer", "description": "how many inputs there are"}
    return {
        **ranking,
        "properties": {**ranking["properties"], "inputs": inputs},
        "required": [*ranking["required"], "inputs"],
    }


TOOLS = (
    Tool(
        "explain_wall", "Explain a wall",
        "Derive one of the 22 walls (such as compute, memory, communication, serving) from first principles, every step "
        "verified, in LaTeX or text, with what it cites. With a plan, also the numbers it takes there and the source of "
        "every fact; then a metric, such as performance.latency, can be explained as well.",
        {"wall": {"type": ["string", "integer"], "minLength": 1, "maxLength": 100,
                  "description": "a wall by name or number; with a plan also a metric, such as performance.latency"},
         "plan_yaml": plan_text("a plan whose numbers are wanted"),
         "format": {"type": "string", "enum": list(FORMATS), "description": "of the derivation; latex where left out"}},
        ("wall",), explain_wall, _explanation_schema, slow=True,
    ),
    Tool(
        "rank_inputs", "Rank what matters",
        "Rank a plan's inputs by what one percent of each does to a metric, by exact derivatives: what to change first. "
        "Says also what each assert of the plan costs.",
        {"plan_yaml": plan_text(), "metric": text("a metric, performance.latency where it is left out"),
         "top": {"type": "integer", "minimum": 1, "maximum": MOST_INPUTS,
                 "description": f"inputs to show, {USUAL_INPUTS} where it is left out"}},
        ("plan_yaml",), rank_inputs, _ranking_schema,
    ),
    Tool(
        "find_requirements", "Find what a target needs",
        "Turn the equations round: what bandwidth, arithmetic, memory, links or number of accelerators a target needs, and "
        "which of them would not help however large.",
        {"plan_yaml": plan_text(), "target": text('what must hold, such as "itl <= 30 ms" or "latency <= 60 s"')},
        ("plan_yaml", "target"), find_requirements, partial(published, "requirements"), slow=True,
    ),
)  # fmt: skip
