"""Plans: what is accepted, what is refused and in which words, and that every field counts."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlsysim
from mlsysim import schemas
from mlsysim.plan import PlanError, acceptance, load, loads
from mlsysim.plan.mistakes import problems
from mlsysim.plan.model import Plan
from mlsysim.registry.document import Document
from mlsysim.symbolic.errors import InputError

GOOD = """\
version: "1.0"
name: test
workload:
  name: Llama3_70B
  batch_size: 4096
hardware:
  name: H100
  nodes: 64
ops:
  region: Quebec
  duration_days: 14.0
constraints:
  assert:
    - metric: performance.latency
      max: 50.0
"""

# What is changed in the good plan, and the message it must give.
BAD = {
    "unknown model": ("Llama3_70B", "Lama3_70B", "plan.yaml:4:9: error: unknown model 'Lama3_70B'\n  hint: did you mean 'Llama3_70B'"),
    "unknown hardware": ("H100", "H10O", "plan.yaml:7:9: error: unknown hardware 'H10O'\n  hint: did you mean 'H100'"),
    "unknown region": ("Quebec", "Atlantis", "plan.yaml:10:11: error: unknown region 'Atlantis'\n  hint: see `mlsysim zoo grids`"),
    "misspelt region": ("Quebec", "Qubec", "did you mean 'Quebec'"),
    "unknown key": ("batch_size", "batchsize", "plan.yaml:5:3: error: workload.batchsize: unknown key\n  hint: did you mean 'batch_size'?"),
    "unknown section": ("ops:", "opps:", "plan.yaml:9:1: error: opps: unknown key\n  hint: did you mean 'ops'?"),
    "duplicate key": ("nodes: 64", "name: H200", "plan.yaml:8:3: error: duplicate key 'name'\n  hint: it stands already in line 7"),
    "wrong type": ("4096", '"4096"', "plan.yaml:5:15: error: workload.batch_size: '4096' is text"),
    "a float where a count is needed": ("4096", "4096.5", "plan.yaml:5:15: error: workload.batch_size: 4096.5 is not a whole number"),
    "a word where a number is needed": ("4096", "many", "plan.yaml:5:15: error: workload.batch_size: 'many' is not a number"),
    "a boolean where a count is needed": ("4096", "true", "plan.yaml:5:15: error: workload.batch_size: true is not a whole number"),
    "zero batch": ("4096", "0", "plan.yaml:5:15: error: workload.batch_size: 0 is below 1"),
    "negative batch": ("4096", "-4", "plan.yaml:5:15: error: workload.batch_size: -4 is below 1"),
    "absurd nodes": ("nodes: 64", "nodes: 1000000000000000", "hardware.nodes: 1000000000000000 is above 1,000,000"),
    "nan": ("14.0", ".nan", "plan.yaml:11:18: error: .nan is not a finite number"),
    "negative duration": ("14.0", "-14.0", "plan.yaml:11:18: error: ops.duration_days: -14.0 is not above 0"),
    "missing version": ('version: "1.0"\n', "", "version: missing\n  hint: add `version:`"),
    "a number as version": ('"1.0"', "1.0", "plan.yaml:1:10: error: version: 1.0 is not one of '1.0'\n  hint: write version: \"1.0\", with quotes"),
    "missing name": ("  name: Llama3_70B\n", "", "workload.name: missing"),
    "a section that is a word": ("workload:\n  name: Llama3_70B\n  batch_size: 4096", "workload: big",
                                 "plan.yaml:3:11: error: workload: 'big' where a section is needed"),
    "unknown metric": ("performance.latency", "performance.latncy", "plan.yaml:14:15: error: unknown metric 'performance.latncy'\n  hint: did you mean 'performance.latency'"),
    "metric of another phase": ("performance.latency", "performance.ttft", "performance.ttft is not a metric of transformer training"),
    "wrong dimension": ("50.0", '"50 GB"', 'plan.yaml:15:12: error: constraints.assert[0]: "performance.latency" is a time, \'50 GB\' is an amount of data'),
    "unknown unit": ("50.0", '"50 parsec"', "plan.yaml:15:12: error: constraints.assert[0]: \"performance.latency\": unknown unit 'parsec'"),
    "no unit in a string": ("50.0", '"50"', "'50' has no unit"),
    "no limit": ("      max: 50.0\n", "", "plan.yaml:14:7: error: constraints.assert[0]: neither max nor min nor equals"),
    "asserts that are no list": ("    - metric: performance.latency\n      max: 50.0", "    metric: 3", "constraints.assert: a mapping where a list is needed"),
    "nodes and accelerators": ("nodes: 64", "nodes: 64\n  accelerators: 8", "plan.yaml:9:3: error: hardware.accelerators: nodes and accelerators both say how many"),
    "precision the chip lacks": ("batch_size: 4096", "precision: int4", "H100 does not compute in int4\n  hint: it computes in"),
    "precision without gradients": ("batch_size: 4096", "precision: int8", "int8 has no gradients"),
    "unknown precision": ("batch_size: 4096", "precision: bf61", "unknown precision 'bf61'\n  hint: did you mean 'bf16'"),
    "a field of the other phase": ("batch_size: 4096", "output_tokens: 10", "workload.output_tokens: it changes nothing in training of Llama3_70B"),
    "region without duration": ("  duration_days: 14.0\n", "", "plan.yaml:10:3: error: ops.region: without a duration it changes nothing"),
    "price of zero": ("region: Quebec", "price_per_accelerator_hour: 0", "ops.price_per_accelerator_hour: 0 is not above 0"),
    "price in another unit": ("region: Quebec", "price_per_accelerator_hour: 3 USD", "is a price per time, '3 USD' is an amount of money"),
    "efficiency above one": ("batch_size: 4096", "efficiency: 1.5", "workload.efficiency: 1.5 is above 1"),
    "ZeRO stage": ("batch_size: 4096\n", "batch_size: 4096\nparallelism: {zero: 4}\n", "parallelism.zero: 4 is above 3"),
    "recompute mode": ("batch_size: 4096\n", "batch_size: 4096\nparallelism: {recompute: some}\n", "'some' is not one of 'none', 'selective' or 'full'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_plan_is_refused_where_it_is_wrong(case: str) -> None:
    """Place, what is wrong, and the cure."""
    old, new, message = BAD[case]
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(loads(GOOD.replace(old, new, 1)))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "plan.yaml:1:1: error: a plan is a mapping, this is a list"), ("hello\n", "this is a word"),
        ("42\n", "this is a number"), ("", "the document is empty"), ("# only a comment\n", "the document is empty"),
        ("~\n", "this is nothing"),
    ],
)  # fmt: skip
def test_what_is_no_plan_at_all_is_refused(text: str, message: str) -> None:
    """A list, a word, a number, nothing."""
    with pytest.raises(InputError) as caught:
        loads(text)
    assert message in str(caught.value)


def test_every_problem_is_reported_at_once() -> None:
    """Three mistakes, three messages, in the order of the document."""
    text = GOOD.replace("batch_size: 4096", "batch_size: 0").replace("nodes", "nods").replace("14.0", "-1")
    with pytest.raises(PlanError) as caught:
        loads(text)
    assert [p.where for p in caught.value.problems] == ["plan.yaml:5:15", "plan.yaml:8:3", "plan.yaml:11:18"]


def test_a_limit_may_carry_its_unit() -> None:
    """A bare number is in the metric's unit; 50 ms and 0.05 s are the same limit."""
    for text, seconds in (("50.0", 0.05), ('"50 ms"', 0.05), ('"17 s"', 17.0), ('"2 min"', 120.0)):
        evaluation = mlsysim.evaluate(loads(GOOD.replace("50.0", text)))
        assert evaluation.limits[0].value == pytest.approx(seconds)


BASE: dict[str, Any] = {
    "version": "1.0", "name": "base",
    "workload": {"name": "Llama3_8B", "batch_size": 64, "phase": "training", "sequence_length": 2048, "precision": "bf16",
                 "efficiency": 0.4, "optimizer": "adam"},
    "hardware": {"name": "H100", "nodes": 2},
    "parallelism": {"tensor": 2, "pipeline": 2, "data": 4, "context": 1, "expert": 1, "microbatch": 2, "interleave": 1,
                    "zero": 1, "recompute": "none", "sequence": True},
    "network": {}, "software": {"memory_efficiency": 0.9, "link_efficiency": 0.9, "overlap": 0.01},
    "ops": {"region": "Quebec", "duration_days": 3.0, "facility": "AWS", "price_per_accelerator_hour": 4.0, "carbon_tax": 10.0,
            "shared_load": 0.5},
    "constraints": {"assert": [{"metric": "performance.latency", "max": 1e9, "min": 1e8}]},
}  # fmt: skip
SERVING: dict[str, Any] = {
    "version": "1.0",
    "workload": {"name": "Llama3_8B", "batch_size": 8, "output_tokens": 100, "sequence_length": 1000},
    "hardware": {"name": "H100", "accelerators": 2}, "software": {"page": 16},
}  # fmt: skip

# Every field of a plan: another value of it, and other fields that must change with it.
OTHER: dict[tuple[Any, ...], tuple[Any, dict[str, Any]]] = {
    ("ops", "shared_load"): (0.6, {}), ("ops", "shared_places"): (4, {}), ("ops", "shared_spread"): (0.5, {}),
    ("name",): ("other", {}), ("workload", "name"): ("GPT2_XL", {"parallelism": {}}), ("workload", "batch_size"): (128, {}),
    ("workload", "phase"): ("inference", {"parallelism": {}, "software": {}, "workload": {"name": "Llama3_8B"},
                                             "ops": {"region": "Quebec", "duration_days": 3.0}}),
    ("workload", "sequence_length"): (1024, {}), ("workload", "precision"): ("fp8", {}), ("workload", "efficiency"): (0.5, {}),
    ("workload", "optimizer"): ("sgd_momentum", {}), ("workload", "tokens"): (1e12, {}), ("hardware", "name"): ("A100", {}),
    ("hardware", "nodes"): (4, {"parallelism": {}}), ("parallelism", "tensor"): (4, {"parallelism": {"data": 2}}),
    ("parallelism", "pipeline"): (4, {"parallelism": {"data": 2}}), ("parallelism", "data"): (2, {"parallelism": {"tensor": 4}}),
    ("parallelism", "context"): (2, {"parallelism": {"data": 2}}), ("parallelism", "microbatch"): (4, {}),
    ("parallelism", "interleave"): (2, {}), ("parallelism", "zero"): (2, {}), ("parallelism", "recompute"): ("full", {}),
    ("parallelism", "sequence"): (False, {}), ("software", "memory_efficiency"): (0.5, {}),
    ("software", "link_efficiency"): (0.5, {}), ("software", "overlap"): (1.0, {}), ("ops", "region"): ("Poland", {}),
    ("ops", "duration_days"): (4.0, {}), ("ops", "facility"): ("Microsoft", {}), ("ops", "price_per_accelerator_hour"): ("5 USD/h", {}),
    ("ops", "carbon_tax"): ("150 USD/tCO2e", {}), ("ops", "electricity_price"): ("80 USD/MWh", {}),
    ("ops", "carbon_intensity"): (12.5, {}), ("constraints", "assert", 0, "max"): (2e8, {}),
    ("constraints", "assert", 0, "min"): (1e7, {}), ("constraints", "assert", 0, "metric"): ("performance.throughput", {}),
    ("constraints", "assert", 0, "unit"): ("min", {}), ("constraints", "assert", 0, "severity"): ("warn", {}),
    ("constraints", "assert", 0, "reason"): ("as last week", {}), ("constraints", "assert", 0, "equals"): (2.0, {"constraints": {"assert": [{"metric": "performance.latency"}]}}),
    ("network", "fabric"): ("InfiniBand_EDR", {}), ("network", "bandwidth"): ("10 GB/s", {}),
    ("network", "latency"): ("1 ms", {}), ("network", "link"): ("NVLink2", {}),
    ("network", "link_bandwidth"): (90, {}), ("network", "link_latency"): (500.0, {}),
    ("hardware", "node"): ("p5_48xlarge", {}), ("parallelism", "first_spared"): (2, {}), ("parallelism", "last_spared"): (2, {}),
    ("parallelism", "offload_optimizer"): (True, {}), ("parallelism", "offload_activations"): (True, {}),
    ("zoo",): ({"storage": [{"id": "slow", "name": "SuperPOD", "title": "slow disks", "facts": {
        "write_bandwidth": "1 GB/s", "filesystem_write_bandwidth": "1 GB/s"}}]}, {}),
}  # fmt: skip
#: Fields of a plan that names a data set and the tokens of its run.
READING: dict[str, Any] = {
    **BASE, "workload": {**BASE["workload"], "tokens": 4e13},
    "data": {"dataset": "FineWeb", "storage": "SATA_SSD", "cache": 100, "worker_rate": 0.5, "workers": 8},
}  # fmt: skip
OTHER_READING = {
    ("data", "dataset"): "SlimPajama", ("data", "storage"): "HDD_7200", ("data", "cache"): "1 TB",
    ("data", "worker_rate"): "2 sample/s", ("data", "workers"): 16, ("workload", "scaling"): "chinchilla",
}  # fmt: skip
OTHER_SERVING = {
    ("workload", "thought_tokens"): (10, {}), ("workload", "samples"): (4, {}), ("workload", "solve_rate"): (0.5, {}),
    ("workload", "output_tokens"): (200, {}), ("hardware", "accelerators"): (4, {}), ("software", "page"): (1024, {}),
}  # fmt: skip
TRAFFIC: dict[str, Any] = {
    "version": "1.0",
    "workload": {"name": "Llama3_8B", "output_tokens": 100, "sequence_length": 1000},
    "hardware": {"name": "H100", "accelerators": 2}, "serving": {"requests_per_second": 2, "slots": 16, "chunk": 256},
}  # fmt: skip
OTHER_TRAFFIC = {
    ("serving", "requests_per_second"): (3.5, {}), ("serving", "slots"): (8, {}), ("serving", "chunk"): (512, {}),
    ("serving", "percentile"): (90, {}),
}  # fmt: skip


# What changes nothing but a search.
OTHER_SEARCH = {
    ("search", "offload"): True, ("search", "precisions", 0): "fp8", ("search", "vary", "tensor", 0): 2,
    ("search", "vary", "pipeline", 0): 2, ("search", "vary", "data", 0): 4, ("search", "vary", "context", 0): 2,
    ("search", "vary", "expert", 0): 1, ("search", "vary", "microbatch", 0): 2, ("search", "vary", "interleave", 0): 2,
    ("search", "vary", "zero", 0): 1, ("search", "vary", "recompute", 0): "selective",
    ("search", "vary", "first_spared", 0): 1, ("search", "vary", "last_spared", 0): 1,
}  # fmt: skip
#: Fields that write something shorter, or that name a problem and what it offers: tested by what they mean, in
#: test_plan_forms.
FORMS = {
    ("workload", "model"), ("hardware", "fleet"), *(("hardware", "pools", 0, name) for name in (
        "name", "node", "nodes", "accelerators", "share")), ("search", "problem"), ("search", "objective"),
    ("search", "maximize"), ("search", "hardware", 0), ("search", "nodes"),
}  # fmt: skip


def changed(base: dict[str, Any], path: tuple[Any, ...], value: Any, with_it: dict[str, Any]) -> dict[str, Any]:
    """The plan with one field changed; an empty section in ``with_it`` drops that section."""
    new = json.loads(json.dumps(base))
    for section, content in with_it.items():
        new[section] = {**new[section], **content} if content and section == "parallelism" else dict(content)
    place = new
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return new


def result(plan: dict[str, Any]) -> dict[str, Any]:
    """The flat result without the words about what was assumed."""
    return {k: v for k, v in mlsysim.evaluate(plan).to_dict().items() if k != "assumptions"}


@pytest.mark.parametrize("path", OTHER, ids=lambda p: ".".join(map(str, p)))
def test_every_field_of_a_training_plan_changes_the_answer(path: tuple[Any, ...]) -> None:
    """No input changes nothing."""
    value, with_it = OTHER[path]
    assert result(changed(BASE, path, value, with_it)) != result(BASE)
    if not with_it and path[0] != "constraints" and path != ("name",):
        before, after = mlsysim.evaluate(BASE), mlsysim.evaluate(changed(BASE, path, value, {}))
        assert before.metrics != after.metrics, "a metric must change, not only what the result says about itself"


@pytest.mark.parametrize("path", OTHER_READING, ids=".".join)
def test_every_field_of_the_data_changes_the_answer(path: tuple[Any, ...]) -> None:
    """What is read, from where, and who transforms it."""
    assert (
        mlsysim.evaluate(changed(READING, path, OTHER_READING[path], {})).metrics != mlsysim.evaluate(READING).metrics
    )


@pytest.mark.parametrize("path", OTHER_SERVING, ids=".".join)
def test_every_field_of_a_serving_plan_changes_the_answer(path: tuple[Any, ...]) -> None:
    """The fields that training refuses."""
    value, with_it = OTHER_SERVING[path]
    assert mlsysim.evaluate(changed(SERVING, path, value, with_it)).metrics != mlsysim.evaluate(SERVING).metrics


@pytest.mark.parametrize("path", OTHER_TRAFFIC, ids=".".join)
def test_every_field_of_traffic_changes_the_answer(path: tuple[Any, ...]) -> None:
    """The fields that only serving has."""
    value, with_it = OTHER_TRAFFIC[path]
    assert mlsysim.evaluate(changed(TRAFFIC, path, value, with_it)).metrics != mlsysim.evaluate(TRAFFIC).metrics


@pytest.mark.parametrize(("plan", "path", "message"), [
    (SERVING, ("serving", "slots"), "serving.requests_per_second: missing, so nothing arrives"),
    (BASE, ("serving", "percentile"), "serving.percentile: it changes nothing in training"),
    (TRAFFIC, ("workload", "batch_size"), "workload.batch_size: in serving, requests arrive by themselves"),
    (TRAFFIC, ("parallelism", "zero"), "parallelism.zero: it changes nothing in serving"),
    (TRAFFIC, ("serving", "requests_per_second"), "serving.requests_per_second: -1 is not above 0"),
    (TRAFFIC, ("serving", "slots"), "serving.slots: -1 is below 1"),
    (TRAFFIC, ("workload", "phase"), "is not one of"),
])  # fmt: skip
def test_traffic_that_makes_no_sense_is_refused(plan: dict[str, Any], path: tuple[str, str], message: str) -> None:
    """A field of another phase, a batch beside traffic, and numbers that are none."""
    other = json.loads(json.dumps(plan))
    other.setdefault(path[0], {})[path[1]] = (
        2 if re.search("changes nothing|batch|missing", message) and "traffic" not in message else -1
    )
    with pytest.raises(InputError, match=message):
        mlsysim.evaluate(other)


def test_a_phase_of_serving_needs_traffic() -> None:
    """The word alone says nothing about how many requests arrive."""
    with pytest.raises(InputError, match="requests_per_second: missing"):
        mlsysim.evaluate({**SERVING, "workload": {"name": "Llama3_8B", "phase": "serving"}, "software": {}})


@pytest.mark.parametrize("path", OTHER_SEARCH, ids=lambda p: ".".join(map(str, p)))
def test_every_field_of_the_search_changes_what_is_searched(path: tuple[Any, ...]) -> None:
    """And not what the plan evaluates to."""
    small = {**BASE, "workload": {k: v for k, v in BASE["workload"].items() if k != "precision"}, "parallelism": {}}
    value = ["bf16", OTHER_SEARCH[path]] if "precisions" in path else OTHER_SEARCH[path]
    other = {path[1]: {path[2]: [value]} if "vary" in path else value}
    assert result({**small, "search": other}) == result(small)
    if path[2:3] == ("expert",):
        return  # of a dense model there is one
    assert mlsysim.optimize({**small, "search": other}).answer.space != mlsysim.optimize(small).answer.space


def test_expert_parallelism_changes_the_answer_of_a_mixture() -> None:
    """The fields that a dense model cannot use are refused there and count here."""
    mixture = changed(BASE, ("workload", "name"), "Mixtral_8x7B", {})
    mixture["hardware"]["nodes"] = 4
    mixture["parallelism"] = {"tensor": 4, "pipeline": 2, "data": 4, "zero": 1, "recompute": "full", "microbatch": 1}
    spread = json.loads(json.dumps(mixture))
    spread["parallelism"]["expert"] = 4
    assert (
        mlsysim.evaluate(mixture)["feasibility.memory_required"]
        != mlsysim.evaluate(spread)["feasibility.memory_required"]
    )
    uneven = {**spread, "software": {"imbalance": 1.5}}
    assert mlsysim.evaluate(uneven)["performance.time_expert"] > mlsysim.evaluate(spread)["performance.time_expert"]
    for plan, where in (
        (mixture | {"parallelism": {**mixture["parallelism"], "expert": 1}}, "on every rank"),
        (BASE, "no experts"),
    ):
        with pytest.raises(InputError, match=where):
            mlsysim.evaluate({**plan, "software": {"imbalance": 1.5}})
    dense = changed(BASE, ("parallelism", "expert"), 2, {})
    assert "expert" in mlsysim.check(dense).reasons[0]


def test_every_field_of_the_schema_is_varied_here() -> None:
    """A field added to the plan must be added to these tests."""

    def fields(rule: dict[str, Any], path: tuple[Any, ...]) -> set[tuple[Any, ...]]:
        rule = schemas.plan_schema()["$defs"][rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule
        if rule.get("type") == "array":
            return fields(rule["items"], (*path, 0))
        if rule.get("type") == "object" and "properties" in rule:
            return {f for key, member in rule["properties"].items() for f in fields(member, (*path, key))}
        if sections := [option for option in rule.get("anyOf", ()) if "$ref" in option]:
            return fields(sections[0], path)
        return {path}

    known = {*OTHER, *OTHER_READING, *OTHER_SERVING, *OTHER_TRAFFIC, *OTHER_SEARCH, *FORMS, ("version",)}
    known |= {("parallelism", "expert"), ("software", "imbalance")}
    assert {path for path in fields(schemas.plan_schema(), ()) if path[0] != "placement"} == known  # see test_placement


def test_the_published_schema_is_made_from_the_model() -> None:
    """A stale schema fails here."""
    assert json.loads(acceptance.SCHEMA_FILE.read_text()) == schemas.plan_schema(), "run `make generate`"


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**7) | st.floats() | st.text(max_size=5) | st.sampled_from(["1.0", "H100", "training"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6,
)  # fmt: skip
PATHS = [p for p in OTHER if p[0] != "constraints"] + [
    ("workload",),
    ("constraints",),
    ("constraints", "assert"),
    ("version",),
]


@given(st.sampled_from(PATHS), ODD)
@settings(max_examples=400, deadline=None)
def test_the_schema_accepts_only_what_the_model_accepts(path: tuple[Any, ...], value: Any) -> None:
    """The quick way in and the thorough one agree, on plans with one thing replaced by anything."""
    data = json.loads(json.dumps(BASE))
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    quick = acceptance.accepted(data)
    slow = problems(Document("plan", data))
    assert (quick is None) == bool(slow)
    if quick is not None:
        model = Plan.model_validate(data)
        assert quick.workload.batch_size == model.workload.batch_size
        assert vars(quick.parallelism) == vars(model.parallelism)
        assert len(quick.constraints.asserts) == len(model.constraints.asserts)


def test_the_example_fits_the_published_schema(example: Any) -> None:
    """Another validator says so too."""
    jsonschema.validate(load(example).document.data, schemas.schema_of("plan"))
