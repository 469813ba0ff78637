"""A plan checked: whether it is feasible and keeps its asserts, and if not why, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlsysim.evaluation import Evaluation
from mlsysim.page import wrapped
from mlsysim.result import REQUIRED
from mlsysim.shares import SharedEvaluation

#: What a check says of a result: all but the metrics.
KEYS = (*REQUIRED, "f_wall", "asserts", "pools")


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        evaluation: of the plan.
    """

    evaluation: Evaluation | SharedEvaluation

    @property
    def exit_code(self) -> int:
        """0 fine, 3 an assert is violated, 4 physically infeasible."""
        return self.evaluation.exit_code

    def to_dict(self) -> dict[str, Any]:
        """The part of the result that says whether the plan holds, under the same keys."""
        result = self.evaluation.to_dict()
        return {key: result[key] for key in KEYS if key in result}

    def page(self) -> str:
        """The check as text: a line for the whole, and one for each thing that is wrong."""
        return "\n".join(line for text in self._sentences() for line in wrapped(text, hanging="  ")) + "\n"

    def _sentences(self) -> Iterator[str]:
        evaluation = self.evaluation
        if not evaluation.feasible:
            yield f"FAIL  {evaluation.summary}"
            yield from (f"  {failure.sentence}" for failure in evaluation.failures[1:])
            return
        broken = evaluation.violations
        status = "FAIL" if evaluation.errors else "WARN" if broken else "PASS"
        stated = {(limit.metric, limit.text) for limit in evaluation.limits}  # one that holds for every pool is one
        held = stated - {(each.limit.metric, each.limit.text) for each in broken}
        if broken:
            yield f"{status}  {len(stated) - len(held)} of {len(stated)} asserts violated ({evaluation.summary})"
        else:
            yield f"{status}  {evaluation.summary}; " + (
                f"{len(held)} of {len(stated)} asserts hold" if stated else "no asserts"
            )
        for violation in broken:
            yield f"  {violation.placed}"
