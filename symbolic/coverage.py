"""How much of what a plan evaluates is derived, and which laws of the walls lie under it.

A quantity is derived when the step that defines it rests on at least one step that computes its result
(:attr:`mlsysim.symbolic.rules.Step.derives`): an axiom, a definition and a law with other names compute nothing.
Quantities that only rename another one are not counted, nor are leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy

from mlsysim.symbolic.graph import Graph, chapters, graph
from mlsysim.symbolic.quantity import VARIANTS, Quantity
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.wall import Wall

#: What is said of a wall whose laws lie under no quantity of a plan.
ALONE = "not part of a plan's evaluation"


@dataclass(frozen=True)
class Share:
    """The quantities that one variant of the graph evaluates, and those of them that are derived, by name.

    >>> share("transformer_training").share > 0
    True
    """

    evaluated: tuple[str, ...]
    derived: tuple[str, ...]

    @property
    def share(self) -> float:
        """The derived part, between 0 and 1."""
        return len(self.derived) / len(self.evaluated)


@dataclass(frozen=True)
class Use:
    """A law of a wall, and the quantities of plans whose defining step rests on it, by name."""

    law: str
    quantities: tuple[str, ...]


@cache
def share(variant: str) -> Share:
    """The derived share of one variant."""
    of = graph(variant)
    evaluated = [q for q in of.order if not _alias(of, q)]
    return Share(tuple(q.name for q in evaluated), tuple(q.name for q in evaluated if _derived(of.steps[q])))


def uses(number: int) -> tuple[Use, ...]:
    """The core laws of a wall in the order in which the wall names them, each with what plans evaluate by it.

    >>> [use.law for use in uses(1)][:1]
    ['law']
    """
    chapter = next(c for c in chapters() if c.is_wall and c.wall and c.wall.number == number)
    assert chapter.wall is not None
    names = {id(step): name for c in chapters() for name, step in c.steps}
    return tuple(Use(names[id(law)], _resting_on(law)) for law in chapter.wall.core)


def stands_alone(wall: Wall) -> bool:
    """Whether no quantity of any plan rests on a law of a wall.

    >>> from mlsysim.symbolic.graph import wall
    >>> stands_alone(wall("compute").wall), stands_alone(wall("sensitivity").wall)
    (False, True)
    """
    return not any(id(law) in _under_plans() for law in wall.core)


@cache
def _under_plans() -> frozenset[int]:
    """Every step that a quantity of some plan rests on."""
    waiting = [step for chapter in chapters() for _, step in chapter.steps if step.when]
    found: set[int] = set()
    while waiting:
        step = waiting.pop()
        if id(step) not in found:
            found.add(id(step))
            waiting += step.inputs
    return frozenset(found)


def _resting_on(law: Step) -> tuple[str, ...]:
    found = {q.name for variant in VARIANTS for q, ids in _ancestries(variant).items() if id(law) in ids}
    return tuple(sorted(found))


@cache
def _ancestries(variant: str) -> dict[Quantity, frozenset[int]]:
    of = graph(variant)
    return {q: frozenset(id(step) for step in of.steps[q].ancestry) for q in of.order}


def _derived(step: Step) -> bool:
    return any(ancestor.derives for ancestor in step.ancestry)


def _alias(of: Graph, quantity: Quantity) -> bool:
    return isinstance(of.steps[quantity].result.right, (sympy.Symbol, sympy.Number))
