"""What is to be placed: jobs, each a plan of its own, with where and when it may run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlsysim.design.binding import bind
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.plan import LoadedPlan, PlanError
from mlsysim.search.placement.sites import MILLISECOND, Site, without_placement
from mlsysim.symbolic.errors import InputError, nearest
from mlsysim.symbolic.words import number

HOUR = 3600.0
DAY = 24 * HOUR
#: A duration may differ from whole windows by so much, relative to a window.
WHOLE = 1e-9


@dataclass(frozen=True)
class Calendar:
    """The windows of a plan, all of one length."""

    windows: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Job:
    """Work to be placed.

    Attributes:
        name: what it is called.
        data: a plan of this job alone, whose ops section lacks the place.
        evaluation: that plan at some site; what it says of feasibility and performance holds at all of them.
        seconds: for how long it runs.
        length: the same in windows.
        release, deadline: the first window in which it may start and the one at whose end it must be done, from 1; None
            where the plan does not say.
        jurisdictions: where its data may be; anywhere where there are none.
        latency: the most that its users accept, in seconds.
        site, start: where and in which window it must run, where the plan says so.
        position: which of the plan's jobs it is; None where it is the plan itself.
    """

    name: str
    data: Mapping[str, Any]
    evaluation: Evaluation
    seconds: float
    length: int
    release: int | None = None
    deadline: int | None = None
    jurisdictions: tuple[str, ...] = ()
    latency: float | None = None
    site: str | None = None
    start: int | None = None
    position: int | None = None

    @property
    def size(self) -> int:
        """Its accelerators."""
        return int(self.evaluation.values["split.devices"])

    @property
    def values(self) -> dict[str, float]:
        """Every leaf in coherent units; those of the place are of some site."""
        return {**self.evaluation.design.values, "ops.duration": self.seconds}


def calendar_of(loaded: LoadedPlan) -> Calendar:
    """The windows of a plan: those it states, else one as long as it lasts.

    Raises:
        InputError: one of both is missing, or the plan does not say how long it lasts.
    """
    said, days = loaded.plan.placement, loaded.plan.ops.duration_days
    if said.windows is None or said.window_hours is None:
        if said.windows is None and said.window_hours is None:
            if days is None:
                hint = "add `duration_days:` to ops, or `windows:` and `window_hours:` to placement"
                raise InputError("the plan does not say for how long", where=loaded.where("ops", key=True), hint=hint)
            return Calendar(1, days * DAY)
        given, other = ("windows", "window_hours") if said.window_hours is None else ("window_hours", "windows")
        raise InputError(f"placement.{given}: without {other} it says nothing",
                         where=loaded.where("placement", given, key=True), hint=f"add `{other}:`")  # fmt: skip
    if days is not None and said.jobs and all(job.duration_hours is not None for job in said.jobs):
        raise InputError("ops.duration_days: it changes nothing, every job says how long it takes",
                         where=loaded.where("ops", "duration_days", key=True), hint="leave it out")  # fmt: skip
    return Calendar(said.windows, said.window_hours * HOUR)


def jobs_of(loaded: LoadedPlan, sites: list[Site], calendar: Calendar) -> list[Job]:
    """The jobs of a plan; the plan itself where it lists none.

    Raises:
        InputError: a job that is none, or that says what nothing in the plan can judge.
    """
    makes = _Maker(loaded, sites, calendar)
    listed = loaded.plan.placement.jobs
    if not listed:
        return [makes.whole()]
    found = [makes.job(position, said) for position, said in enumerate(listed)]
    for position, job in enumerate(found):
        if job.name in {other.name for other in found[:position]}:
            raise InputError(f"placement.jobs[{position}].name: {job.name!r} stands here twice",
                             where=loaded.where("placement", "jobs", position, "name"), hint="name each once")  # fmt: skip
    return found


class _Maker:
    """Makes jobs of a plan; those of the same work are evaluated once."""

    def __init__(self, loaded: LoadedPlan, sites: list[Site], calendar: Calendar) -> None:
        self.loaded, self.sites, self.calendar = loaded, sites, calendar
        self.known: dict[str, Evaluation] = {}

    def whole(self) -> Job:
        """The plan itself."""
        days = self.loaded.plan.ops.duration_days
        seconds = self.calendar.seconds if days is None else days * DAY
        where = self.loaded.where("ops", "duration_days")
        data = without_placement(self.loaded)
        return Job(
            self.loaded.plan.name or "the plan", data, self.evaluation(data, None), seconds,
            self.length(seconds, "ops.duration_days", where),
        )  # fmt: skip

    def job(self, position: int, said: Any) -> Job:
        def where(field: str) -> str | None:
            return self.loaded.where("placement", "jobs", position, field)

        def called(field: str) -> str:
            return f"placement.jobs[{position}].{field}"

        if said.accelerators is not None and said.nodes is not None:
            raise InputError(f"{called('accelerators')}: nodes and accelerators both say how many",
                             where=where("accelerators"), hint="keep one of them")  # fmt: skip
        data = self.data(said)
        days, own = self.loaded.plan.ops.duration_days, said.duration_hours
        field = "ops.duration_days" if said.duration_hours is None else called("duration_hours")
        if own is None and days is None:
            raise InputError(f"{called('duration_hours')}: missing", where=self.loaded.where("placement", "jobs", position),
                             hint="say for how long the job runs")  # fmt: skip
        seconds = own * HOUR if own is not None else float(days or 0) * DAY
        place = (
            where("duration_hours") if said.duration_hours is not None else self.loaded.where("ops", "duration_days")
        )
        for name in ("release", "deadline", "start"):
            window = getattr(said, name)
            if window is not None and window > self.calendar.windows:
                many = (
                    "there is one window"
                    if self.calendar.windows == 1
                    else f"there are {self.calendar.windows} windows"
                )
                raise InputError(f"{called(name)}: {window}, but {many}", where=where(name),
                                 hint="windows are counted from 1")  # fmt: skip
        self.judged(said, called, where)
        latency = None if said.latency is None else said.latency * MILLISECOND
        return Job(
            said.name, data, self.evaluation(data, position), seconds, self.length(seconds, field, place), said.release,
            said.deadline, tuple(said.jurisdictions), latency, said.site, said.start, position,
        )  # fmt: skip

    def judged(self, said: Any, called: Any, where: Any) -> None:
        """Refuse what the sites do not say enough to judge."""
        for field, of_site in (("jurisdictions", "jurisdiction"), ("latency", "latency")):
            if not getattr(said, field):
                continue
            for site in self.sites:
                if getattr(site, of_site) is None:
                    raise InputError(
                        f"{called(field)}: the site {site.name} does not say its {of_site}", where=site.where or where(field),
                        hint=f"add `{of_site}:` to every site of placement.sites",
                    )  # fmt: skip
        if said.site is not None and said.site not in {site.name for site in self.sites}:
            near = nearest(said.site, [site.name for site in self.sites])
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "name one of placement.sites"
            raise InputError(f"{called('site')}: there is no site {said.site!r}", where=where("site"), hint=hint)

    def data(self, said: Any) -> dict[str, Any]:
        """A plan of one job alone."""
        own = self.loaded.document.data
        hardware = dict(own["hardware"])
        workload = {**own["workload"], **said.workload}
        for field in ("accelerators", "nodes"):
            if getattr(said, field) is not None:
                hardware = {k: v for k, v in hardware.items() if k not in ("accelerators", "nodes")}
                hardware[field] = getattr(said, field)
                workload.setdefault("phase", self.loaded.phase)
        name = " ".join(filter(None, [self.loaded.plan.name, said.name]))
        return without_placement(self.loaded, name=name, workload=workload, hardware=hardware)

    def length(self, seconds: float, field: str, where: str | None) -> int:
        """A duration in windows."""
        windows = seconds / self.calendar.seconds
        if round(windows) < 1 or abs(windows - round(windows)) > WHOLE * windows:
            raise InputError(
                f"{field}: {number(seconds / HOUR)} h are not whole windows of {number(self.calendar.seconds / HOUR)} h",
                where=where, hint="a job runs in whole windows; choose placement.window_hours so that it does",
            )  # fmt: skip
        return round(windows)

    def evaluation(self, data: Mapping[str, Any], position: int | None) -> Evaluation:
        """A job at the first site; the same for all jobs of the same work."""
        work = json.dumps([data["workload"], data["hardware"]], sort_keys=True, default=str)
        if work not in self.known:
            ops = {"duration_days": 1.0, **self.sites[0].said(0, 1)}
            try:
                loaded = self.loaded.with_data({**data, "ops": ops})
                self.known[work] = evaluate(bind(loaded))
            except PlanError as error:
                if position is None:
                    raise
                raise PlanError([
                    InputError(f"placement.jobs[{position}].{problem.what}", hint=problem.hint,
                               where=self.loaded.where("placement", "jobs", position, "workload"))
                    for problem in error.problems
                ]) from None  # fmt: skip
            except InputError as error:
                if position is None:
                    raise
                where = self.loaded.where("placement", "jobs", position)
                raise InputError(f"placement.jobs[{position}]: {error.what}", where=where, hint=error.hint) from None
        return self.known[work]
