"""What is declared of a quantity beside its symbol: how a plan says it, what a search decides of it, what it is called.

All of it stands in the line that declares the quantity. The form of a plan, binding, assumptions, limits, search, answers
and the documentation follow from there, through the catalogue that ``codegen`` writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True)
class Field:
    """How a plan says a leaf.

    Attributes:
        path: the section and the field, such as ``workload.tokens``.
        says: what it is to who writes a plan, where the quantity's own meaning does not say it.
        default: what is taken where the plan does not say it.
        unit: the unit of a bare number; empty for the one that the quantity is shown in.
        also: further words for the unit in text.
        least, most: what it may be, in that unit; ``above`` where the least itself is left out.
        words: what it may be instead of a number.
        only: the phase in which alone it counts, where the leaf is one of other graphs too.
    """

    path: str
    says: str = ""
    default: str = ""
    unit: str = ""
    also: tuple[str, ...] = ()
    least: float = 1
    most: float = 1e9
    above: bool = False
    words: tuple[str, ...] = ()
    only: str = ""


@dataclass(frozen=True)
class Degree:
    """A degree of the split, to who searches and to who reads the answer.

    Attributes:
        key: its name in answers, behind ``o_``.
        values: which numbers are looked at: what divides the ``devices``, the ``batch`` or the layers of a stage
            (``chunks``), numbers of ``stages``, layers at the ``ends``, what may go to the ``host``, or the numbers themselves.
        says: a number of them in words, such as ``{} chunk{s} a stage``, or what each value is called.
        neutral: what it is where nobody asks for it.
        shown: when a split in words names it: ``always``, only where it is not ``neutral``, or ``never``.
        beside: the leaf above 1 beside which alone its neutral value says something.
    """

    key: str
    values: str | tuple[int, ...]
    says: str | tuple[str, ...]
    neutral: int = 1
    shown: str = "unusual"
    beside: str = ""


class Facets(TypedDict, total=False):
    """What may be declared of a quantity.

    Attributes:
        field: how a plan says it.
        degree: what it is as a degree of the split.
        fact: the fact of the registry that is taken where the plan does not say it, such as ``model.sliding_window``.
        called: what it is called in a list of assumptions, where its name does not say it.
        without: what leaving it out does to the answer, where nobody has published it.
        unsaid: its default as a sentence of its own.
        more_is_better: whether more of a metric is better.
    """

    field: Field
    degree: Degree
    fact: str
    called: str
    without: str
    unsaid: str
    more_is_better: bool
