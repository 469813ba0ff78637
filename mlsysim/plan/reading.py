"""Reading plans: what a person writes in YAML, checked before anything is computed.

Every field changes the answer or is refused. A number without a unit is in the unit that the field's description names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsysim.plan.acceptance import accepted
from mlsysim.plan.consistency import inconsistent
from mlsysim.plan.lines import lines_written_out
from mlsysim.plan.shorthand import written_out
from mlsysim.registry import Entry, Zoo, standard
from mlsysim.registry.document import STANDARD_INPUT, Document, parse, read
from mlsysim.registry.index import BESIDE
from mlsysim.symbolic.errors import InputError, InputErrors

if TYPE_CHECKING:
    from mlsysim.plan.model import Plan


class PlanError(InputErrors):
    """Raised when a plan does not fit its schema; holds every problem found."""


class LoadedPlan:
    """A checked plan together with the document it came from, so that later messages can say where.

    Attributes:
        plan: its sections as attributes, as :class:`mlsysim.plan.model.Plan` defines them.
        document: the data, and where each part of it stands.
        zoo: what its names are looked up in.
    """

    def __init__(self, plan: Plan, document: Document, zoo: Zoo) -> None:
        self.plan, self.document, self.zoo = plan, document, zoo

    @property
    def phase(self) -> str:
        """Training, inference or serving: as written, else serving where requests arrive, training where nodes are given."""
        arrives = self.plan.serving.requests_per_second is not None
        return self.plan.workload.phase or (
            "serving" if arrives else "training" if self.plan.hardware.nodes else "inference"
        )

    @property
    def batch_size(self) -> int:
        """Sequences, requests or samples at once; one where the plan does not say."""
        return self.plan.workload.batch_size or 1

    def said(self, field: str) -> Any:
        """What the plan says in a field, such as ``workload.tokens``; None where it says nothing."""
        section, _, name = field.partition(".")
        return getattr(getattr(self.plan, section), name)

    def with_data(self, data: Mapping[str, Any]) -> LoadedPlan:
        """Another plan in the same place: its names are looked up where this one's are.

        Raises:
            PlanError: the data does not fit the schema.
        """
        other = _checked(replace(self.document, data=plain(data)))
        return LoadedPlan(other.plan, other.document, self.zoo)

    def where(self, *path: str | int, key: bool = False) -> str | None:
        """The place of a field in the document; None where it came from no document."""
        return self.document.where(path, key=key) if self.document.lines else None


def load(plan: str | Path | Mapping[str, Any] | Entry | LoadedPlan) -> LoadedPlan:
    """Read and check a plan.

    Args:
        plan: the path of a YAML file, ``-`` for standard input, a mapping of the same form, a scenario or its name, or a
            plan that was read before.

    Raises:
        InputError: the file cannot be read or is not YAML.
        PlanError: the plan does not fit the schema; every problem is listed.
    """
    if isinstance(plan, LoadedPlan):
        return plan
    if isinstance(plan, Entry) and plan.plan is not None:  # a scenario
        plan = plan.plan
    if isinstance(plan, Mapping):
        return _checked(Document("plan", plain(plan)))
    if hasattr(plan, "model_dump"):  # a Plan of one's own making
        return _checked(Document("plan", plan.model_dump(by_alias=True, exclude_none=True)))
    if not isinstance(plan, (str, Path)):
        raise InputError(f"a plan is a path or a mapping, not {plan!r:.60}", hint="give the path of a YAML file")
    path = Path(plan)
    if path == STANDARD_INPUT:
        return _checked(read(path, "standard input"))
    if not exists(path) and not path.suffix:
        zoo = standard()
        if zoo.knows("scenarios", str(plan)):
            return load(zoo.find("scenarios", str(plan)))
    return _checked(read(path, str(plan)), path.parent)


def plain(data: Any) -> Any:
    """Data whose numbers and arrays, such as numpy's, are Python's own.

    >>> plain({"batch_size": [1, (2.0, "x")]})
    {'batch_size': [1, [2.0, 'x']]}
    """
    if isinstance(data, Mapping):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain(value) for value in data]
    own = getattr(data, "tolist", None)
    return own() if callable(own) else data


def exists(path: Path) -> bool:
    """Whether there is a file or folder of this name; what cannot be one is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def loads(text: str, name: str = "plan.yaml") -> LoadedPlan:
    """Read and check a plan given as YAML text; raises as :func:`load` does."""
    return _checked(parse(text, name))


def _checked(document: Document, beside: Path | None = None) -> LoadedPlan:
    if not isinstance(document.data, dict):
        found = {list: "a list", str: "a word", bool: "a truth value", type(None): "nothing"}
        said = found.get(type(document.data), "a number")
        file = isinstance(document.data, str) and document.data.endswith((".yaml", ".yml"))
        hint = "give what stands in the file, not its name" if file else 'start with `version: "1.0"`'
        raise PlanError([InputError(f"a plan is a mapping, this is {said}", where=document.where(()), hint=hint)])
    document = lines_written_out(document)
    plan = accepted(document.data)
    if plan is None:
        from mlsysim.plan.mistakes import problems
        from mlsysim.plan.model import Plan

        found_problems = problems(document)
        if found_problems:
            raise PlanError(found_problems)
        plan = Plan.model_validate(document.data)
    contradictions = inconsistent(plan, document)
    if contradictions:
        raise PlanError(contradictions)
    plain, replaced = written_out(document, _zoo(plan, document, beside))
    if replaced:
        return _checked(plain, beside)
    return LoadedPlan(plan, document, _zoo(plan, document, beside))


def _zoo(plan: Plan, document: Document, beside: Path | None) -> Zoo:
    """The registry and, looked in first, the entries in ``zoo.yaml`` beside the plan and those in the plan itself."""
    zoo = standard()
    if beside is not None and (beside / BESIDE).is_file():
        from mlsysim.registry.own import read_own

        zoo = zoo.over(read_own(beside / BESIDE, zoo))
    if plan.zoo:
        from mlsysim.registry.own import in_plan

        zoo = zoo.over(in_plan(document.part("zoo"), zoo))
    return zoo
