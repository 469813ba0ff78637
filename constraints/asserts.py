"""Asserts: the limits that a person puts on metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.symbolic.errors import InputError, UnknownNameError, nearest
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.numerals import as_share, plain
from mlsysim.symbolic.units import parse
from mlsysim.symbolic.words import amount, number

#: What a plan may say of a metric, and how it is written in a sentence.
SIGNS = {"max": "<=", "min": ">=", "equals": "="}
#: What must equal a value may differ from it by this share.
EQUAL = 1e-9
#: What a sign means between a metric and a value.
SIDES = {"<=": "max", "<": "max", "=<": "max", "≤": "max", ">=": "min", ">": "min", "=>": "min", "≥": "min", "=": "equals",
         "==": "equals"}  # fmt: skip
_BEGINNING = r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*(<=|>=|=<|=>|==|≤|≥|<|>|=)\s*"
_LINE = re.compile(_BEGINNING)
#: What a limit in a line looks like, without control characters.
PATTERN = rf"^{_BEGINNING}[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
#: What makes a metric's name a limit in the keys of other tools.
_BOUNDED = re.compile(r"^(max|min)_|_(max|min)$")
#: How a limit is written in a line.
A_LINE = 'a metric, <= or >= and a value, such as "itl <= 30 ms"'
LENSES = ("feasibility", "performance", "macro")
#: What people call a metric, and may call it here.
CALLED = {"cost": "macro.tco"}
#: What the field calls a metric otherwise: pointed at, so that a metric has one name here.
_MEANT = {
    "performance.itl": "tpot tbt time_per_output_token time_between_tokens inter_token_latency decode_latency",
    "performance.ttft": "time_to_first_token first_token_latency prefill_latency",
    "performance.latency": "step_time iteration_time time_per_step time e2e e2e_latency end_to_end_latency",
    "performance.throughput": "tps tokens_per_second tokens_per_s token_rate tok_s",
    "performance.sample_throughput": "samples_per_second images_per_second fps sps",
    "performance.mfu": "model_flops_utilization utilization",
    "performance.hfu": "hardware_flops_utilization",
    "performance.capacity": "max_qps max_rps",
    "feasibility.memory_required": "memory vram peak_memory memory_usage memory_used hbm gpu_memory",
    "macro.tco": "price total_cost money spend",
    "macro.carbon": "co2 co2e emissions ghg",
    "macro.energy": "kwh power_consumption energy_consumption",
}  # fmt: skip


def _meant(word: str) -> list[str]:
    """The metric that the field calls by another word."""
    plainly = "".join(c for c in word.lower() if c.isalnum())
    return [full for full, words in _MEANT.items() if plainly in words.replace("_", "").split()]


def metrics(variant: str | None = None) -> dict[str, Mapping[str, Any]]:
    """Every metric by name, of one variant or of all, with its record in the catalogue."""
    parents = catalogue().VARIANTS
    names = {name for v in ([variant] if variant else parents) for name in parents[v]["parents"]}
    return {n: q for n, q in catalogue().QUANTITIES.items() if n in names and n.partition(".")[0] in LENSES}


def more_is_better(name: str) -> bool:
    """Whether more of a metric is better, such as throughput.

    >>> more_is_better("performance.mfu"), more_is_better("macro.tco")
    (True, False)
    """
    return bool(catalogue().QUANTITIES[name].get("more_is_better", False))


def metric(name: str, variant: str | None = None, *, where: str | None = None, what: str = "metric") -> str:
    """The full name of a metric given by its full name or its last word.

    Raises:
        UnknownNameError: there is none; the nearest names are suggested.
        InputError: it exists, but not for this kind of model and phase.
    """
    known, name = metrics(), CALLED.get(name, name)
    full = name if name in known else next((m for m in known if m.rpartition(".")[2] == name), None)
    if full is None:
        raise UnknownNameError(what, name, known, where=where, see="see `mlsysim metrics`", meant=_meant(name))
    if variant and full not in metrics(variant):
        phase = variant.replace("_", " ").replace("profiled", "profiled model")
        near = nearest(name.rpartition(".")[2], metrics(variant))
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(metrics(variant))}"
        raise InputError(f"{full} is not a metric of {phase}", where=where, hint=hint)
    return full


def metric_called(word: str) -> str | None:
    """The last word of the metric that a word is or that the field calls so; None where it is none.

    >>> metric_called("latency"), metric_called("tpot"), metric_called("colour")
    ('latency', 'itl', None)
    """
    full = (
        next((m for m in metrics() if m.rpartition(".")[2] == word), None)
        or CALLED.get(word)
        or next(iter(_meant(word)), None)
    )
    return full.rpartition(".")[2] if full else None


def line_of(word: str, value: object) -> str | None:
    """The assert in a line that was meant by a key and its value, such as ``max_latency: 50 ms``; None where it is none.

    >>> line_of("latency", "<= 50 ms"), line_of("mfu_min", 0.4), line_of("colour", 1)
    ('latency <= 50 ms', 'mfu >= 0.4', None)
    """
    name = metric_called(word) or metric_called(_BOUNDED.sub("", word))
    if name is None:
        return None
    if isinstance(value, str) and (found := Written.parsed(f"{name} {value}")):
        return f"{name} {SIGNS[found.side]} {found.raw}"
    stated = _BOUNDED.search(word)
    more = "min" in stated[0] if stated else any(m.endswith(f".{name}") and more_is_better(m) for m in metrics())
    shown = value if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "" else "..."
    return f"{name} {'>=' if more else '<='} {shown}"


def is_share(name: str) -> bool:
    """Whether a metric, by its full name, is a share, which is at most 1."""
    record = catalogue().QUANTITIES[name]
    return bool(record["unit"] == "1" and record["high"] == 1)


@dataclass(frozen=True)
class Limit:
    """A limit on a metric, in coherent units.

    Attributes:
        metric: the full name.
        side: ``max``, ``min`` or ``equals``.
        value: in coherent units.
        where: the place in the plan.
        severity: ``error``, or ``warn`` for a limit that is reported and not enforced.
        reason: why it is there, in the plan's own words.
    """

    metric: str
    side: str
    value: float
    where: str | None
    severity: str = "error"
    reason: str = ""

    @property
    def sides(self) -> tuple[Limit, ...]:
        """The limit as inequalities: itself, or at most and at least what it must equal."""
        if self.sign:
            return (self,)
        room = EQUAL * abs(self.value)
        return replace(self, side="max", value=self.value + room), replace(self, side="min", value=self.value - room)

    @property
    def sign(self) -> int:
        """1 for at most, -1 for at least; 0 for neither."""
        return {"max": 1, "min": -1}.get(self.side, 0)

    @property
    def text(self) -> str:
        """The limit in words, with its unit."""
        return f"{self.metric} {SIGNS[self.side]} {amount(self.value, catalogue().QUANTITIES[self.metric])}"

    @property
    def as_assert(self) -> dict[str, Any]:
        """The limit as a plan writes it."""
        return {"metric": self.metric, self.side: self.value / catalogue().QUANTITIES[self.metric]["scale"]}

    def slack(self, found: float) -> float:
        """How far a value is from the limit, in coherent units; negative where it is violated."""
        return self.sign * (self.value - found) if self.sign else -abs(self.value - found)

    def holds(self, found: float) -> bool:
        """Whether a value keeps the limit."""
        return self.slack(found) >= -(ROUNDING if self.sign else EQUAL) * abs(self.value)

    def miss(self, found: float) -> str:
        """By how much a value misses the limit, in words."""
        unit = catalogue().QUANTITIES[self.metric]
        by = amount(-self.slack(found), unit)
        if self.value * found <= 0:
            return by  # between a sign and the other there is no ratio
        below = found < self.value
        times = self.value / found if below else found / self.value
        wanted = "what it must be" if self.side == "equals" else "the limit"
        return f"{by} (1/{number(times)} of {wanted})" if below else f"{by} ({number(times)} times {wanted})"


def limit(
    name: str,
    side: str,
    raw: float | str,
    *,
    variant: str,
    where: str | None,
    path: str,
    unit: str | None = None,
    unit_where: str | None = None,
    severity: str = "error",
    reason: str = "",
) -> Limit:
    """Read one side of an assert.

    Args:
        name: the metric as written.
        side: ``max``, ``min`` or ``equals``.
        raw: a number in ``unit``, or a string with its unit.
        variant: the graph that it must be a metric of.
        where: the place of the value in the plan.
        path: its name in the plan.
        unit, unit_where: of a number, and its place; the metric's display unit where none is given.
        severity, reason: as in a :class:`Limit`.

    Raises:
        InputError: an unknown metric, a wrong dimension, a unit given twice, or a number that is not finite.
    """
    full = metric(name, variant, where=where)
    record = catalogue().QUANTITIES[full]
    if isinstance(raw, str) and unit is not None:
        raise InputError(
            f"{path}: {raw!r} has a unit, and `unit: {unit}` says one too", where=where, hint="keep one of them"
        )
    if not isinstance(raw, str) and (raw != raw or abs(raw) > 1e300):
        raise InputError(f"{path}: {str(raw)[:20]} is not a number that a metric could have", where=where)
    what = f'{path}: "{full}"'
    if isinstance(raw, str):
        value = parse(raw, record["display"], where=where, what=what)
    elif unit is not None:
        value = parse(f"{raw} {unit}", record["display"], where=unit_where, what=what)
    else:
        value = float(raw) * record["scale"]
    if is_share(full) and value > 1:
        bare = plain(raw) if isinstance(raw, str) else raw
        raise InputError(
            f"{path}: {full} is a share, {raw} is above 1", where=where, hint=as_share(bare if unit is None else None)
        )
    return Limit(full, side, value, where, severity, reason)


@dataclass(frozen=True)
class Written:
    """A limit as people write it in a line: ``latency <= 50 ms``.

    Attributes:
        metric: its name as written.
        side: ``max``, ``min`` or ``equals``.
        raw: a number, or text with its unit.
        at: how many characters stand in front of ``raw``.
    """

    metric: str
    side: str
    raw: float | str
    at: int

    @classmethod
    def parsed(cls, text: str) -> Written | None:
        """A limit as it stands in a text; None where the text is none.

        >>> Written.parsed("mfu >= 40 %")
        Written(metric='mfu', side='min', raw='40 %', at=7)
        """
        match = _LINE.match(text)
        raw = text[match.end() :].rstrip() if match else ""
        if not match or not raw:
            return None
        number = plain(raw)
        return cls(match[1], SIDES[match[2]], raw if number is None else number, match.end())


def read_limit(text: str, variant: str, path: str = "target") -> Limit:
    """Read ``"itl <= 30 ms"``.

    Args:
        text: a metric, ``<=`` or ``>=``, and a value with its unit.
        variant: the graph that it must be a metric of.
        path: where it was given, for messages.

    Raises:
        InputError: it is not of that form, an unknown metric, or a wrong dimension.
    """
    found = Written.parsed(text)
    if found is None or found.side == "equals":
        raise InputError(f"{path}: {text!r} is not a limit", hint=f"write {A_LINE}")
    return limit(found.metric, found.side, found.raw, variant=variant, where=None, path=path)
