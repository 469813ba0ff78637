"""Tasks with options that share room: every small instance against all its assignments, one by one."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from typing import Any

import numpy
import pytest

from mlsysim.constraints import assigning as assigning_module
from mlsysim.constraints.assigning import assign
from mlsysim.constraints.assignment import Assignment, Rule, Task
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.contradictions import explain
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.lagrange import ascend, contradiction
from mlsysim.constraints.packing import pack
from mlsysim.constraints.packing_model import solve_options
from mlsysim.symbolic.errors import InputError


def instance(seed: int) -> Assignment:
    """A few tasks, places and windows; room, rules and limits so that about a third has no solution."""
    draw = random.Random(seed)
    places, windows = draw.randint(1, 3), draw.randint(1, 4)
    tasks = []
    for position in range(draw.choice([1, 3, 4])):
        length = draw.randint(1, windows)
        shape = (places, windows - length + 1)
        sign = draw.choice([1.0, 1.0, -1.0])
        costs = numpy.array([[sign * draw.uniform(1, 10) for _ in range(shape[1])] for _ in range(shape[0])])
        water = numpy.array([[draw.uniform(0, 5) for _ in range(shape[1])] for _ in range(shape[0])])
        rules = {}
        if draw.random() < 0.4:
            rules["residency"] = Rule(numpy.array([[float(draw.random() < 0.4)] for _ in range(places)]), 0.5)
        if draw.random() < 0.4:
            rules["deadline"] = Rule(numpy.arange(shape[1])[None, :] + length, draw.randint(1, windows))
        tasks.append(
            Task(f"task {position}", draw.randint(1, 6), length, costs, {"water": water, "cost": costs}, rules)
        )
    rooms = tuple(
        draw.choice([None, draw.randint(0, 4), draw.randint(4, 9), draw.randint(5, 12)]) for _ in range(places)
    )
    bounds = []
    if draw.random() < 0.4:
        bounds.append(Bound("water", draw.uniform(0.5, 3.5) * len(tasks)))
    if draw.random() < 0.2:
        bounds.append(Bound("water", draw.uniform(0.5, 2.5) * len(tasks), -1))
    if draw.random() < 0.2:
        bounds.append(Bound("cost", draw.uniform(2, 10) * len(tasks)))
    return Assignment(tuple(tasks), rooms, windows, tuple(bounds))


def keeps(problem: Assignment, choice: Any) -> bool:
    """Whether a place and a first window for each task keep everything, counted window by window."""
    for task, (place, start) in zip(problem.tasks, choice, strict=True):
        for rule in task.rules.values():
            if numpy.broadcast_to(rule.needed, task.costs.shape)[place, start] > rule.most:
                return False
    for place, room in enumerate(problem.rooms):
        for window in range(problem.windows):
            running = [
                task.size
                for task, (p, s) in zip(problem.tasks, choice, strict=True)
                if p == place and s <= window < s + task.length
            ]
            if room is not None and sum(running) > room:
                return False
    for bound in problem.bounds:
        total = sum(t.totals[bound.quantity][p, s] for t, (p, s) in zip(problem.tasks, choice, strict=True))
        if bound.sign * total > bound.sign * bound.value + 1e-12 * abs(bound.value):
            return False
    return True


def cheapest(problem: Assignment) -> float | None:
    """The least cost of all assignments."""
    options = [list(itertools.product(*map(range, task.costs.shape))) for task in problem.tasks]
    costs = [
        math.fsum(task.costs[place, start] for task, (place, start) in zip(problem.tasks, choice, strict=True))
        for choice in itertools.product(*options)
        if keeps(problem, choice)
    ]
    return min(costs, default=None)


@pytest.mark.parametrize("seed", range(80))
def test_the_best_of_all_assignments_is_found_and_proven(seed: int) -> None:
    """Or that there is none."""
    problem = instance(seed)
    expected, found = cheapest(problem), assign(problem, effort=Effort(seed=seed))
    if expected is None:
        assert (found.status, found.chosen, found.cost) == ("infeasible", (), None)
        return
    # Costs of both signs may add up to little; what is rounded is the sum of their sizes.
    rounded = 1e-9 * sum(float(abs(task.costs).max()) for task in problem.tasks)
    assert found.status == "optimal"
    assert keeps(problem, found.chosen)
    assert found.cost == pytest.approx(expected, abs=rounded)
    assert found.bound is not None
    assert found.cost is not None
    assert expected - rounded <= found.bound <= expected + rounded
    assert found.gap == pytest.approx((found.cost - found.bound) / abs(found.cost))


def test_the_instances_are_of_both_kinds() -> None:
    """A good share has no solution, and of those that have one many are held back by room or limits."""
    problems = [instance(seed) for seed in range(100)]
    costs = [cheapest(problem) for problem in problems]
    free = [cheapest(replace(p, rooms=tuple(None for _ in p.rooms), bounds=())) for p in problems]
    assert 20 < sum(cost is None for cost in costs) < 67
    assert sum(c is not None and f is not None and c > f + 1e-9 for c, f in zip(costs, free, strict=True)) > 10


@pytest.mark.parametrize("seed", range(0, 300, 15))
def test_cp_sat_alone_finds_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without prices, packing or dropping: the integer program by itself, and its confirmation."""
    monkeypatch.setattr(assigning_module, "STEPS", 0)
    monkeypatch.setattr(assigning_module, "ROUNDS", 0)
    monkeypatch.setattr(assigning_module, "ALONE", 0)
    monkeypatch.setattr(assigning_module, "pack", lambda *_: None)
    problem = instance(seed)
    expected, found = cheapest(problem), assign(problem, effort=Effort(seed=seed))
    if expected is None:
        assert found.status == "infeasible"
    else:
        assert found.status == "optimal"
        assert found.cost == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("seed", range(0, 300, 9))
def test_prices_prove_nothing_that_is_wrong(seed: int) -> None:
    """The bound is never above the least cost, and no solution is ever ruled out; a packing keeps everything."""
    problem = instance(seed)
    options = problem.options
    if options.lacking:
        assert cheapest(problem) is None
        return
    expected = cheapest(problem)
    prices = ascend(problem, options, 100)
    if expected is None:
        assert pack(problem, options, prices.reduced, 30) is None
        return
    assert prices.bound <= expected + prices.noise
    assert not contradiction(problem, options, 100, Effort())
    packing = pack(problem, options, prices.reduced, 30)
    if packing is not None:
        assert keeps(problem, [(options.place[o], options.start[o]) for o in packing.chosen])


def test_the_bound_is_that_of_the_linear_relaxation() -> None:
    """Two tasks of size 2, room for 3 at the cheap place: the relaxation puts half of one outside."""
    costs = numpy.array([[1.0], [3.0]])
    tasks = tuple(Task(name, 2, 1, costs) for name in "ab")
    problem = Assignment(tasks, (3, None), 1)
    assert ascend(problem, problem.options, 400).bound == pytest.approx(1 + 0.5 * 1 + 0.5 * 3, rel=1e-3)
    assert assign(problem).cost == 4.0


@pytest.mark.parametrize("seed", [3, 4])
def test_a_choice_repeats_for_a_seed(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, so that many choices are best, and CP-SAT must find one of them."""
    monkeypatch.setattr(assigning_module, "ROUNDS", 0)
    draw = numpy.random.default_rng(seed)
    tasks = []
    for number in range(16):
        size, length = int(draw.integers(2, 9)), int(draw.integers(1, 4))
        tasks.append(Task(f"{number}", size, length, draw.integers(1, 9, (4, 7 - length)).astype(float)))
    room = int(sum(task.size * task.length for task in tasks) / 0.85 / 24) + 1
    found = [assign(Assignment(tuple(tasks), (room,) * 4, 6), effort=Effort(seed=1)) for _ in range(3)]
    assert {each.status for each in found} == {"optimal"}
    assert found[0].left > 0
    assert len({each.chosen for each in found}) == 1


@pytest.mark.parametrize("seed", range(60))
def test_a_contradiction_is_one_and_the_smallest(seed: int) -> None:
    """Its parts alone are impossible, without any one of them possible, and what would cure it does so by the least."""
    problem = instance(seed)
    if cheapest(problem) is not None:
        return
    found = explain(problem, Effort(seed=seed).begun())
    assert found.smallest
    kept = [relief.part for relief in found.reliefs]

    def part_of(tasks: Any, parts: Any) -> Assignment:
        rules = {(p.task, p.rule) for p in parts if p.rule}
        chosen = tuple(
            replace(problem.tasks[j], rules={n: r for n, r in problem.tasks[j].rules.items() if (j, n) in rules})
            for j in tasks
        )
        rooms = tuple(r if i in {p.place for p in parts} else None for i, r in enumerate(problem.rooms))
        return replace(problem, tasks=chosen, rooms=rooms, bounds=tuple(p.bound for p in parts if p.bound))

    assert cheapest(part_of(found.tasks, kept)) is None
    for task in found.tasks:
        rest = [p for p in kept if p.task != task]
        assert cheapest(part_of([t for t in found.tasks if t != task], rest)) is not None or len(found.tasks) == 1
    for part in kept:
        assert cheapest(part_of(found.tasks, [p for p in kept if p is not part])) is not None
    for relief in found.reliefs:
        loose = [
            p for p in _all(problem) if p != (relief.part.task, relief.part.rule, relief.part.place, relief.part.bound)
        ]
        assert (relief.reachable is None) == (cheapest(_with(problem, loose)) is None)
        if relief.reachable is not None and relief.part.place is not None:
            place = relief.part.place
            for room, possible in ((int(relief.reachable), True), (int(relief.reachable) - 1, False)):
                rooms = (*problem.rooms[:place], room, *problem.rooms[place + 1 :])
                assert (cheapest(replace(problem, rooms=rooms)) is not None) == possible
        if relief.reachable is not None and relief.part.bound is not None:
            bound = relief.part.bound
            for share, possible in ((1e-7, True), (-1e-5, False)):
                moved = replace(bound, value=relief.reachable + bound.sign * share * abs(relief.reachable))
                bounds = tuple(moved if each is bound else each for each in problem.bounds)
                assert (cheapest(replace(problem, bounds=bounds)) is not None) == possible


def _all(problem: Assignment) -> list[tuple[Any, ...]]:
    """Every rule, room and limit of a problem."""
    rules = [(j, name, None, None) for j, task in enumerate(problem.tasks) for name in task.rules]
    rooms = [(None, "", i, None) for i, room in enumerate(problem.rooms) if room is not None]
    return [*rules, *rooms, *((None, "", None, bound) for bound in problem.bounds)]


def _with(problem: Assignment, parts: list[tuple[Any, ...]]) -> Assignment:
    """The problem with some of them alone."""
    rules, places = {(j, name) for j, name, _, _ in parts if name}, {place for _, _, place, _ in parts}
    tasks = tuple(
        replace(task, rules={n: r for n, r in task.rules.items() if (j, n) in rules})
        for j, task in enumerate(problem.tasks)
    )
    rooms = tuple(room if i in places else None for i, room in enumerate(problem.rooms))
    return replace(problem, tasks=tasks, rooms=rooms, bounds=tuple(b for *_, b in parts if b))


def test_too_many_options_are_refused_before_they_are_made() -> None:
    """Not an exhausted memory."""
    task = Task("wide", 1, 1, numpy.broadcast_to(numpy.float64(1.0), (3000, 3000)))
    with pytest.raises(InputError, match="more than 6,000,000 choices"):
        assign(Assignment((task,), (None,) * 3000, 3000))


def test_nothing_to_assign_costs_nothing() -> None:
    """No tasks."""
    assert assign(Assignment((), (1,), 1)).status == "optimal"


def test_a_choice_that_keeps_a_total_only_as_rounded_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Integers are coarse: what just breaks a limit is refused by the exact sum, and the next best is found."""
    from mlsysim.constraints import packing_model

    monkeypatch.setattr(packing_model, "steps", lambda *_: 1.0)
    monkeypatch.setattr(assigning_module, "STEPS", 0)
    monkeypatch.setattr(assigning_module, "ROUNDS", 0)
    monkeypatch.setattr(assigning_module, "ALONE", 0)
    monkeypatch.setattr(assigning_module, "pack", lambda *_: None)
    costs, water = numpy.array([[1.0], [4.0]]), numpy.array([[1.4], [0.6]])
    tasks = tuple(Task(name, 1, 1, costs, {"water": water}) for name in "ab")
    problem = Assignment(tasks, (None, None), 1, (Bound("water", 2.1),))
    found = assign(problem)
    assert (found.status, found.cost) == ("optimal", 5.0)


def test_the_solver_is_asked_for_the_options_it_is_given() -> None:
    """A hint, and a choice that must not be made again."""
    costs = numpy.array([[1.0], [2.0]])
    problem = Assignment((Task("a", 1, 1, costs),), (None, None), 1)
    assert solve_options(problem, problem.options, Effort(5.0).begun(), hint=[1]).chosen.tolist() == [0]
    assert solve_options(problem, problem.options, Effort(5.0).begun(), refused=[numpy.array([0])]).chosen.tolist() == [
        1
    ]
