"""Tool calls with arbitrary arguments: always an answer or a structured error, and always JSON."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsysim.agents.tool import Tool
from mlsysim.agents.tools import TOOLS, call
from mlsysim.reports import errors
from tests.agents.plans import LARGE, LIMITED, ONE, YEARLY

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -1, 0, 1e308])
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4), max_leaves=8
)  # fmt: skip
#: What a plan may hold at a place, right and wrong.
VALUES = st.sampled_from(["H100", "Llama3_70B", "training", "serving", "''", "NO", "1e3", "-1", "0", "10e15", ".nan", "[]", "{}", "null", "'50 ms'", "!!int 3", "*a"])  # fmt: skip
KEYS = st.sampled_from(["name", "phase", "batch_size", "nodes", "accelerators", "region", "duration_days", "precision", "tensor", "metric", "max", "nam"])  # fmt: skip
SECTIONS = st.sampled_from(["workload", "hardware", "ops", "parallelism", "serving", "search", "constraints", "zoo", "placement", "oops"])  # fmt: skip
PLANS = st.dictionaries(SECTIONS, st.dictionaries(KEYS, VALUES, max_size=4), max_size=5).map(
    lambda data: 'version: "1.0"\n' + "".join(f"{s}: {{{', '.join(f'{k}: {v}' for k, v in inner.items())}}}\n" for s, inner in data.items())
)  # fmt: skip
QUICK = [name for name, tool in TOOLS.items() if not tool.slow]


def sane(rule: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that an argument's schema allows, plans among them."""
    if "enum" in rule:
        return st.sampled_from(rule["enum"])
    kind = rule["type"]
    if kind == "array":
        return st.lists(sane(rule["items"]), max_size=2)
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "number"):
        low, high = rule["minimum"], rule["maximum"]
        return st.integers(low, high) if kind == "integer" else st.floats(low, high)
    plans = st.sampled_from([ONE, LIMITED, LARGE, YEARLY]) | PLANS if rule["maxLength"] > 10_000 else st.nothing()
    return plans | st.sampled_from(["latency", "memory.capacity", "compute", "itl <= 20 ms", "H100"]) | ANY_TEXT


def calls(tool: Tool) -> st.SearchStrategy[dict[str, Any]]:
    """Calls that come far, and calls that do not."""
    right = {name: sane(rule) for name, rule in tool.arguments.items()}
    needed = {name: right[name] for name in tool.required}
    return st.fixed_dictionaries(needed, optional={k: v | JSON for k, v in right.items() if k not in needed}) | st.dictionaries(ANY_TEXT, JSON, max_size=3)  # fmt: skip


def holds(name: str, arguments: Any) -> None:
    """A call gives an answer of its schema, or an error of the errors' schema, and no internal one."""
    answer = call(name, arguments)
    data = json.loads(answer.text.encode("utf-8"))
    jsonschema.validate(data, errors.SCHEMA if answer.failed else TOOLS[name].answers())
    assert not answer.failed or data["error"]["code"] != "internal", answer.text


@pytest.mark.parametrize("name", QUICK)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_call_gives_an_answer_or_an_error(name: str, data: st.DataObject) -> None:
    """Whatever is sent; no call raises, and no error is internal."""
    holds(name, data.draw(calls(TOOLS[name])))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=ANY_TEXT | st.sampled_from(list(TOOLS)), arguments=JSON)
def test_names_and_arguments_of_any_kind_are_answered(name: str, arguments: Any) -> None:
    """Also where the tool does not exist, or arguments are no object."""
    answer = call(name, arguments)
    json.loads(answer.text.encode("utf-8"))
    assert answer.data["error"]["code"] != "internal" if answer.failed else name in TOOLS


@pytest.mark.parametrize("name", ["optimize_plan", "find_requirements", "explain_wall"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_slow_calls_too(name: str, data: st.DataObject) -> None:
    """With searches of half a second."""
    arguments = data.draw(calls(TOOLS[name]))
    if name == "optimize_plan" and "plan_yaml" in arguments:
        arguments["time_limit_s"] = 0.5
    holds(name, arguments)
