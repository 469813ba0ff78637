"""Why a design is the best: what is near its limit, what deciding otherwise would cost, and what keeps better ones out.

Every number is the exact kernel's, at designs that searches of the same space found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.compiler import physical
from mlsysim.constraints.listing import TIE
from mlsysim.constraints.problem import Problem
from mlsysim.constraints.search import Answer
from mlsysim.constraints.space import rows_of
from mlsysim.elasticities import sensitivity
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.search.objectives import Objective
from mlsysim.search.task import Choice, Task
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

#: A limit of which less than this share is left is near.
NEAR = 0.05


def explanation(task: Task, wanted: Objective, answer: Answer, evaluation: Evaluation) -> list[str]:
    """Why a design is the best, in sentences; after Ctrl-C those that are ready. Asserts that no design keeps say nothing.

    Args:
        task: the decisions.
        wanted: the objective.
        answer: the best design, with the best one that decides otherwise in each decision and that without each limit.
        evaluation: the plan at the choice.
    """
    sentences: list[str] = []
    try:
        sentences.extend(_near(evaluation))
        sentences.extend(_relaxed(task, wanted, answer, evaluation))
        sentences.extend(_otherwise(task, wanted, answer))
        sentences.extend(_kept_out(task, wanted, answer, [each.limit for each in evaluation.errors]))
    except KeyboardInterrupt:
        pass
    return sentences


def _near(evaluation: Evaluation) -> Iterator[str]:
    """The conditions and asserts of which little is left, the nearest first; else the nearest."""
    left = []
    for finding in evaluation.findings:
        if finding.kind == "physical" and finding.available:
            record = _record(_needed(evaluation, finding.name))
            there = f"{amount(finding.needed, record)} of {amount(finding.available, record)}"
            left.append((finding.slack / finding.available, f"{finding.name}: {there}"))
    for limit in evaluation.enforced:
        found = evaluation.values[limit.metric]
        if limit.slack(found) < 0:
            continue
        share = limit.slack(found) / abs(limit.value) if limit.value else 1.0
        left.append((share, f"{limit.text}: {amount(found, _record(limit.metric))}"))
    left.sort()
    near = [each for each in left if each[0] <= NEAR]
    for share, text in near:
        yield f"{text}, {'nothing' if share <= TIE else _percent(share)} is left."
    if left and not near:
        yield f"No limit is near: of the nearest, {left[0][1]}, {_percent(left[0][0])} is left."


def _relaxed(task: Task, wanted: Objective, answer: Answer, evaluation: Evaluation) -> Iterator[str]:
    """The best without each limit that keeps better designs out; and what an assert costs at the margin."""
    own = physical(task.space)
    limits = [*task.bounds, *own]
    words = [each.text for each in task.first.enforced] + [f"the limit of {said}" for said in task.names.values()]
    words += [f"the limit of {_name(evaluation, bound.quantity)}" for bound in own]
    for limit, word in zip(limits, words, strict=True):
        free = answer.relaxed.get(limit)
        if free is None or not _differs(free.objective, answer.objective):
            continue
        value = task.space.evaluate(rows_of(free.choice), [limit.quantity])[limit.quantity][0]
        needs = amount(float(value), _record(limit.quantity), toward=limit.sign)
        gain, changes = _against(wanted, free, answer), _changes(task, answer.choice, free.choice)
        yield f"Without {word}: {gain}, with {changes}; it would be {needs}."
    if len(wanted.metrics) == 1 and wanted.metrics[0].partition(".")[0] != "split" and evaluation.enforced:
        for price in sensitivity(evaluation, wanted.metrics[0]).prices:
            if price.limit.slack(evaluation.values[price.limit.metric]) <= NEAR * abs(price.limit.value):
                yield f"{price.sentence}."


def _otherwise(task: Task, wanted: Objective, answer: Answer) -> Iterator[str]:
    """What every single decision is worth: the best design that decides otherwise, all else free."""
    idle = []
    ranked = sorted(answer.without.items(), key=lambda item: (_loss(wanted, item[1], answer), item[0]), reverse=True)
    for name, other in ranked:
        chosen = task.named(name, answer.choice[name])
        if not other.choice:
            yield f"{chosen}: " + ("nothing else keeps every limit." if other.status == "infeasible" else "time ended.")
        elif not _differs(other.objective, answer.objective):
            idle.append(f"{chosen} (or {task.named(name, other.choice[name])})")
        else:
            changed = _changes(task, answer.choice, other.choice, but=name)
            instead = f"{task.named(name, other.choice[name])} instead of {chosen}: {_against(wanted, other, answer)}"
            proof = "" if other.status == "optimal" else "; not proven"
            yield instead + (f", with {changed}" if changed else "") + proof + "."
    if idle:
        yield f"These make no difference: {', '.join(idle)}."


def _kept_out(task: Task, wanted: Objective, answer: Answer, lost: Sequence[Limit]) -> Iterator[str]:
    """Near the design, what would be better but breaks a limit: one for each group of decisions that move together.

    Args:
        task, wanted, answer: as of :func:`explanation`.
        lost: the asserts that the design itself breaks.
    """
    free = Problem(task.space, wanted.goal, possible=False)
    for rows in free.slices(answer.choice):
        found = free.best(rows)
        if found is None or answer.objective is None:
            continue
        shown = wanted.goal.shown(found.cost)
        if not _better(wanted, shown, answer.objective) or not _differs(shown, answer.objective):
            continue
        there = evaluate(task.design(found.choice, "looked at by the search"))
        kept = [each.sentence for each in there.errors if each.limit not in lost]
        broken = [each.sentence for each in there.failures] + kept
        if broken:
            change = _against(wanted, Answer("feasible", found.choice, shown), answer)
            yield f"{_changes(task, answer.choice, found.choice)} would give {change}, but: {broken[0]}."


def _changes(task: Task, here: Choice, there: Choice, but: str = "") -> str:
    """What one design decides otherwise than another, in words."""
    return ", ".join(task.named(n, v) for n, v in there.items() if v != here.get(n) and n != but)


def _against(wanted: Objective, other: Answer, best: Answer) -> str:
    """How another design compares with the best, in words."""
    word = wanted.metrics[0].rpartition(".")[2].replace("_", " ") if len(wanted.metrics) == 1 else "of the sum"
    if not best.objective or other.objective is None:
        return f"{wanted.said(other.objective)} {word}"
    change = other.objective / best.objective - 1
    return f"{_percent(abs(change))} {'more' if change > 0 else 'less'} {word}"


def _loss(wanted: Objective, other: Answer, best: Answer) -> float:
    """What deciding otherwise costs; infinite where nothing else is possible."""
    if other.objective is None or best.objective is None:
        return float("inf")
    return abs(other.objective - best.objective)


def _better(wanted: Objective, one: float, other: float) -> bool:
    largest = wanted.largest if len(wanted.metrics) == 1 else False
    return one > other if largest else one < other


def _differs(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) > 10 * TIE * abs(other)


def _percent(share: float) -> str:
    return f"{number(float(f'{100 * share:.2g}'))} %"


def _record(name: str) -> dict[str, object]:
    return dict(catalogue().QUANTITIES[name])


def _needed(evaluation: Evaluation, condition: str) -> str:
    """The quantity that a condition compares."""
    own = catalogue().VARIANTS[evaluation.variant]["conditions"]
    return str(next(c["needed"] for c in own if c["name"] == condition))


def _name(evaluation: Evaluation, quantity: str) -> str:
    """What a limit is on, in a word."""
    own = catalogue().VARIANTS[evaluation.variant]["conditions"]
    return str(next((c["name"] for c in own if c["needed"] == quantity), quantity))
