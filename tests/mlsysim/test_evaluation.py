"""Evaluation: one graph behind every number, feasibility first, and defaults that are said."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy
import pytest
import sympy

import mlsysim
from mlsysim.plan import load
from mlsysim.registry import find
from mlsysim.result import flat, key
from mlsysim.schemas import schema_of
from mlsysim.search.optimization import optimize
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.words import amount
from tests.conftest import EXAMPLE, plan

PLANS = {
    "training": EXAMPLE,
    "serving": plan(workload={"name": "Llama3_70B", "batch_size": 16}, hardware={"name": "H100", "accelerators": 8},
                    ops={"duration_days": 1.0, "region": "France", "carbon_tax": 100.0}),
    "mixture": plan(workload={"name": "Mixtral_8x7B", "batch_size": 64}, hardware={"name": "H200", "nodes": 4},
                    ops={"duration_days": 30.0, "region": "US"}),
    "latent": plan(workload={"name": "DeepSeek_V3", "batch_size": 8, "precision": "fp8"},
                   hardware={"name": "H200", "accelerators": 16}, ops={"duration_days": 1.0, "region": "Norway"}),
    "vision": plan(workload={"name": "ResNet50", "batch_size": 64}, hardware={"name": "T4"},
                   ops={"duration_days": 1.0, "region": "Germany", "price_per_accelerator_hour": 0.5}),
    "vision training": plan(workload={"name": "MobileNetV2", "batch_size": 256}, hardware={"name": "A100", "nodes": 1},
                            ops={"duration_days": 1.0, "region": "Poland"}),
    "microcontroller": plan(workload={"name": "DS_CNN"}, hardware={"name": "STM32H743"}),
    "too large": plan(workload={"name": "Llama3_70B"}, hardware={"name": "H100"}),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", PLANS)


@EVERY
def test_the_scorecard_the_derivation_and_the_graph_say_the_same(name: str) -> None:
    """For every metric: the number of the result, the last line of the printed chain, and sympy on the same leaves."""
    evaluation = mlsysim.evaluate(PLANS[name])
    of = graph(evaluation.variant)
    leaves = {leaf: evaluation.values[leaf.name] for leaf in of.leaves}
    result = evaluation.to_dict()
    known: dict[Any, float] = dict(leaves)
    for quantity in of.order:  # the graph again, by sympy alone, from the leaves up
        right = of.steps[quantity].result.right
        at = {q: float(q.constant) if q.constant is not None else known[q] for q in right.free_symbols}
        if any(map(math.isnan, at.values())):
            known[quantity] = math.nan
            continue
        exact = {q: sympy.oo if math.isinf(v) else sympy.Rational(v) for q, v in at.items()}
        known[quantity] = float(sympy.N(right.xreplace(exact).doit(), 30))
    for metric, value in evaluation.metrics.items():
        record = catalogue().QUANTITIES[metric]
        if value is None:
            assert result[key(metric)] is None
            continue
        assert result[key(metric)] == pytest.approx(value / record["scale"])
        if not math.isnan(known[of.quantity(metric)]):
            assert value == pytest.approx(known[of.quantity(metric)], rel=1e-9), metric
        page = mlsysim.derive(metric, plan=PLANS[name])
        assert f"{metric} = {amount(value, record)}" in page.splitlines()


def test_the_optimum_is_re_evaluated_by_the_same_kernel() -> None:
    """Evaluating the plan with the chosen split written into it gives every number again."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 128}, hardware={"name": "H100", "nodes": 2},
                ops={"duration_days": 1.0, "region": "France"})  # fmt: skip
    found = optimize(load(base))
    names = {"tensor", "pipeline", "data", "context", "expert", "microbatch", "interleave", "zero"}
    written = {n: found.answer.choice[f"split.{n}"] for n in names}
    written |= {"recompute": ("none", "selective", "full")[found.answer.choice["split.recompute"]], "sequence": True}
    again = mlsysim.evaluate({**base, "parallelism": written})
    assert again.metrics == pytest.approx(found.evaluation.metrics)
    assert found.answer.objective == again["performance.latency"]


@EVERY
def test_results_fit_the_published_schema(name: str) -> None:
    """The flat object, without NaN, with stable keys."""
    result = mlsysim.evaluate(PLANS[name]).to_dict()
    jsonschema.validate(result, schema_of("result"))
    json.dumps(result, allow_nan=False)
    assert list(result) == list(mlsysim.evaluate(PLANS[name]).to_dict())
    assert not any(isinstance(value, dict) for value in result.values())


def test_the_keys_that_programs_rely_on_are_there() -> None:
    """Prefixes by lens, units as suffixes."""
    result = mlsysim.evaluate(EXAMPLE).to_dict()
    for wanted in ("f_status", "f_summary", "f_memory_required_gb", "f_memory_capacity_gb", "p_latency_ms", "p_throughput",
                   "p_mfu", "p_binding_wall", "m_tco_usd", "m_energy_kwh", "m_carbon_kg", "m_water_l"):  # fmt: skip
        assert result[wanted] is not None, wanted
    assert result["f_memory_capacity_gb"] == 80


def test_the_example_is_violated_by_the_wall_that_causes_it() -> None:
    """512 accelerators take more than a minute; the message says where, by how much and why."""
    evaluation = mlsysim.evaluate(EXAMPLE)
    assert evaluation.exit_code == 3
    assert evaluation.design.bindings["split.devices"].value == 512
    [violation] = evaluation.violations
    assert violation.wall == "compute"
    assert "the limit is 50 ms" in violation.sentence
    assert violation.limit.where == f"{EXAMPLE}:15:12"


def test_a_model_that_does_not_fit_says_so_first() -> None:
    """70 billion parameters in two bytes need more than 140 GB; every cure that is offered was tried."""
    result = mlsysim.evaluate(PLANS["too large"]).to_dict()
    assert result["f_status"] == "FAIL"
    assert re.match(r"OOM: requires 14\d(\.\d)? GB but only has 80 GB; 2 accelerators fit", result["f_summary"])
    assert result["p_latency_ms"] is None
    assert result["p_status"] == result["m_status"] == "SKIPPED"
    cured = plan(workload={"name": "Llama3_70B"}, hardware={"name": "H100", "accelerators": 2})
    assert mlsysim.evaluate(cured).feasible


def test_a_split_that_does_not_fit_is_never_reported_while_another_does() -> None:
    """Pure data parallelism of 70 billion parameters does not fit; the rule finds one that does."""
    base = plan(workload={"name": "Llama3_70B", "batch_size": 4096}, hardware={"name": "H100", "nodes": 64})
    assert mlsysim.evaluate(base).feasible
    forced = {**base, "parallelism": {"tensor": 1, "pipeline": 1, "data": 512, "zero": 0, "recompute": "none"}}
    evaluation = mlsysim.evaluate(forced)
    assert not evaluation.feasible
    assert "the split TP 8 x PP 1 x DP 64" in evaluation.to_dict()["f_summary"]
    assert evaluation["feasibility.memory_required"] > 1e12  # the peer prints PASS here


def test_defaults_are_said() -> None:
    """Phase, sequence length, precision, efficiency with its row, split with its rule."""
    said = "\n".join(mlsysim.evaluate(EXAMPLE).design.assumptions)
    for words in ("phase training", "sequence length 8,192", "precision bf16", "efficiency 0.475", "Megatron-LM", "optimizer Adam",
                  "split TP 8", "the first that fits", "mlsysim optimize parallelism"):  # fmt: skip
        assert words in said
    full = {**load(EXAMPLE).document.data, "workload": {"name": "Llama3_70B", "phase": "training", "batch_size": 4096,
            "sequence_length": 8192, "precision": "bf16", "efficiency": 0.475, "optimizer": "adam"},
            "parallelism": {"tensor": 8, "pipeline": 1, "data": 64, "context": 1, "expert": 1, "microbatch": 1,
                            "interleave": 1, "zero": 1, "recompute": "selective", "sequence": True,
                            "offload_optimizer": False, "offload_activations": False,
                            "first_spared": 0, "last_spared": 0}}  # fmt: skip
    again = mlsysim.evaluate(full)
    assert again.metrics == mlsysim.evaluate(EXAMPLE).metrics
    assert not any(
        a.startswith(("phase", "sequence", "precision", "efficiency", "optimizer", "split"))
        for a in again.design.assumptions
    )


IDEAL = {"link_efficiency": "link efficiency 1", "memory_efficiency": "memory efficiency 1", "overlap": "overlap 1"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_ideal_level_failures_and_storage_are_said(form: str) -> None:
    """In the text's list and in JSON; what the plan states is not said to have been taken."""

    def said(software: dict[str, Any]) -> str:
        data = plan(
            workload={"name": "Llama3_8B", "batch_size": 64, "phase": "training", "tokens": 1e9},
            hardware={"name": "H100", "nodes": 2}, ops={"region": "Norway"}, software=software,
        )  # fmt: skip
        found = mlsysim.evaluate(data)
        if form == "json":
            return "\n".join(found.to_dict()["assumptions"])
        return " ".join(found.scorecard().partition("Left open by the plan")[2].split())

    nothing = said({})
    for words in (*IDEAL.values(), "mean time between failures of an accelerator 50,677 h", "restart 10 min",
                  "file system 250 GB/s", "node 20 GB/s"):  # fmt: skip
        assert words in nothing
    for field, words in IDEAL.items():
        assert words not in said({field: 0.9})


@EVERY
def test_no_default_that_changes_a_metric_is_silent(name: str) -> None:
    """A default that moves a shown metric when it is moved stands among the assumptions with its value or its origin."""
    found = mlsysim.evaluate(PLANS[name])
    compiled, told = kernel(found.variant), "\n".join(found.assumptions)
    shown = [metric for metric, value in found.metrics.items() if value is not None]
    here = [found.values[leaf] for leaf in compiled.leaves]
    before, moved = compiled(here), 0
    for at, leaf in enumerate(compiled.leaves):
        binding = found.design.bindings[leaf]
        if binding.origin != "default" or not binding.value or leaf.startswith("split."):  # the split is one sentence
            continue
        after = compiled([*here[:at], 0.5 * here[at], *here[at + 1 :]])
        if any(after[compiled.position[metric]] != before[compiled.position[metric]] for metric in shown):
            moved += 1
            label = leaf.rpartition(".")[2].replace("_", " ")
            number = amount(binding.value, catalogue().QUANTITIES[leaf]).split()[0]
            of_its_origin = [line for line in told.splitlines() if binding.says in line]
            alone = number != "1" and any(
                re.search(rf"(?<![\d.,]){number}(?![\d.,]*\d)", line) for line in of_its_origin
            )
            assert alone or f"{label} {number}" in told, leaf
    assert moved or name == "microcontroller"


def test_the_python_interface_of_the_readme() -> None:
    """SystemEvaluator, the scorecard, and check with its slack."""
    evaluation = mlsysim.SystemEvaluator.evaluate(
        scenario_name="Llama-3 8B on H100", model_obj=mlsysim.Models.Language.Llama3_8B,
        hardware_obj=mlsysim.Hardware.Cloud.H100, batch_size=32, precision="fp16", efficiency=0.45,
    )  # fmt: skip
    card = evaluation.scorecard()
    assert card.startswith("Llama-3 8B on H100\n")
    assert re.search(r"Feasibility +PASS", card)
    assert max(map(len, card.splitlines())) <= 88
    checked = mlsysim.check(EXAMPLE)
    assert not checked.feasible
    assert checked.reasons[0].startswith("compute: performance.latency is")
    assert checked.slack["memory.memory"] > 0
    oom = mlsysim.check(PLANS["too large"])
    assert oom.slack["memory.memory"] < 0
    assert oom.reasons == ["memory: OOM: requires 145.6 GB but only has 80 GB"]


def test_many_points_are_the_single_points() -> None:
    """A bound plan gives the same numbers one by one and all at once, and the plan's own at its own point."""
    kernel = mlsysim.bind(EXAMPLE)
    evaluation = mlsysim.evaluate(EXAMPLE)
    assert kernel.at()["performance.latency"] == evaluation["performance.latency"]
    batches = numpy.array([512.0, 1024.0, 4096.0])
    many = kernel.many("performance.latency", "macro.tco", batch_size=batches)
    for batch, latency in zip(batches, many["performance.latency"], strict=True):
        assert kernel.at(batch_size=batch)["performance.latency"] == pytest.approx(latency)
    with pytest.raises(UnknownNameError, match="batch_size"):
        kernel.at(batchsize=3)
    with pytest.raises(UnknownNameError, match=r"performance\.latency"):
        kernel.many("performance.latancy")


@EVERY
def test_every_leaf_is_bound_by_someone(name: str) -> None:
    """Plan, registry or stated default; what nobody publishes says so."""
    design = mlsysim.evaluate(PLANS[name]).design
    for leaf, binding in design.bindings.items():
        assert binding.says, leaf
        assert binding.origin in ("plan", "registry", "default"), leaf
        if binding.origin == "registry" and binding.value is not None and not leaf.startswith("node."):
            assert binding.source or binding.left_out, leaf


@pytest.mark.parametrize(
    ("hardware", "model"),
    [("STM32H743", "DS_CNN"), ("Jetson_AGX_Orin", "ResNet50"), ("T4", "MobileNetV2"), ("ESP32_S3", "DS_CNN")],
)
def test_small_systems_are_evaluated_by_their_work_and_bytes(hardware: str, model: str) -> None:
    """Latency is the larger of work over rate and bytes over bandwidth."""
    evaluation = mlsysim.evaluate(plan(workload={"name": model, "batch_size": 2}, hardware={"name": hardware}))
    b = evaluation.design.bindings
    work = (
        2 * 2 * b["model.multiply_accumulates"].value / (b["accelerator.peak"].value * b["software.efficiency"].value)
    )  # type: ignore[operator]
    moved = b["model.parameters"].value * b["datatype.weight_bytes"].value / b["accelerator.bandwidth"].value  # type: ignore[operator]
    assert evaluation["performance.latency"] == pytest.approx(max(work, moved))


def test_the_flat_form_is_the_method(tmp_path: Path) -> None:
    """``to_dict`` and ``flat`` are one."""
    evaluation = mlsysim.evaluate(PLANS["vision"])
    assert evaluation.to_dict() == flat(evaluation)


def operated(**ops: Any) -> dict[str, Any]:
    """A small training run."""
    return plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2}, ops=ops)


def test_electricity_is_paid_beside_the_rent_where_it_has_a_price() -> None:
    """Energy times price, as a number, with a unit, or as the registry has it for the region."""
    held = {"region": "Virginia", "duration_days": 3.0}
    rent = mlsysim.evaluate(operated(**held))
    assert rent["macro.electricity"] == 0
    assert any("electricity: in the price of the accelerators" in said for said in rent.design.assumptions)
    price = find("grids", "Virginia").facts["electricity_price"].number
    assert price is not None
    for said in (price * 3.6e6, f"{price * 3.6e9} USD/MWh", "grid"):
        found = mlsysim.evaluate(operated(**held, electricity_price=said))
        paid = (found["macro.energy"] or 0) * price
        assert found["macro.electricity"] == pytest.approx(paid, rel=1e-12)
        assert found["macro.tco"] == pytest.approx((rent["macro.tco"] or 0) + paid, rel=1e-12)
    assert any(said.startswith("electricity of Virginia") for said in found.design.assumptions)


@pytest.mark.parametrize(
    ("ops", "words"),
    [
        ({"electricity_price": 0.1}, "ops.electricity_price: without a duration it changes nothing"),
        ({"carbon_intensity": 10.0}, "ops.carbon_intensity: without a duration it changes nothing"),
        ({"duration_days": 1.0, "electricity_price": "grid"}, "the plan names no region"),
        ({"duration_days": 1.0, "region": "Quebec", "electricity_price": "grid"}, "is not published"),
        ({"duration_days": 1.0, "region": "Quebec", "electricity_price": -0.1}, "is below 0"),
        ({"duration_days": 1.0, "region": "Quebec", "electricity_price": "-0.1 USD/kWh"}, "is below 0"),
        ({"duration_days": 1.0, "region": "Quebec", "electricity_price": "5 USD"}, "is an amount of money"),
        ({"duration_days": 1.0, "region": "Quebec", "electricity_price": float("nan")}, "electricity_price"),
    ],
)
def test_a_price_of_electricity_that_says_nothing_is_refused(ops: dict[str, Any], words: str) -> None:
    """Each with its field."""
    with pytest.raises(InputError, match=words):
        mlsysim.evaluate(operated(**ops))


def test_a_run_costs_what_a_plan_costs_that_lasts_as_long() -> None:
    """Rent, electricity beside it, tax and emissions: of the run by its tokens, and of a plan held for that time."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 512}, hardware={"name": "H100", "nodes": 16})
    ops = {"region": "Quebec", "electricity_price": 0.1, "carbon_tax": 150.0}
    run = mlsysim.evaluate({**base, "workload": {**base["workload"], "tokens": 1e12}, "ops": ops})
    held = mlsysim.evaluate({**base, "ops": {**ops, "duration_days": run["macro.run_time"] / 86400}})
    assert run["macro.run_cost"] == pytest.approx(held["macro.tco"], rel=1e-9)
    assert run["macro.run_carbon"] == pytest.approx(held["macro.carbon"], rel=1e-9)
