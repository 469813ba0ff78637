"""Why jobs cannot all run, in words, and what would cure it."""

from __future__ import annotations

from collections.abc import Sequence

from mlsysim.constraints.asserts import Limit
from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.contradictions import Contradiction, Part, Relief
from mlsysim.search.placement.jobs import Job
from mlsysim.search.placement.sites import Site
from mlsysim.search.placement.tables import jurisdictions
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

#: So many names of a kind stand in a sentence; of more, how many there are.
NAMED = 6


def why_not(
    found: Contradiction, jobs: Sequence[Job], sites: Sequence[Site], limits: Sequence[Limit]
) -> tuple[str, str | None]:
    """A contradiction as a sentence, and what would cure it, each cure solved for."""
    told = [jobs[task] for task in found.tasks]
    parts = [relief.part for relief in found.reliefs]
    if not told:
        return "the limits cannot be kept: " + "; ".join(_says(part, jobs, sites, limits) for part in parts), None
    names = _names([job.name for job in told])
    verb = "cannot run" if len(told) == 1 else "cannot both run" if len(told) == 2 else "cannot all run"
    clauses = [*_needs(told, parts), *_rooms(parts, sites)]
    clauses += [_says(part, jobs, sites, limits) for part in parts if part.place is None]
    cures = [cure for relief in found.reliefs if (cure := _cure(relief, jobs, sites, limits))]
    more = len(cures) - NAMED
    hint = "; or ".join(cures[:NAMED] + ([f"{more} more"] if more > 0 else []))
    if not hint and len(parts) > 1 and all(relief.certain for relief in found.reliefs):
        hint = "none of these alone would cure it"
    note = "" if found.smallest else " (there was no time to leave out what does not matter)"
    return f"{names} {verb}: {'; '.join(clauses)}{note}", hint or None


def _names(names: list[str]) -> str:
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more jobs"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _needs(told: list[Job], parts: list[Part]) -> list[str]:
    """What the jobs take, where room or windows matter."""
    room = any(part.place is not None for part in parts)
    windows = any(part.rule in ("release", "deadline", "start") for part in parts)
    if not (room or windows):
        return []
    if len(told) > NAMED:
        return [f"they need {sum(job.size * job.length for job in told):,} accelerator windows"] if room else []
    said = []
    for job in told:
        takes = f"{job.size:,} accelerators" if room else ""
        lasts = f"{job.length} window{'s' * (job.length > 1)}"
        said.append(f"{job.name} needs {f'{takes} for {lasts}' if room else lasts}")
    return said


def _rooms(parts: list[Part], sites: Sequence[Site]) -> list[str]:
    here = [sites[part.place] for part in parts if part.place is not None]
    if len(here) > NAMED:
        return [f"none of {len(here)} sites has more than {max(site.capacity or 0 for site in here):,} accelerators"]
    return [f"{site.name} has {f'{site.capacity:,}' if site.capacity else 'no'} accelerators" for site in here]


def _says(part: Part, jobs: Sequence[Job], sites: Sequence[Site], limits: Sequence[Limit]) -> str:
    """What a rule or a limit demands."""
    if part.bound is not None:
        return _limit(part, limits).text + (" in all" if len(jobs) > 1 else "")
    assert part.task is not None
    job = jobs[part.task]
    return {
        "jurisdictions": f"the data of {job.name} may be in {', '.join(job.jurisdictions)} only",
        "latency": f"{job.name} accepts at most {number((job.latency or 0) * 1e3)} ms",
        "release": f"{job.name} may not start before window {job.release}",
        "deadline": f"{job.name} must be done by the end of window {job.deadline}",
        "site": f"{job.name} must run at {job.site}",
        "start": f"{job.name} must start in window {job.start}",
    }[part.rule]


def _limit(part: Part, limits: Sequence[Limit]) -> Limit:
    bound = part.bound
    assert bound is not None
    return next(each for each in limits if Bound.of(each) == bound)


def _cure(relief: Relief, jobs: Sequence[Job], sites: Sequence[Site], limits: Sequence[Limit]) -> str | None:
    """The least by which a part must give way, in words; None where it alone would not do."""
    part, reach = relief.part, relief.reachable
    if reach is None:
        return None
    if part.place is not None:
        return f"{sites[part.place].name} has {int(reach):,} accelerators"
    if part.bound is not None:
        record = catalogue().QUANTITIES[part.bound.quantity]
        return f"{part.bound.quantity} {'<=' if part.bound.sign > 0 else '>='} {amount(reach, record, toward=part.bound.sign)}"
    assert part.task is not None
    name = jobs[part.task].name
    if part.rule == "jurisdictions":
        return f"the data of {name} may be in {jurisdictions(sites)[int(reach) - 1]} too"
    if part.rule == "site":
        return f"{name} runs at {sites[int(reach) - 1].name}"
    return {
        "latency": f"{name} accepts {number(reach * 1e3, toward=1)} ms",
        "release": f"{name} may start in window {int(-reach)}",
        "deadline": f"{name} is done by the end of window {int(reach)}",
        "start": f"{name} starts in window {int(reach)}",
    }[part.rule]
