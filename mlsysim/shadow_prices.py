"""Shadow prices: what the plan would gain if one of its asserts were looser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.constraints.asserts import Limit, more_is_better
from mlsysim.symbolic.words import number

#: Elasticities smaller than this move nothing.
NOTHING = 1e-9
DEVICES = "split.devices"
#: An input that would have to move by more percent than this is beyond what a slope can say.
FARTHEST = 10.0


@dataclass(frozen=True)
class ShadowPrice:
    """What loosening an assert by one percent is worth, through the one input that gains most (wall 21).

    Attributes:
        limit: the assert.
        state: ``slack``, ``binding`` or ``violated``. The price is that of one percent of the value reached, which is
            the limit where it binds; it is paid only there.
        leaf: the input that may then move; empty where none moves the assert's metric.
        move: by how many percent it moves.
        gains: the metric that gets better with it; empty where none does.
        change: by how many percent that metric changes.
    """

    limit: Limit
    state: str
    leaf: str = ""
    move: float = 0.0
    gains: str = ""
    change: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The price as plain data."""
        return {"assert": self.limit.text, "state": self.state, "input": self.leaf or None, "input_change": self.move,
                "gains": self.gains or None, "change": self.change}  # fmt: skip

    @property
    def sentence(self) -> str:
        """The price in words."""
        if not self.leaf:
            return f"{self.limit.text}: no single property of the hardware moves it by much"
        state = {
            "slack": " has slack, so nothing is lost to it now; if it did bind,",
            "violated": " does not hold; from what is reached now,", "binding": " binds:",
        }[self.state]  # fmt: skip
        looser = f"1 % {'more' if self.limit.sign > 0 else 'less'} {_words(self.limit.metric)}"
        gain = f", and {self.gains} {_by(self.change, 'higher', 'lower')}" if self.gains else ""
        fewer = "fewer" if self.leaf == DEVICES else "less"
        return (
            f"{self.limit.text}{state} {looser} would allow {_by(self.move, 'more', fewer)} {_words(self.leaf)}{gain}"
        )


#: One-sided elasticities: by input, then by metric.
Slopes = Mapping[str, Mapping[str, float]]


def price(limit: Limit, found: float, wanted: Sequence[str], grows: Slopes, shrinks: Slopes) -> ShadowPrice:
    """The price of an assert, in the first of the wanted metrics that some input trades it for.

    Args:
        limit: the assert.
        found: what its metric is.
        wanted: the metrics that may gain, the first that does counts.
        grows, shrinks: one-sided elasticities in the inputs that may move.
    """
    near = limit.holds(found) and limit.slack(found) <= NOTHING * abs(found)
    state = "binding" if near else "slack" if limit.holds(found) else "violated"
    moves = [
        (leaf, direction / abs(slopes[limit.metric]), slopes)
        for direction, side in ((1, grows), (-1, shrinks))
        for leaf, slopes in side.items()
        if slopes[limit.metric] * direction * limit.sign > 1 / FARTHEST
    ]
    for gains in (metric for metric in wanted if metric != limit.metric):
        better = 1 if more_is_better(gains) else -1
        trades = [(leaf, move, slopes[gains] * move) for leaf, move, slopes in moves]
        paying = [trade for trade in trades if trade[2] * better > NOTHING]
        if paying:
            leaf, move, change = max(paying, key=lambda trade: (trade[2] * better, trade[0]))
            return ShadowPrice(limit, state, leaf, move, gains, change)
    if moves:  # nothing gains, but the strongest input may be weaker
        leaf, move, _ = min(moves, key=lambda each: (abs(each[1]), each[0]))
        return ShadowPrice(limit, state, leaf, move)
    return ShadowPrice(limit, state)


def _by(change: float, more: str, less: str) -> str:
    return f"{number(abs(change))} % {more if change > 0 else less}"


def _words(name: str) -> str:
    """A metric or an input by its last word; of accelerators and storage with the first."""
    kind, _, rest = name.partition(".")
    if name == DEVICES:
        return "accelerators"
    return f"{kind} {rest}".replace("_", " ") if kind in ("accelerator", "storage") else rest.replace("_", " ")
