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
from mlsysim.constraints.effort import Effort, OutOfTimeError, share
from mlsysim.constraints.fronts import front
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
import signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background, where Ctrl-C is ignored
from mlsysim.__main__ import main
def stay(*_, **__):
    print("here", file=sys.stderr, flush=True)
    time.sleep(60)
{patch}
main({words!r})
"""
#: A solver that runs until it is told to stop.
SOLVER = """
from ortools.sat.python import cp_model
told = threading.Event()
def solve(self, *_):
    print("here", file=sys.stderr, flush=True)
    told.wait(60)
    return cp_model.UNKNOWN
cp_model.CpSolver.solve, cp_model.CpSolver.stop_search = solve, lambda self: told.set()
"""
TIGHT = {**BASE, "constraints": {"assert": [{"metric": "latency", "max": "1 ms"}]}}
JOBS = plan(
    workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 1}, ops={"carbon_tax": 100.0},
    placement={
        "windows": 6, "window_hours": 6.0,
        "sites": [{"region": "Norway", "capacity": 16}, {"region": "Poland", "capacity": 16}],
        "jobs": [{"name": f"job {i}", "duration_hours": 6.0 * (1 + i % 3), "nodes": 1 + i % 2} for i in range(7)],
    },
)  # fmt: skip
CROWDED = {**JOBS, "placement": {**JOBS["placement"], "windows": 3}}


def interrupted(tmp_path: Path, patch: str, base: dict[str, Any], *words: str) -> tuple[int, dict[str, Any], str]:
    """Press Ctrl-C where the search stays: its exit code, its answer as data, and its errors."""
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(base))
    problem = "placement" if "placement" in base else "parallelism"
    words = ("optimize", problem, str(tmp_path / "plan.yaml"), "--output", "json", *words)
    code = STAYING.format(patch=patch, words=list(words))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "here\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=50)
    return process.returncode, json.loads(output), errors


@pytest.mark.parametrize("patch", ["from mlsysim.constraints import search; search.compile_program = stay", SOLVER])
def test_ctrl_c_keeps_the_best_design_known(tmp_path: Path, patch: str) -> None:
    """While tables are built, and inside CP-SAT: the incumbent, its bound unknown, with exit code 5."""
    code, result, errors = interrupted(tmp_path, patch, BASE)
    assert (code, errors) == (5, "")
    assert (result["o_status"], result["o_bound"], result["o_gap"], result["exit_code"]) == ("feasible", None, None, 5)
    assert result["f_status"] == "PASS"


@pytest.mark.parametrize(
    "patch",
    ["from mlsysim.search import explanation as e; e._kept_out = stay",
     "from mlsysim.constraints.search import _Search; _Search.freed = stay"],
)  # fmt: skip
def test_ctrl_c_in_an_explanation_keeps_the_proof_and_the_sentences_so_far(tmp_path: Path, patch: str) -> None:
    """Exit code 0: the best is proven."""
    code, result, errors = interrupted(tmp_path, patch, BASE, "--explain")
    assert (code, errors, result["o_status"]) == (0, "", "optimal")
    assert result["o_explanation"]


def test_ctrl_c_while_a_conflict_is_looked_for_says_that_there_is_one(tmp_path: Path) -> None:
    """Exit code 4."""
    patch = "from mlsysim.constraints import conflicts; conflicts._explain = stay"
    code, result, errors = interrupted(tmp_path, patch, TIGHT)
    assert (code, errors) == (4, "")
    assert "interrupted before it was known which of them" in result["error"]["message"]


@pytest.mark.parametrize("patch", ["from mlsysim.constraints import packing; packing._neighbours = stay", SOLVER])
def test_ctrl_c_in_a_placement_keeps_the_best_one_known(tmp_path: Path, patch: str) -> None:
    """While jobs are moved, and inside CP-SAT."""
    code, result, errors = interrupted(tmp_path, patch, JOBS)
    assert (code, errors, result["o_status"]) == (5, "", "feasible")
    assert len(result["o_placement"]) == 7
    assert result["o_gap"] > 0


def test_ctrl_c_while_cures_are_looked_for_names_what_contradicts_itself(tmp_path: Path) -> None:
    """Without a claim about cures that were not tried."""
    patch = "from mlsysim.constraints import contradictions; contradictions._reachable = stay"
    code, result, errors = interrupted(tmp_path, patch, CROWDED)
    assert (code, errors) == (4, "")
    assert "cannot" in result["error"]["message"]
    assert result["error"]["hint"] is None


@pytest.mark.parametrize(
    ("patch", "words"),
    [("from mlsysim.constraints import search; search.improving = stay", ()),
     ("from mlsysim.constraints.space import Space; Space.lattice = stay", ("--pareto", "latency,memory_required"))],
)  # fmt: skip
def test_ctrl_c_before_anything_is_known_says_so(tmp_path: Path, patch: str, words: tuple[str, ...]) -> None:
    """Exit code 130, and no traceback."""
    code, result, _ = interrupted(tmp_path, patch, BASE, *words)
    assert (code, result["error"]["message"]) == (130, "interrupted before there was an answer")


def test_a_solve_leaves_ctrl_c_to_python() -> None:
    """CP-SAT puts no handler of its own in the place of Python's."""
    before = signal.getsignal(signal.SIGINT)
    search(task(load(BASE)).space, LATENCY)
    assert signal.getsignal(signal.SIGINT) is before


def test_after_ctrl_c_nothing_that_shares_the_clock_goes_on() -> None:
    """A search, a part of one and the solver end at once."""
    effort = Effort().begun()
    effort.clock.interrupted = True
    assert effort.left == effort.part(0.5).left == 0
    with pytest.raises(KeyboardInterrupt):
        search(task(load(BASE)).space, LATENCY, effort=effort)
    with pytest.raises(KeyboardInterrupt):
        front(task(load(BASE)).space, [(LATENCY, 1), ("feasibility.memory_required", 1)], effort=effort)


# The gap asked for.


@pytest.mark.parametrize(
    ("text", "share_of_it"),
    [("0.5%", 0.005), ("0.5 %", 0.005), ("0.005", 0.005), (0.005, 0.005), (0, 0.0), ("100%", 1.0)],
)
def test_a_gap_is_a_share(text: float | str, share_of_it: float) -> None:
    """As a number or in percent."""
    assert share(text) == share_of_it


@pytest.mark.parametrize("gap", ["half", "-1%", 1.5, "0.5 ms", "nan", "", "5 per cent"])
def test_a_gap_that_is_no_share_is_refused(gap: float | str) -> None:
    """In words, with the cure."""
    with pytest.raises(InputError, match="--gap") as caught:
        mlsysim.optimize(BASE, gap=gap)
    assert caught.value.hint == "write 0.5% or 0.005"


@pytest.mark.parametrize("gap", [0.001, 0.02, 0.2])
def test_a_search_ends_within_the_gap_asked_for(gap: float) -> None:
    """No worse than it says, and honest: feasible, with a bound that the optimum keeps, and exit code 0."""
    space = task(load(LARGE)).space
    exact, near = search(space, LATENCY), search(space, LATENCY, effort=Effort(gap=gap))
    assert exact.objective is not None and near.objective is not None and near.bound is not None  # noqa: PT018
    assert near.status in ("optimal", "feasible")
    assert near.gap is not None
    assert near.gap <= gap * (1 + 1e-9)
    assert near.bound <= exact.objective * (1 + 1e-9)
    assert near.objective <= exact.objective / (1 - gap) * (1 + 1e-9)


def test_a_search_of_which_all_designs_are_tried_is_proven_whatever_the_gap() -> None:
    """To list them costs less than to be content."""
    exact, near = mlsysim.optimize(BASE), mlsysim.optimize(BASE, gap="20%", top=3, explain=True)
    assert (near.answer.status, near.answer.choice) == ("optimal", exact.answer.choice)
    assert (len(near.answer.runners), near.answer.missing) == (2, 0)


def test_a_placement_ends_at_the_gap_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its page says so, with the gap rounded up, and the command succeeds."""
    exact, near = mlsysim.optimize(JOBS), mlsysim.optimize(JOBS, gap=0.5)
    assert exact.answer.status == "optimal"
    assert (near.answer.status, near.exit_code) == ("feasible", 0)
    assert 0 < near.answer.gap <= 0.5
    assert near.answer.bound <= exact.answer.cost <= near.answer.cost
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(JOBS))
    assert run(["optimize", "placement", str(tmp_path / "plan.yaml"), "--gap", "50%"]) == 0
    assert "stopped at the gap asked for" in capsys.readouterr().out
    assert run(["optimize", "placement", str(tmp_path / "plan.yaml"), "--gap", "1e-12"]) == 0
    assert "optimal" in capsys.readouterr().out


CHAT = plan(workload={"name": "Llama3_8B", "sequence_length": 512, "output_tokens": 64}, hardware={"name": "H100"})


@pytest.mark.parametrize(
    ("base", "problem", "options"),
    [(LARGE, "parallelism", {}), (LARGE, "nodes", {"nodes": [128, 256]}), (JOBS, "placement", {}),
     (CHAT, "batching", {"qps": 20.0}), (CHAT, "nodes", {"qps": 20.0, "hardware": ["H100", "A100"]})],
)  # fmt: skip
def test_every_problem_takes_a_gap(base: dict[str, Any], problem: str, options: dict[str, Any]) -> None:
    """And ends with exit code 0 within it."""
    found = mlsysim.optimize(base, problem, gap="30%", **options)
    assert found.exit_code == 0
    assert found.to_dict()["o_gap"] <= 0.3 * (1 + 1e-9)
    jsonschema.validate(found.to_dict(), schema_of("result"))
    if found.to_dict()["o_status"] == "feasible":
        assert "stopped at the gap asked for" in " ".join(found.page().split())
