"""Sensitivity and synthesis: exact derivatives of the kernel, and the same equations read backwards."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import sympy
import yaml

import mlsysim
from mlsysim.api import BoundKernel
from mlsysim.cli.main import run
from mlsysim.elasticities import slopes
from mlsysim.registry import Entry
from mlsysim.symbolic.dual import Dual
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.functions import ceil, floor
from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.kernels import kernel
from tests.conftest import EXAMPLE, plan

PLANS: dict[str, Any] = {
    "training": EXAMPLE,
    "serving": plan(workload={"name": "Llama3_70B", "batch_size": 16}, hardware={"name": "H100", "accelerators": 4},
                    ops={"duration_days": 1.0, "region": "France"}),
    "mixture": plan(workload={"name": "Mixtral_8x7B", "batch_size": 64}, hardware={"name": "H200", "nodes": 2},
                    software={"overlap": 0.3, "link_efficiency": 0.2}),
    "vision": plan(workload={"name": "ResNet50", "batch_size": 256}, hardware={"name": "A100", "nodes": 1}),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", PLANS)
TIMES = ("performance.latency",)


@EVERY
def test_elasticities_are_central_differences(name: str) -> None:
    """Each elasticity is what a small change of the input does, measured on the kernel itself."""
    evaluation = mlsysim.evaluate(PLANS[name])
    compiled = kernel(evaluation.variant)
    step = 1e-6
    for each in mlsysim.sensitivity(PLANS[name]).elasticities:
        if each.kink or graph(evaluation.variant).quantity(each.leaf).is_integer:
            continue  # a count cannot change by a millionth: rounding would show, not the slope
        moved = []
        for sign in (1, -1):
            leaves = {**evaluation.values, each.leaf: evaluation.values[each.leaf] * (1 + sign * step)}
            moved.append(compiled([leaves[n] for n in compiled.leaves])[compiled.position["performance.latency"]])
        measured = (moved[0] - moved[1]) / (2 * step) / evaluation.values["performance.latency"]
        assert each.grows == pytest.approx(measured, rel=1e-4, abs=1e-7), each.leaf


@EVERY
def test_elasticities_are_sympys_derivatives(name: str) -> None:
    """The chain rule over sympy's own derivative of every definition gives the same numbers."""
    evaluation = mlsysim.evaluate(PLANS[name])
    of = graph(evaluation.variant)
    for leaf_name in ("accelerator.peak", "accelerator.bandwidth", "software.efficiency", "node.link_bandwidth"):
        leaf = of.quantity(leaf_name)
        slope: dict[Any, float] = {leaf: 1.0}
        needed = {of.quantity("performance.latency")}
        for quantity in reversed(of.order):
            needed |= set(of.parents(quantity)) if quantity in needed else set()
        for quantity in (q for q in of.order if q in needed):
            right = of.steps[quantity].result.canonical[1]
            inner = [q for q in right.free_symbols if slope.get(q)]
            if not inner:
                continue
            at = {
                q: sympy.Float(evaluation.values[q.name], 30) if q.constant is None else q.constant
                for q in right.free_symbols
            }
            active = right.replace(sympy.Max, lambda *a, at=at: max(a, key=lambda e: float(sympy.N(e.xreplace(at)))))
            active = active.replace(sympy.Min, lambda *a, at=at: min(a, key=lambda e: float(sympy.N(e.xreplace(at)))))
            active = active.replace(
                lambda e: isinstance(e, (sympy.ceiling, sympy.floor)), lambda e, at=at: sympy.N(e.xreplace(at))
            )
            slope[quantity] = sum(float(sympy.N(sympy.diff(active, q).xreplace(at))) * slope[q] for q in inner)
        latency = of.quantity("performance.latency")
        expected = slope.get(latency, 0.0) * evaluation.values[leaf_name] / evaluation.values["performance.latency"]
        found = slopes(evaluation, leaf_name, ["performance.latency"], 1)["performance.latency"]
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12), leaf_name


@EVERY
def test_time_scales_with_all_rates(name: str) -> None:
    """Faster arithmetic, memory and links and shorter latencies by one percent each shorten a step by one percent (Euler)."""
    evaluation = mlsysim.evaluate(PLANS[name])
    rates = ("accelerator.peak", "accelerator.bandwidth", "node.link_bandwidth", "node.net_bandwidth")
    latencies = ("node.link_latency", "node.net_latency")
    leaves = kernel(evaluation.variant).leaves

    def total(names: tuple[str, ...]) -> float:
        known = [n for n in names if n in leaves and math.isfinite(evaluation.values[n])]
        return sum(slopes(evaluation, n, ["performance.latency"], 1)["performance.latency"] for n in known)

    assert total(rates) - total(latencies) == pytest.approx(-1, rel=1e-9)


def test_at_a_kink_each_side_has_its_own_elasticity() -> None:
    """Where compute and memory take equally long, more arithmetic helps nothing and less of it hurts in full."""
    compiled = kernel("profiled_inference")
    leaves = dict.fromkeys(compiled.leaves, 1.0) | {"model.multiply_accumulates": 50.0, "model.parameters": 100.0,
                                                    "model.activation_bytes": 0.0}  # fmt: skip
    grows, shrinks = (
        compiled([Dual(1.0, d) if n == "accelerator.peak" else leaves[n] for n in compiled.leaves])[
            compiled.position["performance.latency"]
        ]
        for d in (1.0, -1.0)
    )
    assert float(grows) == float(shrinks) == 100
    assert float(getattr(grows, "slope", 0.0)) == 0
    assert getattr(shrinks, "slope", 0.0) == 100


def test_dual_numbers_follow_the_rules_of_differentiation() -> None:
    """Sums, products, quotients, powers, maxima and rounding, against sympy."""
    x = sympy.Symbol("x", positive=True)
    expressions = [
        x**2 + 3 * x,
        5 / (x + 1),
        (2 - x) / x,
        sympy.sqrt(x),
        x**-2,
        2**x,
        x**x,
        (x - 3) * (x + 4) / 7,
        7 - x,
    ]
    for expression in expressions:
        code = sympy.lambdify(x, expression, modules=[{"sqrt": lambda v: v**0.5}])
        found = code(Dual(1.7, 1.0))
        assert found.value == pytest.approx(float(expression.subs(x, 1.7)))
        assert found.slope == pytest.approx(float(sympy.diff(expression, x).subs(x, 1.7)))
    assert max(Dual(2, 1), 2.0) == Dual(2, 1)
    assert max(Dual(2, -1), 2.0) == 2.0
    assert (ceil(Dual(2.5, 1)), floor(Dual(2.5, 1))) == (3, 2)
    assert Dual(7, 1) % 4 == 3
    assert 7 % Dual(4, 0) == 3


def test_the_binding_wall_is_the_one_of_the_largest_elasticity() -> None:
    """Compute binds the training plan, memory the decode step."""
    assert mlsysim.sensitivity(EXAMPLE).binding_wall == "compute" == mlsysim.evaluate(EXAMPLE).binding_wall
    assert mlsysim.sensitivity(PLANS["serving"], "itl").binding_wall == "memory"


def changed(entry: Entry, fact: str, number: float) -> Entry:
    """An accelerator with one value replaced."""
    return entry.replaced(**{fact.replace(".", "__"): number})


@pytest.mark.parametrize(
    ("fact", "leaf", "target"),
    [("compute.peak.bf16", "accelerator.peak", "ttft <= 1 s"), ("memory.bandwidth", "accelerator.bandwidth", "itl <= 12 ms"),
     ("memory.bandwidth", "accelerator.bandwidth", "throughput >= 900 token/s")],
)  # fmt: skip
def test_forward_and_backward_agree(fact: str, leaf: str, target: str) -> None:
    """Hardware made as the synthesis says reaches the target to nine digits, and a little less does not."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 4, "sequence_length": 2048}, hardware={"name": "H100"})
    found = mlsysim.synthesize(base, target)
    need = next(r for r in found.requirements if r.leaf == leaf)
    assert need.value is not None
    model, chip = mlsysim.Models.Language.Llama3_8B, mlsysim.Hardware.Cloud.H100

    def reached(number: float) -> float:
        made = mlsysim.SystemEvaluator.evaluate("made", model, changed(chip, fact, number), 4, sequence_length=2048)
        return made[found.target.metric]  # type: ignore[return-value]

    assert reached(need.value) == pytest.approx(found.target.value, rel=1e-9)
    assert found.target.holds(reached(need.value * 1.001))
    assert not found.target.holds(reached(need.value * 0.999))


def test_a_target_that_no_value_reaches_says_what_floors_it() -> None:
    """The wall of the largest term that is left."""
    found = mlsysim.synthesize(EXAMPLE, "latency <= 60 s")
    memory = next(r for r in found.requirements if r.leaf == "accelerator.bandwidth")
    assert memory.value is None
    assert memory.floor.startswith("the compute wall floors it at 75380 ms")
    impossible = mlsysim.synthesize(plan(workload={"name": "Llama3_8B"}, hardware={"name": "H100"}), "itl <= 1 us")
    assert impossible.exit_code == 4


@pytest.mark.parametrize(
    ("target", "message"),
    [("itl = 3", "is not a limit"), ("itll <= 3 ms", "did you mean"), ("latency <= 3 GB", "is a time"), ("latency <= ms", "is not a number"),
     ("ttft <= 3 ms", "is not a metric of transformer training"), ("", "is not a limit")],
)  # fmt: skip
def test_a_target_that_cannot_be_read_is_refused_in_words(target: str, message: str) -> None:
    """A metric, a sign, a value with its unit."""
    with pytest.raises(InputError, match=message):
        mlsysim.synthesize(EXAMPLE, target)


def test_what_is_skipped_has_no_sensitivity() -> None:
    """The reason is that of the plan."""
    with pytest.raises(InputError, match="the plan has no duration"):
        mlsysim.sensitivity(PLANS["vision"], "macro.tco")


def test_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """``walls``, ``sensitivity`` and ``synthesize``, as text and as JSON."""
    assert run(["walls", "--output", "json"]) == 0
    walls = json.loads(capsys.readouterr().out)
    assert [w["number"] for w in walls] == sorted(w["number"] for w in walls)
    assert {"name", "domain", "core", "binds"} <= set(walls[0])
    assert run(["sensitivity", str(EXAMPLE)]) == 0
    assert "the compute wall binds" in capsys.readouterr().out
    assert run(["sensitivity", str(EXAMPLE), "--output", "json", "--metric", "macro.carbon"]) == 0
    assert json.loads(capsys.readouterr().out)["metric"] == "macro.carbon"
    assert run(["synthesize", str(EXAMPLE), "--target", "latency <= 60 s", "--output", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["requirements"]
    assert next(r for r in rows if r["input"] == "accelerator.peak")["required"] == pytest.approx(1301, rel=1e-3)
    assert run(["synthesize", str(EXAMPLE), "--target", "nonsense"]) == 2


def test_the_price_of_an_assert_is_what_its_relaxation_buys() -> None:
    """Loosening the limit by a millionth, moving the named input just so far, changes the metric as the price says."""
    loaded = plan(
        workload={"name": "Llama3_70B", "batch_size": 16},
        hardware={"name": "H100", "accelerators": 4},
        ops={"duration_days": 1.0, "region": "France"},
        constraints={
            "assert": [
                {"metric": "ttft", "max": "5 s"},
                {"metric": "throughput", "min": 100.0},
                {"metric": "itl", "max": "16 ms"},
            ]
        },
    )
    evaluation = mlsysim.evaluate(loaded)
    bound = BoundKernel(evaluation.design)
    tiny = 1e-6
    prices = mlsysim.sensitivity(loaded, "energy").prices
    assert [p.state for p in prices] == ["violated", "slack", "slack"]
    for each in prices:
        there = bound.at(**{each.leaf: evaluation.values[each.leaf] * (1 + each.move * tiny)})
        looser = 1 if each.limit.side == "max" else -1
        expected = {each.limit.metric: looser} | ({each.gains: each.change} if each.gains else {})
        for metric, change in expected.items():
            assert (there[metric] / evaluation.values[metric] - 1) / tiny == pytest.approx(change, rel=1e-3)
    assert any(each.gains for each in prices)


def test_every_metric_of_a_plan_has_a_sensitivity() -> None:
    """Also those that no property of the hardware moves."""
    evaluation = mlsysim.evaluate(PLANS["serving"])
    for name, value in evaluation.metrics.items():
        if value:
            assert mlsysim.sensitivity(PLANS["serving"], name).page()


@pytest.mark.parametrize("target", ["latency <= 60 s", "latency <= 20 s"])
def test_the_accelerators_of_a_target_are_the_fewest(target: str) -> None:
    """No smaller number of nodes reaches it, tried one by one."""
    found = mlsysim.synthesize(EXAMPLE, target)
    count = int(found.nodes.partition(" ")[0].replace(",", ""))
    raw = {k: v for k, v in yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")).items() if k != "constraints"}

    def reaches(nodes: int) -> bool:
        try:
            value = mlsysim.evaluate({**raw, "hardware": {"name": "H100", "nodes": nodes}})["performance.latency"]
        except InputError:
            return False
        return value is not None and found.target.holds(value)

    assert [nodes for nodes in range(1, count // 8 + 1) if reaches(nodes)] == [count // 8]


def test_a_count_moves_by_whole_numbers() -> None:
    """Nine more layers of a dense model of eighty cost what evaluating it says; none of its layers is of experts."""
    found = {e.leaf: e for e in mlsysim.sensitivity(EXAMPLE).elasticities}
    assert "model.dense_layers" not in found
    bound = BoundKernel(mlsysim.evaluate(EXAMPLE).design)
    now, more, less = (
        bound.at(**{"model.layers": n, "model.dense_layers": n})["performance.latency"] for n in (80, 81, 79)
    )
    assert found["model.layers"].grows == pytest.approx((more / now - 1) * 80)
    assert found["model.layers"].shrinks == pytest.approx((1 - less / now) * 80)
    assert found["model.layers"].grows > 0.9


def test_sensitivity_fits_a_page_and_has_no_sign_of_nothing() -> None:
    """What the asserts cost is wrapped like every other sentence; what rounds to zero is no negative zero."""
    serving = plan(
        workload={"name": "Llama3_8B", "batch_size": 8, "sequence_length": 2048, "output_tokens": 100, "phase": "inference"},
        hardware={"name": "H100", "accelerators": 8},
        constraints={"assert": [{"metric": "latency", "max": "1 ms"}, {"metric": "mfu", "min": 0.9}]},
    )  # fmt: skip
    page = mlsysim.sensitivity(serving).page()
    assert "What the asserts cost" in page
    assert "would allow" in " ".join(page.split())
    assert max(len(line) for line in page.splitlines()) <= 88
    assert "one percent less of it" in page
    assert "-0.000" not in page


@pytest.mark.parametrize("columns", [80, 88, 120, 160])
def test_sensitivity_is_as_wide_as_columns_says(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is named; where there is room every metric has its column."""
    monkeypatch.setenv("COLUMNS", str(columns))
    page = mlsysim.sensitivity(EXAMPLE).page()
    table = page.partition("What the asserts cost")[0]
    assert max(len(line) for line in table.splitlines()) <= columns
    head = next(line for line in page.splitlines() if line.startswith("  input")).split()
    named = " ".join(table.split()).partition("left out for want of width: ")[2].partition(";")[0].split(", ")
    assert {*head, *named} >= {"latency", "memory", "goodput", "tco", "energy", "carbon"}
    assert (named == [""]) == (columns >= 120)
