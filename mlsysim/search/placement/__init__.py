"""Where a plan's work should run, or where and when each of several jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.assigning import assign
from mlsysim.constraints.assignment import Assignment
from mlsysim.constraints.contradictions import explain
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.fronts import Front, Point, undominated
from mlsysim.constraints.listing import TIE
from mlsysim.plan import LoadedPlan
from mlsysim.plan.options import as_field
from mlsysim.search.objectives import Objective, quantity
from mlsysim.search.objectives import objective as read_objective
from mlsysim.search.placement.answer import NO_TOTAL, SITE, START, Placement, Places
from mlsysim.search.placement.jobs import Calendar, Job, calendar_of, jobs_of
from mlsysim.search.placement.reasons import why_not
from mlsysim.search.placement.sites import LEAVES, Site, sites_of
from mlsysim.search.placement.tables import problem_of, rests_on_place, unknown_at, values_of
from mlsysim.search.refusals import unproven
from mlsysim.search.tradeoffs import ParetoFront
from mlsysim.symbolic.errors import InfeasibleError, InputError
from mlsysim.symbolic.kernels import catalogue

#: What a placement minimises where nobody says.
COST = "macro.tco"


def solve(
    loaded: LoadedPlan,
    *,
    objective: str | None = None,
    largest: bool | None = None,
    top: int = 1,
    effort: Effort | None = None,
    regions: Sequence[str] = (),
    carbon_tax: float | str | None = None,
) -> Placement:
    """Find where a plan's work should run, or where and when each of its jobs.

    Args:
        loaded: the plan; without a placement section, its work runs in any region of the registry.
        objective: a macro metric, or a weighted sum of them; of several jobs it is the total. Default: the total cost.
        largest: whether to maximise.
        regions: the regions, or sites of the plan, that are looked at alone.
        carbon_tax: USD/tCO2e, or a string with its unit, instead of the plan's.
        top: how many places of a single job are wanted: the best, and those that come next.
        effort: what the search may spend.

    Raises:
        UnknownNameError: no such region, site or metric.
        InputError: the plan lacks what a placement needs, or says what nothing can judge.
        InfeasibleError: no placement keeps everything; the message names what contradicts each other.
        UnprovenError: the time is up before any placement is known.
    """
    effort = (effort or Effort()).begun()
    loaded = _taxed(loaded, carbon_tax)
    calendar, every, unpriced, jobs = _jobs(loaded, regions)
    if top > 1 and len(jobs) > 1:
        raise InputError("--top: of several jobs only the best placement is searched", hint="leave it out")
    wanted = read_objective(objective or COST, jobs[0].evaluation.variant, largest=largest)
    sites, unknown, limits, conflict = _places(loaded, jobs, every, calendar, wanted.metrics)
    problem = problem_of(jobs, sites, calendar, wanted, limits)
    assigned = assign(problem, effort=effort)
    if assigned.status == "infeasible":
        words, hint = why_not(explain(problem, effort), jobs, sites, limits)
        raise InfeasibleError(words, where=_where(loaded, jobs[0]), hint=hint)
    if not assigned.chosen:
        raise unproven(effort)
    notes = (*unpriced, *unknown, *_same_everywhere(wanted, problem, listed=any(site.listed for site in sites)))
    return Placement(
        loaded, tuple(jobs), tuple(sites), calendar, wanted, problem, assigned, notes, conflict, top, effort
    )


def pareto(
    loaded: LoadedPlan,
    metrics: Sequence[str],
    effort: Effort,
    regions: Sequence[str] = (),
    carbon_tax: float | str | None = None,
) -> ParetoFront:
    """The places and first windows of a single job of which none is better in one metric without being worse in another.

    Args:
        loaded: the plan.
        metrics: two or more macro metrics, all to be small.
        effort: nothing of it is spent: every place is looked at.
        regions, carbon_tax: as for :func:`solve`.

    Raises:
        InputError: several jobs, fewer than two metrics, or one that does not depend on the place.
    """
    loaded = _taxed(loaded, carbon_tax)
    calendar, every, unpriced, jobs = _jobs(loaded, regions)
    if len(jobs) > 1:
        raise InputError("--pareto: of several jobs there is no front", hint="optimise a sum such as tco + 10*carbon")
    names = tuple(dict.fromkeys(quantity(word, jobs[0].evaluation.variant) for word in metrics))
    if len(names) < 2:
        raise InputError("a front needs two metrics or more", hint="such as --pareto cost,carbon")
    sites, unknown, limits, conflict = _places(loaded, jobs, every, calendar, names)
    problem = problem_of(jobs, sites, calendar, read_objective(names[0], jobs[0].evaluation.variant), limits)
    o, values = problem.options, values_of(jobs[0], sites, calendar, names)
    kept = [option for option in range(o.count) if problem.keeps(o, numpy.array([option]))]
    place, start = o.place[kept], o.start[kept]
    columns = numpy.array([values[name][place, start] for name in names])
    points = [
        Point(
            {name: float(columns[i, at]) for i, name in enumerate(names)}, {SITE: int(place[at]), START: int(start[at])}
        )
        for at in undominated(columns)
    ]
    notes = (*unpriced, *unknown, *([f"no place keeps the asserts: {conflict}"] if conflict else []))
    return ParetoFront(
        Places(tuple(sites), calendar, jobs[0]), names, Front(tuple(points), complete=True), effort, notes
    )


def _jobs(loaded: LoadedPlan, regions: Sequence[str]) -> tuple[Calendar, list[Site], list[str], list[Job]]:
    """The windows, the sites with what is to be said of them, and the jobs of a plan."""
    calendar = calendar_of(loaded)
    every, unpriced = sites_of(loaded, regions, calendar.windows)
    jobs = jobs_of(loaded, every, calendar)
    _refuse_idle(loaded, jobs)
    return calendar, every, unpriced, jobs


def _places(
    loaded: LoadedPlan, jobs: Sequence[Job], every: Sequence[Site], calendar: Calendar, metrics: Sequence[str]
) -> tuple[list[Site], list[str], list[Limit], str | None]:
    """The sites of which enough is known for some metrics, with what is to be said of the others; and the limits on totals.

    Raises:
        InputError: a metric does not add up, is not known, or does not depend on the place.
        InfeasibleError: a job is longer than all windows together.
    """
    limits, conflict = _possible(jobs)
    _refuse_without_total([(m, None) for m in metrics] + [(each.metric, each.where) for each in limits], jobs)
    for metric in metrics:
        if not any(rests_on_place(job, metric) for job in jobs):
            raise InputError(f"{metric} does not depend on where the work runs",
                             hint="optimise macro.tco, macro.carbon, macro.water or macro.energy")  # fmt: skip
    sites, unknown = _known(jobs, every, [*metrics, *(each.metric for each in limits)])
    for job in jobs:
        if job.length > calendar.windows:
            raise InfeasibleError(
                f"{job.name} takes {job.length} windows, there are only {calendar.windows}",
                where=_where(loaded, job), hint=f"give placement.windows: {job.length}",
            )  # fmt: skip
    return sites, unknown, limits, conflict


def _same_everywhere(wanted: Objective, problem: Assignment, *, listed: bool) -> list[str]:
    """A sentence where no place is better than another; an error where the plan lists none, so that nothing is asked."""
    o = problem.options
    if o.count == o.tasks or (-o.least(-o.cost) - o.least(o.cost)).max() > TIE * abs(o.cost).max():
        return []
    what = f"{wanted.name} is the same wherever the work runs"
    if not listed:
        raise InputError(what, hint="give --carbon-tax or ops.electricity_price, or --objective carbon")
    return [what]


def _where(loaded: LoadedPlan, job: Job) -> str | None:
    return loaded.where("placement", key=True) if job.position is not None else loaded.where("ops", key=True)


def _taxed(loaded: LoadedPlan, tax: float | str | None) -> LoadedPlan:
    """The plan with another carbon tax."""
    if tax is None:
        return loaded
    said = as_field("--carbon-tax", "ops", "carbon_tax", tax)
    data: Mapping[str, Any] = loaded.document.data
    return loaded.with_data({**data, "ops": {**data.get("ops", {}), "carbon_tax": said}})


def _refuse_idle(loaded: LoadedPlan, jobs: Sequence[Job]) -> None:
    """Refuse what sites say and no job asks for."""
    asked = {
        "latency": any(job.latency is not None for job in jobs),
        "jurisdiction": any(job.jurisdictions for job in jobs),
    }
    for position, site in enumerate(loaded.plan.placement.sites):
        for field, cure in (("latency", "latency"), ("jurisdiction", "jurisdictions")):
            if getattr(site, field) is not None and not asked[field]:
                raise InputError(
                    f"placement.sites[{position}].{field}: it changes nothing, no job limits its {cure}",
                    where=loaded.where("placement", "sites", position, field, key=True),
                    hint=f"leave it out, or give a job `{cure}:`",
                )  # fmt: skip


def _possible(jobs: Sequence[Job]) -> tuple[list[Limit], str | None]:
    """The limits on totals; and, in words, what some job cannot keep wherever it runs.

    Raises:
        InfeasibleError: a job does not fit.
    """
    evaluations = {id(job.evaluation): job for job in reversed(jobs)}  # the first job of each kind of work
    broken = []
    for job in reversed(evaluations.values()):
        if not job.evaluation.feasible:
            from mlsysim.remedies import remedies

            loaded = job.evaluation.design.loaded
            place = ("hardware",) if job.position is None else ("placement", "jobs", job.position)
            raise InfeasibleError(f"{job.name} does not fit: {job.evaluation.failures[0].sentence}",
                                  where=loaded.where(*place, key=True),
                                  hint=" or ".join(remedies(job.evaluation)) or None)  # fmt: skip
        broken += [
            f"{job.name}, wherever it runs: {violation.sentence}"
            for violation in job.evaluation.errors
            if not violation.limit.metric.startswith("macro.")
        ]
    more = f"; and {len(broken) - 3} more" if len(broken) > 3 else ""
    limits = [each for each in jobs[0].evaluation.enforced if each.metric.startswith("macro.")]
    return limits, "; ".join(broken[:3]) + more if broken else None


def _refuse_without_total(metrics: Sequence[tuple[str, str | None]], jobs: Sequence[Job]) -> None:
    """Refuse metrics that do not add up over jobs, or that some job cannot have."""
    for metric, where in metrics:
        if len(jobs) > 1 and metric in NO_TOTAL:
            raise InputError(
                f"{metric}: of several jobs there is no total", where=where, hint="use macro.tco or macro.energy"
            )
        for job in jobs:
            missing = job.evaluation.design.missing
            why = [
                missing[leaf]
                for leaf in job.evaluation.unknown_leaves(metric)
                if leaf in missing and leaf not in LEAVES
            ]
            if why:
                raise InputError(f"{metric} is not known for {job.name}: {why[0]}", where=where)


def _known(jobs: Sequence[Job], sites: Sequence[Site], metrics: Sequence[str]) -> tuple[list[Site], list[str]]:
    """The sites of which everything that counts is published; and how many of the registry's were left out for it.

    Raises:
        InputError: a site that the plan lists is not known well enough, or none is.
    """
    kept, dropped, what = [], 0, ""
    variants = {job.evaluation.variant: job for job in jobs}.values()
    for site in sites:
        lacking = [(metric, leaf) for job in variants for metric in metrics for leaf in unknown_at(job, metric, site)]
        if not lacking:
            kept.append(site)
            continue
        metric, leaf = lacking[0]
        what = catalogue().QUANTITIES[leaf]["meaning"]
        if site.listed:
            raise InputError(f"{metric} is not known at {site.name}: {what} is not published", where=site.where,
                             hint="leave that site out, or state it in a zoo of your own (see README)")  # fmt: skip
        dropped += 1
    if not kept:
        raise InputError(
            f"{', '.join(metrics)}: of no region is enough published ({what})", hint="list placement.sites"
        )
    return kept, [f"{dropped} regions are left out: {what} is not published"] if dropped else []


__all__ = ["Placement", "pareto", "solve"]
