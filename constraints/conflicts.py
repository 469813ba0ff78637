"""Why no design keeps every limit: the fewest limits that contradict each other, and how far each must give way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlsysim.constraints.compiler import Bound, physical
from mlsysim.constraints.effort import Effort
from mlsysim.constraints.search import Answer, search
from mlsysim.constraints.space import Space


@dataclass(frozen=True)
class Relaxation:
    """The least that a limit must give way for a design to exist, the others kept.

    Attributes:
        bound: the limit.
        reachable: the best value that its quantity can have; None where no value would do.
        choice: a design that has it, evaluated by the exact kernel.
    """

    bound: Bound
    reachable: float | None
    choice: dict[str, int]


@dataclass(frozen=True)
class Conflict:
    """Limits of which every one is needed for the contradiction, and what each would have to be instead."""

    relaxations: tuple[Relaxation, ...]


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
        return search(space, limit.quantity, sense=limit.sign, bounds=others, effort=effort, possible=False)

    needed = [*bounds, *physical(space)]
    for limit in tuple(needed):
        rest = [other for other in needed if other is not limit]
        if rest and best(rest[0], rest).status == "infeasible":
            needed = rest
    relaxations = []
    for limit in needed:
        found = best(limit, [other for other in (*bounds, *physical(space)) if other != limit])
        relaxations.append(Relaxation(limit, found.objective, found.choice))
    return Conflict(tuple(relaxations))
