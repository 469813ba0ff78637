"""The Python interface: evaluate, check, bind, derive, optimize."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsysim.constraints.feasibility import Finding
from mlsysim.design.binding import bind as _bind
from mlsysim.design.points import BoundKernel, Columns, Point
from mlsysim.evaluation import Evaluation, Violation
from mlsysim.evaluation import evaluate as _evaluate
from mlsysim.plan import LoadedPlan, load, plain
from mlsysim.plan.pairing import paired, refuse_pair
from mlsysim.registry import Entry
from mlsysim.symbolic.errors import InputError

if TYPE_CHECKING:
    from mlsysim.shares import SharedEvaluation

Planlike = str | Path | Mapping[str, Any] | Entry | LoadedPlan


def evaluate(plan: Planlike, hardware: str | Entry | None = None, **fields: Any) -> Evaluation:
    """Evaluate a plan, or a model on an accelerator.

    Args:
        plan: the path of a YAML file, a mapping of the same form, or a plan; before an accelerator, a model by name or entry.
        hardware: the accelerator, by name or entry.
        **fields: what a plan would say of them, as options of ``mlsysim eval``: ``batch_size``, ``nodes``, ``accelerators``,
            ``phase``, ``sequence_length``, ``output_tokens``, ``precision``, ``efficiency``, ``region``, ``duration_days``.

    Raises:
        InputError: the plan is malformed or names something unknown; a field is unknown, or stands beside a plan.

    >>> evaluation = evaluate("Llama3_8B", "H100", batch_size=32)
    >>> evaluation.feasible, evaluation.binding_wall
    (True, 'compute')
    >>> evaluation = evaluate({"version": "1.0", "workload": {"name": "Llama3_70B"}, "hardware": {"name": "H100"}})
    >>> evaluation.feasible, evaluation.to_dict()["f_status"]
    (False, 'FAIL')
    """
    if hardware is None:
        refuse_pair(plan, fields)
        return _evaluate(_bind(load(plan)))
    model: Any = plan
    entries = (each if isinstance(each, Entry) else None for each in (model, hardware))
    return _evaluate(_bind(load(paired(model, hardware, fields)), *entries))


def evaluate_whole(plan: Planlike, hardware: str | Entry | None = None, **fields: Any) -> Evaluation | SharedEvaluation:
    """Evaluate any plan, also one whose hardware is several pools.

    Args:
        plan, hardware: as of :func:`evaluate`.
        **fields: as there.

    Returns:
        What :func:`evaluate` returns; of several pools what all do together, with the same ``exit_code``, ``scorecard`` and
        ``to_dict``, and each pool's own under ``pools``.

    Raises:
        InputError: the plan is malformed or names something unknown.

    >>> pools = [{"name": "H100", "accelerators": 2}, {"name": "A100", "accelerators": 2}]
    >>> workload = {"name": "Llama3_8B", "batch_size": 8}
    >>> whole = evaluate_whole({"version": "1.0", "workload": workload, "hardware": {"pools": pools}})
    >>> [pool.evaluation.design.hardware.name for pool in whole.pools]
    ['H100', 'A100']
    """
    if hardware is not None:
        return evaluate(plan, hardware, **fields)
    refuse_pair(plan, fields)
    loaded = load(plan)
    if not loaded.plan.hardware.pools:
        return evaluate(loaded)
    from mlsysim.shares import evaluate_pools

    return evaluate_pools(loaded)


class SystemEvaluator:
    """Evaluates one model on one kind of hardware without a plan."""

    @staticmethod
    def evaluate(
        scenario_name: str,
        model_obj: Entry,
        hardware_obj: Entry,
        batch_size: int = 1,
        precision: str | None = None,
        efficiency: float | None = None,
        *,
        nodes: int | None = None,
        accelerators: int | None = None,
        **workload: Any,
    ) -> Evaluation:
        """Evaluate a model on hardware.

        Args:
            scenario_name: what to call it in output.
            model_obj: an entry of ``mlsysim.Models``.
            hardware_obj: an entry of ``mlsysim.Hardware``.
            batch_size: sequences, requests or samples at once.
            precision: a number format, such as ``"fp16"``.
            efficiency: share of peak that compute kernels reach, between 0 and 1.
            nodes, accelerators: how many of the hardware; one accelerator where neither is given.
            **workload: further fields of a plan's workload section.

        Raises:
            InputError: a value that a plan could not hold either.
        """
        if not (isinstance(model_obj, Entry) and isinstance(hardware_obj, Entry)):
            raise InputError(
                "model_obj and hardware_obj are registry entries", hint="such as mlsysim.Models.Language.Llama3_8B"
            )
        if (model_obj.category, hardware_obj.category) != ("models", "hardware"):
            raise InputError(f"{model_obj.name} is no model or {hardware_obj.name} no hardware", hint="swap them?")
        if "name" in workload:
            raise InputError("the model says the workload's name itself", hint="leave `name` out")
        chosen = {"batch_size": batch_size, "precision": precision, "efficiency": efficiency, **workload}
        hardware = {"name": hardware_obj.name, "nodes": nodes, "accelerators": accelerators}
        plan = {
            "version": "1.0", "name": scenario_name,
            "workload": {"name": model_obj.name, **{k: v for k, v in chosen.items() if v is not None}},
            "hardware": {k: v for k, v in hardware.items() if v is not None},
        }  # fmt: skip
        return _evaluate(_bind(load(plan), model_obj, hardware_obj))


@dataclass(frozen=True)
class Check:
    """Whether a plan is possible and keeps its asserts, and if not why, wall by wall.

    Attributes:
        findings: every condition of the graph, with its wall and slack.
        violations: the asserts that do not hold.
    """

    findings: tuple[Finding, ...]
    violations: tuple[Violation, ...]

    @property
    def feasible(self) -> bool:
        """Whether every condition holds, and every assert that does not only warn."""
        kept = all(violation.limit.severity == "warn" for violation in self.violations)
        return kept and all(finding.holds for finding in self.findings)

    @property
    def reasons(self) -> list[str]:
        """What is wrong, in words: conditions first, then asserts."""
        failed = [f"{f.wall}: {f.sentence}" for f in self.findings if not f.holds]
        return failed + [f"{v.wall}: {v.sentence}" for v in self.violations]

    @property
    def slack(self) -> dict[str, float]:
        """What is left over for every physical condition, by wall, in coherent units; negative where it fails."""
        return {f"{f.wall}.{f.name}": f.slack for f in self.findings if f.kind == "physical"}

    def __bool__(self) -> bool:
        return self.feasible

    def __repr__(self) -> str:
        return "<Check: feasible>" if self.feasible else f"<Check: infeasible: {'; '.join(self.reasons)}>"


def check(plan: Planlike, hardware: str | Entry | None = None, **fields: Any) -> Check:
    """Check a plan's feasibility and asserts, or those of a model on an accelerator; takes what :func:`evaluate` takes.

    Raises:
        InputError: the plan is malformed or names something unknown.

    >>> check("Llama3_8B", "H100", batch_size=32)
    <Check: feasible>
    """
    evaluation = evaluate(plan, hardware, **fields)
    return Check(tuple(evaluation.findings), tuple(evaluation.violations))


def bind(plan: Planlike) -> BoundKernel:
    """Bind a plan once, to evaluate it at many design points.

    Raises:
        InputError: the plan is malformed or names something unknown.

    >>> kernel = bind({"version": "1.0", "workload": {"name": "Llama3_8B"}, "hardware": {"name": "H100"}})
    >>> kernel.at(batch_size=8)["performance.throughput"] > kernel.at(batch_size=1)["performance.throughput"]
    True
    """
    return BoundKernel(_bind(load(plan)))


def derive(what: str | int, *, plan: Planlike | None = None, format: str = "text", full: bool = False) -> str:
    """Print the derivation of a wall, or where a metric of a plan comes from, as a worked example.

    Args:
        what: a wall by name or number; with a plan also a metric, such as ``"performance.latency"``.
        plan: the plan whose values stand in the example.
        full: every equation between the registry's values and the metric, not only what carries it.
        format: ``text`` or ``latex``; for a wall also ``web`` (HTML with KaTeX) or ``mathml``.

    Raises:
        UnknownNameError: no such wall, metric or format.
        InputError: the plan is malformed, or skips the metric.
    """
    from mlsysim.derivations import derivation_of

    return derivation_of(what, plan=None if plan is None else evaluate(plan), format=format, full=full)


def sensitivity(plan: Planlike, metric: str = "performance.latency") -> Any:
    """Every elasticity of a metric, ranked; see :func:`mlsysim.elasticities.sensitivity`."""
    from mlsysim.elasticities import sensitivity as rank

    return rank(evaluate(plan), metric)


def synthesize(plan: Planlike, target: str) -> Any:
    """What hardware a target needs; see :func:`mlsysim.requirements.synthesize`."""
    from mlsysim.requirements import synthesize as invert

    return invert(plan, target)


def optimize(plan: Planlike, problem: str | None = None, **options: Any) -> Any:
    """Find the best design of a plan; see :func:`mlsysim.search.optimization.optimize`."""
    from mlsysim.search.optimization import optimize as search

    return search(load(plan), problem, **plain(options))


def pareto(plan: Planlike, metrics: Sequence[str], problem: str | None = None, **options: Any) -> Any:
    """The exact front of a plan's designs; see :func:`mlsysim.search.optimization.pareto`."""
    from mlsysim.search.optimization import pareto as trade

    return trade(load(plan), metrics, problem, **plain(options))


__all__ = [
    "BoundKernel", "Check", "Columns", "InputError", "Point", "SystemEvaluator", "bind", "check", "derive", "evaluate",
    "optimize", "pareto",
]  # fmt: skip
