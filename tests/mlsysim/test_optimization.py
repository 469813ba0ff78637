"""What a search answers: objectives, what comes next, plans to write, and why nothing fits."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import numpy
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.constraints import fronts
from mlsysim.constraints import search as search_module
from mlsysim.constraints.compiler import Bound, Goal
from mlsysim.constraints.conflicts import explain
from mlsysim.constraints.fronts import front
from mlsysim.constraints.search import search
from mlsysim.constraints.space import Space
from mlsysim.design.binding import bind
from mlsysim.plan import load
from mlsysim.schemas import schema_of
from mlsysim.search.objectives import objective
from mlsysim.search.parallelism import split_space
from mlsysim.search.picture import scatter
from mlsysim.symbolic.errors import InputError
from tests.conftest import plan

BASE = plan(
    workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2}, ops={"duration_days": 3.0}
)
LATENCY, MEMORY = "performance.latency", "feasibility.memory_required"


def everything(space: Space, goal: Goal, bounds: list[Bound] | None = None) -> list[float]:
    """The cost of every design that keeps the conditions and limits, the least first."""
    rows = space.lattice(space.domains)
    values = space.evaluate(rows, {*goal.quantities, *(b.quantity for b in bounds or [])})
    keep = space.holds(rows)
    for bound in bounds or []:
        keep &= bound.sign * values[bound.quantity] <= bound.sign * bound.value * (1 + bound.sign * 1e-12)
    return sorted(float(cost) for cost in goal.cost(values)[keep])


def small(base: dict[str, Any] = BASE) -> Space:
    """The space of a plan."""
    return split_space(bind(load(base)))


@pytest.mark.parametrize("enumerated", [True, False])
@pytest.mark.parametrize("batch", [12, 48, 64])
def test_what_comes_next_is_what_enumeration_ranks_next(
    batch: int, enumerated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five designs in order, by ranking all of them and by solving again without those found."""
    space = small({**BASE, "workload": {"name": "Llama3_8B", "batch_size": batch}})
    ranked = everything(space, Goal.of(LATENCY))
    if not enumerated:
        monkeypatch.setattr(search_module.Problem, "everything", None)
    answer = search(space, LATENCY, top=5)
    found = [answer.objective, *(value for value, _ in answer.runners)]
    assert found == pytest.approx(ranked[:5], rel=1e-7)
    choices = [tuple(sorted(choice.items())) for choice in (answer.choice, *(c for _, c in answer.runners))]
    assert len(set(choices)) == 5


@pytest.mark.parametrize("weight", [0.01, 1.0, 30.0, 1000.0])
def test_a_weighted_sum_is_the_least_of_all(weight: float) -> None:
    """Milliseconds and gigabytes, as they are shown."""
    found = mlsysim.optimize(BASE, objective=f"latency + {weight}*memory_required")
    goal = Goal(((LATENCY, 1e3), (MEMORY, weight / 1e9)))
    assert found.answer.objective == pytest.approx(everything(small(), goal)[0], rel=1e-9)
    shown = found.evaluation.values[LATENCY] * 1e3 + weight * found.evaluation.values[MEMORY] / 1e9
    assert found.to_dict()["o_objective"] == pytest.approx(shown)


def test_the_other_end_can_be_asked_for() -> None:
    """The slowest split, and throughput as small as can be."""
    worst = mlsysim.optimize(BASE, objective="latency", largest=True)
    assert worst.answer.objective == pytest.approx(everything(small(), Goal.of(LATENCY))[-1])
    assert mlsysim.optimize(BASE, objective="-latency").answer.objective == pytest.approx(worst.answer.objective)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "is no objective"), ("latency latency", "is no objective"), ("latency + latency", "each metric once"),
     ("0*latency", "weight that is not 0"), ("latencz", "did you mean"), ("2 +", "is no objective"), ("latency * 2", "is no objective"),
     ("__import__('os')", "is no objective"), ("1e999*latency + tco", "is no objective")],
)  # fmt: skip
def test_a_wrong_objective_is_refused(text: str, message: str) -> None:
    """In words, and nothing is evaluated."""
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        objective(text, "transformer_training")


def test_a_plan_with_the_choice_filled_in_gives_the_same_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also for serving, and from the command line."""
    serving = plan(workload={"name": "Llama3_70B", "batch_size": 16}, hardware={"name": "H100", "accelerators": 8})
    for base in (BASE, serving):
        found = mlsysim.optimize(base)
        assert mlsysim.evaluate(found.plan()).metrics == found.evaluation.metrics
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(BASE))
    best = tmp_path / "best.yaml"
    words = [
        "optimize",
        "parallelism",
        str(tmp_path / "plan.yaml"),
        "--write",
        str(best),
        "--output",
        "json",
        "--top",
        "3",
    ]
    assert run(words) == 0
    result = json.loads(capsys.readouterr().out)
    jsonschema.validate(result, schema_of("result"))
    assert len(result["o_runners_up"]) == 2
    assert mlsysim.evaluate(best)[LATENCY] == pytest.approx(result["o_objective"] / 1e3)
    assert run(words) == 2
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "this file exists"


def test_a_conflict_is_minimal_and_its_cures_hold() -> None:
    """No part of it contradicts itself, and each limit alone given way to what is said lets a design through."""
    space = small()
    fastest = search(space, LATENCY)
    least = search(space, MEMORY)
    limits = [
        Bound(LATENCY, fastest.objective * 1.001),
        Bound(MEMORY, least.objective * 1.001),
        Bound("performance.goodput", 0.5, -1),
    ]
    assert not search(space, LATENCY, bounds=limits).choice
    conflict = explain(space, limits)
    held = [each.bound for each in conflict.relaxations]
    assert {bound.quantity for bound in held} == {LATENCY, MEMORY}
    for part in itertools.combinations(held, len(held) - 1):
        assert search(space, LATENCY, bounds=part).choice
    for each in conflict.relaxations:
        others = [bound for bound in limits if bound != each.bound]
        assert each.reachable is not None
        assert search(
            space, LATENCY, bounds=[*others, Bound(each.bound.quantity, each.reachable, each.bound.sign)]
        ).choice
        tighter = each.reachable - each.bound.sign * abs(each.reachable) * 1e-6
        assert not search(space, LATENCY, bounds=[*others, Bound(each.bound.quantity, tighter, each.bound.sign)]).choice


def test_a_model_that_fits_nowhere_says_what_it_needs_at_best() -> None:
    """The least memory of all splits, not that of one of them."""
    huge = plan(workload={"name": "Llama3_405B", "batch_size": 64}, hardware={"name": "H100", "nodes": 1})
    space = small(huge)
    rows = space.lattice(space.domains)
    needed = float(numpy.min(space.evaluate(rows, [MEMORY])[MEMORY])) / 1e9
    with pytest.raises(
        mlsysim.InfeasibleError, match=rf"OOM: requires {needed:.0f} GB but only has 80 GB, at the best split"
    ):
        mlsysim.optimize(huge)


def dominated(here: tuple[float, ...], there: tuple[float, ...]) -> bool:
    """Whether another point is as good in every respect and better in one."""
    return all(b <= a * (1 + 1e-9) for a, b in zip(here, there, strict=True)) and any(
        b < a * (1 - 1e-9) for a, b in zip(here, there, strict=True)
    )


@pytest.mark.parametrize("enumerated", [True, False])
@pytest.mark.parametrize("batch", [12, 64])
def test_a_front_is_every_value_that_nothing_dominates(
    batch: int, enumerated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By comparing all designs with one another, and step by step with the solver alone."""
    space = small({**BASE, "workload": {"name": "Llama3_8B", "batch_size": batch}})
    rows = space.lattice(space.domains)
    values = space.evaluate(rows, [LATENCY, MEMORY])
    keep = space.holds(rows)
    pairs = {(float(a), float(b)) for a, b in zip(values[LATENCY][keep], values[MEMORY][keep], strict=True)}
    expected = sorted(p for p in pairs if not any(dominated(p, q) for q in pairs))
    if not enumerated:
        monkeypatch.setattr(search_module.Problem, "listed", lambda *_: None)
    found = front(space, [(LATENCY, 1), (MEMORY, 1)])
    assert found.complete
    points = [(p.values[LATENCY], p.values[MEMORY]) for p in found.points]
    for point in expected:  # every value of the front is there, and nothing else
        assert any(point == pytest.approx(other, rel=1e-6) for other in points), point
    for point in points:
        assert any(point == pytest.approx(other, rel=1e-6) for other in expected), point


def test_a_front_of_three_metrics_is_a_table_and_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    """Utilisation is better where it is larger; the points are those of the plan's own evaluation."""
    found = mlsysim.pareto(BASE, ["latency", "memory_required", "mfu"])
    for point in found.front.points:
        fields = {k.removeprefix("split."): v for k, v in point.choice.items()}
        named = {**BASE, "parallelism": {
            **{k: v for k, v in fields.items() if k not in ("recompute", "sequence") and not k.startswith("offload")},
            "recompute": ("none", "selective", "full")[fields["recompute"]], "sequence": bool(fields["sequence"]),
        }}  # fmt: skip
        evaluation = mlsysim.evaluate(named)
        assert evaluation.values[LATENCY] == pytest.approx(point.values[LATENCY])
        assert evaluation.feasible
    page = found.page()
    assert page.count("●") >= 3
    assert f"{len(found.front.points)} points" in page
    with pytest.raises(InputError, match="two metrics or more"):
        mlsysim.pareto(BASE, ["latency", "performance.latency"])


def test_a_front_of_three_is_what_pairwise_comparison_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every design of a plan against every other, written out; blocks of seven designs, so that many are joined."""
    monkeypatch.setattr(fronts, "BLOCK", 7)
    base = {**BASE, "ops": {"region": "Quebec", "duration_days": 1.0}}
    found = mlsysim.pareto(base, ["latency", "memory_required", "carbon"])
    names = [LATENCY, MEMORY, "macro.carbon"]
    space = split_space(bind(load(base)))
    rows = space.lattice(space.domains)
    keep = space.holds(rows)
    values = space.evaluate(rows, names)
    every = {tuple(float(values[name][i]) for name in names) for i in range(len(keep)) if keep[i]}
    left = {
        a
        for a in every
        if not any(b != a and all(y <= x * (1 + 1e-9) for x, y in zip(a, b, strict=True)) for b in every)
    }
    points = {tuple(point.values[name] for name in names) for point in found.front.points}
    assert left <= points
    assert len(points) > 5
    for point in points:
        assert not any(all(y < x * (1 - 1e-9) for x, y in zip(point, other, strict=True)) for other in every)


def test_a_front_is_compared_within_its_block_and_with_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with each: a thousand designs of which none dominates another cost half a million comparisons, not a million."""
    compared = []
    exact = fronts._dominated

    def counted(columns: Any, found: Any) -> Any:
        compared.append(columns.shape[1] * found.shape[1])
        return exact(columns, found)

    monkeypatch.setattr(fronts, "BLOCK", 50)
    monkeypatch.setattr(fronts, "_dominated", counted)
    count = 1000
    columns = numpy.array([numpy.arange(count), numpy.arange(count)[::-1], numpy.zeros(count)])
    assert list(fronts.undominated(columns)) == list(range(count))
    assert sum(compared) <= count * (count + 50) / 2


class Counted(float):
    """A number that counts how often it is compared."""

    times = 0

    def __lt__(self, other: float) -> bool:
        Counted.times += 1
        return float(self) < float(other)

    def __gt__(self, other: float) -> bool:
        Counted.times += 1
        return float(self) > float(other)


def test_the_picture_of_a_front_takes_time_in_proportion_to_its_points() -> None:
    """The picture of 17,094 points took 38 seconds: the ends of its axes were looked for at each point."""
    for count in (50, 500):
        Counted.times = 0
        scatter([(Counted(1 + place), Counted(count - place)) for place in range(count)], "x", "y")
        assert Counted.times <= 10 * count


def test_a_front_of_two_is_listed_like_one_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """One limit for any number of metrics: no solver is asked about 405B on 16,384 accelerators."""
    monkeypatch.setattr(search_module, "solve", None)
    large = plan(workload={"name": "Llama3_405B", "batch_size": 2048}, hardware={"name": "H100", "nodes": 2048})
    two = mlsysim.pareto(large, ["latency", "memory_required"])
    three = mlsysim.pareto(large, ["latency", "memory_required", "mfu"])
    assert two.exit_code == three.exit_code == 0
    assert len(two.front.points) > 10
    pairs = {(p.values[LATENCY], p.values[MEMORY]) for p in three.front.points}
    assert {(p.values[LATENCY], p.values[MEMORY]) for p in two.front.points} <= pairs


def test_a_space_too_large_to_be_a_check_still_has_a_front_of_three() -> None:
    """Cost is what people call the total cost; the table shows some of its points."""
    large = plan(workload={"name": "Llama3_405B", "batch_size": 2048, "sequence_length": 8192},
                 hardware={"name": "H100", "nodes": 256}, ops={"region": "Virginia", "duration_days": 14.0},
                 parallelism={"context": 1, "interleave": 1})  # fmt: skip
    found = mlsysim.pareto(large, ["latency", "memory_required", "carbon"])
    assert found.exit_code == 0
    assert len(found.front.points) > 100
    assert "of which 40 are shown" in found.page()
    assert objective("cost", "transformer_training").metrics == ("macro.tco",)


@pytest.mark.parametrize(
    "words",
    [["--write", "best.yaml"], ["--top", "3"], ["--explain"], ["--maximize"], ["--objective", "mfu"], ["--gap", "1%"]],
)
def test_what_a_front_does_not_use_is_refused(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option that would change nothing, exit code 2."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(BASE))
    assert run(["optimize", "parallelism", str(tmp_path / "plan.yaml"), "--pareto", "latency,mfu", *words]) == 2
    assert f"{words[0]} changes nothing with --pareto" in capsys.readouterr().err


def test_time_ends_a_front_with_what_is_known() -> None:
    """Exit code 5."""
    found = mlsysim.pareto(plan(workload={"name": "Llama3_405B", "batch_size": 2048}, hardware={"name": "H100", "nodes": 2048}),
                           ["latency", "memory_required"], time_limit=1e-9)  # fmt: skip
    assert found.exit_code in (0, 5)
    assert found.front.complete == (found.exit_code == 0)


@pytest.mark.parametrize("seed", range(24))
def test_the_best_fleet_is_the_best_of_all_fleets(seed: int) -> None:
    """Jointly with its split, against the best split of each fleet by itself."""
    draw = random.Random(seed)
    names = draw.sample(["H100", "A100", "B200", "H200", "MI300X"], 2)
    numbers = sorted(draw.sample([1, 2, 3, 4, 5, 6, 8], 3))
    base = plan(
        workload={"name": draw.choice(["Llama3_8B", "GPT2_XL", "Mixtral_8x7B"]), "batch_size": draw.choice([24, 48, 64])},
        hardware={"name": "H100", "nodes": 1}, ops={"duration_days": 3.0, "price_per_accelerator_hour": 2.0, "region": "France"},
    )  # fmt: skip
    if draw.random() < 0.5:
        base["constraints"] = {"assert": [{"metric": "latency", "max": draw.choice([2.0, 4.0]) * 1e3}]}
    objective = draw.choice(["macro.tco", "performance.latency", "performance.throughput", "macro.energy"])
    larger = objective == "performance.throughput"
    bounds = [Bound(LATENCY, each["max"] / 1e3) for each in base.get("constraints", {}).get("assert", [])]
    each = []
    for name, number in itertools.product(names, numbers):
        space = small({**base, "hardware": {"name": name, "nodes": number}})
        each += everything(space, Goal.of(objective, -1 if larger else 1), bounds)[:1]
    options: dict[str, Any] = {"objective": objective, "hardware": names, "nodes": numbers}
    if not each:
        found = mlsysim.optimize(base, "nodes", **options)
        assert found.exit_code == 4
        assert "performance.latency <=" in found.conflict
        return
    best = mlsysim.optimize(base, "nodes", **options)
    assert best.answer.status == "optimal"
    assert best.answer.objective == pytest.approx(-min(each) if larger else min(each), rel=1e-7)
    fleet = best.task.fleet(best.answer.choice)
    assert (fleet.name in names, fleet.nodes in numbers) == (True, True)
    again = mlsysim.evaluate(best.plan())
    assert again.metrics == best.evaluation.metrics
    jsonschema.validate(best.to_dict(), schema_of("result"))


def test_the_fewest_accelerators_are_found() -> None:
    """No smaller number of nodes keeps the limit, tried one by one; numbers need not be powers of two."""
    base = {**BASE, "constraints": {"assert": [{"metric": "latency", "max": "1.3 s"}]}}
    best = mlsysim.optimize(base, "nodes", objective="accelerators", nodes=range(1, 9))
    reached = []
    for number in range(1, 9):
        space = small({**BASE, "hardware": {"name": "H100", "nodes": number}})
        reached += [number] * bool(everything(space, Goal.of(LATENCY), [Bound(LATENCY, 1.3)]))
    assert best.to_dict()["o_nodes"] == min(reached)
    assert best.answer.objective == 8 * min(reached)


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--nodes", "none"], "is no number of nodes"), (["--nodes", "0"], "no number of nodes"), ([], "no number of nodes"),
     (["--nodes", "1-9000"], "more than 2,000 fleets"), (["--nodes", "2", "--hardware", "H1000"], "did you mean 'H100'")],
)  # fmt: skip
def test_wrong_fleets_are_refused(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, exit code 2."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(BASE))
    assert run(["optimize", "nodes", str(tmp_path / "plan.yaml"), *words]) == 2
    assert message in capsys.readouterr().err
    assert run(["optimize", "parallelism", str(tmp_path / "plan.yaml"), "--nodes", "1"]) == 2
