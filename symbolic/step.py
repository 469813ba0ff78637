"""One step of a derivation, as data: what it starts from, what it yields, by which rule, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlsysim.symbolic.checking import Verdict
from mlsysim.symbolic.equation import Equation

NOWHERE: frozenset[str] = frozenset()
#: Rules that compute nothing.
STATED = ("given", "define")


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a derivation.

    Attributes:
        rule: the name of the rule, one of those in :mod:`mlsysim.symbolic.rules`.
        inputs: the steps it rests on.
        result: the equation that it yields, as the author wrote it.
        because: the reason, as a clause.
        cite: keys of the bibliography, joined by commas.
        when: the variants of the graph in which the result defines its left-hand side; empty for a step that only argues.
        arguments: what else the rule needs, such as the quantity that an equation is solved for.
    """

    rule: str
    inputs: tuple[Step, ...]
    result: Equation
    because: str
    cite: str = ""
    when: frozenset[str] = NOWHERE
    arguments: tuple[Any, ...] = ()

    def verify(self) -> Verdict:
        """Recompute the step.

        Raises:
            DerivationError: the result does not follow, or an axiom has no citation.
        """
        from mlsysim.symbolic.verification import verify

        return verify(self)

    @property
    def verdict(self) -> Verdict:
        """How the step is known: remembered where exactly this step was verified before, else recomputed.

        Raises:
            DerivationError: the result does not follow, or an axiom has no citation.
        """
        from mlsysim.symbolic.verification import remembered

        return remembered(self) or self.verify()

    @property
    def derives(self) -> bool:
        """Whether the rule computes its result: an axiom, a definition, or a law with other names computes nothing."""
        if self.rule == "apply":
            return any(getattr(new, "args", ()) for _, new in self.arguments)
        return self.rule not in STATED

    @property
    def ancestry(self) -> list[Step]:
        """This step and all it rests on, premises first."""
        seen: dict[int, Step] = {}

        def visit(step: Step) -> None:
            if id(step) not in seen:
                for parent in step.inputs:
                    visit(parent)
                seen[id(step)] = step

        visit(self)
        return list(seen.values())

    def _repr_latex_(self) -> str:
        return self.result._repr_latex_()
