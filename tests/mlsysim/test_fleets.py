"""Fleets against brute force: every fleet with every split, one fleet after another."""

from __future__ import annotations

import itertools
import random
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.schemas import schema_of
from mlsysim.search.fleets import FLEET
from mlsysim.search.objectives import objective as read_objective
from tests.conftest import plan
from tests.mlsysim.test_optimization import dominated, everything, small

TOKENS = 1e11
TRAINING = "transformer_training"
BASE = plan(workload={"name": "Llama3_8B", "batch_size": 24, "tokens": TOKENS}, hardware={"name": "H100", "nodes": 1},
            ops={"price_per_accelerator_hour": 2.0, "region": "France"})  # fmt: skip
DAY = 86400.0


def instance(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A plan of a training run, and options: two accelerators, a few numbers of nodes, an objective, sometimes limits."""
    draw = random.Random(seed)
    base = {**BASE, "workload": {"name": draw.choice(["Llama3_8B", "GPT2_XL"]), "batch_size": draw.choice([6, 12, 16, 20, 32]),
                                 "sequence_length": 512, "tokens": TOKENS}}  # fmt: skip
    base["ops"] = {**base["ops"], "carbon_tax": draw.choice([0.0, 50.0])}
    options: dict[str, Any] = {
        "hardware": draw.sample(["H100", "A100", "B200", "H200", "MI300X"], 2), "nodes": sorted(draw.sample(range(1, 5), 2)),
        "objective": draw.choice(["fewest", "cheapest", "cleanest", "soonest", "performance.throughput", "memory_required"]),
    }  # fmt: skip
    if draw.random() < 0.4:
        options["deadline"] = f"{draw.choice([0.5, 1, 2, 4, 8])} days"
    if draw.random() < 0.3:
        options["budget"] = f"{draw.choice([300, 1000, 2000, 6000])} USD"
    if draw.random() < 0.3:
        options["carbon_cap"] = f"{draw.choice([0.02, 0.05, 0.2])} tCO2e"
    return base, options


def limits(options: dict[str, Any]) -> list[Bound]:
    """The limits of an instance, read here."""
    units = {
        "deadline": ("macro.run_time", DAY),
        "budget": ("macro.run_cost", 1.0),
        "carbon_cap": ("macro.run_carbon", 1e6),
    }
    return [
        Bound(metric, float(options[name].split()[0]) * unit)
        for name, (metric, unit) in units.items()
        if name in options
    ]


def each_alone(base: dict[str, Any], options: dict[str, Any], goal: Goal, bounds: list[Bound]) -> list[float]:
    """The cost of the best split of every fleet that has one, the least first."""
    found = []
    for name, number in itertools.product(options["hardware"], options["nodes"]):
        space = small({**base, "hardware": {"name": name, "nodes": number}})
        found += everything(space, goal, bounds)[:1]
    return sorted(found)


@pytest.mark.parametrize("seed", range(20))
def test_the_best_fleets_are_the_best_of_all(seed: int) -> None:
    """The best three fleets of a run, each with its best split; or a conflict where no fleet keeps the limits."""
    base, options = instance(seed)
    goal = read_objective(options["objective"], TRAINING, run=True).goal
    expected = each_alone(base, options, goal, limits(options))
    found = mlsysim.optimize(base, "nodes", top=3, **options)
    if not expected:
        assert found.exit_code == 4
        assert "but the best reachable" in found.conflict
        return
    answer = found.answer
    assert (answer.status, found.exit_code) == ("optimal", 0)
    sign = goal.weights[0][1]
    costs = [sign * value for value in (answer.objective, *(value for value, _ in answer.runners))]
    assert costs == pytest.approx(expected[:3], rel=1e-8)
    chosen = [choice[FLEET] for choice in (answer.choice, *(choice for _, choice in answer.runners))]
    assert len(set(chosen)) == len(chosen)
    assert not found.evaluation.violations


@pytest.mark.parametrize("seed", range(12))
def test_a_front_of_fleets_is_what_nothing_dominates(seed: int) -> None:
    """The time and the cost of a run, over every fleet and split."""
    base, options = instance(seed)
    bounds = limits(options)
    pairs = set()
    for name, number in itertools.product(options["hardware"], options["nodes"]):
        space = small({**base, "hardware": {"name": name, "nodes": number}})
        rows = space.lattice(space.domains)
        values = space.evaluate(rows, ["macro.run_time", "macro.run_cost", *(b.quantity for b in bounds)])
        keep = space.holds(rows)
        for bound in bounds:
            keep &= values[bound.quantity] <= bound.value * (1 + 1e-12)
        pairs |= {
            (float(a), float(b))
            for a, b in zip(values["macro.run_time"][keep], values["macro.run_cost"][keep], strict=True)
        }
    expected = sorted(p for p in pairs if not any(dominated(p, q) for q in pairs))
    given = {name: value for name, value in options.items() if name != "objective"}
    found = mlsysim.pareto(base, ["run_time", "run_cost"], "nodes", **given)
    points = [(p.values["macro.run_time"], p.values["macro.run_cost"]) for p in found.front.points]
    assert found.exit_code == (0 if expected else 4)
    for point in expected:
        assert any(point == pytest.approx(other, rel=1e-6) for other in points)
    for point in points:
        assert any(point == pytest.approx(other, rel=1e-6) for other in expected)


@pytest.mark.parametrize("seed", range(12))
def test_a_conflict_of_fleets_is_minimal_and_says_what_is_reachable(seed: int) -> None:
    """A limit that is named misses what brute force reaches with the others kept, and no design keeps all of them."""
    base, options = instance(seed)
    wanted = Goal.of("macro.run_time"), Goal.of("macro.run_cost")
    quickest, cheapest = (each_alone(base, options, goal, [])[0] for goal in wanted)
    options = {"hardware": options["hardware"], "nodes": options["nodes"]}
    bounds = [Bound("macro.run_time", quickest * 1.0001), Bound("macro.run_cost", cheapest * 0.999)]
    found = mlsysim.optimize(
        base, "nodes", deadline=f"{bounds[0].value / DAY!r} days", budget=f"{bounds[1].value!r} USD", **options
    )
    assert found.exit_code == 4
    reached = each_alone(base, options, wanted[1], bounds[:1])[0]
    assert f"but the best reachable is {mlsysim_amount(reached)}" in found.conflict
    assert "macro.run_time <=" not in found.conflict.partition("but")[0]
    jsonschema.validate(found.to_dict(), schema_of("result"))


def mlsysim_amount(cost: float) -> str:
    """A cost as pages write it for a reader to copy."""
    from mlsysim.symbolic.words import number

    return f"{number(cost, toward=1)} USD"


@pytest.mark.parametrize("days", [0.5, 7.0, 900.0])
def test_a_run_is_paid_for_at_the_rates_of_the_time_held(days: float) -> None:
    """Cost and carbon of the run are those of the plan's duration, in the ratio of the two times."""
    base = {**BASE, "ops": {**BASE["ops"], "duration_days": days, "carbon_tax": 80.0}}
    held = mlsysim.evaluate(base)
    tokens = held["performance.throughput"] * held["performance.goodput"]  # type: ignore[operator]
    assert held["macro.run_time"] == pytest.approx(TOKENS / tokens)
    share = held["macro.run_time"] / (days * DAY)  # type: ignore[operator]
    assert held["macro.run_cost"] == pytest.approx(held["macro.tco"] * share)  # type: ignore[operator]
    assert held["macro.run_carbon"] == pytest.approx(held["macro.carbon"] * share)  # type: ignore[operator]
    alone = mlsysim.evaluate(BASE)
    assert alone["macro.run_carbon"] == pytest.approx(held["macro.run_carbon"])
    assert alone["macro.tco"] == pytest.approx(alone["macro.run_cost"])  # held for the run, where no other time is said
    assert "time of the run" in alone.scorecard()


def test_the_fleet_that_was_found_is_written_with_its_limits(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Evaluating the written plan gives the same numbers, and its asserts hold."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({**BASE, "workload": {"name": "Llama3_8B", "batch_size": 24}}))
    best = tmp_path / "best.yaml"
    words = ["optimize", "nodes", str(tmp_path / "plan.yaml"), "--nodes", "1-3", "--tokens", "1e10", "--deadline", "30 days",
             "--objective", "cheapest", "--write", str(best), "--top", "2"]  # fmt: skip
    assert run(words) == 0
    assert "What comes next" in capsys.readouterr().out
    written = mlsysim.evaluate(best)
    assert written.exit_code == 0
    assert [limit.metric for limit in written.limits] == ["macro.run_time"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deadline": "3 days"}, "without tokens a run does not end"), ({"tokens": 1e12, "deadline": "3 GB"}, "--deadline"),
        ({"tokens": 1e12, "budget": "-1 USD"}, "is not above 0"), ({"budget": "1 MUSD"}, "neither a duration"),
        ({"tokens": 1e12, "carbon_cap": "many"}, "is not a number with a unit"), ({"tokens": 0.0}, "tokens"),
        ({"tokens": 1e12, "objective": "cheapest", "hardware": ["H100", "GB300"]}, "is skipped in this plan"),
    ],
)  # fmt: skip
def test_limits_that_cannot_be_kept_are_refused(options: dict[str, Any], message: str) -> None:
    """In words; an accelerator without a price is not left out silently."""
    base = plan(workload={"name": "Llama3_8B", "batch_size": 24}, hardware={"name": "H100", "nodes": 1}, ops={})
    with pytest.raises(mlsysim.InputError, match=message):
        mlsysim.optimize(base, "nodes", nodes=[1], **options)


def test_tokens_are_of_training() -> None:
    """A served model has no training run."""
    with pytest.raises(mlsysim.InputError, match=r"workload\.tokens: it changes nothing"):
        mlsysim.evaluate(plan(workload={"name": "Llama3_8B", "tokens": 1e9}, hardware={"name": "H100"}))
