"""Derivations as people ask for them: a wall, or the chain behind a metric of a plan."""

from __future__ import annotations

from mlsysim.constraints.asserts import metric, metrics
from mlsysim.evaluation import Evaluation
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.graph import graph, wall
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.printing import chain, derivation
from mlsysim.symbolic.printing.origin import Origin


def derivation_of(what: str | int, plan: Evaluation | None = None, format: str = "text") -> str:
    """A wall's derivation; with a plan, the chain from registry values to a metric.

    Raises:
        UnknownNameError: no such wall, metric or format.
        InputError: the plan skips the metric, or a metric is asked for without a plan.
    """
    name = str(what)
    walls = [word for w in catalogue().WALLS for word in (w["name"], str(w["number"]))]
    if name.lower() in walls:
        chapter = wall(name)
        assert chapter.wall is not None
        return derivation(chapter, chapter.wall, format)
    if plan is None:
        known = [word for word in walls if not word.isdigit()]
        if "." in name or any(name == m.rpartition(".")[2] for m in metrics()):
            raise InputError(f"{name} is no wall", hint="a metric needs a plan: add --plan plan.yaml")
        raise UnknownNameError("wall", name, known, see=f"the walls are {', '.join(known)}")
    return _chain(plan, name, format)


def _chain(evaluation: Evaluation, name: str, format: str) -> str:
    full = name if name in evaluation.values else metric(name, evaluation.variant)
    if full in evaluation.skipped:
        raise InputError(f"{full} is skipped in this plan: {evaluation.skipped[full]}")
    of = graph(evaluation.variant)
    return chain(of, of.quantity(full), evaluation.values, origins(evaluation), format)


def origins(evaluation: Evaluation) -> dict[str, Origin]:
    """Where the value of every leaf comes from, by name."""
    return {
        leaf: Origin(b.says, str(b.source) if b.source else "", b.source.key if b.source else "")
        for leaf, b in evaluation.design.bindings.items()
    }
