"""Tools that evaluate plans: one, its feasibility alone, or two of them beside each other."""

from __future__ import annotations

from functools import partial
from typing import Any

from mlsysim.agents.tool import Schema, Tool, plan_text

#: What a check says of every plan; of several pools, some things only each of them has.
_ALWAYS = ("name", "exit_code", "f_status", "f_summary", "asserts", "violations")


def evaluated(plan_yaml: str, name: str = "plan.yaml") -> Any:
    """The evaluation of one design that was sent as text; it is never read as a path."""
    from mlsysim.api import evaluate
    from mlsysim.plan import loads

    return evaluate(loads(plan_yaml, name))


def _whole(plan_yaml: str) -> Any:
    """The same of a plan whose hardware may be several pools."""
    from mlsysim.api import evaluate_whole
    from mlsysim.plan import loads

    return evaluate_whole(loads(plan_yaml))


def evaluate_cluster_yaml(plan_yaml: str) -> dict[str, Any]:
    """A plan's flat result."""
    found: dict[str, Any] = _whole(plan_yaml).to_dict()
    return found


def check_plan(plan_yaml: str) -> dict[str, Any]:
    """Whether a plan is feasible and keeps its asserts."""
    from mlsysim.checked import Checked

    return Checked(_whole(plan_yaml)).to_dict()


def compare_plans(before_yaml: str, after_yaml: str) -> dict[str, Any]:
    """What changes from one plan to another."""
    from mlsysim.comparison import Comparison

    return Comparison(evaluated(before_yaml, "before.yaml"), evaluated(after_yaml, "after.yaml")).to_dict()


def published(kind: str) -> Schema:
    """A published schema, to stand inside another."""
    from mlsysim.schemas import schema_of

    return {key: value for key, value in schema_of(kind).items() if key not in ("$schema", "$id")}


def _check_schema() -> Schema:
    from mlsysim.checked import KEYS

    whole = published("result")["properties"]
    return {"type": "object", "properties": {key: whole[key] for key in KEYS}, "required": list(_ALWAYS)}


TOOLS = (
    Tool(
        "evaluate_cluster_yaml", "Evaluate a plan",
        "Evaluate a plan: does the model fit, how fast will it run, which wall binds, what does it cost and emit. Returns one "
        "flat object: f_* feasibility, p_* performance, m_* cost, energy, carbon and water; units end the keys. A design "
        'that does not fit is an answer: f_status is "FAIL", and f_summary says why and what would fit. violations lists '
        "the plan's asserts that do not hold; assumptions what the plan left open. m_* need ops.duration_days in the plan.",
        {"plan_yaml": plan_text()}, ("plan_yaml",), evaluate_cluster_yaml, partial(published, "result"),
    ),
    Tool(
        "check_plan", "Check a plan",
        "Say whether a plan is valid, fits and keeps its asserts, without the full report. A design that does not fit is an "
        'answer with f_status "FAIL"; a plan that is malformed is an error that lists every problem with line and column.',
        {"plan_yaml": plan_text()}, ("plan_yaml",), check_plan, _check_schema,
    ),
    Tool(
        "compare_plans", "Compare two plans",
        "Say what changes from one plan to another: every metric that differs with both values and their ratio, and which "
        "wall binds in each. Use it to judge a change to a design.",
        {"before_yaml": plan_text("the plan to compare with"), "after_yaml": plan_text("the changed plan")},
        ("before_yaml", "after_yaml"), compare_plans, partial(published, "comparison"),
    ),
)  # fmt: skip
