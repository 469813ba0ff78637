"""Why no design keeps every limit: the fewest limits that contradict each other, and how far each must give way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlsysim.constraints.compiler import Bound, Goal, physical
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.search import Answer, search
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
    contradict each other. What is then left has no smaller part that does.

    Args:
        space: the decisions.
        bounds: the limits that were asked for.
        effort: what all searches together may spend.
    """
    effort = (effort or Effort()).begun()

    def best(limit: Bound, others: Sequence[Bound]) -> Answer:
        """The least by which a limit can be missed."""
        weights = [(limit.quantity, float(limit.sign)), *([(limit.below, -1.0)] if limit.below else [])]
        return search(space, Goal(tuple(weights)), bounds=others, effort=effort, possible=False)

    def reached(answer: Answer, limit: Bound) -> float | None:
        """The value of a limit's quantity at what was found."""
        if not answer.choice:
            return None
        return float(space.evaluate(rows_of(answer.choice), [limit.quantity])[limit.quantity][0])

    own = physical(space)
    needed = [*bounds, *own]
    for limit in tuple(needed):
        rest = [other for other in needed if other is not limit]
        if rest and best(rest[0], rest).status == "infeasible":
            needed = rest
    relaxations = []
    for limit in needed:
        found = best(limit, [other for other in (*bounds, *own) if other != limit])
        alone = bool(found.choice)
        if not alone:
            found = best(limit, [other for other in dict.fromkeys((*needed, *own)) if other != limit])
        relaxations.append(
            Relaxation(limit, reached(found, limit), found.choice, alone, found.status in ("optimal", "infeasible"))
        )
    rest = [limit for limit in bounds if limit not in needed]
    again = len(rest) < len(bounds) and rest and best(rest[0], [*rest, *own]).status == "infeasible"
    return Conflict(tuple(relaxations), explain(space, rest, effort) if again else None)
