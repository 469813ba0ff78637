"""What a search is to make least or largest: a metric, or a weighted sum of metrics."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

from mlsysim.constraints.asserts import metric, more_is_better
from mlsysim.constraints.compiler import Goal
from mlsysim.constraints.effort import Effort
from mlsysim.search.goals import WORDS
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, number

#: One part of a weighted sum: a sign, a weight and a metric.
_PART = re.compile(r"\s*+([+-]?)\s*+(?:([0-9]++(?:\.[0-9]*+)?(?:[eE][-+]?[0-9]++)?)\s*+\*\s*+)?([A-Za-z_][\w.]*+)\s*+")
#: The most characters of an objective.
LONGEST = 2_000


#: What can be counted besides metrics: the accelerators of a fleet.
COUNTS = {"accelerators": "split.devices"}


@dataclass(frozen=True)
class Objective:
    """What is optimised.

    Attributes:
        goal: the same in coherent units, as something to minimise.
        metrics: the metrics that count.
        unit: the unit of a single metric; empty for a sum, whose weights are per unit of each metric.
        largest: whether the largest value is wanted.
    """

    goal: Goal
    metrics: tuple[str, ...]
    unit: str
    largest: bool

    @property
    def name(self) -> str:
        """The metric, or the sum of them."""
        counted = {quantity: word for word, quantity in COUNTS.items()}
        if len(self.metrics) == 1:
            return counted.get(self.metrics[0], self.metrics[0])
        weights = (abs(weight) * _scale(metric) for metric, weight in self.goal.weights)
        signs = ("+" if (weight > 0) != self.largest else "-" for _, weight in self.goal.weights)
        shown = (f"{m}" if w == 1 else f"{number(w)}*{m}" for w, m in zip(weights, self.metrics, strict=True))
        parts = [f"{sign} {each}" for sign, each in zip(signs, shown, strict=True)]
        return " ".join(parts).removeprefix("+ ")

    def in_unit(self, value: float | None) -> float | None:
        """A value of the objective in the metric's own unit; a sum has none."""
        if value is None:
            return None
        if len(self.metrics) == 1:
            return value / _scale(self.metrics[0])
        return -value if self.largest else value

    def said(self, value: float | None) -> str:
        """A value of the objective in words."""
        if value is None:
            return "none"
        if len(self.metrics) == 1:
            return amount(value, catalogue().QUANTITIES[self.metrics[0]])
        return number(self.in_unit(value) or 0.0)

    def proof(self, status: str, bound: float | None, gap: float | None, effort: Effort) -> str:
        """The status, the bound and the gap of a search in words, and whether the gap asked for ended it."""
        if status == "feasible" and gap is not None and effort.enough(gap):
            within = number(100 * gap, toward=1)
            return f"feasible within {within} %, stopped at the gap asked for, bound {self.said(bound)}"
        between = "unknown" if gap is None else f"{number(gap * 100)} %"
        return f"{status}, bound {self.said(bound)}, gap {between}"


def proven(status: str, seconds: float, *, tried: bool = False) -> str:
    """Whether a search proved its answer, and how long it took.

    >>> proven("optimal", 0.27, tried=True)
    'proven best, confirmed by trying all, 0.27 s'
    """
    word = "proven best" if status == "optimal" else "not proven best"
    return f"{word}{', confirmed by trying all' * tried}, {seconds:.2f} s"


def _scale(metric: str) -> float:
    """A metric's own unit in coherent units."""
    return float(catalogue().QUANTITIES[metric]["scale"])


def quantity(word: str, variant: str, what: str = "metric") -> str:
    """What a word means that a search can make small or large: a metric, or the accelerators.

    >>> quantity("cost", "transformer_training"), quantity("accelerators", "transformer_training")
    ('macro.tco', 'split.devices')

    Raises:
        UnknownNameError: it is neither.
    """
    counted = COUNTS.get(word, word)
    return counted if counted in COUNTS.values() else metric(word, variant, what=what)


def refuse_unknown(text: str, where: str | None) -> None:
    """Refuse an objective that no kind of model and phase could have, at its place in a plan.

    Raises:
        InputError: it is no sum of metrics.
    """
    for word, _ in parts_of(text, where):
        if word not in (*WORDS, *COUNTS, *COUNTS.values()):
            metric(word, where=where, what="objective")


def parts_of(text: str, where: str | None = None) -> list[tuple[str, float]]:
    """The words of a sum, each with its weight.

    >>> parts_of("latency - 0.5*tco")
    [('latency', 1.0), ('tco', -0.5)]

    Raises:
        InputError: it is no sum of words.
    """
    if len(text) > LONGEST:
        shown = f"{text[:40].strip()!r}..."
        raise InputError(f"an objective of {len(text):,} characters: {shown}", where=where,
                         hint=f"name metrics and weights in at most {LONGEST:,} characters")  # fmt: skip
    parts: list[tuple[str, float]] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if not match or (parts and not match[1]):
            hint = 'write a metric, or a sum such as "latency + 0.5*tco"'
            raise InputError(f"{text!r} is no objective", where=where, hint=hint)
        parts.append((match[3], (-1.0 if match[1] == "-" else 1.0) * float(match[2] or 1)))
        position = match.end()
    return parts


def objective(text: str, variant: str, *, largest: bool | None = None, run: bool = False) -> Objective:
    """Read an objective: ``latency``, ``performance.throughput``, ``cheapest`` or ``latency + 0.5*tco``.

    Args:
        text: a metric, or a sum of metrics with weights per unit of each.
        variant: the kind of model and phase.
        largest: whether to maximise; by default what is better for a single metric, and the least of a sum.
        run: whether the plan says how many tokens its training run has, which words such as ``cheapest`` then mean.

    Raises:
        InputError: it is no sum of metrics, or a metric stands in it twice.
    """
    parts = [
        (quantity(WORDS[word][not run] if word in WORDS else word, variant, "objective"), weight)
        for word, weight in parts_of(text)
    ]
    names = tuple(name for name, _ in parts)
    if not parts or len(set(names)) < len(names) or not all(0 < abs(w) < inf for _, w in parts):
        raise InputError(f"{text!r} is no objective", hint="name each metric once, with a finite weight that is not 0")
    if len(parts) == 1:
        largest = more_is_better(names[0]) if largest is None else largest
        if parts[0][1] < 0:
            largest = not largest
        return Objective(
            Goal.of(names[0], -1 if largest else 1), names, catalogue().QUANTITIES[names[0]]["display"], largest
        )
    sense = -1.0 if largest else 1.0
    weights = tuple((name, sense * weight / _scale(name)) for name, weight in parts)
    return Objective(Goal(weights), names, "", bool(largest))
