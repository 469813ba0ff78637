"""What a search decides about a plan: its decisions and limits, and what a choice of values means as a design."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlsysim.constraints.compiler import Bound
from mlsysim.constraints.space import Space
from mlsysim.design import Design
from mlsysim.evaluation import Evaluation
from mlsysim.search.goals import LATENCY
from mlsysim.symbolic.errors import InputError

Choice = Mapping[str, int]


@dataclass(frozen=True)
class Task(ABC):
    """A problem of a plan, ready to be searched.

    Attributes:
        space: the decisions.
        first: the plan evaluated as it stands, with a split by the rule; its asserts are the limits.
    """

    space: Space
    first: Evaluation

    #: What is decided, in a word and in words.
    noun: ClassVar[str]
    decided: ClassVar[str]
    #: What is minimised where nobody says.
    usual: ClassVar[str] = LATENCY
    #: The decision in which designs must differ to count as different; any where none is named.
    distinct: ClassVar[str | None] = None

    @property
    def bounds(self) -> list[Bound]:
        """The asserts as limits of a search."""
        return [Bound.of(each) for each in self.first.enforced]

    @property
    def names(self) -> Mapping[Bound, str]:
        """What limits are called that are neither asserts nor the graph's own."""
        return {}

    @abstractmethod
    def design(self, choice: Choice, says: str) -> Design:
        """The plan with a choice made; ``says`` is who made it."""

    @abstractmethod
    def describe(self, choice: Choice) -> str:
        """A choice in words."""

    @abstractmethod
    def named(self, decision: str, value: int) -> str:
        """One decision in words."""

    @abstractmethod
    def data(self, choice: Choice) -> dict[str, Any]:
        """A choice under the keys of a result."""

    @abstractmethod
    def plan(self, choice: Choice) -> dict[str, Any]:
        """The plan with a choice filled in; evaluating it gives the same numbers."""

    def check(self, metrics: Sequence[str]) -> None:
        """Refuse metrics and asserts that the plan cannot decide.

        Raises:
            InputError: one has no value in this plan.
        """
        refuse_skipped(self.first, metrics)


def refuse_skipped(evaluation: Evaluation, names: Sequence[str]) -> None:
    """Refuse metrics and asserts that a plan cannot decide."""
    wanted = [(name, None) for name in names] + [(limit.metric, limit.where) for limit in evaluation.enforced]
    for name, where in wanted:
        why = evaluation.unknown(name)
        if why:
            raise InputError(f"{name} is skipped in this plan: {why}", where=where)
