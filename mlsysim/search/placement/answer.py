"""Where work should run, as text, as data, and as a plan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy

from mlsysim.constraints.asserts import metrics
from mlsysim.constraints.assigning import Assigned
from mlsysim.constraints.assignment import Assignment
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.listing import TIE
from mlsysim.design.binding import bind
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.page import wrapped
from mlsysim.plan import LoadedPlan
from mlsysim.result import LARGEST, figure, key
from mlsysim.search.objectives import Objective, proven
from mlsysim.search.placement.jobs import DAY, HOUR, Calendar, Job
from mlsysim.search.placement.sites import Site
from mlsysim.search.placement.tables import values_of
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, counted, number

#: Macro metrics that do not add up over jobs.
NO_TOTAL = (
    "macro.power", "macro.cost_per_million_tokens", "macro.cost_per_million_samples", "macro.cost_per_solved",
    "macro.queue_wait", "macro.time_to_result",
)  # fmt: skip
#: So many jobs stand in the text; the data holds all.
SHOWN = 60
_TOTALS = (
    ("total cost", "macro.tco"), ("electricity in it", "macro.electricity"), ("carbon tax in it", "macro.carbon_tax"),
    ("energy", "macro.energy"), ("carbon", "macro.carbon"), ("water", "macro.water"),
)  # fmt: skip


#: The decisions of a front of places: the number of a site, and the first window, counted from 0.
SITE, START = "site", "start"


@dataclass(frozen=True)
class Places:
    """The sites and windows of a single job, for a front."""

    sites: tuple[Site, ...]
    calendar: Calendar
    job: Job

    noun: ClassVar[str] = "place"

    def describe(self, choice: Mapping[str, int]) -> str:
        """A place in words."""
        return at(self.sites[choice[SITE]], choice[START], self.job, self.calendar)

    def data(self, choice: Mapping[str, int]) -> dict[str, Any]:
        """A place under the keys of a result."""
        site = self.sites[choice[SITE]]
        return {"o_region": site.region, "o_site": site.name, "o_start": choice[START] + 1}


def at(site: Site, start: int, job: Job, calendar: Calendar) -> str:
    """A site, and the windows where there are several, in words."""
    if calendar.windows == 1:
        return site.name
    end = start + job.length
    return f"{site.name}, window {start + 1}" + (f" to {end}" if end > start + 1 else "")


@dataclass(frozen=True, eq=False)
class Placement:
    """Where and when a plan's jobs run.

    Attributes:
        loaded: the plan.
        jobs, sites, calendar: what was placed, where it could run, and the windows.
        objective: what was optimised.
        problem: the same as tasks and room.
        answer: status, choice, cost and bound.
        notes: what else must be said, such as regions that could not be compared.
        conflict: the asserts that a job cannot keep wherever it runs, in words; the choice is then the best without them.
        top: how many places of a single job were asked for.
        effort: what the search could spend.
    """

    loaded: LoadedPlan
    jobs: tuple[Job, ...]
    sites: tuple[Site, ...]
    calendar: Calendar
    objective: Objective
    problem: Assignment
    answer: Assigned
    notes: tuple[str, ...]
    conflict: str | None
    top: int
    effort: Effort

    @property
    def exit_code(self) -> int:
        """0 proven, or as near as was asked for; 4 a job cannot keep the asserts anywhere; 5 the search ended before."""
        return 4 if self.conflict else self.effort.exit_code(self.answer.status, self.answer.gap)

    @property
    def chosen(self) -> tuple[tuple[Site, int], ...]:
        """The site and the first window, counted from 0, of each job."""
        return tuple((self.sites[place], start) for place, start in self.answer.chosen)

    @property
    def single(self) -> bool:
        """Whether there is one job, which is then a plan of its own."""
        return len(self.jobs) == 1

    @cached_property
    def evaluation(self) -> Evaluation:
        """The plan of a single job where it runs, by the same kernel as any evaluation.

        Raises:
            InputError: there are several jobs.
        """
        if not self.single:
            raise InputError("several jobs have no evaluation of one plan", hint="see `each` and `totals`")
        return evaluate(bind(self.loaded.with_data(self.plan())))

    def plan(self) -> dict[str, Any]:
        """The plan with the choice filled in: a single job is a plan to evaluate, several have their sites and windows."""
        if self.single:
            return self._alone(self.jobs[0], *self.chosen[0])
        data = self.loaded.document.data
        placement = dict(data["placement"])
        placement["jobs"] = [
            {**said, "site": site.name, "start": start + 1}
            for said, (site, start) in zip(placement["jobs"], self.chosen, strict=True)
        ]
        return {**data, "placement": placement}

    def _alone(self, job: Job, site: Site, start: int) -> dict[str, Any]:
        ops = {**site.said(start, job.length), "duration_days": job.seconds / DAY}
        return {**job.data, "ops": ops}

    @cached_property
    def each(self) -> list[dict[str, float]]:
        """Every macro metric of every job where it runs, in coherent units; not-a-number where it is not known."""
        found = []
        for job, (place, start) in zip(self.jobs, self.answer.chosen, strict=True):
            names = [name for name in metrics(job.evaluation.variant) if name.startswith("macro.")]
            values = values_of(job, [self.sites[place]], self.calendar, names)
            found.append({name: float(values[name][0, start]) for name in names})
        return found

    @property
    def totals(self) -> dict[str, float | None]:
        """The macro metrics that add up, over all jobs, in coherent units; None where one is not known."""
        if not self.each:
            return {}
        names = [n for n in self.each[0] if n not in NO_TOTAL and all(n in one for one in self.each)]
        sums = {name: math.fsum(one[name] for one in self.each) for name in names}
        return {name: None if value != value else value for name, value in sums.items()}

    def runners(self) -> list[tuple[float, Site, int]]:
        """The places and windows of a single job that come next, the best first: what each costs, where, and when."""
        o = self.problem.options
        found: list[tuple[float, Site, int]] = []
        for option in numpy.argsort(o.cost, kind="stable").tolist():
            if len(found) >= self.top - 1:
                break
            place, start = int(o.place[option]), int(o.start[option])
            if (place, start) != self.answer.chosen[0] and self.problem.keeps(o, numpy.array([option])):
                found.append((float(o.cost[option]), self.sites[place], start))
        return found

    def shown(self, cost: float | None) -> float | None:
        """The objective as it was asked for."""
        return None if cost is None else self.objective.goal.shown(cost)

    def against(self) -> list[tuple[str, float]]:
        """The plan's own region and the worst, and what a single job would cost there."""
        task, [(_, start)] = self.problem.tasks[0], self.answer.chosen
        assert self.answer.cost is not None
        rows = []
        own = self.loaded.plan.ops.region
        names = [site.region for site in self.sites]
        here = self.chosen[0][0]
        if own is not None:
            region = self.loaded.zoo.find("grids", own).name
            if region in names and region != here.region:
                rows.append((f"{region} (the plan's own)", float(task.costs[names.index(region), start])))
        worst = int(task.costs[:, start].argmax())
        if len(self.sites) > 1 and self.sites[worst].name != here.name:
            rows.append((f"{self.sites[worst].name} (the worst)", float(task.costs[worst, start])))
        return rows

    def more(self, cost: float) -> str:
        """A cost beside that of the choice, in words."""
        assert self.answer.cost is not None
        extra = self.objective.said(self.shown(cost - self.answer.cost))
        return f"- {extra.removeprefix('-')}" if extra.startswith("-") else f"+ {extra}"

    def to_dict(self) -> dict[str, Any]:
        """One flat object: the search, then the evaluation of a single job or the totals of several."""
        a, shown = self.answer, self.objective.in_unit
        found: dict[str, Any] = {
            "o_status": "infeasible" if self.conflict else a.status, "o_metric": self.objective.name,
            "o_unit": self.objective.unit,
            "o_objective": shown(self.shown(a.cost)), "o_bound": shown(self.shown(a.bound)), "o_gap": a.gap,
            "o_space": a.space if a.space < LARGEST else None, "o_rows": a.left, "o_enumerated": self.single,
            "o_seconds": round(a.seconds, 3), "o_seed": self.effort.seed, "o_conflict": self.conflict,
        }  # fmt: skip
        if self.single:
            (site, start), runners = self.chosen[0], self.runners()
            found |= {"o_region": site.region, "o_site": site.name, "o_start": start + 1}
            if runners:
                found["o_runners_up"] = [
                    {
                        "o_objective": shown(self.shown(cost)),
                        "o_region": site.region,
                        "o_site": site.name,
                        "o_start": s + 1,
                    }
                    for cost, site, s in runners
                ]
            return {**found, **self.evaluation.to_dict(), "exit_code": self.exit_code}
        found |= {
            "o_jobs": len(self.jobs),
            "o_placement": [self._row(position) for position in range(len(self.chosen))],
        }
        sums = {key(name): figure(name, value) for name, value in self.totals.items()}
        return {"name": self.loaded.plan.name, **found, **sums, "exit_code": self.exit_code}

    def _row(self, position: int) -> dict[str, Any]:
        job, (site, start), values = self.jobs[position], self.chosen[position], self.each[position]
        return {
            "job": job.name, "region": site.region, "site": site.name, "start": start + 1, "end": start + job.length,
            "accelerators": job.size,
            **{key(name): figure(name, value) for name, value in values.items()},
        }  # fmt: skip

    def page(self, *, color: bool = False) -> str:
        """The answer as text."""
        lines = list(self._lines())
        if self.single:
            return "\n".join(lines) + "\n\n" + self.evaluation.scorecard(color=color)
        return "\n".join(lines) + "\n"

    def _lines(self) -> Iterator[str]:
        a = self.answer
        if self.conflict:
            yield from wrapped(f"no place keeps the asserts: {self.conflict}")
            yield "The best place without them:"
            yield ""
        yield self._head()
        yield f"  {self.objective.name:<24}  {self.objective.said(self.shown(a.cost))}"
        yield f"  {'status':<24}  {self.objective.proof(a.status, self.shown(a.bound), a.gap, self.effort)}"
        yield f"  {'search':<24}  {self._space()}; {proven(a.status, a.seconds, tried=self.single)}"
        for name, cost in self.against() if self.single else ():
            yield f"  {'elsewhere':<24}  {self.more(cost)} in {name}"
        for sentence in self.notes:
            yield from wrapped(sentence, "  ", "  ")
        if not self.single:
            yield from self._table()
            return
        runners = self.runners()
        if runners:
            yield ""
            yield "What comes next"
            yield from (f"  {self.more(cost):<16}{self._at(s, at)}" for cost, s, at in runners)

    def _head(self) -> str:
        if self.single:
            return f"{self.jobs[0].name}: {self._at(*self.chosen[0])}"
        used = len({site.name for site, _ in self.chosen})
        return f"{len(self.jobs):,} jobs at {used} of {len(self.sites)} sites, in {self._windows()}"

    def _windows(self) -> str:
        many = f"{self.calendar.windows:,} windows of" if self.calendar.windows > 1 else "one window of"
        return f"{many} {number(self.calendar.seconds / HOUR)} h"

    def _at(self, site: Site, start: int) -> str:
        return at(site, start, self.jobs[0], self.calendar)

    def _space(self) -> str:
        if self.single:
            return counted(self.answer.space, "site" if self.calendar.windows == 1 else "choice of site and windows")
        size = (
            f"{self.answer.space:,}" if self.answer.space < LARGEST else f"about 10^{len(str(self.answer.space)) - 1}"
        )
        return f"{size} placement{'s' * (self.answer.space > 1)}"

    def _table(self) -> Iterator[str]:
        metric = self.objective.metrics[0]
        unit = catalogue().QUANTITIES[metric]
        rows = [("job", "site", "windows", "accelerators", metric.partition(".")[2])]
        for job, (site, start), values in list(zip(self.jobs, self.chosen, self.each, strict=True))[:SHOWN]:
            end = start + job.length
            windows = f"{start + 1}" if end == start + 1 else f"{start + 1} to {end}"
            rows.append((job.name[:28], site.name[:20], windows, f"{job.size:,}", amount(values[metric], unit)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        yield ""
        for row in rows:
            cells = [
                cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            ]
            yield "  " + "  ".join(cells).rstrip()
        if len(self.jobs) > SHOWN:
            yield f"  and {len(self.jobs) - SHOWN:,} more; --output json has all"
        yield ""
        yield "Totals"
        for label, name in _TOTALS:
            value = self.totals.get(name)
            if value:
                yield f"  {label:<24}  {amount(value, catalogue().QUANTITIES[name])}"
        yield from self._price_of_sharing()

    def _price_of_sharing(self) -> Iterator[str]:
        """What it costs that sites are full: the same jobs, each at the best of its own sites and windows."""
        o = self.problem.options
        free = float(o.least(o.cost).sum())
        if self.answer.cost is not None and self.answer.cost - free > TIE * abs(free):
            extra = self.objective.said(self.shown(self.answer.cost - free))
            yield f"  {extra} of {self.objective.name} only because room and limits are shared"
