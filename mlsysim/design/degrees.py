"""The degrees of a split, as they are declared beside their leaves: in words, in answers, and what they may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from mlsysim.plan.leaves import by_leaf
from mlsysim.registry.vocabulary import FORMATS
from mlsysim.symbolic.kernels import catalogue


@dataclass(frozen=True)
class Degree:
    """A degree of the split.

    Attributes:
        leaf: what it binds, such as ``split.tensor``.
        key: its name in answers, behind ``o_``.
        values: which numbers are looked at; see :class:`mlsysim.symbolic.facets.Degree`.
        says: a number of them in words, or what each value is called.
        neutral: what it is where nobody asks for it.
        shown: when a split in words names it: ``always``, where it is not neutral (``unusual``), or ``never``.
        beside: the leaf above 1 beside which alone its neutral value says something; empty where it always does.
    """

    leaf: str
    key: str
    values: str | tuple[int, ...]
    says: str | tuple[str, ...]
    neutral: int
    shown: str
    beside: str

    @property
    def choices(self) -> tuple[str, ...]:
        """What its values are called in a plan; empty where they are numbers there."""
        names = tuple(catalogue().QUANTITIES[self.leaf]["choices"])
        return () if names and names[0].isdigit() else names

    @property
    def ranks(self) -> bool:
        """Whether it multiplies accelerators."""
        return self.values in ("devices", "stages")

    def counts_in(self, variant: str) -> bool:
        """Whether a plan of that kind may say it."""
        return variant in by_leaf()[self.leaf].variants

    def names(self, value: float) -> bool:
        """Whether a split in words names it."""
        return self.shown == "always" or (self.shown == "unusual" and value != self.neutral)

    def words(self, value: float) -> str:
        """One of its values in words."""
        if isinstance(self.says, tuple):
            return self.says[int(value)]
        return self.says.format(f"{value:,.0f}", s="" if value == 1 else "s")

    def in_plan(self, value: int) -> int | bool | str:
        """One of its values as a plan writes it."""
        if self.choices == ("no", "yes"):
            return bool(value)
        return self.choices[value] if self.choices else value

    def of_plan(self, written: Iterable[int | bool | str]) -> set[int]:
        """Values that a plan writes as numbers."""
        return {self.choices.index(each) if each in self.choices else int(each) for each in written}


@cache
def degrees() -> dict[str, Degree]:
    """Every degree by leaf, in the order in which they are declared."""
    return {leaf: Degree(leaf, **declared) for leaf, declared in catalogue().DEGREES.items()}


def describe(split: Mapping[str, float]) -> str:
    """A split in words, such as ``TP 8 x PP 1 x DP 64, ZeRO 1, selective recomputation``."""
    shown = [
        (degree, degree.words(split[leaf]))
        for leaf, degree in degrees().items()
        if leaf in split and degree.names(split[leaf])
    ]
    ranks = " x ".join(words for degree, words in shown if degree.ranks)
    rest = [words for degree, words in shown if not degree.ranks]
    if "choice.precision" in split:
        rest.append(FORMATS[int(split["choice.precision"])])
    return ", ".join([ranks, *rest] if ranks else rest)
