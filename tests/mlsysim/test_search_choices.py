"""What a plan lets a search choose beyond degrees: uneven stages, the host, and the number format."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import jsonschema
import numpy
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.constraints.search import search
from mlsysim.constraints.space import Space, count
from mlsysim.design.binding import bind
from mlsysim.plan import load, loads
from mlsysim.schemas import schema_of
from mlsysim.search.choices import ENDS
from mlsysim.search.parallelism import split_space
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from tests.conftest import plan

LATENCY, MEMORY = "performance.latency", "feasibility.memory_required"
BASE = plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2})


def same(found: mlsysim.Optimization) -> None:
    """The plan that is written evaluates to the search's number, and its result fits the schema."""
    written = yaml.safe_load(yaml.safe_dump(found.plan()))
    (metric,) = found.objective.metrics
    assert mlsysim.evaluate(written)[metric] == pytest.approx(found.answer.objective, rel=1e-9)
    assert "search" not in written
    jsonschema.validate(found.to_dict(), schema_of("result"))


def test_ends_are_spared_where_that_is_quicker() -> None:
    """Four stages of Llama-3 8B: its output head is worth 2.4 layers, so eight layers beside it are too many."""
    fixed = {**BASE, "parallelism": {"pipeline": 4, "tensor": 4}}
    best = mlsysim.optimize(fixed)
    even = mlsysim.optimize({**fixed, "parallelism": {"pipeline": 4, "tensor": 4, "first_spared": 0, "last_spared": 0}})
    assert best.answer.choice["split.last_spared"] > 0
    assert best.answer.objective < even.answer.objective  # type: ignore[operator]
    assert "last stage spared" in best.page()
    assert best.to_dict()["o_last_spared"] == best.plan()["parallelism"]["last_spared"] > 0
    same(best)


@pytest.mark.parametrize(("model", "nodes"), [("Llama3_8B", 2), ("Llama3_70B", 5), ("GPT3_175B", 6)])
@pytest.mark.parametrize("quantity", [LATENCY, MEMORY])
def test_no_pair_of_ends_that_is_left_out_is_better(model: str, nodes: int, quantity: str) -> None:
    """Every pair of 0 to 2 layers at each number of stages, against those that the search looks at."""
    data = plan(workload={"name": model, "batch_size": 240}, hardware={"name": "H100", "nodes": nodes},
                parallelism={"context": 1, "microbatch": 1, "zero": 1, "recompute": "selective", "interleave": 1})  # fmt: skip
    space = split_space(bind(load(data)))
    assert space.ties
    free = Space(space.variant, space.values, space.domains)
    every, kept = free.lattice(free.domains), space.lattice(space.domains)
    assert count(kept) < count(every)
    least = [float(free.evaluate(rows, [quantity])[quantity][free.holds(rows)].min()) for rows in (every, kept)]
    assert least[1] == pytest.approx(least[0], rel=1e-12)
    pairs = set(zip(*(kept[name].tolist() for name in ENDS), strict=True))
    assert {(p, 0.0, 0.0) for p in free.domains["split.pipeline"]} >= {pair for pair in pairs if pair[1:] == (0.0, 0.0)}
    assert {pair[0] for pair in pairs if pair[1:] == (0.0, 0.0)} == {
        pair[0] for pair in pairs
    }  # even ends are always looked at


def test_the_host_is_used_only_where_the_plan_lets_it() -> None:
    """70 billion parameters on one node: too many for it, and its host makes room."""
    base = plan(workload={"name": "Llama3_70B", "batch_size": 64}, hardware={"name": "H100", "nodes": 1})
    with pytest.raises(mlsysim.InfeasibleError):
        mlsysim.optimize(base)
    found = mlsysim.optimize({**base, "search": {"offload": True}})
    assert found.answer.choice["split.offload_optimizer"] == 1
    assert found.to_dict()["o_offload_optimizer"] == 1
    assert "optimizer" in found.page().partition("performance.latency")[0]
    assert found.plan()["parallelism"]["offload_optimizer"] is True
    same(found)


def everything(data: dict[str, Any], quantity: str = LATENCY, sense: int = 1) -> float:
    """The best of a plan's splits, by looking at all."""
    space = split_space(bind(load(data)))
    rows = space.lattice(space.domains)
    return float(min(sense * space.evaluate(rows, [quantity])[quantity][space.holds(rows)]))


@pytest.mark.parametrize("batch", [24, 64])
@pytest.mark.parametrize(("objective", "sense"), [(LATENCY, 1), (MEMORY, 1), ("performance.mfu", -1)])
def test_the_best_format_is_that_of_the_best_plan(batch: int, objective: str, sense: int) -> None:
    """Against the best split in each format by itself."""
    base = {**BASE, "workload": {"name": "Llama3_8B", "batch_size": batch}}
    each = {
        f: everything({**base, "workload": {**base["workload"], "precision": f}}, objective, sense)
        for f in ("bf16", "fp8")
    }
    found = mlsysim.optimize({**base, "search": {"precisions": ["fp8", "bf16"]}}, objective=objective, top=3)
    assert found.answer.status == "optimal"
    assert sense * (found.answer.objective or 0) == pytest.approx(min(each.values()), rel=1e-9)
    chosen = min(each, key=each.__getitem__)
    result = found.to_dict()
    assert result["o_precision"] == result["precision"] == found.plan()["workload"]["precision"] == chosen
    assert all(runner["o_precision"] in each for runner in result["o_runners_up"])
    assert f", {chosen}\n" in found.page()
    same(found)


def test_fleets_choose_their_format_too() -> None:
    """Jointly with nodes and split."""
    base = {**BASE, "search": {"precisions": ["bf16", "fp8"]}}
    found = mlsysim.optimize(base, "nodes", hardware=["H100", "H200"], nodes=[1, 2])
    alone = min(
        everything({**BASE, "workload": {**BASE["workload"], "precision": f}, "hardware": {"name": name, "nodes": n}})
        for f, name, n in itertools.product(("bf16", "fp8"), ("H100", "H200"), (1, 2))
    )
    assert found.answer.objective == pytest.approx(alone, rel=1e-9)
    assert found.to_dict()["o_precision"] == "fp8"
    assert " in fp8: " in found.page()
    same(found)
    with pytest.raises(InputError, match=r"search\.precisions\[1\]: A100 does not compute in fp8"):
        mlsysim.optimize(base, "nodes", hardware=["A100"], nodes=[1])


TEXT = """\
version: "1.0"
workload: {name: Llama3_8B, batch_size: 64}
hardware: {name: A100, nodes: 2}
search:
  precisions: [bf16]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[bf16]", "[bf16, fp8]", r"plan.yaml:5:22: error: search.precisions\[1\]: A100 does not compute in fp8"),
        ("[bf16]", "[int8]", r"plan.yaml:5:16: error: search.precisions\[0\]: int8 has no gradients"),
        ("[bf16]", "[bf17]", "plan.yaml:5:16: error: unknown precision 'bf17'"), ("[bf16]", "bf16", "where a list is needed"),
        ("[bf16]", "[4]", "is not a word"), ("precisions: [bf16]", "offload: 1", "is neither true nor false"),
        ("precisions:", "precision:", "did you mean 'precisions'"),
        ("batch_size: 64", "batch_size: 64, precision: bf16", "search.precisions leaves it open"),
        ("search:", "parallelism: {first_spared: -1}\nsearch:", "-1 is below 0"),
        ("search:", "parallelism: {offload_optimizer: 1}\nsearch:", "is neither true nor false"),
    ],
)  # fmt: skip
def test_what_a_search_cannot_choose_from_is_refused(old: str, new: str, message: str) -> None:
    """With its place and in words, whatever the command."""
    with pytest.raises(InputError, match=message):
        mlsysim.evaluate(loads(TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("parallelism", "sentence"),
    [
        ({"pipeline": 1, "last_spared": 1}, "need a second stage that takes these layers"),
        ({"pipeline": 4, "first_spared": 12}, "an end of the pipeline cannot lack"),
        ({"pipeline": 4, "interleave": 3, "last_spared": 4, "microbatch": 1}, "an end of the pipeline cannot lack 4 layers of a chunk of 3"),
    ],
)  # fmt: skip
def test_ends_that_cannot_be_spared_are_refused(parallelism: dict[str, Any], sentence: str) -> None:
    """Structurally, in words."""
    reasons = mlsysim.check({**BASE, "parallelism": {"tensor": 1, **parallelism}}).reasons
    assert any(sentence in reason for reason in reasons), reasons


def test_the_largest_of_several_sums_is_minimised_by_the_solver_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is what the neediest stage needs: exact without enumeration, alone, weighted, and as a limit."""
    from mlsysim.constraints import problem as problem_module
    from mlsysim.constraints.compiler import Bound, Goal

    space = split_space(bind(load({**BASE, "search": {"offload": True}})))
    rows = space.lattice(space.domains)
    values = space.evaluate(rows, [LATENCY, MEMORY])
    keep = space.holds(rows)
    monkeypatch.setattr(problem_module.Problem, "everything", None)
    for weight in (0.0, 1e-9, 1e-11):
        goal = Goal(((MEMORY, 1.0),)) if weight == 0 else Goal(((LATENCY, 1.0), (MEMORY, weight)))
        found = search(space, goal)
        assert found.objective == pytest.approx(float(goal.cost(values)[keep].min()), rel=1e-9)
        assert found.status == "optimal"
    for limit in numpy.quantile(values[MEMORY][keep], [0.01, 0.2]):
        found = search(space, LATENCY, bounds=[Bound(MEMORY, float(limit))])
        assert found.objective == pytest.approx(
            float(values[LATENCY][keep & (values[MEMORY] <= limit)].min()), rel=1e-9
        )
    largest = search(space, MEMORY, sense=-1)
    assert largest.objective == pytest.approx(float(values[MEMORY][keep].max()), rel=1e-9)


def test_the_choices_are_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--write`` fills them in, and what is written can be searched and evaluated again."""
    (tmp_path / "plan.yaml").write_text(
        yaml.safe_dump({**BASE, "search": {"offload": True, "precisions": ["bf16", "fp8"]}})
    )
    best = tmp_path / "best.yaml"
    assert run(["optimize", "parallelism", str(tmp_path / "plan.yaml"), "--write", str(best)]) == 0
    written = yaml.safe_load(best.read_text())
    assert written["workload"]["precision"] == "fp8"
    leaves = {name.partition(".")[2] for name in catalogue().VARIANTS["transformer_training"]["parents"]}
    fields = {"tensor", "pipeline", "data", "context", "expert", "microbatch", "interleave", "zero", "recompute", "sequence",
              "first_spared", "last_spared", "offload_optimizer", "offload_activations"}  # fmt: skip
    assert {"tensor", "pipeline"} <= set(written["parallelism"]) < fields
    assert not fields & leaves
    assert run(["eval", str(best)]) == 0
    assert "fp8" in capsys.readouterr().out
