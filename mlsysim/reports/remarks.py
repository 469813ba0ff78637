"""One thing that was looked at: whether it holds, what is said of it, and the place in the plan that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from mlsysim.symbolic.errors import MlsysimError

if TYPE_CHECKING:
    from mlsysim.evaluation import Evaluation
    from mlsysim.shares import SharedEvaluation

    Found = Evaluation | SharedEvaluation

#: How bad it is; ``skipped`` is what could not be decided because something worse is wrong.
Level = Literal["error", "warning", "skipped", "holds"]


@dataclass(frozen=True)
class Place:
    """A file, and where known the one-based line and column."""

    file: str
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, where: str | None) -> Place | None:
        """The place that ``plan.yaml:7:3`` names; None where it names no file, such as a command.

        >>> Place.of("plans/a.yaml:7:3")
        Place(file='plans/a.yaml', line=7, column=3)
        >>> Place.of("a.yaml")
        Place(file='a.yaml', line=None, column=None)
        >>> Place.of("mlsysim eval")
        """
        if not where:
            return None
        file, _, rest = where.rpartition(":")
        name, _, line = file.rpartition(":")
        if not (name and line.isdecimal() and rest.isdecimal()):
            return cls(PurePath(where).as_posix()) if PurePath(where).suffix else None
        return cls(PurePath(name).as_posix(), int(line), int(rest))


@dataclass(frozen=True)
class Remark:
    """What is said of one thing.

    Attributes:
        rule: its kind, the same from run to run, such as ``feasibility/memory`` or ``assert/performance.latency``.
        title: what was looked at, in a few words.
        level: how bad it is.
        message: what was found, in a sentence; empty where it holds.
        place: what it is about.
        hint: the cure, where one is known.
    """

    rule: str
    title: str
    level: Level
    message: str = ""
    place: Place | None = None
    hint: str | None = None

    @property
    def text(self) -> str:
        """The message with its cure."""
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message


def of_found(found: Found) -> list[Remark]:
    """Everything that an evaluation looked at: the conditions of its walls, then the plan's asserts."""
    from mlsysim.shares import SharedEvaluation

    if not isinstance(found, SharedEvaluation):
        return [*_of_walls(found), *_of_asserts(found)]
    remarks = [
        remark for each, name in zip(found.evaluations, found.names, strict=True) for remark in _of_walls(each, name)
    ]
    broken = {id(violation.limit): violation for violation in found.violations}
    of_pools = [
        (limit, name) for each, name in zip(found.evaluations, found.names, strict=True) for limit in each.limits
    ]
    for limit, name in [*of_pools, *((limit, "") for limit in found.whole)]:
        remarks.append(_assert(limit, broken.get(id(limit)), decided=found.feasible, pool=name))
    return remarks


def of_error(error: MlsysimError) -> list[Remark]:
    """Every problem of an error."""
    return [Remark("input", "bad input", "error", each.what, Place.of(each.where), each.hint) for each in error.every]


def _of_walls(evaluation: Evaluation, pool: str = "") -> Iterator[Remark]:
    place = Place.of(evaluation.design.loaded.where("hardware", key=True))
    cures = " or ".join(evaluation.cures) or None
    for finding in evaluation.findings:
        if finding.holds and finding.kind == "structural":
            continue  # that a split exists is no news
        title = f"{pool}{': ' * bool(pool)}{finding.name}"
        level: Level = "holds" if finding.holds else "error"
        hint = None if finding.holds else cures
        yield Remark(f"feasibility/{finding.wall}", title, level, finding.sentence, place, hint)


def _of_asserts(evaluation: Evaluation) -> Iterator[Remark]:
    broken = {id(violation.limit): violation for violation in evaluation.violations}
    for limit in evaluation.limits:
        decided = evaluation.feasible or evaluation.metrics[limit.metric] is not None
        yield _assert(limit, broken.get(id(limit)), decided=decided)


def _assert(limit: Any, violation: Any, *, decided: bool, pool: str = "") -> Remark:
    rule, place, title = f"assert/{limit.metric}", Place.of(limit.where), f"{pool}{': ' * bool(pool)}{limit.text}"
    if violation is not None:
        level: Level = "warning" if limit.severity == "warn" else "error"
        return Remark(rule, title, level, violation.sentence, place)
    if not decided:
        return Remark(rule, title, "skipped", "not decided, the design is not feasible", place)
    return Remark(rule, title, "holds", "", place)
