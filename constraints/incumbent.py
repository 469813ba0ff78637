"""A good design to begin with: what is known early lets most rows of the tables go, and is the answer if time ends."""

from __future__ import annotations

from collections.abc import Iterator

from mlsysim.constraints.listing import Found
from mlsysim.constraints.problem import Problem


def improving(problem: Problem) -> Iterator[Found]:
    """Better and better designs, found quickly: one group of decisions at a time, from several starts."""
    best: Found | None = None
    for start in problem.starts():
        choice = start
        here = problem.exact(choice)
        if here and (best is None or here.cost < best.cost):
            best = here
            yield best
        while True:
            before = best
            for rows in problem.slices(choice):
                found = problem.best(rows)
                if found and (best is None or found.cost < best.cost):
                    best = found
                    yield best
            if best is None or best == before:
                break
            choice = {**choice, **best.choice}
