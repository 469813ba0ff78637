"""What every job costs at every site from every window on, by the exact kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.assignment import Assignment, Rule, Task
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.space import Options, Space
from mlsysim.constraints.structure import leaves_of
from mlsysim.search.objectives import Objective
from mlsysim.search.placement.jobs import Calendar, Job
from mlsysim.search.placement.sites import LEAVES, Site

#: The decision that stands for a site and a first window.
PLACE = "choice.place"


def space_of(job: Job, sites: Sequence[Site], calendar: Calendar) -> Space:
    """The sites and first windows of a job; their rates are the means over the windows in which it runs.

    Cost, energy, carbon and water grow with a rate times the energy of the job, and that is the same in every window, so
    the mean rate gives them exactly.
    """
    starts = calendar.windows - job.length + 1
    leaves = {
        leaf: tuple(numpy.concatenate([site.over(leaf, job.length) for site in sites]).tolist()) for leaf in LEAVES
    }
    count = len(sites) * starts
    return Space(
        job.evaluation.variant, job.values, {PLACE: tuple(range(count))}, {PLACE: Options(leaves, ({},) * count)}
    )


def values_of(job: Job, sites: Sequence[Site], calendar: Calendar, metrics: Iterable[str]) -> dict[str, Any]:
    """Metrics of a job by site (row) and first window (column)."""
    space = space_of(job, sites, calendar)
    found = space.evaluate({PLACE: numpy.arange(len(space.domains[PLACE]))}, metrics)
    return {name: values.reshape(len(sites), -1) for name, values in found.items()}


def rests_on_place(job: Job, metric: str) -> bool:
    """Whether a metric depends on where the job runs."""
    return bool(leaves_of(job.evaluation.variant, metric) & set(LEAVES))


def unknown_at(job: Job, metric: str, site: Site) -> list[str]:
    """The leaves of a metric that nobody has published for a site."""
    wanted = leaves_of(job.evaluation.variant, metric) & set(LEAVES)
    return [
        leaf for leaf in LEAVES if leaf in wanted and (leaf in site.unpublished or numpy.isnan(site.leaves[leaf]).any())
    ]


def problem_of(
    jobs: Sequence[Job], sites: Sequence[Site], calendar: Calendar, objective: Objective, limits: Sequence[Limit]
) -> Assignment:
    """The jobs as tasks: what each option costs, and what limits it."""
    bounds = tuple(Bound.of(each) for each in limits)
    metrics = {*objective.metrics, *(bound.quantity for bound in bounds)}
    tasks = []
    for job in jobs:
        values = values_of(job, sites, calendar, metrics)
        totals = {bound.quantity: values[bound.quantity] for bound in bounds}
        tasks.append(
            Task(job.name, job.size, job.length, objective.goal.cost(values), totals, rules_of(job, sites, calendar))
        )
    return Assignment(tuple(tasks), tuple(site.capacity for site in sites), calendar.windows, bounds)


def rules_of(job: Job, sites: Sequence[Site], calendar: Calendar) -> dict[str, Rule]:
    """What limits the sites and windows of a job; a site or word that is not allowed needs its own number, from 1."""
    starts = numpy.arange(1, calendar.windows - job.length + 2, dtype=float)[None, :]
    rules = {}
    if job.jurisdictions:
        words = jurisdictions(sites)
        needed = [0 if s.jurisdiction in job.jurisdictions else 1 + words.index(s.jurisdiction) for s in sites]
        rules["jurisdictions"] = Rule(numpy.array(needed, dtype=float)[:, None], 0)
    if job.latency is not None:
        rules["latency"] = Rule(numpy.array([site.latency for site in sites], dtype=float)[:, None], job.latency)
    if job.release is not None:
        rules["release"] = Rule(-starts, -job.release)
    if job.deadline is not None:
        rules["deadline"] = Rule(starts + job.length - 1, job.deadline)
    if job.site is not None:
        needed = [0 if site.name == job.site else 1 + position for position, site in enumerate(sites)]
        rules["site"] = Rule(numpy.array(needed, dtype=float)[:, None], 0)
    if job.start is not None:
        rules["start"] = Rule(numpy.where(starts == job.start, 0, starts), 0)
    return rules


def jurisdictions(sites: Sequence[Site]) -> list[str | None]:
    """The jurisdictions of sites, each once."""
    return list(dict.fromkeys(site.jurisdiction for site in sites))
