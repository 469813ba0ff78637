"""What a search found, as text, as data, and as a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from mlsysim.constraints.effort import Effort
from mlsysim.constraints.search import Answer
from mlsysim.evaluation import Evaluation
from mlsysim.page import wrapped
from mlsysim.search.objectives import Objective, proven
from mlsysim.search.task import Task
from mlsysim.symbolic.words import counted, number


@dataclass(frozen=True)
class Optimization:
    """The best design of a plan.

    Attributes:
        task: what was decided.
        objective: what was optimised.
        answer: status, objective, bound, gap and the choice.
        evaluation: the plan at the choice, by the same kernel as any evaluation.
        conflict: the asserts that no design can keep, in words; the choice is then the best without them.
        effort: what the search could spend.
        explanation: why this design is the best, in sentences, where that was asked for.
    """

    task: Task
    objective: Objective
    answer: Answer
    evaluation: Evaluation
    conflict: str | None
    effort: Effort = field(default_factory=Effort)
    explanation: tuple[str, ...] | None = None

    @property
    def exit_code(self) -> int:
        """0 proven, or as near as was asked for; 4 no design keeps the asserts; 5 the search ended before."""
        return 4 if self.conflict else self.effort.exit_code(self.answer.status, self.answer.gap)

    @property
    def space(self) -> int:
        """The designs that exist, where all were enumerated; else the combinations of values that they are among."""
        return math.prod(map(len, self.task.space.domains.values())) if self.answer.space is None else self.answer.space

    def to_dict(self) -> dict[str, Any]:
        """The search and the evaluation at its choice as one flat object; runners-up as an array where they were asked for."""
        answer = self.answer
        found: dict[str, Any] = {
            "o_status": "infeasible" if self.conflict else answer.status, "o_metric": self.objective.name,
            "o_unit": self.objective.unit, "o_objective": self.objective.in_unit(answer.objective),
            "o_bound": self.objective.in_unit(answer.bound), "o_gap": answer.gap, "o_space": self.space,
            "o_rows": answer.rows, "o_enumerated": answer.checked, "o_seconds": round(answer.seconds, 3),
            "o_seed": self.effort.seed, "o_workers": self.effort.workers,
            "o_conflict": self.conflict, "o_complete": answer.complete, **self.task.data(answer.choice),
        }  # fmt: skip
        if answer.runners:
            found["o_runners_up"] = [
                {"o_objective": self.objective.in_unit(value), **self.task.data(choice)}
                for value, choice in answer.runners
            ]
        if self.explanation is not None:
            found["o_explanation"] = list(self.explanation)
        return {**found, **self.evaluation.to_dict(), "exit_code": self.exit_code}

    def page(self, *, color: bool = False) -> str:
        """The answer as text: the choice, its proof, what comes next, and the scorecard of the plan with it."""
        answer = self.answer
        lines = []
        if self.conflict:
            lines += wrapped(f"no {self.task.noun} keeps the asserts: {self.conflict}")
            lines += [f"The best {self.task.noun} without them:", ""]
        lines += wrapped(self.task.describe(answer.choice))
        lines.append(f"  {self.objective.name:<24}  {self.objective.said(answer.objective)}")
        lines.append(f"  {'status':<24}  {self.objective.proof(answer.status, answer.bound, answer.gap, self.effort)}")
        lines += wrapped(self._searched(), f"  {'search':<24}  ", " " * 28)
        if answer.runners:
            lines += ["", "What comes next"]
            for value, choice in answer.runners:
                lines += wrapped(self.task.describe(choice), f"  {self.objective.said(value):<16}", " " * 18)
        if answer.status == "optimal" and not answer.complete:
            lines += ["", *wrapped(self._left_out())]
        if self.explanation:
            lines += ["", "Why this is the best"]
            for sentence in self.explanation:
                lines += wrapped(sentence, "  - ", "    ")
        return "\n".join(lines) + "\n\n" + self.evaluation.scorecard(color=color)

    def _searched(self) -> str:
        """How many designs there are, whether the best is proven, and how long that took."""
        answer = self.answer
        size = f"{number(self.space)} combinations" if answer.space is None else counted(answer.space, "design")
        return f"{size}; {proven(answer.status, answer.seconds, tried=answer.checked)}"

    def _left_out(self) -> str:
        """Which answers are missing beside the best design."""
        answer, why = self.answer, "Interrupted" if self.effort.clock.interrupted else "Time limit reached"
        if answer.missing:
            left = f"{answer.missing} of the {answer.asked} explanations are missing"
        else:
            left = f"only {counted(len(answer.runners), 'design')} that come next are known"
        return f"{why}: the best design is proven; {left}."

    def plan(self) -> dict[str, Any]:
        """The plan with the choice filled in; evaluating it gives the same numbers."""
        return self.task.plan(self.answer.choice)
