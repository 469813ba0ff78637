"""The tools as agents call them, without the protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim import schemas
from mlsysim.agents import guide, searching
from mlsysim.agents.tools import TOOLS, call
from mlsysim.plan import loads
from mlsysim.registry import find
from mlsysim.reports import errors
from mlsysim.search.optimization import PROBLEMS
from mlsysim.symbolic.errors import InputError, UnknownNameError
from tests.agents.plans import HEAD, IMPOSSIBLE, LARGE, LIMITED, ONE, POOLS, TWO, YEARLY

#: A call of every tool, with arguments of every kind.
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("evaluate_cluster_yaml", {"plan_yaml": ONE}), ("evaluate_cluster_yaml", {"plan_yaml": LIMITED}),
    ("check_plan", {"plan_yaml": LIMITED}), ("compare_plans", {"before_yaml": ONE, "after_yaml": YEARLY}),
    ("evaluate_cluster_yaml", {"plan_yaml": POOLS}), ("check_plan", {"plan_yaml": POOLS}),
    ("optimize_plan", {"plan_yaml": LARGE, "top": 2, "explain": True, "time_limit_s": 5}),
    ("optimize_plan", {"plan_yaml": IMPOSSIBLE}), ("optimize_plan", {"plan_yaml": ONE, "problem": "parallelism"}),
    ("explain_wall", {"wall": "memory", "plan_yaml": YEARLY}), ("explain_wall", {"wall": 1, "format": "text"}),
    ("explain_wall", {"wall": "performance.latency", "plan_yaml": TWO, "format": "text"}),
    ("rank_inputs", {"plan_yaml": TWO, "top": 3}), ("find_requirements", {"plan_yaml": TWO, "target": "itl <= 20 ms"}),
    ("get_schemas", {}), ("get_schemas", {"which": "plan", "part": "workload"}), ("get_schemas", {"which": "error"}),
    ("get_schemas", {"which": "result", "part": "all"}), ("search_registry", {"words": "h100 nvidia"}),
    ("search_registry", {"category": "hardware", "where": ["memory.capacity >= 100 GB"], "sort": "memory.bandwidth",
                         "descending": True, "limit": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_answer_is_what_its_schema_says(name: str, arguments: dict[str, Any]) -> None:
    """Also after it was written as JSON and read again."""
    answer = call(name, arguments)
    assert not answer.failed, answer.text
    jsonschema.validate(json.loads(answer.text), TOOLS[name].output_schema)
    jsonschema.validate(json.loads(answer.text), TOOLS[name].answers())


#: What the schemas that all tools are listed with may cost, and an answer of ``get_schemas`` by itself, in characters.
LISTED, ANSWERED = 20_000, 3_000


def test_a_list_of_the_tools_is_short() -> None:
    """With both schemas and the description of each; no single one takes most of it."""
    sizes = {
        tool.name: len(json.dumps([tool.input_schema, tool.output_schema])) + len(tool.description)
        for tool in TOOLS.values()
    }
    assert sum(sizes.values()) < LISTED
    assert max(len(json.dumps(tool.output_schema)) for tool in TOOLS.values()) < 2_000


@pytest.mark.parametrize("kind", schemas.KINDS)
def test_schemas_are_short_unless_a_part_is_named(kind: str) -> None:
    """A long one is told by its parts, each of which can be asked for; all of it, too."""
    short = call("get_schemas", {"which": kind})
    assert len(short.text) < ANSWERED
    assert bool(short.data["parts"]) == (short.data["schema"] is None)
    assert call("get_schemas", {"which": kind, "part": "all"}).data["schema"] == schemas.schema_of(kind)
    names = set()
    for part, inner in short.data["parts"].items():
        told = call("get_schemas", {"which": kind, "part": part}).data
        jsonschema.Draft202012Validator.check_schema(told["schema"])
        assert (told["part"], told["parts"]) == (part, {})
        said = json.dumps(told["schema"]).replace("[.]", ".").replace("\\", "")
        assert all(name.rstrip("*") in said for name in inner)
        names |= {part, *inner}
    if kind in ("plan", "result"):
        assert set(schemas.schema_of(kind)["properties"]) <= names


def test_a_part_of_a_plan_accepts_what_the_plan_accepts() -> None:
    """Its definitions come with it."""
    document = yaml.safe_load(LIMITED)
    for part, section in document.items():
        schema = call("get_schemas", {"part": part}).data["schema"]
        jsonschema.validate(section, schema)
    workload = call("get_schemas", {"part": "workload"}).data["schema"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document["workload"], "batch_size": 0}, workload)


def test_an_unknown_part_is_refused_with_the_nearest() -> None:
    """Of a schema in parts, and of one that has none."""
    answer = call("get_schemas", {"part": "workloads"}).data["error"]
    assert (answer["code"], answer["suggestions"]) == ("unknown_name", ["workload"])
    assert call("get_schemas", {"which": "front", "part": "workload"}).failed


def test_the_short_schema_of_an_answer_refuses_what_is_none() -> None:
    """Neither nothing, nor half an answer."""
    for tool in TOOLS.values():
        for wrong in ({}, {"error": "text"}, {"name": "x"}, []):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(wrong, tool.output_schema)


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_says_what_it_takes_and_what_it_returns(name: str) -> None:
    """Schemas are valid; nothing unknown is allowed; every argument is described; every size is bounded."""
    tool = TOOLS[name]
    for schema in (tool.input_schema, tool.output_schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
    assert tool.input_schema["additionalProperties"] is False
    assert set(tool.required) <= set(tool.arguments)
    for rule in tool.arguments.values():
        assert rule["description"]
        for each in (rule, rule.get("items", {})):
            assert "string" not in each.get("type", ()) or "maxLength" in each or "enum" in each
            assert each.get("type") != "array" or "maxItems" in each


def test_every_kind_of_call_is_tried() -> None:
    """No tool is left out above."""
    assert {name for name, _ in CALLS} == set(TOOLS)


def test_lists_that_are_written_twice_agree() -> None:
    """What the tools offer by name is what there is."""
    assert tuple(PROBLEMS) == searching.PROBLEMS
    said = schemas.schema_of("plan")["$defs"]["Search"]["properties"]["problem"]["anyOf"][0]["enum"]
    assert tuple(said) == searching.PROBLEMS


def test_a_design_that_does_not_fit_is_an_answer() -> None:
    """With why, and what would fit."""
    answer = call("evaluate_cluster_yaml", {"plan_yaml": ONE})
    assert not answer.failed
    assert answer.data["f_status"] == "FAIL"
    assert answer.data["f_summary"].startswith("OOM: requires")
    assert "2 accelerators fit" in answer.data["f_summary"]
    assert answer.data == mlsysim.evaluate(loads(ONE)).to_dict()


def test_a_search_that_finds_nothing_is_an_answer() -> None:
    """Asserts that nothing keeps, a model that nothing holds, and no time: each with its status and why."""
    none_keeps = call("optimize_plan", {"plan_yaml": IMPOSSIBLE})
    assert (none_keeps.failed, none_keeps.data["status"], none_keeps.data["exit_code"]) == (False, "infeasible", 4)
    assert "performance.latency <= 1 ms" in none_keeps.data["message"]
    none_fits = call("optimize_plan", {"plan_yaml": ONE})
    assert (none_fits.failed, none_fits.data["status"], none_fits.data["result"]) == (False, "infeasible", None)
    assert none_fits.data["hint"]


def test_the_best_plan_evaluates_to_the_numbers_of_the_search() -> None:
    """The plan that a search returns goes into the next call as it is."""
    found = call("optimize_plan", {"plan_yaml": LARGE, "objective": "latency"}).data
    assert found["status"] == "optimal"
    jsonschema.validate(found["result"], schemas.schema_of("result"))
    again = call("evaluate_cluster_yaml", {"plan_yaml": found["plan_yaml"]}).data
    assert again["p_latency_ms"] == found["result"]["p_latency_ms"] == found["result"]["o_objective"]


def test_a_malformed_plan_is_an_error_with_every_problem() -> None:
    """Each with line and column and its cure."""
    answer = call(
        "check_plan", {"plan_yaml": 'version: "1.0"\nworkload: {nam: Llama3_8B}\nhardware: {name: H100, nodes: 0}\n'}
    )
    assert answer.failed
    jsonschema.validate(answer.data, errors.SCHEMA)
    said = answer.data["error"]
    assert (said["exit_code"], said["code"]) == (2, "bad_input")
    assert {p["where"] for p in said["problems"]} >= {"plan.yaml:2:12", "plan.yaml:3:31"}
    assert said["problem_count"] == len(said["problems"])
    assert "did you mean 'name'?" in [p["hint"] for p in said["problems"]]


def test_a_name_that_is_not_known_comes_with_suggestions() -> None:
    """Of a model, a tool, an argument, a category and a wall."""
    plan = ONE.replace("Llama3_70B", "Lama3_70B")
    cases = [
        ("check_plan", {"plan_yaml": plan}, "Llama3_70B"), ("check_plans", {}, "check_plan"),
        ("check_plan", {"plan_yml": ONE}, "plan_yaml"), ("search_registry", {"category": "hardwear"}, "hardware"),
        ("explain_wall", {"wall": "memry"}, "memory"), ("rank_inputs", {"plan_yaml": TWO, "metric": "latancy"}, "performance.latency"),
    ]  # fmt: skip
    for name, arguments, meant in cases:
        answer = call(name, arguments)
        assert answer.failed
        assert answer.data["error"]["code"] in ("unknown_name", "bad_input")
        assert meant in answer.data["error"]["suggestions"], answer.text
        assert answer.data["error"]["exit_code"] == 2


@pytest.mark.parametrize(("name", "arguments", "words"), [
    ("check_plan", {}, "plan_yaml is missing"), ("check_plan", {"plan_yaml": 3}, "plan_yaml is 3, a string is needed"),
    ("check_plan", {"plan_yaml": None}, "plan_yaml is null, a string is needed"),
    ("check_plan", {"plan_yaml": {"version": "1.0"}}, "plan_yaml is an object, a string is needed"),
    ("check_plan", {"plan_yaml": ""}, "plan_yaml has 0 characters, the least is 1"),
    ("check_plan", {"plan_yaml": "x" * 100_001}, "plan_yaml has 100,001 characters, the most is 100,000"),
    ("check_plan", {"plan_yaml": "a: \ud800"}, "plan_yaml holds half of a surrogate pair"),
    ("rank_inputs", {"plan_yaml": TWO, "top": 0}, "top is 0, the least is 1"),
    ("rank_inputs", {"plan_yaml": TWO, "top": True}, "top is true, a whole number is needed"),
    ("rank_inputs", {"plan_yaml": TWO, "top": 1.5}, "top is 1.5, a whole number is needed"),
    ("rank_inputs", {"plan_yaml": TWO, "top": 10**400}, "top is a number of more than 60 digits"),
    ("optimize_plan", {"plan_yaml": TWO, "time_limit_s": float("nan")}, "time_limit_s is nan, a finite number is needed"),
    ("optimize_plan", {"plan_yaml": TWO, "time_limit_s": float("inf")}, "time_limit_s is inf, a finite number is needed"),
    ("optimize_plan", {"plan_yaml": TWO, "time_limit_s": 3600}, "time_limit_s is 3600, the most is 30.0"),
    ("optimize_plan", {"plan_yaml": TWO, "sla": "50 ms"}, "sla is '50 ms', an array is needed"),
    ("optimize_plan", {"plan_yaml": TWO, "sla": ["1 ms"] * 21}, "sla has 21 items, the most is 20"),
    ("optimize_plan", {"plan_yaml": TWO, "sla": [7]}, "sla[0] is 7, a string is needed"),
    ("search_registry", {"sort": "memory.bandwidth"}, "sort needs a category"),
    ("search_registry", {"descending": True}, "descending: there is nothing to sort by"),
    ("explain_wall", {"wall": "latency"}, "latency is no wall"),
])  # fmt: skip
def test_a_wrong_argument_is_refused_in_words(name: str, arguments: dict[str, Any], words: str) -> None:
    """Nothing is converted, cut or dropped in silence."""
    answer = call(name, arguments)
    assert answer.failed
    jsonschema.validate(json.loads(answer.text.encode()), errors.SCHEMA)
    assert words in answer.data["error"]["message"]


def test_arguments_that_are_no_object_are_refused() -> None:
    """Whatever a caller without a protocol passes."""
    for arguments in ([], "plan", 3):
        assert call("check_plan", arguments).data["error"]["code"] == "bad_input"  # type: ignore[arg-type]


def test_every_wrong_argument_is_told_at_once() -> None:
    """So that a model needs one more attempt, not three."""
    said = call("rank_inputs", {"plan": TWO, "top": "all", "metric": 5}).data["error"]
    assert said["problem_count"] == 4
    assert {p["where"] for p in said["problems"]} == {
        "arguments",
        "arguments.plan_yaml",
        "arguments.top",
        "arguments.metric",
    }


def test_an_error_nobody_foresaw_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is internal, exit code 1."""

    def fails(*_: Any) -> None:
        raise RuntimeError("lost")

    monkeypatch.setattr("mlsysim.api._evaluate", fails)
    said = call("evaluate_cluster_yaml", {"plan_yaml": TWO}).data["error"]
    assert (said["exit_code"], said["code"], said["message"]) == (1, "internal", "internal error: RuntimeError: lost")
    assert "Traceback" not in json.dumps(said)


def test_nothing_that_is_sent_is_read_as_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in place of a plan nor within one, and no entry beside the server is looked at."""
    (tmp_path / "plan.yaml").write_text(TWO)
    (tmp_path / "zoo.yaml").write_text("not: [yaml")
    (tmp_path / "secret").write_text("treasure")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLAN", TWO)
    for sent in (
        "plan.yaml",
        "./plan.yaml",
        str(tmp_path / "plan.yaml"),
        f"file://{tmp_path}/plan.yaml",
        "$PLAN",
        "-",
        "~",
        "Doorbell",
    ):
        for name in ("check_plan", "evaluate_cluster_yaml", "optimize_plan", "rank_inputs"):
            answer = call(name, {"plan_yaml": sent})
            assert answer.failed, sent
            assert "a plan is a mapping" in answer.data["error"]["message"]
    for word in (
        "../secret",
        "secret",
        "/etc/passwd",
        f"file://{tmp_path}/secret",
        "$HOME",
        "${PLAN}",
        "!!python/object:os.system x",
    ):
        for field in ("workload", "hardware"):
            sections = {"workload": "Llama3_70B", "hardware": "H100"} | {field: word}
            text = 'version: "1.0"\n' + "".join(f"{key}: {{name: '{value}'}}\n" for key, value in sections.items())
            answer = call("evaluate_cluster_yaml", {"plan_yaml": text})
            assert answer.failed
            assert "unknown" in answer.data["error"]["message"]
            assert "treasure" not in answer.text
    assert not call("evaluate_cluster_yaml", {"plan_yaml": TWO}).failed


@pytest.mark.parametrize("sent", [
    "!!python/object/apply:os.system ['touch owned']", "a: !!python/name:os.system ''", "a: !include /etc/passwd",
    "&a [*a]", "a: &a [x,x,x]\nb: &b [*a,*a]\nc: [" + "*b," * 9_999 + "*b]", "[" * 50_000, "a: 1\na: 2", "a: .nan", "\x00", "a: *b",
])  # fmt: skip
def test_hostile_documents_are_refused(sent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags run nothing; bombs stop at their budget."""
    monkeypatch.chdir(tmp_path)
    answer = call("evaluate_cluster_yaml", {"plan_yaml": sent})
    assert answer.failed
    assert answer.data["error"]["exit_code"] == 2
    assert list(tmp_path.iterdir()) == []


def test_every_value_of_the_registry_comes_with_its_source() -> None:
    """And each source is told; facts that are asked for are shown alone; the count is that of all that fit."""
    answer = call("search_registry", {"category": "hardware", "where": ["memory.capacity >= 100 GB"], "limit": 2,
                                      "facts": ["memory.capacity", "memory.bandwidth"]}).data  # fmt: skip
    assert answer["shown"] == 2 < answer["count"]
    for entry in answer["entries"]:
        assert set(entry["values"]) == {"memory.capacity", "memory.bandwidth"}
        for name, value in entry["values"].items():
            assert value["source"] in answer["sources"]
            assert value["value"] == find("hardware", entry["name"]).facts[name].text
    alone = call("search_registry", {"category": "hardware", "words": "h100 pcie"}).data
    assert alone["count"] in (1, 2)
    assert set(alone["entries"][0]["values"]) == set(find("hardware", alone["entries"][0]["name"]).facts)


def test_an_explanation_has_derivation_numbers_and_sources() -> None:
    """Of a wall; of a metric in a plan, whose numbers are those of the result."""
    wall = call("explain_wall", {"wall": "compute", "plan_yaml": YEARLY}).data
    assert wall["derivation"].startswith("\\documentclass")
    assert (wall["wall"]["number"], wall["binds_here"]) == (1, False)
    assert "williams2009" in wall["sources"]
    peak = next(fact for fact in wall["facts"] if fact["name"] == "accelerator.peak")
    assert (peak["value"], peak["unit"], peak["source"] in wall["sources"]) == (989.4, "TFLOP/s", True)
    metric = call("explain_wall", {"wall": "latency", "plan_yaml": YEARLY, "format": "text"}).data
    numbers = {each["name"]: each["value"] for each in metric["numbers"]}
    assert numbers["performance.latency"] == call("evaluate_cluster_yaml", {"plan_yaml": YEARLY}).data["p_latency_ms"]
    assert metric["derivation"].startswith("performance.latency = ")


def test_entries_of_the_owner_count(tmp_path: Path) -> None:
    """Where whoever starts the program names them in MLSYSIM_ZOO."""
    zoo = tmp_path / "mine.yaml"
    zoo.write_text("sources: {own: {title: Ours, author: We, year: 2026, type: online, url: 'https://example.org'}}\n"
                   "hardware:\n  - {id: my-chip, name: MyChip, title: Mine, from: {source: own}, facts: {compute.peak.bf16: 400 TFLOP/s, "
                   "memory.capacity: 64 GB, memory.bandwidth: 2 TB/s}}\n")  # fmt: skip
    plan = 'version: "1.0"\nworkload: {name: Llama3_8B}\nhardware: {name: MyChip}\n'
    code = f"from mlsysim.agents.tools import call; print(call('check_plan', {{'plan_yaml': {plan!r}}}).data)"
    for own, status in ((str(zoo), "PASS"), ("", "unknown hardware")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                              env={**os.environ, "MLSYSIM_ZOO": own})  # fmt: skip
        assert status in done.stdout


def test_the_plan_of_the_guide_holds() -> None:
    """Whoever copies it gets an answer with a cost; the guide names tools that exist."""
    answer = call("evaluate_cluster_yaml", {"plan_yaml": guide.PLAN}).data
    assert (answer["exit_code"], answer["m_status"]) == (0, "PASS")
    for name in TOOLS:
        assert name in guide.INSTRUCTIONS or name in ("check_plan", "compare_plans")


def test_prompts_name_what_they_need() -> None:
    """Tools that exist; blanks are checked."""
    for words in (
        guide.prompt("size_cluster", {"model": "Llama3_70B"}),
        guide.prompt("find_bottleneck", {"plan_yaml": TWO}),
    ):
        assert any(name in words for name in TOOLS)
    assert "Llama3_70B on H100 in Quebec" in guide.prompt(
        "size_cluster", {"model": "Llama3_70B", "hardware": "H100", "region": "Quebec"}
    )
    with pytest.raises(InputError, match="model is missing"):
        guide.prompt("size_cluster")
    with pytest.raises(InputError, match="unknown argument 'modle'"):
        guide.prompt("size_cluster", {"model": "x", "modle": "y"})
    with pytest.raises(UnknownNameError):
        guide.prompt("size_clusters")


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    """Neither algebra, solver nor protocol for an evaluation, a check or a look at the schemas."""
    code = (
        "import sys\nfrom mlsysim.agents.tools import TOOLS, call\n"
        "assert 'yaml' not in sys.modules and 'pydantic' not in sys.modules\n"
        f"assert not call('evaluate_cluster_yaml', {{'plan_yaml': {HEAD + 'hardware: {name: H100}'!r}}}).failed\n"
        "[(tool.input_schema, tool.output_schema) for tool in TOOLS.values()]\n"
        "print([m for m in ('sympy', 'ortools', 'mcp', 'anyio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
