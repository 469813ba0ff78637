"""What a search may spend: whatever ends it, the best that is known is the answer; threads and seeds do not change it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.cli.main import run
from mlsysim.constraints import search as search_module
from mlsysim.constraints.effort import Effort, OutOfTimeError
from mlsysim.constraints.search import search
from mlsysim.constraints.space import Space
from mlsysim.plan import load
from mlsysim.schemas import schema_of
from mlsysim.search.parallelism import task
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnprovenError
from tests.conftest import ROOT, plan
from tests.constraints.test_search import instance

BASE = plan(workload={"name": "Llama3_70B", "batch_size": 512}, hardware={"name": "H100", "nodes": 8})
LARGE = plan(workload={"name": "DeepSeek_V3", "batch_size": 15360}, hardware={"name": "H100", "nodes": 256},
             ops={"duration_days": 3.0})  # fmt: skip
LATENCY = "performance.latency"


@pytest.mark.parametrize("number", range(12))
def test_threads_and_seeds_do_not_change_the_choice(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the solver alone, also where many designs are equally good."""
    monkeypatch.setattr(search_module.Problem, "everything", None)
    space, objective, sense, bounds = instance(number)
    choices = [
        search(
            space, objective, sense=sense, bounds=bounds, then=LATENCY, effort=Effort(workers=workers, seed=seed)
        ).choice
        for workers, seed in ((1, 1), (2, 1), (4, 1), (2, 7), (4, 2**31 - 1))
    ]
    assert all(choice == choices[0] for choice in choices)


@pytest.mark.parametrize("objective", ["performance.latency", "feasibility.memory_required", "macro.tco"])
def test_a_large_space_has_one_answer_too(objective: str) -> None:
    """Of a fleet's cost every split is as good as any: then the quickest is taken."""
    space = task(load(LARGE)).space
    first, *others = (
        search(space, objective, then=LATENCY, effort=Effort(workers=workers, seed=seed))
        for workers, seed in ((1, 3), (2, 1), (4, 2))
    )
    assert first.status == "optimal"
    assert all(other.choice == first.choice for other in others)
    if objective == "macro.tco":
        assert first.choice == search(space, LATENCY).choice


def test_of_equals_the_smallest_values_are_taken() -> None:
    """No design that is as good and as quick decides less in the first decision in which they differ."""
    space = task(load(BASE)).space
    best = search(space, LATENCY)
    rows = space.lattice(space.domains)
    values = space.evaluate(rows, [LATENCY])[LATENCY]
    assert best.objective is not None
    equal = space.holds(rows) & (values <= best.objective * (1 + 1e-9))
    found = sorted(tuple(int(rows[name][i]) for name in space.domains) for i in range(len(values)) if equal[i])
    assert tuple(best.choice[name] for name in space.domains) == found[0]


@pytest.mark.parametrize(
    "options", [{"workers": 0}, {"workers": 65}, {"seed": -1}, {"time_limit": 0.0}, {"time_limit": float("inf")}]
)
def test_impossible_efforts_are_refused(options: dict[str, Any]) -> None:
    """In words."""
    with pytest.raises(InputError, match="is not"):
        mlsysim.optimize(BASE, **options)


def test_the_time_limit_covers_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The incumbent is the answer, its gap unknown; exit code 5."""

    def late(space: Space, *_: Any) -> Any:
        space.effort.clock.count(60.0)
        space.effort.go_on()

    monkeypatch.setattr(search_module, "compile_program", late)
    found = mlsysim.optimize(BASE, work_limit=60.0)
    assert (found.answer.status, found.answer.bound, found.answer.gap, found.exit_code) == ("feasible", None, None, 5)
    assert found.evaluation.feasible
    assert "gap unknown" in found.page()
    jsonschema.validate(found.to_dict(), schema_of("result"))


@pytest.mark.parametrize("limit", [1e-4, 0.01, 0.03, 0.1, 0.3])
def test_a_search_that_work_ends_repeats(limit: float) -> None:
    """The same design, bound and status each time, on one thread, whatever else the machine does."""
    found = []
    for _ in range(3):
        try:
            answer = mlsysim.optimize(LARGE, work_limit=limit, workers=1).answer
            found.append((answer.status, answer.choice, answer.objective, answer.bound))
        except UnprovenError:
            found.append(("unknown", {}, None, None))
    assert found[0] == found[1] == found[2]


def test_rows_are_work() -> None:
    """Tables that are evaluated count, and so do the solver's steps."""
    effort = Effort(work_limit=60.0).begun()
    search(task(load(BASE)).space, LATENCY, effort=effort)
    assert 0 < effort.clock.now() < 5
    assert effort.left == effort.until - effort.clock.now()


def test_without_any_design_in_time_the_sentence_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5."""
    with pytest.raises(UnprovenError, match="no design is known after 1e-06 s"):
        mlsysim.optimize(BASE, time_limit=1e-6)
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(BASE))
    assert run(["optimize", "parallelism", str(tmp_path / "plan.yaml"), "--time-limit", "1e-6"]) == 5
    assert "hint: give more with --time-limit" in capsys.readouterr().err


def test_missing_explanations_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best stays proven; how many explanations are missing is said."""
    exact, asked = search_module.Listing.best, []

    def late(*arguments: Any, **options: Any) -> Any:
        asked.append(1)
        if len(asked) > 4:
            raise OutOfTimeError("the time is up")
        return exact(*arguments, **options)

    monkeypatch.setattr(search_module.Listing, "best", late)
    found = mlsysim.optimize(BASE, explain=True)
    assert (found.answer.status, found.answer.complete, found.exit_code) == ("optimal", False, 0)
    missing, all_of_them = found.answer.missing, found.answer.asked
    assert 0 < missing == all_of_them - 3  # the first of the four is the check of the best
    page = " ".join(found.page().split())
    said = f"Time limit reached: the best design is proven; {missing} of the {all_of_them} explanations are missing."
    assert said in page


def test_a_front_without_time_says_so() -> None:
    """No point is no proof that there is none."""
    found = mlsysim.pareto(BASE, ["latency", "memory_required"], time_limit=1e-6)
    assert (found.front.points, found.exit_code) == ((), 5)
    assert "ended before any point was known" in found.page()


def test_asserts_that_contradict_each_other_are_so_even_where_time_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """That no design keeps them is known, and is the answer."""
    tight = {**BASE, "constraints": {"assert": [{"metric": "latency", "max": "1 ms"}]}}
    exact = search_module.search
    calls = []

    def first_only(*arguments: Any, **options: Any) -> Any:
        calls.append(1)
        return exact(*arguments, **options) if len(calls) == 1 else search_module.Answer("unknown", {})

    monkeypatch.setattr("mlsysim.constraints.conflicts.Listing.of", lambda *_: None)
    for place in ("mlsysim.search.optimization.search", "mlsysim.constraints.conflicts.search"):
        monkeypatch.setattr(place, first_only)
    with pytest.raises(
        InfeasibleError, match=r"no split keeps the asserts: performance\.latency <= 1 ms, of which time ended"
    ):
        mlsysim.optimize(tight)


#: The command line with a search that tells when it has come to some point, and stays there.
STAYING = """
import sys, time
from mlsysim.cli import main
from mlsysim.constraints import search
def stay(*_):
    print("here", file=sys.stderr, flush=True)
    time.sleep(60)
{patch}
main({words!r})
"""


def interrupted(patch: str, words: list[str]) -> tuple[int, str, str]:
    """Press Ctrl-C where the search stays: its exit code, its output and its errors."""
    code = STAYING.format(patch=patch, words=words)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


def test_ctrl_c_while_tables_are_built_keeps_what_is_known(tmp_path: Path) -> None:
    """The incumbent, its bound unknown, with exit code 5."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(BASE))
    words = ["optimize", "parallelism", str(tmp_path / "plan.yaml"), "--output", "json"]
    code, output, errors = interrupted("search.compile_program = stay", words)
    result = json.loads(output)
    assert (code, errors) == (5, "")
    assert (result["o_status"], result["o_bound"], result["o_gap"], result["exit_code"]) == ("feasible", None, None, 5)
    assert result["f_status"] == "PASS"


def test_ctrl_c_before_anything_is_known_says_so(tmp_path: Path) -> None:
    """Exit code 130, and no traceback."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(BASE))
    words = ["optimize", "parallelism", str(tmp_path / "plan.yaml")]
    code, output, errors = interrupted("search.improving = stay", words)
    assert (code, output) == (130, "")
    assert errors.strip() == "mlsysim: error: interrupted before there was an answer"
