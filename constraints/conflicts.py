"""Why no design keeps every limit: the fewest limits that contradict each other, and how far each must give way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlsysim.constraints.compiler import Bound, Goal, physical
from mlsysim.constraints.effort import Effort, OutOfTimeError
from mlsysim.constraints.listing import MOST_LISTED, Listing
from mlsysim.constraints.search import search
from mlsysim.constraints.space import Space, rows_of


@dataclass(frozen=True)
class Relaxation:
    """The least that a limit must give way for a design to exist, the others kept.

    Attributes:
        bound: the limit.
        reachable: the best value that its quantity can have; None where no value would do.
        choice: a design that has it, evaluated by the exact kernel.
        alone: whether giving way in this limit is enough; else limits of a further conflict must give way as well.
        certain: whether that was found before time ended the search.
    """

    bound: Bound
    reachable: float | None
    choice: dict[str, int]
    alone: bool = True
    certain: bool = True


@dataclass(frozen=True)
class Conflict:
    """Limits of which every one is needed for the contradiction, and what each would have to be instead.

    Attributes:
        relaxations: one for each limit.
        further: a conflict among limits that are not part of this one.
    """

    relaxations: tuple[Relaxation, ...]
    further: Conflict | None = None

    @property
    def bounds(self) -> list[Bound]:
        """Every limit that is part of it, or of a further one."""
        return [each.bound for each in self.relaxations] + (self.further.bounds if self.further else [])


def explain(space: Space, bounds: Sequence[Bound], effort: Effort | None = None) -> Conflict:
    """Find a smallest set of limits that no design keeps together.

    The limits are those given and the graph's own; each is left out in turn, and stays out where the rest still
    contradict each other. The set that is left has no smaller part that does. A space of few enough designs is listed;
    of a larger one each question is a search.

    Args:
        space: the decisions.
        bounds: the limits that were asked for.
        effort: what all searches together may spend.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    effort = (effort or Effort()).begun()
    space = replace(space, effort=effort)
    try:
        effort.go_on()
        listing = Listing.of(space, MOST_LISTED) if space.possible("structural") else None
    except OutOfTimeError:
        listing = None
    return _explain(space, list(bounds), effort, listing)


def _explain(space: Space, bounds: Sequence[Bound], effort: Effort, listing: Listing | None) -> Conflict:
    def best(limit: Bound, others: Sequence[Bound]) -> tuple[str, dict[str, int]]:
        """The status of the design that misses a limit by least, and the design."""
        weights = [(limit.quantity, float(limit.sign)), *([(limit.below, -1.0)] if limit.below else [])]
        goal = Goal(tuple(weights))
        if listing is None:
            answer = search(space, goal, bounds=others, effort=effort, possible=False)
            return answer.status, answer.choice
        try:
            found = listing.best(goal, others)
        except OutOfTimeError:
            return "unknown", {}
        return ("infeasible", {}) if found is None else ("optimal", found.choice)

    def reached(choice: dict[str, int], limit: Bound) -> float | None:
        """The value of a limit's quantity at a design."""
        if not choice:
            return None
        return float(space.evaluate(rows_of(choice), [limit.quantity])[limit.quantity][0])

    own = physical(space)
    needed = [*bounds, *own]
    for limit in tuple(needed):
        rest = [other for other in needed if other is not limit]
        if rest and best(rest[0], rest)[0] == "infeasible":
            needed = rest
    relaxations = []
    for limit in needed:
        status, choice = best(limit, [other for other in (*bounds, *own) if other != limit])
        alone = bool(choice)
        if not alone:
            status, choice = best(limit, [other for other in dict.fromkeys((*needed, *own)) if other != limit])
        certain = status in ("optimal", "infeasible")
        relaxations.append(Relaxation(limit, reached(choice, limit), choice, alone, certain))
    rest = [limit for limit in bounds if limit not in needed]
    again = len(rest) < len(bounds) and rest and best(rest[0], [*rest, *own])[0] == "infeasible"
    return Conflict(tuple(relaxations), _explain(space, rest, effort, listing) if again else None)
