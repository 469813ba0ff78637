"""Asserts: the limits that a person puts on metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.symbolic.errors import InputError, UnknownNameError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.units import parse
from mlsysim.symbolic.words import amount, number

LENSES = ("feasibility", "performance", "macro")
#: Metrics of which more is better.
LARGER_IS_BETTER = (
    "performance.throughput", "performance.sample_throughput", "performance.mfu", "performance.hfu", "performance.goodput",
    "performance.busy", "macro.tokens", "macro.samples", "feasibility.largest_batch",
)  # fmt: skip


def metrics(variant: str | None = None) -> dict[str, Mapping[str, Any]]:
    """Every metric by name, of one variant or of all, with its record in the catalogue."""
    parents = catalogue().VARIANTS
    names = {name for v in ([variant] if variant else parents) for name in parents[v]["parents"]}
    return {n: q for n, q in catalogue().QUANTITIES.items() if n in names and n.partition(".")[0] in LENSES}


def metric(name: str, variant: str | None = None, *, where: str | None = None, what: str = "metric") -> str:
    """The full name of a metric given by its full name or its last word.

    Raises:
        UnknownNameError: there is none; the nearest names are suggested.
        InputError: it exists, but not for this kind of model and phase.
    """
    known = metrics()
    full = name if name in known else next((m for m in known if m.rpartition(".")[2] == name), None)
    if full is None:
        raise UnknownNameError(what, name, known, where=where, see="see `mlsysim schema --type result`")
    if variant and full not in metrics(variant):
        phase = variant.replace("_", " ").replace("profiled", "profiled model")
        raise InputError(
            f"{full} is not a metric of {phase}", where=where, hint=f"it has {', '.join(metrics(variant))}"
        )
    return full


@dataclass(frozen=True)
class Limit:
    """A limit on a metric, in coherent units.

    Attributes:
        metric: the full name.
        side: ``max`` or ``min``.
        value: in coherent units.
        where: the place in the plan.
    """

    metric: str
    side: str
    value: float
    where: str | None

    @property
    def sign(self) -> int:
        """1 for at most, -1 for at least."""
        return 1 if self.side == "max" else -1

    @property
    def text(self) -> str:
        """The limit in words, with its unit."""
        sign = "<=" if self.side == "max" else ">="
        return f"{self.metric} {sign} {amount(self.value, catalogue().QUANTITIES[self.metric])}"

    @property
    def as_assert(self) -> dict[str, Any]:
        """The limit as a plan writes it."""
        return {"metric": self.metric, self.side: self.value / catalogue().QUANTITIES[self.metric]["scale"]}

    def slack(self, found: float) -> float:
        """How far a value is from the limit, in coherent units; negative where it is violated."""
        return self.value - found if self.side == "max" else found - self.value

    def holds(self, found: float) -> bool:
        """Whether a value keeps the limit."""
        return self.slack(found) >= -ROUNDING * abs(self.value)

    def miss(self, found: float) -> str:
        """By how much a value misses the limit, in words."""
        unit = catalogue().QUANTITIES[self.metric]
        by = amount(-self.slack(found), unit)
        if self.value == 0 or found == 0:
            return by
        times = found / self.value if self.side == "max" else self.value / found
        share = f"{number(times)} times the limit" if self.side == "max" else f"1/{number(times)} of the limit"
        return f"{by} ({share})"


def limit(name: str, side: str, raw: float | str, *, variant: str, where: str | None, path: str) -> Limit:
    """Read one side of an assert.

    Args:
        name: the metric as written.
        side: ``max`` or ``min``.
        raw: a number in the metric's display unit, or a string with its unit.
        variant: the graph that it must be a metric of.
        where: the place of the value in the plan.
        path: its name in the plan.

    Raises:
        InputError: an unknown metric, a wrong dimension, or a number that is not finite.
    """
    full = metric(name, variant, where=where)
    record = catalogue().QUANTITIES[full]
    if isinstance(raw, str):
        return Limit(full, side, parse(raw, record["display"], where=where, what=f'{path}: "{full}"'), where)
    if raw != raw or abs(raw) > 1e300:
        raise InputError(f"{path}: {str(raw)[:20]} is not a number that a metric could have", where=where)
    return Limit(full, side, float(raw) * record["scale"], where)


def read_limit(text: str, variant: str, path: str = "target") -> Limit:
    """Read ``"itl <= 30 ms"``.

    Args:
        text: a metric, ``<=`` or ``>=``, and a value with its unit.
        variant: the graph that it must be a metric of.
        path: where it was given, for messages.

    Raises:
        InputError: it is not of that form, an unknown metric, or a wrong dimension.
    """
    match = re.fullmatch(r"\s*([\w.]+)\s*(<=|>=|<|>)\s*(.+?)\s*", text)
    if not match:
        raise InputError(
            f"{path}: {text!r} is not a limit", hint='write a metric, <= or >= and a value, such as "itl <= 30 ms"'
        )
    name, sign, value = match.groups()
    raw: float | str = float(value) if re.fullmatch(r"[-+]?\d+\.?\d*([eE][-+]?\d+)?", value) else value
    return limit(name, "max" if sign[0] == "<" else "min", raw, variant=variant, where=None, path=path)
