"""Derivations as people ask for them: a wall, or the chain behind a metric of a plan.

A name that is neither is refused before the algebra is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlsysim.constraints.asserts import metric, metrics
from mlsysim.evaluation import Evaluation
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue

if TYPE_CHECKING:
    from mlsysim.symbolic.printing.origin import Origin


def derivation_of(what: str | int, plan: Evaluation | None = None, format: str = "text", full: bool = False) -> str:
    """A wall's derivation; with a plan, a metric as a worked example, or in full the chain from registry values to it.

    Raises:
        UnknownNameError: no such wall, metric or format.
        InputError: the plan skips the metric, a metric is asked for without a plan, or a wall in full.
    """
    name = str(what)
    walls = {word: w["name"] for w in catalogue().WALLS for word in (w["name"], str(w["number"]))}
    if name.lower() in walls:
        if full:
            raise InputError(f"full: {name} is a wall, whose derivation is always whole", hint="leave it out")
        return _of_wall(walls[name.lower()], format)
    if plan is None:
        known = [word for word in walls if not word.isdigit()]
        if "." in name or any(name == m.rpartition(".")[2] for m in metrics()):
            raise InputError(f"{name} is no wall", hint="a metric needs a plan: add --plan plan.yaml")
        raise UnknownNameError("wall", name, known, see=f"the walls are {', '.join(known)}")
    name = name if name in plan.values else metric(name, plan.variant)
    if name in plan.skipped:
        raise InputError(f"{name} is skipped in this plan: {plan.skipped[name]}")
    return _of_metric(plan, name, format, full)


def _of_wall(name: str, format: str) -> str:
    from mlsysim.symbolic.pages import stored

    page = stored(name) if format == "text" else None
    if page is not None:
        return page
    from mlsysim.symbolic.graph import wall
    from mlsysim.symbolic.printing import derivation

    chapter = wall(name)
    assert chapter.wall is not None
    return derivation(chapter, chapter.wall, format)


def _of_metric(evaluation: Evaluation, name: str, format: str, full: bool) -> str:
    from mlsysim.symbolic.graph import graph
    from mlsysim.symbolic.printing import chain, worked_example

    of = graph(evaluation.variant)
    page = chain if full else worked_example
    return page(of, of.quantity(name), evaluation.values, origins(evaluation), format)


def origins(evaluation: Evaluation) -> dict[str, Origin]:
    """Where the value of every leaf comes from, by name."""
    from mlsysim.symbolic.printing.origin import Origin

    return {
        leaf: Origin(b.says, str(b.source) if b.source else "", b.source.key if b.source else "")
        for leaf, b in evaluation.design.bindings.items()
    }
