"""Why nothing fits: the limits that contradict each other, and what each would have to be, in words."""

from __future__ import annotations

from mlsysim.constraints.conflicts import Conflict, explain
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.feasibility import failing
from mlsysim.constraints.space import rows_of
from mlsysim.remedies import remedies
from mlsysim.search.task import Task
from mlsysim.symbolic.errors import InfeasibleError, UnprovenError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

#: Why nothing fits where no condition alone is to blame.
TOGETHER = (
    "the conditions cannot be kept together (replicas times microbatch must divide the batch, and degrees the fleet)"
)


def unproven(effort: Effort) -> UnprovenError:
    """What to say where the search must end before any design is known or all are ruled out."""
    return UnprovenError(
        f"no design is known after {effort.time_limit:g} s", hint="give more with --time-limit, or decide less"
    )


def nothing_fits(task: Task, effort: Effort) -> InfeasibleError:
    """What to say where no design fits, whatever the asserts: the structure, or what each needs at least."""
    design = task.first.design
    why = task.first.failures[0].sentence if task.first.failures else TOGETHER
    broken = task.space.broken()
    if broken and broken[0][0]["kind"] != "structural":
        why = failing(*broken[0])
    try:
        conflict = None if broken else explain(task.space, [], effort)
    except KeyboardInterrupt:  # that nothing fits is known
        conflict = None
    if conflict and any(each.choice for each in conflict.relaxations):
        why = conflict_of(task, conflict)
    if any(vars(design.loaded.plan.search.vary).values()):  # cures are of the whole, and would be ruled out as well
        return InfeasibleError(
            f"no {task.noun} of {design.model.name} that search.vary allows fits: {why}",
            where=design.loaded.where("search", "vary", key=True), hint="allow more values, or leave search.vary out",
        )  # fmt: skip
    return InfeasibleError(f"no {task.noun} of {design.model.name} fits: {why}",
                           where=design.loaded.where("hardware", key=True),
                           hint=" or ".join(remedies(task.first)) or None)  # fmt: skip


def conflict_of(task: Task, conflict: Conflict) -> str:
    """The limits that contradict each other, and what each would have to be, in words."""
    asked = {(limit.metric, limit.sign, limit.value): limit.text for limit in task.first.enforced}
    own = {c["needed"]: c for c in catalogue().VARIANTS[task.space.variant]["conditions"]}
    words = []
    for each in conflict.relaxations:
        bound, record = each.bound, catalogue().QUANTITIES[each.bound.quantity]
        known = asked.get((bound.quantity, bound.sign, bound.value)) or task.names.get(bound)
        if not each.certain:
            words += [f"{known}, of which time ended before it was known what would do"] * bool(known)
        elif each.reachable is None:
            words.append(f"{known or own[bound.quantity]['name']}, which no value of it would cure")
        elif known:
            reached = amount(each.reachable, record, toward=bound.sign)
            alone = "" if each.alone else " if others give way too"
            words.append(f"{known}, but the best reachable{alone} is {reached} ({task.describe(each.choice)})")
        else:
            there = (
                task.space.evaluate(rows_of(each.choice), [bound.below])[bound.below][0] if bound.below else bound.value
            )
            short = failing(own[bound.quantity], each.reachable, float(there))
            words.append(f"{short}, at the best {task.noun} for it ({task.describe(each.choice)})")
    said = "; or ".join(words)
    return f"{said}; and besides, {conflict_of(task, conflict.further)}" if conflict.further else said
