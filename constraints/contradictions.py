"""Why tasks cannot all run: the fewest tasks, rules, rooms and limits that contradict each other, and what would cure each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy

from mlsysim.constraints.assigning import assign, without_costs
from mlsysim.constraints.assignment import Assignment
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.effort import Effort, OutOfTimeError


@dataclass(frozen=True)
class Part:
    """One thing that a contradiction needs: that a task runs, a rule of it, the room of a place, or a limit on a total."""

    task: int | None = None
    rule: str = ""
    place: int | None = None
    bound: Bound | None = None


@dataclass(frozen=True)
class Relief:
    """The least by which one part must give way, all other parts of the whole problem kept.

    Attributes:
        part: a rule, a room or a limit.
        reachable: what the rule must allow, how much room there must be, or what the total can be; None where that part
            alone would not do.
        certain: whether that was known before time or Ctrl-C ended the search.
    """

    part: Part
    reachable: float | None
    certain: bool = True


@dataclass(frozen=True)
class Contradiction:
    """Parts that contradict each other.

    Attributes:
        tasks: the tasks that cannot all run.
        reliefs: what stands in their way, and what each would have to be; each was solved for.
        smallest: whether it is proven that none of the parts could be left out.
    """

    tasks: tuple[int, ...]
    reliefs: tuple[Relief, ...]
    smallest: bool


def explain(problem: Assignment, effort: Effort) -> Contradiction:
    """Find parts that contradict each other and of which none can be left out, by leaving out ever smaller groups.

    Args:
        problem: one that was found impossible.
        effort: what the searches may spend; when the time ends, what is left may not be the smallest.
    """

    def impossible(parts: Sequence[Part]) -> bool:
        return assign(_of(problem, parts), effort=effort.part(0.25), any_will_do=True).status == "infeasible"

    tasks = [Part(task=task) for task in range(len(problem.tasks))]
    rules = [Part(task=j, rule=name) for j, task in enumerate(problem.tasks) for name in task.rules]
    rooms = [Part(place=place) for place, room in enumerate(problem.rooms) if room is not None]
    bounds = [Part(bound=bound) for bound in problem.bounds]
    tasks = _fewest(tasks, lambda some: impossible([*some, *rules, *rooms, *bounds]), effort)
    running = {part.task for part in tasks}
    rest = [*(rule for rule in rules if rule.task in running), *rooms, *bounds]
    rest = _fewest(rest, lambda some: impossible([*tasks, *some]), effort)
    smallest = effort.left > 0
    reliefs = tuple(_relief(problem, part, effort) for part in rest)
    return Contradiction(tuple(part.task for part in tasks if part.task is not None), reliefs, smallest)


def _fewest(parts: list[Part], impossible: Callable[[list[Part]], bool], effort: Effort) -> list[Part]:
    """Leave out halves, quarters and at last single parts while what stays is still impossible.

    Single parts are tried until none can go: one that adds to a total with a least value may be needed by others only.
    """
    size = max(1, len(parts) // 2)
    while True:
        position, before = 0, len(parts)
        while position < len(parts) and effort.left > 0:
            fewer = parts[:position] + parts[position + size :]
            try:
                needless = impossible(fewer)
            except KeyboardInterrupt:
                effort.clock.interrupted = True
                return parts
            if needless:
                parts = fewer
            else:
                position += size
        if effort.left <= 0 or (size == 1 and len(parts) == before):
            return parts
        size = max(1, size // 2)


def _of(problem: Assignment, parts: Sequence[Part]) -> Assignment:
    """The problem with some of its parts alone."""
    rules = {(part.task, part.rule) for part in parts if part.rule}
    running = [part.task for part in parts if part.task is not None and not part.rule]
    places = {part.place for part in parts if part.place is not None}
    tasks = []
    for j in running:
        task = problem.tasks[j]
        tasks.append(replace(task, rules={name: rule for name, rule in task.rules.items() if (j, name) in rules}))
    rooms = tuple(room if place in places else None for place, room in enumerate(problem.rooms))
    bounds = tuple(part.bound for part in parts if part.bound is not None)
    return replace(problem, tasks=tuple(tasks), rooms=rooms, bounds=bounds)


def _relief(problem: Assignment, part: Part, effort: Effort) -> Relief:
    """The least by which a part must give way."""
    if effort.clock.interrupted:
        return Relief(part, None, certain=False)
    try:
        return Relief(part, _reachable(problem, part, effort.part(1.0)))
    except KeyboardInterrupt:
        effort.clock.interrupted = True
    except OutOfTimeError:
        pass
    return Relief(part, None, certain=False)


def _reachable(problem: Assignment, part: Part, effort: Effort) -> float | None:
    """The least by which a part must give way; None where it alone would not do.

    Raises:
        OutOfTimeError: the time is up before that is known.
    """
    if part.place is not None:
        return _least_room(problem, part.place, effort)
    if part.bound is not None:
        bound = part.bound
        free = replace(problem, bounds=tuple(each for each in problem.bounds if each is not bound))
        tasks = tuple(replace(task, costs=bound.sign * task.totals[bound.quantity]) for task in free.tasks)
        least = _least(replace(free, tasks=tasks), effort)
        return None if least is None else bound.sign * least
    assert part.task is not None
    free = without_costs(problem)
    task = free.tasks[part.task]
    needed = numpy.broadcast_to(task.rules[part.rule].needed, task.costs.shape)
    loose = {name: rule for name, rule in task.rules.items() if name != part.rule}
    changed = replace(task, costs=needed, rules=loose)
    tasks = (*free.tasks[: part.task], changed, *free.tasks[part.task + 1 :])
    return _least(replace(free, tasks=tasks), effort)


def _least(problem: Assignment, effort: Effort) -> float | None:
    """The least cost that is known; None where nothing fits."""
    found = assign(problem, effort=effort)
    if found.status == "unknown":
        raise OutOfTimeError("the time is up", hint="give more with --time-limit")
    return found.cost


def _least_room(problem: Assignment, place: int, effort: Effort) -> float | None:
    """How much room a place must have for all tasks to run."""

    def with_room(room: int | None) -> bool:
        rooms = (*problem.rooms[:place], room, *problem.rooms[place + 1 :])
        wanted = without_costs(replace(problem, rooms=rooms))
        return bool(assign(wanted, effort=effort.part(0.25), any_will_do=True).chosen)

    low, high = problem.rooms[place] or 0, sum(task.size for task in problem.tasks)
    if not with_room(None):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if with_room(middle):
            high = middle
        else:
            low = middle
    return float(high)
