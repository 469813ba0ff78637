"""What a search says of its answer is true: every number is found again by enumerating the space."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import numpy
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.constraints import search as search_module
from mlsysim.page import WIDEST
from mlsysim.plan import load
from mlsysim.schemas import schema_of
from mlsysim.search.parallelism import task
from tests.conftest import plan

LATENCY, MEMORY = "performance.latency", "feasibility.memory_required"
BASE = plan(
    workload={"name": "Llama3_8B", "batch_size": 48, "sequence_length": 2048}, hardware={"name": "H100", "nodes": 3}
)
TIGHT = {**BASE, "constraints": {"assert": [{"metric": "memory_required", "max": "24 GB"}]}}


def enumerated(base: dict[str, Any], most: float) -> tuple[Any, Any]:
    """Every split that keeps the conditions and a limit on memory, and its latency."""
    space = task(load(base)).space
    rows = space.lattice(space.domains)
    values = space.evaluate(rows, [LATENCY, MEMORY])
    keep = space.holds(rows) & (values[MEMORY] <= most)
    return {name: column[keep] for name, column in rows.items()}, values[LATENCY][keep]


@pytest.mark.parametrize(("base", "most"), [(BASE, numpy.inf), (TIGHT, 24e9)])
def test_deciding_otherwise_costs_what_enumeration_says(base: dict[str, Any], most: float) -> None:
    """The best split without the degree that was chosen, for every degree."""
    found = mlsysim.optimize(base, explain=True)
    rows, latency = enumerated(base, most)
    choice = found.answer.choice
    assert found.answer.without.keys() == set(task(load(base)).space.decisions)
    for name, other in found.answer.without.items():
        elsewhere = latency[rows[name] != choice[name]]
        assert other.choice.get(name) != choice[name]
        if len(elsewhere):
            assert other.objective == pytest.approx(elsewhere.min(), rel=1e-8)
        else:
            assert other.status == "infeasible"


def test_a_limit_that_is_near_is_named_with_what_giving_way_is_worth() -> None:
    """The gain is that of the best split without the limit."""
    found = mlsysim.optimize(TIGHT, explain=True)
    _, free = enumerated(BASE, numpy.inf)
    assert found.answer.objective is not None
    gain = 100 * (1 - free.min() / found.answer.objective)
    said = next(s for s in found.explanation if s.startswith(f"Without {MEMORY} <= 24 GB: "))
    number = re.search(r"([\d.e-]+) % less latency", said)
    assert number is not None
    assert float(number[1]) == pytest.approx(gain, rel=0.06)  # two digits are shown
    least = min(f.slack / f.available for f in found.evaluation.findings if f.kind == "physical" and f.available)
    held = found.evaluation.values[MEMORY]
    assert any("% is left" in sentence or "nothing is left" in sentence for sentence in found.explanation)
    assert min(least, 1 - held / 24e9) > 0


def test_what_is_kept_out_is_better_and_breaks_a_limit() -> None:
    """Each such sentence names the limit with its numbers."""
    found = mlsysim.optimize(TIGHT, explain=True)
    kept_out = [s for s in found.explanation if " would give " in s]
    assert kept_out
    assert all(" less latency, but: " in s and ("OOM" in s or "the limit is 24 GB" in s) for s in kept_out)


def test_an_explanation_is_only_there_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As an array of sentences, and as lines of at most 80 columns."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(TIGHT))
    words = ["optimize", "parallelism", str(tmp_path / "plan.yaml")]
    assert run([*words, "--explain", "--output", "json"]) == 0
    result = json.loads(capsys.readouterr().out)
    jsonschema.validate(result, schema_of("result"))
    assert len(result["o_explanation"]) >= 3
    assert run([*words, "--output", "json"]) == 0
    assert "o_explanation" not in json.loads(capsys.readouterr().out)
    assert run([*words, "--explain"]) == 0
    page = capsys.readouterr().out
    lines = page[page.index("Why this is the best") :].split("\n\n")[0].splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= WIDEST


def test_fleets_and_infeasible_plans_are_explained_too() -> None:
    """A fleet is a decision like any other; of a conflict, the best without the asserts that cannot hold."""
    fleets = mlsysim.optimize(BASE, "nodes", nodes=[1, 2, 3], objective="latency", explain=True)
    assert any("instead of 3 nodes of H100" in sentence for sentence in fleets.explanation)
    hopeless = {**BASE, "constraints": {"assert": [{"metric": "latency", "max": "1 ms"}]}}
    told, free = mlsysim.optimize(hopeless, explain=True), mlsysim.optimize(BASE, explain=True)
    assert told.conflict
    assert not any("-" in sentence.partition("%")[0] for sentence in told.explanation)
    assert set(free.explanation) <= set(told.explanation)


@pytest.mark.parametrize("base", [BASE, TIGHT])
def test_an_explanation_from_a_list_is_the_one_from_searches(
    base: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sentence, where no design is listed and every question is a search of its own."""
    listed = mlsysim.optimize(base, explain=True)
    monkeypatch.setattr(search_module.Problem, "listed", lambda *_: None)
    solved = mlsysim.optimize(base, explain=True)
    assert listed.answer.missing == solved.answer.missing == 0
    assert {name: each.objective for name, each in listed.answer.without.items()} == pytest.approx(
        {name: each.objective for name, each in solved.answer.without.items()}, rel=1e-9
    )
    assert listed.answer.relaxed.keys() == solved.answer.relaxed.keys()
    for limit, each in listed.answer.relaxed.items():
        assert each.objective == pytest.approx(solved.answer.relaxed[limit].objective, rel=1e-9)
    assert set(listed.explanation) == set(solved.explanation)


@pytest.mark.parametrize(
    ("model", "nodes", "batch", "designs"),
    [("Llama3_70B", 64, 4096, 144_420), ("Llama3_8B", 3, 48, None), ("Llama3_405B", 2048, 16384, None)],
)
def test_an_explanation_solves_nothing_again(
    model: str, nodes: int, batch: int, designs: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The solver proves the best once; all else is a minimum over the list of all designs."""
    solves = []
    exact = search_module.solve
    monkeypatch.setattr(search_module, "solve", lambda *a, **o: solves.append(1) or exact(*a, **o))
    base = plan(workload={"name": model, "batch_size": batch}, hardware={"name": "H100", "nodes": nodes})
    plain = mlsysim.optimize(base)
    solves.clear()
    found = mlsysim.optimize(base, explain=True)
    assert len(solves) <= 1
    assert (found.answer.status, found.answer.missing) == ("optimal", 0)
    assert found.effort.clock.now() - plain.effort.clock.now() < 2  # seconds of work that the explanation adds
    if designs:
        assert found.answer.space == designs
        assert f"{designs:,} designs; proven best, confirmed by trying all" in " ".join(found.page().split())
