"""The search against brute force written here, and against what it must never do."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy
import pytest

import mlsysim
from mlsysim.constraints import search as search_module
from mlsysim.constraints.compiler import Bound, Goal, compile_program, physical, tighten
from mlsysim.constraints.search import search
from mlsysim.constraints.space import Space, count
from mlsysim.design.binding import bind
from mlsysim.plan import load
from mlsysim.search.optimization import optimize
from mlsysim.search.parallelism import split_space
from mlsysim.symbolic.errors import InfeasibleError, InputError, MlsysimError
from mlsysim.symbolic.kernels import catalogue
from tests.conftest import plan
from tests.constraints.brute_force import best_of, proves

LATENCY = "performance.latency"


def brute_force(space: Space, objective: str, sense: int, bounds: list[Bound]) -> float | None:
    """Every combination."""
    points = (
        {**space.values, **dict(zip(space.domains, map(float, combination), strict=True))}
        for combination in itertools.product(*space.domains.values())
    )
    return best_of(points, space.variant, objective, sense, bounds)


def instance(seed: int) -> tuple[Space, str, int, list[Bound]]:
    """A small random problem: model, fleet, batch, open decisions, objective and sometimes a limit."""
    draw = random.Random(seed)
    model = draw.choice(
        ["Llama3_8B", "Llama3_70B", "GPT2_XL", "Mixtral_8x7B", "Qwen3_30B_A3B", "GPT3_175B", "DeepSeek_V3"]
    )
    name = draw.choice(["H100", "A100", "H200", "MI300X"])
    training = draw.random() < 0.8
    workload: dict[str, Any] = {"name": model, "batch_size": draw.choice([12, 32, 48, 96, 128, 160])}
    hardware = {
        "name": name,
        "nodes" if training else "accelerators": draw.choice([1, 2, 3, 4, 6, 10]) * (1 if training else 4),
    }
    if training:
        workload["sequence_length"] = draw.choice([512, 1024, 1024 if model == "GPT2_XL" else 2048])
    search_for = {"offload": True} if training and name in ("H100", "H200") else {}
    space = split_space(
        bind(load(plan(workload=workload, hardware=hardware, ops={"duration_days": 3.0}, search=search_for)))
    )
    domains = dict(space.domains)
    for leaf in sorted(domains):  # keep what brute force can do in a moment
        keep = draw.sample(
            domains[leaf], min(len(domains[leaf]), 4 if leaf in ("split.tensor", "split.pipeline") else 2)
        )
        domains[leaf] = tuple(sorted(keep)) if leaf != "split.data" else domains[leaf]
        if leaf.endswith("_spared"):
            domains[leaf] = tuple(sorted({0, *keep}))
    objective, sense = draw.choice([(LATENCY, 1), ("performance.throughput", -1), ("feasibility.memory_required", 1)])
    bounds = []
    if draw.random() < 0.4:
        bounds.append(Bound("feasibility.memory_required", draw.choice([2e10, 4e10, 7e10])))
    if draw.random() < 0.3:
        bounds.append(Bound(LATENCY, draw.choice([1.0, 10.0, 100.0])))
    return Space(space.variant, space.values, domains), objective, sense, bounds


@pytest.mark.parametrize("seed", range(30))
def test_the_optimum_is_that_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """CP-SAT finds the best of all combinations, or proves that there is none; its bound never passes it."""
    monkeypatch.setattr(search_module.Problem, "everything", None)  # the solver alone, without its own check
    space, objective, sense, bounds = instance(seed)
    expected = brute_force(space, objective, sense, bounds)
    answer = search(space, objective, sense=sense, bounds=bounds)
    proves(answer, expected, sense)


def test_without_a_good_start_the_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The incumbent speeds the search up and decides nothing."""
    spaces = [instance(seed) for seed in range(60, 72)]
    with_start = [search(s, o, sense=n, bounds=b) for s, o, n, b in spaces]
    monkeypatch.setattr(search_module, "improving", lambda *_: iter(()))
    without = [search(s, o, sense=n, bounds=b) for s, o, n, b in spaces]
    for a, b in zip(with_start, without, strict=True):
        assert a.status == b.status
        assert a.objective == pytest.approx(b.objective, rel=1e-9) if a.objective else b.objective is None


def test_tightening_drops_no_row_of_an_optimum() -> None:
    """After tightening with the optimum as incumbent, every table still holds its row."""
    feasible = 0
    for seed in range(20):
        space, objective, sense, bounds = instance(seed)
        answer = search(space, objective, sense=sense, bounds=bounds)
        if answer.objective is None:
            continue
        feasible += 1
        program = compile_program(space, Goal.of(objective, sense), (*physical(space), *bounds))
        tighten(program, sense * answer.objective)
        for table in program.tables:
            match = numpy.ones(table.size, dtype=bool)
            for name in table.decisions:
                match &= table.rows[name] == answer.choice[name]
            assert match.sum() == 1
    assert feasible >= 8


def test_the_terms_of_the_objective_add_up_to_it() -> None:
    """Summing the tables of a design gives the kernel's own value: the program is made of the same equations."""
    space = split_space(
        bind(load(plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2})))
    )
    program = compile_program(space, Goal.of(LATENCY), physical(space))
    assert len(program.goals) == 1  # no data set is named, so that a step is its time on the accelerators
    rows = space.lattice(space.decisions)
    keep = numpy.random.default_rng(5).choice(count(rows), 50)
    sample = {name: column[keep] for name, column in rows.items()}
    exact = space.evaluate(sample, [LATENCY])[LATENCY]
    for position in range(50):
        total = 0.0
        for table in program.tables:
            match = numpy.ones(table.size, dtype=bool)
            for name in table.decisions:
                match &= table.rows[name] == sample[name][position]
            total += float(table.costs[program.goals[0]][match][0])
        assert total == pytest.approx(exact[position], rel=1e-12)


def test_the_same_seed_gives_the_same_answer() -> None:
    """Answers repeat."""
    found = [optimize(load(plan(workload={"name": "GPT3_175B", "batch_size": 96}, hardware={"name": "H100", "nodes": 12})))
             for _ in range(2)]  # fmt: skip
    assert found[0].answer.choice == found[1].answer.choice


@pytest.mark.parametrize(("model", "nodes", "batch"), [
    ("GPT3_175B", 6, 1536), ("GPT3_175B", 12, 1536), ("Llama3_70B", 10, 1200), ("Llama3_70B", 15, 1200), ("GPT3_175B", 384, 1536),
])  # fmt: skip
def test_fleets_that_are_no_power_of_two_are_solved(model: str, nodes: int, batch: int) -> None:
    """48, 96, 80, 120 and 3,072 accelerators: any integers that divide."""
    found = optimize(
        load(plan(workload={"name": model, "batch_size": batch}, hardware={"name": "H100", "nodes": nodes}))
    )
    assert found.answer.status == "optimal"
    assert found.evaluation.feasible


def test_a_mixture_of_experts_over_a_fleet_is_solved() -> None:
    """DeepSeek-V3 over 2,048 accelerators, every degree open: some 10^8 joint values, proven within the table limit."""
    found = optimize(
        load(plan(workload={"name": "DeepSeek_V3", "batch_size": 15360}, hardware={"name": "H100", "nodes": 256}))
    )
    assert found.answer.status == "optimal"
    assert found.evaluation.feasible


@pytest.mark.parametrize("seed", range(10))
def test_a_part_of_the_space_is_what_the_whole_leaves_of_it_and_no_less(seed: int) -> None:
    """The joint values of some decisions hold every one that some whole design has, and none that a condition forbids."""
    space, *_ = instance(seed)
    numbers = random.Random(seed)
    whole = space.lattice(space.decisions)
    product = list(itertools.product(*(space.domains[name] for name in space.decisions)))
    every = {
        name: numpy.array(column, dtype=float)
        for name, column in zip(space.decisions, zip(*product, strict=True), strict=True)
    }
    structural = [c for c in catalogue().VARIANTS[space.variant]["conditions"] if c["kind"] == "structural"]
    assert count(whole) == int(space.holds(every, structural).sum())
    for size in range(1, len(space.decisions)):
        names = numbers.sample(space.decisions, size)
        part = space.lattice(names)
        held = set(zip(*(part[n].tolist() for n in part), strict=True))
        assert len(held) == count(part)
        assert set(zip(*(whole[n].tolist() for n in part), strict=True)) <= held


def test_replicas_never_outnumber_the_batch() -> None:
    """A batch of 64 over 512 accelerators leaves at most 64 replicas, and every microbatch has its samples."""
    found = optimize(
        load(plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 64}))
    )
    chosen = found.answer.choice
    assert 64 % (chosen["split.data"] * chosen["split.microbatch"]) == 0


def test_what_the_plan_fixes_stays_fixed() -> None:
    """A degree in the plan is no decision."""
    fixed = plan(workload={"name": "Llama3_70B", "batch_size": 512}, hardware={"name": "H100", "nodes": 8},
                 parallelism={"tensor": 4, "zero": 1})  # fmt: skip
    chosen = optimize(load(fixed)).answer.choice
    assert (chosen["split.tensor"], chosen["split.zero"]) == (4, 1)


def test_asserts_are_constraints() -> None:
    """Less memory may be used than there is, and the best then takes longer."""
    base = plan(workload={"name": "Llama3_70B", "batch_size": 512}, hardware={"name": "H100", "nodes": 8})
    tight = {**base, "constraints": {"assert": [{"metric": "memory_required", "max": "36 GB"}]}}
    free, held = optimize(load(base)), optimize(load(tight))
    assert held.conflict is None
    assert held.evaluation["feasibility.memory_required"] <= 36e9
    assert held.answer.objective >= free.answer.objective  # type: ignore[operator]


def test_asserts_that_no_split_keeps_are_named_with_the_best_reachable() -> None:
    """The answer says how far away the limit is."""
    found = mlsysim.optimize(plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 1},
                                  constraints={"assert": [{"metric": LATENCY, "max": "1 ms"}]}))  # fmt: skip
    assert found.exit_code == 4
    assert "performance.latency <= 1 ms, but the best reachable is" in found.conflict
    assert found.to_dict()["o_status"] == "infeasible"


def test_asserts_outside_of_a_conflict_are_kept() -> None:
    """Only what contradicts itself is given up in the design that is shown."""
    limits = [{"metric": LATENCY, "max": "1 ms"}, {"metric": "memory_required", "max": "12 GB"}]
    found = mlsysim.optimize(plan(workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2},
                                  constraints={"assert": limits}))  # fmt: skip
    assert "memory_required" not in found.conflict
    assert found.evaluation["feasibility.memory_required"] <= 12e9
    assert [violation.limit.metric for violation in found.evaluation.violations] == [LATENCY]


def test_a_model_that_fits_no_split_is_infeasible_with_cures() -> None:
    """405 billion parameters cannot be trained on 8 accelerators of 80 GB."""
    with pytest.raises(InfeasibleError, match="OOM: requires") as caught:
        optimize(load(plan(workload={"name": "Llama3_405B", "batch_size": 8}, hardware={"name": "H100", "nodes": 1})))
    assert "fit" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"problem": "paralelism"}, "did you mean 'parallelism'"), ({"objective": "latencyy"}, "did you mean"),
        ({"objective": "macro.tco"}, "is skipped in this plan"), ({"time_limit": 0.0}, "is not above 0"),
        ({"time_limit": float("nan")}, "is not above 0"),
    ],
)  # fmt: skip
def test_bad_requests_are_refused_in_words(options: dict[str, Any], message: str) -> None:
    """An unknown problem, an objective that is no metric or has no value, no time."""
    with pytest.raises(InputError, match=message):
        optimize(
            load(plan(workload={"name": "Llama3_8B", "batch_size": 8}, hardware={"name": "H100", "nodes": 1})),
            **options,
        )


def test_a_solver_that_contradicts_enumeration_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A false 'nothing better' is never passed on."""
    space, objective, sense, _ = instance(5)
    worst = list(search_module.Problem(space, Goal.of(objective, sense)).ranked(space.lattice(space.domains)))[-1]
    monkeypatch.setattr(search_module, "improving", lambda *_: iter([worst]))
    monkeypatch.setattr(search_module, "designs", lambda *_, **__: None)
    monkeypatch.setattr(search_module, "solve", lambda *_, **__: search_module.Outcome("infeasible", None, None))
    with pytest.raises(MlsysimError, match="the solver says optimal"):
        search(space, objective, sense=sense)


def test_a_false_infeasible_does_not_hide_the_incumbent(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a design in hand the space cannot be empty."""
    space, objective, sense, _ = instance(5)
    monkeypatch.setattr(search_module.Problem, "everything", None)
    monkeypatch.setattr(search_module, "solve", lambda *_, **__: search_module.Outcome("infeasible", None, None))
    assert search(space, objective, sense=sense).choice


def reading(seed: int) -> tuple[Space, float]:
    """A small problem whose data comes about as fast as steps end, and the time in which it comes."""
    draw = random.Random(seed)
    hardware = {"name": draw.choice(["H100", "A100"]), "nodes": draw.choice([1, 2, 4])}
    workload = {"name": draw.choice(["Llama3_8B", "GPT2_XL"]), "batch_size": 64, "sequence_length": 1024}
    space = split_space(
        bind(
            load(
                plan(
                    workload=workload,
                    hardware=hardware,
                    data={"dataset": "FineWeb", "storage": "SuperPOD", "worker_rate": 1.0, "workers": 8},
                )
            )
        )
    )
    domains = {leaf: tuple(sorted({d[0], *draw.sample(d, min(len(d), 2))})) for leaf, d in space.domains.items()}
    domains["split.data"] = space.domains["split.data"]
    whole = Space(space.variant, space.values, domains)
    times = whole.evaluate(whole.lattice(whole.decisions), ["performance.time_accelerators"])
    late = float(numpy.quantile(times["performance.time_accelerators"], draw.choice([0.1, 0.5, 0.9])))
    read = float(whole.evaluate({}, ["performance.time_ingest"])["performance.time_ingest"][0])
    slower = {"storage.read_bandwidth": space.values["storage.read_bandwidth"] * read / late}
    slower["storage.filesystem_read_bandwidth"] = float("inf")
    nodes = space.values["split.devices"] / space.values["node.accelerators"]
    faster = {"data.worker_rate": 64 / (8 * nodes * late * draw.choice([0.5, 1.5]))}
    return Space(space.variant, {**space.values, **slower, **faster}, domains), late


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("case", ["latency", "limit", "least", "stall"])
def test_the_optimum_is_that_of_brute_force_where_data_may_come_late(
    seed: int, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is the largest of three times, in the objective and in limits of either side."""
    monkeypatch.setattr(search_module.Problem, "everything", None)
    space, late = reading(seed)
    objective, bounds = {
        "latency": (LATENCY, []),
        "limit": ("feasibility.memory_required", [Bound(LATENCY, 1.6 * late)]),
        "least": ("feasibility.memory_required", [Bound(LATENCY, 1.2 * late, -1)]),
        "stall": ("feasibility.memory_required", [Bound("performance.data_stall", 0.2)]),
    }[case]
    proves(search(space, objective, bounds=bounds), brute_force(space, objective, 1, bounds), 1)


def test_more_nodes_read_faster() -> None:
    """Where storage binds, the fewest nodes that keep a limit on latency are those whose reading keeps it."""
    found = mlsysim.optimize(
        plan(
            workload={"name": "GPT2_XL", "batch_size": 512, "phase": "training"},
            hardware={"name": "H100", "nodes": 1},
            data={"dataset": "ImageNet_21k", "storage": "HDD_7200"},
            search={"nodes": "1-8"},
            constraints={"assert": [{"metric": "performance.time_ingest", "max": "50 ms"}]},
        ),
        "nodes",
        objective="fewest",
    )
    # 512 samples of 1.3 TB / 14,197,122 from disks of 285 MB/s: 164.5 ms from one, 41.1 ms from four.
    assert found.evaluation["split.devices"] == 8 * 4
    assert found.evaluation["performance.time_ingest"] == pytest.approx(512 * 1.3e12 / 14197122 / (4 * 285e6))
