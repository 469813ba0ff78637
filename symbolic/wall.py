"""Walls: the constraints that bound a machine-learning system, and the conditions under which a design is possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsysim.symbolic.quantity import ALL, Quantity
from mlsysim.symbolic.step import Step

if TYPE_CHECKING:
    from mlsysim.symbolic.equation import Equation
    from mlsysim.symbolic.laws import Decided


@dataclass(frozen=True, eq=False, repr=False)
class Wall:
    """One wall of the taxonomy. Defining one in a module below ``walls`` is what makes it exist.

    Attributes:
        number: its place among the 22.
        name: the word it is called by.
        domain: node, data, algorithm, fleet, operations or analysis.
        core: the steps whose results are the wall's laws; their ancestry is its derivation.
        binds: when this wall is the one that decides, as a clause.
        assumptions: what the derivation takes for granted.
        validity: where it holds.
    """

    number: int
    name: str
    domain: str
    core: tuple[Step, ...]
    binds: str
    assumptions: tuple[str, ...] = ()
    validity: str = ""

    @property
    def derivation(self) -> list[Step]:
        """The steps that lead to the wall's laws, premises first."""
        seen: dict[int, Step] = {}
        for step in self.core:
            for ancestor in step.ancestry:
                seen.setdefault(id(ancestor), ancestor)
        return list(seen.values())

    def evaluate(self, **values: float | str) -> dict[str, float]:
        """Evaluate the wall's laws outside any plan.

        Args:
            **values: the quantities that the laws rest on, by the last word of their names: numbers in coherent units
                (s, byte, flop, J, USD and their quotients), or text with a unit. Constants are known.

        Returns:
            Every law's left-hand side in coherent units, by the last word of its name; a law may use another's result.
            A special case counts where the general law lacks a value; a limit is there to be read.

        Raises:
            InputError: a quantity is missing, none of the laws has it, or a count is not whole.
            UnitError: a text is no amount of the quantity.

        >>> from mlsysim.symbolic.graph import wall
        >>> wall("compute").wall.evaluate(any=2e12, peak="1 TFLOP/s", efficiency=0.5)["time"]
        4.0
        """
        from mlsysim.symbolic.laws import last_word

        return {last_word(quantity): decided.value for quantity, decided in self.decide(**values).items()}

    def decide(self, **values: float | str) -> dict[Quantity, Decided]:
        """The laws that values decide; the same as :meth:`evaluate`, with each law and by quantity."""
        from mlsysim.symbolic.laws import decided

        return decided(self.general, values, self.special)

    @property
    def general(self) -> list[Equation]:
        """The laws that are no special case of another."""
        return [step.result for step in self.core if not self._is_special(step)]

    @property
    def special(self) -> list[Equation]:
        """The special cases that still rest on a quantity."""
        cases = (step for step in self.core if self._is_special(step) and step.rule == "specialise")
        return [step.result for step in cases if step.result.quantities_of_right]

    def _is_special(self, step: Step) -> bool:
        """Whether a law is a special case or a limit of another."""
        return step.rule in ("specialise", "limit") and any(
            other.result.left == step.result.left and other.rule not in ("specialise", "limit") for other in self.core
        )

    def __repr__(self) -> str:
        return f"Wall({self.number}, {self.name!r}, {self.domain!r}, {len(self.core)} laws, binds when {self.binds})"

    def _repr_latex_(self) -> str:
        return "\n\n".join(step._repr_latex_() for step in self.core)


@dataclass(frozen=True, eq=False)
class Change:
    """A leaf of which other values may make a condition hold, and how these values are written.

    Attributes:
        leaf: what is changed.
        most: the largest value that is tried; with ``near``, how far from the present value.
        words: what names the values: ``{and}`` and ``{or}`` list them, ``{do}`` is do or does.
        near: whether only the nearest value on either side is of use, as for the size of a batch.
    """

    leaf: Quantity
    most: Quantity | int
    words: str
    near: bool = False


@dataclass(frozen=True, eq=False)
class Condition:
    """What a design must satisfy to be possible: ``needed <= available``.

    Conditions of one name are one admissibility: the values that cure one of them are those that all of them accept.

    Attributes:
        name: the metric-like name it is reported under.
        needed, available: two quantities of the graph, in the same unit.
        sentence: what to say when it fails; ``{needed}`` and ``{available}`` are filled in with units, the last word of
            the name of a quantity that the condition rests on as a plain number.
        kind: ``physical`` when something runs out, ``structural`` when a design does not exist at all, ``joined`` when no
            link leads from one accelerator to another.
        when: the variants of the graph it belongs to.
        decider: what decides where it fails, if that is no wall: ``parallelism`` or ``model``.
        changes: what can be changed to make it hold, the most useful first.
        beside: how it is mentioned where it rules out values that another condition of its name would accept.
    """

    name: str
    needed: Quantity
    available: Quantity | int
    sentence: str
    kind: str = "physical"
    when: frozenset[str] = ALL
    decider: str = ""
    changes: tuple[Change, ...] = ()
    beside: str = ""
