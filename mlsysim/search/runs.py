"""A training run's own limits: how many tokens it has, by when it must end, what it may cost and emit."""

from __future__ import annotations

from typing import Any

from mlsysim.plan import LoadedPlan
from mlsysim.plan.options import as_field
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.units import parse

#: What each limit holds for a run of so many tokens, and for the time a plan holds its accelerators.
LIMITS = {
    "deadline": ("macro.run_time", None),
    "budget": ("macro.run_cost", "macro.tco"),
    "carbon_cap": ("macro.run_carbon", "macro.carbon"),
}


def with_run(loaded: LoadedPlan, tokens: float | str | None, **limits: str | None) -> LoadedPlan:
    """A plan with the tokens of a run and with its limits as asserts, beside those that it has.

    Args:
        loaded: the plan.
        tokens: of the whole run; those of the plan where none are given.
        **limits: ``deadline``, ``budget`` and ``carbon_cap``, each an amount with its unit. Without tokens, a budget and a
            carbon cap hold for the plan's duration.

    Raises:
        InputError: no amount above 0 in the right unit, or a deadline for a plan that has no tokens.
    """
    given = {name: text for name, text in limits.items() if text is not None}
    if tokens is None and not given:
        return loaded
    data: dict[str, Any] = dict(loaded.document.data)
    if tokens is not None:
        data["workload"] = {**data["workload"], "tokens": as_field("--tokens", "workload", "tokens", tokens)}
    asserts = [*data.get("constraints", {}).get("assert", [])]
    for name, text in given.items():
        option = f"--{name.replace('_', '-')}"
        run, held = LIMITS[name]
        metric = run if data["workload"].get("tokens") is not None else held
        if metric is None:
            raise InputError(f"{option}: without tokens a run does not end",
                             hint="give --tokens 1.4e12, or workload.tokens in the plan")  # fmt: skip
        if not parse(text, catalogue().QUANTITIES[metric]["display"], what=option) > 0:
            raise InputError(
                f"{option}: {text!r} is not above 0", hint="leave it out, or give an amount that can be kept"
            )
        asserts.append({"metric": metric, "max": text})
    return loaded.with_data({**data, "constraints": {"assert": asserts}} if asserts else data)
