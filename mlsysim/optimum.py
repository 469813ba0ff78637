"""What a search found, as text, as data, and as a plan."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

from mlsysim.binding import RECOMPUTE, SPLIT
from mlsysim.choices import PRECISION
from mlsysim.constraints.search import Answer
from mlsysim.evaluation import Evaluation
from mlsysim.fleets import Fleet
from mlsysim.objectives import Objective
from mlsysim.registry.vocabulary import FORMATS
from mlsysim.split import describe
from mlsysim.symbolic.words import number

_SHORT = {
    "split.tensor": "tp", "split.pipeline": "pp", "split.data": "dp", "split.context": "cp", "split.expert": "ep",
    "split.microbatch": "microbatch", "split.interleave": "interleave", "split.zero": "zero",
    "split.recompute": "recompute", "split.sequence": "sequence_parallel", "split.first_spared": "first_spared",
    "split.last_spared": "last_spared", "split.offload_optimizer": "offload_optimizer",
    "split.offload_activations": "offload_activations",
}  # fmt: skip


@dataclass(frozen=True)
class Optimization:
    """The best design of a plan.

    Attributes:
        objective: what was optimised.
        answer: status, objective, bound, gap and the choice.
        evaluation: the plan at the choice, by the same kernel as any evaluation.
        conflict: the asserts that no design can keep, in words; the choice is then the best without them.
        seed: of the search.
        fleet: the fleet that was chosen, where one was.
    """

    objective: Objective
    answer: Answer
    evaluation: Evaluation
    conflict: str | None
    seed: int = 1
    fleet: Fleet | None = None

    @property
    def exit_code(self) -> int:
        """0 proven, 4 no design keeps the asserts, 5 the search ended without proof."""
        return 4 if self.conflict else 0 if self.answer.status == "optimal" else 5

    def to_dict(self) -> dict[str, Any]:
        """The search and the evaluation at its choice as one flat object; runners-up as an array where they were asked for."""
        answer = self.answer
        found: dict[str, Any] = {
            "o_status": "infeasible" if self.conflict else answer.status, "o_metric": self.objective.name,
            "o_unit": self.objective.unit, "o_objective": self.objective.in_unit(answer.objective),
            "o_bound": self.objective.in_unit(answer.bound), "o_gap": answer.gap, "o_space": answer.space,
            "o_rows": answer.rows, "o_enumerated": answer.checked, "o_seconds": round(answer.seconds, 3), "o_seed": self.seed,
            "o_conflict": self.conflict, **decisions(answer.choice),
        }  # fmt: skip
        if self.fleet is not None:
            found |= {"o_hardware": self.fleet.name, "o_nodes": self.fleet.nodes}
            found |= {"o_precision": self.fleet.precision} if self.fleet.precision else {}
        if answer.runners:
            found["o_runners_up"] = [
                {"o_objective": self.objective.in_unit(value), **decisions(choice)} for value, choice in answer.runners
            ]
        return {**found, **self.evaluation.to_dict(), "exit_code": self.exit_code}

    def page(self, *, color: bool = False) -> str:
        """The answer as text: the choice, its proof, what comes next, and the scorecard of the plan with it."""
        answer = self.answer
        lines = []
        if self.conflict:
            lines += textwrap.wrap(f"no split keeps the asserts: {self.conflict}", 88)
            lines += ["The best split without them:", ""]
        among = f" in {self.fleet.precision}" if self.fleet and self.fleet.precision else ""
        fleet = f"{self.fleet.nodes:,} nodes of {self.fleet.name}{among}: " if self.fleet else ""
        lines += textwrap.wrap(fleet + describe(answer.choice), 88)
        lines.append(f"  {self.objective.name:<24}  {self.objective.said(answer.objective)}")
        gap = "unknown" if answer.gap is None else f"{number(answer.gap * 100)} %"
        lines.append(f"  {'status':<24}  {answer.status}, bound {self.objective.said(answer.bound)}, gap {gap}")
        size = f"{answer.space:,} designs exist" if answer.space else "too many designs to enumerate"
        checked = "; all were enumerated and agree" if answer.checked else ""
        lines.append(f"  {'search':<24}  {size}, {answer.rows:,} rows left for CP-SAT, {answer.seconds:.2f} s{checked}")
        if answer.runners:
            lines += ["", "What comes next"]
            lines += [f"  {self.objective.said(value):<16}{describe(choice)}" for value, choice in answer.runners]
        return "\n".join(lines) + "\n\n" + self.evaluation.scorecard(color=color)

    def plan(self) -> dict[str, Any]:
        """The plan with the choice filled in; evaluating it gives the same numbers."""
        design = self.evaluation.design
        data = {key: value for key, value in design.loaded.document.data.items() if key != "search"}
        words = {leaf: field for field, leaf in SPLIT.items()}
        split = {words[leaf]: _said(leaf, value) for leaf, value in self.answer.choice.items() if leaf in words}
        fixed = {key: value for key, value in data.get("parallelism", {}).items() if key not in split}
        return {**data, "parallelism": {**fixed, **{k: v for k, v in split.items() if self._counts(k)}}}

    def _counts(self, field: str) -> bool:
        """Whether a plan of this phase may name a degree."""
        return self.evaluation.design.loaded.phase == "training" or field in ("tensor", "pipeline", "data")


def decisions(choice: dict[str, int]) -> dict[str, Any]:
    """The choice under the keys of a result."""
    found: dict[str, Any] = {f"o_{short}": choice[leaf] for leaf, short in _SHORT.items() if leaf in choice}
    return found | ({"o_precision": FORMATS[choice[PRECISION]]} if PRECISION in choice else {})


def _said(leaf: str, value: int) -> Any:
    """A decision as a plan writes it."""
    if leaf == "split.recompute":
        return RECOMPUTE[value]
    return bool(value) if leaf in ("split.sequence", "split.offload_optimizer", "split.offload_activations") else value
