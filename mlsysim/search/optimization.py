"""Design search over a plan: what is left open becomes a decision, and CP-SAT finds the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from mlsysim.constraints.asserts import more_is_better
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.conflicts import explain as explain_conflict
from mlsysim.constraints.effort import WORKERS, Effort, Watch, share
from mlsysim.constraints.fronts import front
from mlsysim.constraints.search import Answer, search
from mlsysim.evaluation import evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.plan.synonyms import alike, pointer
from mlsysim.search.goals import LATENCY
from mlsysim.search.objectives import Objective, quantity, refuse_unknown
from mlsysim.search.objectives import objective as read_objective
from mlsysim.search.optimum import Optimization
from mlsysim.search.refusals import conflict_of, nothing_fits, unproven
from mlsysim.search.task import Task
from mlsysim.search.tradeoffs import ParetoFront
from mlsysim.shares import counted
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError

#: Every problem: the module whose ``task`` makes it ready for a search, and the options that only it has.
PROBLEMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "parallelism": ("mlsysim.search.parallelism", ()),
    "nodes": ("mlsysim.search.fleets", ("hardware", "nodes", "tokens", "deadline", "budget", "carbon_cap")),
    "placement": ("mlsysim.search.placement", ("regions", "carbon_tax")),
    "batching": ("mlsysim.search.batching", ("sla", "qps", "percentile")),
}
#: How fleets are chosen where they serve: a problem of its own under the same name.
SERVING: tuple[str, tuple[str, ...]] = (
    "mlsysim.search.pools", ("hardware", "sla", "qps", "percentile", "budget", "carbon_cap"),
)  # fmt: skip


def optimize(
    loaded: LoadedPlan,
    problem: str | None = None,
    *,
    objective: str | None = None,
    largest: bool | None = None,
    top: int = 1,
    explain: bool = False,
    gap: float | str = 0.0,
    time_limit: float = 60.0,
    work_limit: float | None = None,
    seed: int = 1,
    workers: int = WORKERS,
    watch: Watch | None = None,
    **options: Any,
) -> Optimization:
    """Find the best design of a plan: a split, a fleet, a place, or a batching.

    Args:
        loaded: the plan; what its parallelism section fixes stays fixed, its asserts are constraints.
        problem: ``parallelism``, the split over the plan's accelerators; ``nodes``, which accelerators and how many, jointly
            with the split; ``placement``, where and when the work runs; ``batching``, how many requests at once. By default
            what the plan asks for (:func:`problem_of`); then its search section also gives what is not given here.
        objective: a metric, a weighted sum such as ``latency + 0.5*tco`` with weights per unit of each metric, or
            ``fewest`` (accelerators), ``cheapest``, ``cleanest`` or ``soonest``, of the training run where the plan says
            its tokens; by default the latency; the number of accelerators where they serve, the total cost of a
            ``placement``.
        largest: whether to maximise; by default throughput, utilisation and the like are, all others are minimised.
        top: how many designs are wanted: the best, and those that come next.
        explain: whether to say why this design is the best.
        gap: the relative distance from the bound at which a design is near enough and the search ends, such as ``0.005`` or
            ``"0.5%"``.
        time_limit: seconds for the search, its tables included.
        work_limit: seconds of work that end the search instead, at the same design however busy the machine is.
        seed, workers: of the solver; the same ones give the same answer.
        watch: told of every better design, with the solver's bound.
        **options: those of the problem. Of ``nodes``: ``hardware`` and ``nodes``, the accelerators and numbers of nodes
            that a fleet may be of; ``tokens`` of the training run; ``deadline``, ``budget`` and ``carbon_cap``, such as
            ``"14 days"``, ``"2 MUSD"`` and ``"300 tCO2e"``, which hold beside the plan's asserts. Of ``batching``, and of
            ``nodes`` that serve: ``sla``, limits such as ``"ttft <= 500 ms"``, ``qps``, the requests that arrive per
            second, and ``percentile``, of the latencies. Of ``placement``: ``regions`` and ``carbon_tax``.

    Raises:
        UnknownNameError: no such problem or metric.
        InputError: the plan has nothing to decide, or skips the objective.
        InfeasibleError: no design fits, whatever the asserts.
        UnprovenError: the time is up before any design is known.
    """
    if top < 1:
        raise InputError(f"--top: {top} is below 1", hint="give how many designs are wanted, such as 5")
    effort = Effort(time_limit, seed, workers, watch, share(gap), work_limit).begun()
    problem = problem or problem_of(loaded)
    if objective is None and problem == problem_of(loaded):
        objective = loaded.plan.search.objective
        refuse_unknown(objective or "", loaded.where("search", "objective"))
        largest = loaded.plan.search.maximize if largest is None else largest
    module, given = _module(loaded, problem, options)
    if hasattr(module, "solve"):
        if explain:
            raise InputError(f"--explain: the answer of {problem} says itself what it rests on", hint="leave it out")
        return module.solve(loaded, objective=objective, largest=largest, top=top, effort=effort, **given)
    task = module.task(loaded, **given)
    run = task.first.design.loaded.plan.workload.tokens is not None
    wanted = read_objective(objective or task.usual, task.space.variant, largest=largest, run=run)
    task.check(wanted.metrics)
    if task.space.decisions and not any(task.space.support(name) for name in wanted.metrics):
        raise InputError(
            f"{wanted.name} does not depend on {task.decided}", hint="optimise performance.latency or a cost per token"
        )
    limits = task.bounds
    asked: dict[str, Any] = {
        "top": top, "effort": effort, "then": LATENCY, "explain": explain,
        "distinct": task.distinct if task.distinct in task.space.decisions else None,
    }  # fmt: skip
    answer = search(task.space, wanted.goal, bounds=limits, **asked)
    conflict = None
    if answer.status == "infeasible" and limits:
        conflict, kept = _conflict(task, limits, effort.silent())
        try:
            answer = search(task.space, wanted.goal, bounds=kept, **asked)
        except KeyboardInterrupt:
            answer = Answer("unknown", {})
    if conflict and not answer.choice and not _impossible(task, wanted, effort):
        raise InfeasibleError(f"no {task.noun} keeps the asserts: {conflict}")
    if answer.status == "unknown":
        raise unproven(effort)
    if not answer.choice:
        raise nothing_fits(task, effort.silent())
    chosen = evaluate(task.design(answer.choice, f"chosen by the search for the best {wanted.name}"))
    why = None
    if explain:
        from mlsysim.search.explanation import explanation

        why = tuple(explanation(task, wanted, answer, chosen))
    return Optimization(task, wanted, answer, chosen, conflict, effort, why)


def pareto(
    loaded: LoadedPlan,
    metrics: Sequence[str],
    problem: str | None = None,
    *,
    time_limit: float = 60.0,
    work_limit: float | None = None,
    seed: int = 1,
    workers: int = WORKERS,
    **options: Any,
) -> ParetoFront:
    """The exact front of a plan's designs under its asserts.

    Args:
        loaded: the plan.
        metrics: two or more; throughput, utilisation and the like are maximised, all others minimised.
        problem: as for :func:`optimize`.
        **options: likewise.
        time_limit: seconds for all searches together.
        work_limit: seconds of work that end them instead, however busy the machine is.
        seed, workers: of the solver.

    Raises:
        InputError: fewer than two metrics, one that the plan skips, or a space too large for so many.
    """
    effort = Effort(time_limit, seed, workers, work_limit=work_limit).begun()
    problem = problem or problem_of(loaded)
    module, given = _module(loaded, problem, options)
    if hasattr(module, "pareto"):
        found: ParetoFront = module.pareto(loaded, metrics, effort, **given)
        return found
    if hasattr(module, "solve"):
        raise InputError(f"--pareto: of {problem} there is no front", hint="optimise a sum such as tco + 10*carbon")
    task = module.task(loaded, **given)
    names = tuple(dict.fromkeys(quantity(name, task.space.variant) for name in metrics))
    if len(names) < 2:
        raise InputError("a front needs two metrics or more", hint="such as --pareto latency,memory_required")
    task.check(names)
    senses = [(name, -1 if more_is_better(name) else 1) for name in names]
    return ParetoFront(task, names, front(task.space, senses, bounds=task.bounds, effort=effort), effort)


def problem_of(loaded: LoadedPlan) -> str:
    """What a plan asks to be decided: what its search section says, else what the plan leaves open."""
    plan = loaded.plan
    if plan.search.problem:
        return str(plan.search.problem)
    if plan.placement.sites or plan.placement.jobs:
        return "placement"
    if plan.hardware.pools or plan.search.hardware or plan.search.nodes:
        return "nodes"
    return "batching" if loaded.phase == "serving" else "parallelism"


def offered(loaded: LoadedPlan) -> dict[str, Any]:
    """The accelerators and numbers of nodes that a plan offers to the choice of a fleet."""
    from mlsysim.search.fleets import numbers

    search, pools = loaded.plan.search, loaded.plan.hardware.pools
    for position, name in enumerate(search.hardware):
        loaded.zoo.find("hardware", name, where=loaded.where("search", "hardware", position))
    found: dict[str, Any] = {"hardware": search.hardware, "nodes": search.nodes}
    if isinstance(search.nodes, str):
        found["nodes"] = numbers(search.nodes, "search.nodes", loaded.where("search", "nodes"))
    if pools and not search.hardware:
        found["hardware"] = [f"{pool.name}={counted(loaded, pool)}" for pool in pools]
    return {name: value for name, value in found.items() if value}


def _module(loaded: LoadedPlan, problem: str, options: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The module of a problem, which has a ``task`` to search or a ``solve`` of its own, and the options that were given.

    Raises:
        UnknownNameError: there is no such problem.
        InputError: an option of another problem.
    """
    if problem not in PROBLEMS:
        raise UnknownNameError("problem", problem, PROBLEMS, see=f"the problems are {', '.join(PROBLEMS)}")
    given = {name: value for name, value in options.items() if value is not None and value != () and value != []}
    if problem == "nodes":
        given = offered(loaded) | given
    serves = problem == "nodes" and (loaded.phase == "serving" or "qps" in given)
    module, known = SERVING if serves else PROBLEMS[problem]
    for name in given.keys() - set(known):
        option = f"--{name.replace('_', '-')}"
        if serves:
            raise InputError(f"{option} is no option of nodes that serve", hint="leave it out: it is of training")
        homes = [other for other, (_, names) in PROBLEMS.items() if name in names]
        if not homes:
            see = pointer(name) or f"{problem} takes {', '.join(known) or 'no option'}"
            raise UnknownNameError("option", name, known, see=see, meant=alike(name, known))
        raise InputError(f"{option} is no option of {problem}", hint=f"say `mlsysim optimize {homes[0]}`")
    return import_module(module), given


def _impossible(task: Task, wanted: Objective, effort: Effort) -> bool:
    """Whether it is proven that no design fits even without asserts."""
    try:
        return search(task.space, wanted.goal, effort=effort.silent()).status == "infeasible"
    except KeyboardInterrupt:
        return False


def _conflict(task: Task, limits: list[Bound], effort: Effort) -> tuple[str, list[Bound]]:
    """The asserts that no design keeps, in words, and the others."""
    try:
        found = explain_conflict(task.space, limits, effort)
    except KeyboardInterrupt:
        effort.clock.interrupted = True
        return "interrupted before it was known which of them contradict each other", []
    return conflict_of(task, found), [limit for limit in limits if limit not in found.bounds]
