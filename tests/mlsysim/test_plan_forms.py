"""What a plan may write in more than one way, and what its sections mean together."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.api import evaluate_whole
from mlsysim.cli.main import run
from mlsysim.plan import PlanError, loads
from mlsysim.registry import standard
from mlsysim.schemas import schema_of
from mlsysim.shares import SharedEvaluation
from mlsysim.symbolic.errors import InputError
from tests.conftest import ROOT, plan

CHAT = {"name": "Llama3_8B", "sequence_length": 1024, "output_tokens": 128}
TRAINING = plan(
    workload={"name": "Llama3_8B", "batch_size": 64, "sequence_length": 2048}, hardware={"name": "H100", "nodes": 2}
)


def numbers(document: Any) -> dict[str, Any]:
    """The metrics of a plan."""
    return dict(mlsysim.evaluate(document).metrics)


@pytest.mark.parametrize("fleet", sorted(n for n, f in standard().entries("fleets").items() if "node" in f.links))
def test_a_fleet_is_its_accelerators_in_its_nodes(fleet: str) -> None:
    """Every fleet of the registry that is made of a known node means the plan that spells it out."""
    entry = standard().find("fleets", fleet)
    node = standard().find("nodes", entry.links["node"])
    work = {"name": "Llama3_70B", "batch_size": int(entry.facts["accelerators"].number or 0), "phase": "training"}
    found = mlsysim.evaluate(plan(workload=work, hardware={"fleet": fleet}))
    assert found.values["split.devices"] == entry.facts["accelerators"].number
    assert found.design.node.id == node.id
    accelerator = standard().find("hardware", node.links["accelerator"]).name
    same = {"name": accelerator, "node": node.name, "accelerators": int(found.values["split.devices"])}
    assert numbers(plan(workload=work, hardware={"fleet": fleet})) == numbers(plan(workload=work, hardware=same))


def test_a_fleet_stands_in_its_region_unless_the_plan_says_where() -> None:
    """Where the registry knows it, and time is counted."""
    work = {"name": "Llama3_8B", "batch_size": 384, "phase": "training"}
    found = mlsysim.evaluate(plan(workload=work, hardware={"fleet": "BLOOM_Jean_Zay"}, ops={"duration_days": 1}))
    assert found.design.loaded.plan.ops.region == "France"
    elsewhere = plan(workload=work, hardware={"fleet": "BLOOM_Jean_Zay"}, ops={"duration_days": 1, "region": "Quebec"})
    assert mlsysim.evaluate(elsewhere).design.loaded.plan.ops.region == "Quebec"
    assert (
        mlsysim.evaluate(plan(workload=work, hardware={"fleet": "BLOOM_Jean_Zay"})).design.loaded.plan.ops.region
        is None
    )


@pytest.mark.parametrize("name", ["Llama3_8B", "DeepSeek_V3", "ResNet50"])
def test_a_model_may_stand_in_the_plan_itself(name: str) -> None:
    """With the facts of a registered one it means the same, and the plan is its source."""
    entry = standard().find("models", name)
    facts = {fact: value.text for fact, value in entry.facts.items() if value.published}
    named = plan(workload={"name": name, "batch_size": 2}, hardware={"name": "H100"})
    inline = plan(workload={"model": {"facts": facts}, "batch_size": 2}, hardware={"name": "H100"})
    assert numbers(inline) == numbers(named)
    assert mlsysim.evaluate(inline).design.model.title == "the plan's own model"


def test_a_mistake_in_such_a_model_is_where_it_stands() -> None:
    """An unknown fact and a missing one."""
    text = 'version: "1.0"\nworkload:\n  model:\n    facts: {layers: 4, hiden: 8}\nhardware: {name: H100}\n'
    with pytest.raises(InputError) as caught:
        mlsysim.evaluate(loads(text))
    assert "plan.yaml:4:24" in str(caught.value)
    assert "did you mean 'hidden'" in str(caught.value)


def test_a_single_pool_is_the_hardware() -> None:
    """However it is written."""
    listed = plan(workload=CHAT, hardware={"pools": [{"name": "H100", "accelerators": 2, "share": 1.0}]})
    assert numbers(listed) == numbers(plan(workload=CHAT, hardware={"name": "H100", "accelerators": 2}))


POOLS = plan(
    workload={"phase": "serving", **CHAT}, serving={"requests_per_second": 12}, ops={"duration_days": 1.0, "region": "Quebec"},
    hardware={"pools": [{"name": "H100", "accelerators": 2, "share": 0.75}, {"name": "A100", "accelerators": 2, "share": 0.25}]},
)  # fmt: skip


def test_pools_are_plans_of_their_own_that_share_the_traffic() -> None:
    """Each with its part of the requests; what they cost and emit adds up."""
    found = evaluate_whole(POOLS)
    assert isinstance(found, SharedEvaluation)
    alone = [
        mlsysim.evaluate({**POOLS, "serving": {"requests_per_second": rate}, "hardware": {"name": name, "accelerators": 2}})
        for name, rate in (("H100", 9.0), ("A100", 3.0))
    ]  # fmt: skip
    assert [dict(pool.evaluation.metrics) for pool in found.pools] == [dict(each.metrics) for each in alone]
    for name in ("macro.tco", "macro.energy", "macro.carbon", "macro.water"):
        assert found.totals[name] == pytest.approx(sum(each.metrics[name] or 0 for each in alone))
    data = found.to_dict()
    jsonschema.validate(data, schema_of("result"))
    for pool in data["pools"]:
        jsonschema.validate({k: v for k, v in pool.items() if k != "share"}, schema_of("result"))
    assert (found.exit_code, data["f_status"]) == (0, "PASS")


def test_a_batch_is_shared_in_whole_requests_by_accelerators() -> None:
    """Without shares, in proportion; every request goes somewhere."""
    pools = [{"name": "H100", "accelerators": 2}, {"name": "A100", "accelerators": 1}]
    found = evaluate_whole(plan(workload={**CHAT, "batch_size": 31}, hardware={"pools": pools}))
    assert isinstance(found, SharedEvaluation)
    assert [pool.evaluation.values["workload.batch_size"] for pool in found.pools] == [21, 10]


def test_asserts_on_pools_hold_for_each_and_on_totals_for_all() -> None:
    """A latency for every pool; a cost once, for their sum."""
    latency = {"metric": "latency", "max": "1 ms"}
    tco = evaluate_whole(POOLS).to_dict()["m_tco_usd"]
    cases: list[tuple[list[dict[str, Any]], int, int]] = [
        ([latency], 2, 3), ([{"metric": "tco", "max": tco * 0.99}], 1, 3), ([{"metric": "tco", "max": tco * 1.01}], 0, 0),
        ([{**latency, "severity": "warn"}], 2, 0),
    ]  # fmt: skip
    for asserts, violated, code in cases:
        found = evaluate_whole({**POOLS, "constraints": {"assert": asserts}})
        assert (len(found.violations), found.exit_code) == (violated, code)
    with pytest.raises(InputError, match="does not add up over pools"):
        evaluate_whole({**POOLS, "constraints": {"assert": [{"metric": "cost_per_million_tokens", "max": 1}]}})


def test_what_is_wrong_with_a_pool_is_where_the_plan_says_it() -> None:
    """Its name, its assert behind one on a total, its metric; a phase without traffic is refused as in any plan."""
    text = """\
version: "1.0"
workload: {name: Llama3_8B, batch_size: 8}
hardware:
  pools:
    - {name: H100}
    - {name: A100}
constraints:
  assert:
    - {metric: memory_required, max: 79 GB}
    - {metric: latency, max: 1 ms}
"""
    found = evaluate_whole(loads(text))
    assert {violation.limit.where for violation in found.violations} == {"plan.yaml:10:30"}
    behind = text.replace("    - {metric: memory", "    - {metric: tco, max: 1 USD}\n    - {metric: memory")
    behind = behind.replace("constraints:", "ops: {duration_days: 1}\nconstraints:")
    places = [(v.limit.metric, v.limit.where) for v in evaluate_whole(loads(behind)).violations]
    assert set(places) == {("performance.latency", "plan.yaml:12:30"), ("macro.tco", "plan.yaml:10:26")}
    for old, new, place in (
        ("A100", "A10O", "plan.yaml:6:14"), ("latency", "latncy", "plan.yaml:10:16"), ("1 ms", "1 GB", "plan.yaml:10:30"),
        ("batch_size: 8", "phase: serving", "plan.yaml:2:29"), ("{name: A100}", "{name: A100, node: DGX_H100}", "plan.yaml:6:26"),
    ):  # fmt: skip
        with pytest.raises(InputError) as caught:
            evaluate_whole(loads(text.replace(old, new)))
        assert caught.value.where == place, str(caught.value)


def test_one_pool_that_does_not_fit_makes_the_whole_infeasible() -> None:
    """A 70B model on one accelerator of the second pool."""
    pools = [{"name": "H100", "accelerators": 4}, {"name": "A100"}]
    found = evaluate_whole(plan(workload={"name": "Llama3_70B", "batch_size": 5}, hardware={"pools": pools}))
    assert (found.exit_code, found.to_dict()["f_status"]) == (4, "FAIL")
    assert found.to_dict()["f_summary"].startswith("A100: OOM")
    assert "A100: OOM" not in found.scorecard()
    assert "FAIL  OOM" in found.scorecard()


@pytest.mark.parametrize(("sections", "message"), [
    ({"workload": {"batch_size": 2}}, "workload.name: missing"),
    ({"workload": {"name": "Llama3_8B", "model": {"facts": {}}}}, "workload.model: name and model both say which model"),
    ({"hardware": {"nodes": 2}}, "hardware.name: missing"),
    ({"hardware": {"name": "H100", "fleet": "Lilly_B300"}}, "name and fleet both say which accelerators"),
    ({"hardware": {"fleet": "Lilly_B300", "nodes": 2}}, "hardware.nodes: the fleet says it"),
    ({"hardware": {"fleet": "Lilly_B30"}}, "did you mean 'Lilly_B300'"),
    ({"hardware": {"pools": [{"name": "H100"}, {"name": "A100"}], "accelerators": 2}}, "hardware.accelerators: the pool says it"),
    ({"hardware": {"pools": [{"name": "H100", "share": 0.5}, {"name": "A100"}]}}, "some pools have none"),
    ({"hardware": {"pools": [{"name": "H100", "share": 0.5}, {"name": "A100", "share": 0.4}]}}, "together they are 0.9"),
    ({"hardware": {"pools": [{"name": "H100", "nodes": 1, "accelerators": 2}, {"name": "A100"}]}}, "both say how many"),
    ({"hardware": {"pools": [{"name": "H100"}, {"name": "A100"}]}}, "of a batch of 1 A100 gets nothing"),
    ({"hardware": {"pools": [{"name": "H100"}, {"name": "A100"}]}, "workload": {"name": "Llama3_8B", "phase": "training"}},
     "a training step runs on accelerators of one kind"),
    ({"network": {"fabric": "InfiniBand_NDR", "bandwidth": 50}}, "network.bandwidth: fabric and bandwidth both say how wide"),
    ({"network": {"fabric": "InfiniBand_NDRR"}, "hardware": {"name": "H100", "nodes": 2}}, "did you mean 'InfiniBand_NDR"),
    ({"network": {"link": "NVLink4"}}, "network.link: it changes nothing in inference of Llama3_8B with one accelerator"),
    ({"network": {"latency": "3 us"}, "hardware": {"name": "H100", "accelerators": 8}}, "it changes nothing in inference"),
    ({"network": {"bandwidth": "3 us"}, "hardware": {"name": "H100", "nodes": 2}}, "'3 us' is a time"),
    ({"constraints": {"assert": [{"metric": "latency", "equals": 3, "max": 3}]}}, "it says more than max and min"),
    ({"constraints": {"assert": [{"metric": "latency", "max": "3 s", "unit": "s"}]}}, "'3 s' has a unit, and `unit: s`"),
    ({"constraints": {"assert": [{"metric": "latency", "max": 3, "unit": "GB"}]}}, "is a time, '3 GB' is an amount of data"),
    ({"constraints": {"assert": [{"metric": "latency", "max": 3, "severity": "fatal"}]}}, "is not one of 'error' or 'warn'"),
    ({"search": {"vary": {"tensor": [2]}}, "parallelism": {"tensor": 2}, "hardware": {"name": "H100", "accelerators": 2}},
     "search.vary.tensor: parallelism.tensor fixes it"),
])  # fmt: skip
def test_what_contradicts_itself_is_refused(sections: dict[str, Any], message: str) -> None:
    """Two fields that say the same, none that says it, and what would change nothing."""
    document = {**plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}), **sections}
    with pytest.raises(InputError) as caught:
        evaluate_whole(loads(yaml.safe_dump(document)))
    assert message in str(caught.value)
    assert "plan.yaml:" in str(caught.value)


def test_every_contradiction_is_said_at_once() -> None:
    """In the order of the document, however its sections are ordered."""
    text = (
        'version: "1.0"\nconstraints: {assert: [{metric: latency}]}\nhardware: {nodes: 2}\nworkload: {batch_size: 2}\n'
    )
    with pytest.raises(PlanError) as caught:
        loads(text)
    assert [problem.where for problem in caught.value.problems] == ["plan.yaml:2:24", "plan.yaml:3:1", "plan.yaml:4:1"]


def test_a_network_replaces_the_nodes_own() -> None:
    """A fabric by name is its bandwidth and latency; slower is slower; accelerators without a node design can be joined."""
    fabric = standard().find("fabrics", "InfiniBand_EDR")
    stated = {"bandwidth": fabric.facts["bandwidth"].text, "latency": fabric.facts["latency"].text}
    assert numbers({**TRAINING, "network": {"fabric": "InfiniBand_EDR"}}) == numbers({**TRAINING, "network": stated})
    slow = {**TRAINING, "software": {"overlap": 0.0}}
    assert mlsysim.evaluate({**slow, "network": {"bandwidth": "1 GB/s"}})["performance.latency"] > (
        mlsysim.evaluate(slow)["performance.latency"] or 0
    )
    many = plan(workload={"name": "Llama3_8B", "batch_size": 8}, hardware={"name": "MI350X", "accelerators": 4})
    with pytest.raises(InputError, match=r"network\.fabric"):
        numbers(many)
    joined = {**many, "network": {"bandwidth": "12 GB/s", "latency": "5 us"}}
    assert mlsysim.evaluate(joined).values["node.net_bandwidth"] == 12e9


def test_equality_holds_to_nine_digits() -> None:
    """Of what was computed; a search takes it as two limits."""
    latency = mlsysim.evaluate(TRAINING)["performance.latency"] or 0
    for share, violated in ((1.0, 0), (1 + 1e-12, 0), (1 + 1e-6, 1), (1 - 1e-6, 1)):
        asserts = [{"metric": "latency", "equals": latency * share, "unit": "s"}]
        found = mlsysim.evaluate({**TRAINING, "constraints": {"assert": asserts}})
        assert len(found.violations) == violated
        assert found.exit_code == 3 * violated
        assert {limit.side for limit in found.enforced} == {"max", "min"}
    memory = mlsysim.optimize(TRAINING).evaluation["feasibility.memory_required"]
    only = {**TRAINING, "constraints": {"assert": [{"metric": "memory_required", "equals": memory, "unit": "byte"}]}}
    assert mlsysim.optimize(only).evaluation["feasibility.memory_required"] == pytest.approx(memory, rel=1e-9)


def test_what_only_warns_is_reported_and_limits_no_search() -> None:
    """Its reason is said; the exit code stays 0."""
    asserts = [{"metric": "latency", "max": "1 ms", "severity": "warn", "reason": "we were promised this"}]
    warned = {**TRAINING, "constraints": {"assert": asserts}}
    found = mlsysim.evaluate(warned)
    assert (found.exit_code, len(found.violations), found.errors) == (0, 1, [])
    assert "we were promised this" in found.violations[0].sentence
    assert "Asserts  WARN" in found.scorecard()
    assert "warning: performance.latency" in " ".join(found.scorecard().split())
    assert mlsysim.check(warned).feasible
    best = mlsysim.optimize(warned)
    assert (best.exit_code, best.answer.choice) == (0, mlsysim.optimize(TRAINING).answer.choice)


@pytest.mark.parametrize(("sections", "problem"), [
    ({}, "parallelism"), ({"search": {"problem": "nodes"}}, "nodes"), ({"search": {"nodes": "1-4"}}, "nodes"),
    ({"serving": {"requests_per_second": 3.0}, "hardware": {"name": "H100"}, "workload": CHAT}, "batching"),
    ({"placement": {"sites": [{"region": "Quebec"}]}, "ops": {"duration_days": 1.0}}, "placement"),
])  # fmt: skip
def test_a_plan_says_what_is_to_be_decided(
    sections: dict[str, Any], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`mlsysim optimize PLAN` is the problem that the plan names, or that it leaves open."""
    document = {**TRAINING, **sections}
    if problem == "nodes" and "nodes" not in document["search"]:
        document["search"] = {
            "problem": "nodes",
            "nodes": [1, 2, 4],
            "hardware": ["H100", "A100"],
            "objective": "fewest",
        }
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(document))
    shown = []
    for words in ([str(file)], [problem, str(file)]):
        assert run(["optimize", *words, "--output", "json"]) == 0
        shown.append({k: v for k, v in json.loads(capsys.readouterr().out).items() if k != "o_seconds"})
    assert shown[0] == shown[1]


def test_the_search_section_gives_what_the_command_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objective, direction, accelerators and numbers of nodes; the command goes before it."""
    document = {
        **TRAINING,
        "search": {"problem": "nodes", "nodes": "2-3", "hardware": ["H100", "A100"], "objective": "fewest"},
    }
    assert mlsysim.optimize(document).to_dict()["o_nodes"] == 2
    assert mlsysim.optimize(document, nodes=[3, 4]).to_dict()["o_nodes"] == 3
    assert mlsysim.optimize(document, objective="latency").to_dict()["o_hardware"] == "H100"
    worst = {**TRAINING, "search": {"objective": "latency", "maximize": True}}
    assert mlsysim.optimize(worst).answer.objective > (mlsysim.optimize(TRAINING).answer.objective or 0)
    other = {**TRAINING, "search": {"problem": "parallelism", "objective": "latency", "maximize": True}}
    fleets = mlsysim.optimize(other, "nodes", nodes=[2])
    assert fleets.objective.largest is False
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(yaml.safe_dump(worst).encode())))
    assert run(["optimize", "-", "--output", "json"]) == 0


def test_pools_are_what_a_choice_of_kinds_may_take() -> None:
    """As many of each as there are."""
    document = {
        **POOLS,
        "hardware": {"pools": [{"name": "H100", "accelerators": 2}, {"name": "A100", "accelerators": 1}]},
    }
    found = mlsysim.optimize(document)
    asked = mlsysim.optimize({**POOLS, "hardware": {"name": "H100"}}, "nodes", hardware=["H100=2", "A100=1"])
    data, same = ({k: v for k, v in each.to_dict().items() if k != "o_seconds"} for each in (found, asked))
    assert data == same


def test_pools_that_are_chosen_serve_all_of_the_traffic_and_no_more() -> None:
    """A pool that could take more of it at the same cost takes what is there."""
    found = mlsysim.optimize(ROOT / "examples" / "pools.yaml")
    rates = [pool["requests_per_second"] for pool in found.to_dict()["o_pools"]]
    assert len(rates) == 2
    assert sum(rates) == pytest.approx(24.0)


def test_a_degree_varies_over_what_the_plan_allows() -> None:
    """And a value that cannot be is refused with those that can."""
    for tensor in (2, 4):
        varied = {**TRAINING, "search": {"vary": {"tensor": [tensor], "zero": [0, 1]}}}
        assert mlsysim.optimize(varied).answer.choice["split.tensor"] == tensor
    with pytest.raises(InputError, match=r"search\.vary\.tensor: none of 3 is possible here") as caught:
        mlsysim.optimize({**TRAINING, "search": {"vary": {"tensor": [3]}}})
    assert "possible are 1, 2, 4, 8, 16" in str(caught.value)
    with pytest.raises(InputError, match="it is not decided in inference"):
        mlsysim.optimize(
            plan(workload=CHAT, hardware={"name": "H100", "accelerators": 4}, search={"vary": {"zero": [1]}})
        )
    served = {**POOLS, "hardware": {"name": "H100", "accelerators": 8}, "search": {"vary": {"tensor": [2]}}}
    assert mlsysim.optimize(served).to_dict()["o_tp"] == 2


def test_a_violation_names_the_pool_that_does_not_keep_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In text, in data and in reports; of what all pools do together none is named."""
    asserts = [{"metric": "latency", "max": "1 ms"}, {"metric": "memory_required", "max": "79 GB"}]
    both = plan(
        workload={"name": "Llama3_8B", "batch_size": 8, "sequence_length": 1024, "output_tokens": 64, "phase": "inference"},
        hardware={"pools": [{"name": "H100"}, {"name": "A100"}]}, constraints={"assert": asserts},
    )  # fmt: skip
    found = evaluate_whole(both)
    sentences = [violation.sentence.partition(" is ")[0] for violation in found.violations]
    assert sentences == ["performance.latency of H100", "performance.latency of A100"]
    assert "performance.latency of A100 is" in " ".join(found.scorecard().split())
    assert [each["sentence"].partition(" is ")[0] for each in found.to_dict()["violations"]] == sentences
    path = tmp_path / "plan.yaml"
    path.write_text(json.dumps(both))
    assert run(["check", str(path), "-o", "junit"]) == 3
    names = re.findall(r'name="([^"]*memory_required[^"]*)"', capsys.readouterr().out)
    assert [name.partition(": ")[0] for name in names if ": " in name] == ["H100", "A100"]


@pytest.mark.parametrize("command", ["eval", "check", "sensitivity", "optimize parallelism"])
def test_pools_of_training_have_one_cure(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the command: another one that evaluates several pools would refuse them too."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        json.dumps(
            plan(
                workload={"name": "Llama3_8B", "batch_size": 8, "phase": "training"},
                hardware={"pools": [{"name": "H100"}, {"name": "A100"}]},
            )
        )
    )
    assert run([*command.split(), str(path)]) == 2
    shown = capsys.readouterr().err
    assert "a training step runs on accelerators of one kind" in shown
    assert "mlsysim eval" not in shown
