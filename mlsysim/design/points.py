"""A plan evaluated at many design points: every leaf bound, any of them free to vary."""

from __future__ import annotations

from collections.abc import Callable, KeysView, Mapping, Sequence
from functools import cached_property
from typing import Any

from mlsysim.constraints.feasibility import ROUNDING, Finding, findings
from mlsysim.constraints.structure import conditions, leaves_of
from mlsysim.design import Design
from mlsysim.design.binding import leaf_meant
from mlsysim.design.limits import limits, refuse_disorder
from mlsysim.design.split import complete
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError
from mlsysim.symbolic.kernels import kernel

#: Results that a design has whether it is feasible or not.
ALWAYS = "feasibility."


class BoundKernel:
    """A plan ready to be evaluated at many design points: every leaf bound, any of them free to vary.

    Leaves are named in full (``"workload.batch_size"``) or by their last word where that is enough (``batch_size``), in
    coherent units, within the limits of the plan's fields. The split stays as it was chosen for the plan unless it is
    varied too; a point at which it does not divide the batch, the heads or the accelerators is infeasible.
    """

    def __init__(self, design: Design) -> None:
        self.design = complete(design)
        self.kernel = kernel(design.variant)
        self.position = {name: place for place, name in enumerate((*self.kernel.leaves, *self.kernel.names))}
        self._values = [self.design.values[leaf] for leaf in self.kernel.leaves]
        self._slots = {leaf: slot for slot, leaf in enumerate(self.kernel.leaves)}
        ends: dict[str, list[int]] = {}
        for leaf, slot in list(self._slots.items()):
            ends.setdefault(leaf.rpartition(".")[2], []).append(slot)
        self._slots |= {end: slots[0] for end, slots in ends.items() if len(slots) == 1}
        self._sides = [(each["needed"], each["available"]) for each in conditions(design.variant)]
        #: Both sides of every condition by position; the second may be a number.
        self._conditions = [
            (self.position[needed], *((self.position[most], 0.0) if isinstance(most, str) else (None, most)))
            for needed, most in self._sides
        ]

    def at(self, **leaves: float) -> Point:
        """Evaluate one design point; what is not named stays as in the plan.

        Raises:
            UnknownNameError: a leaf that the graph does not have.
            InputError: a value that the plan's field could not have either.
        """
        values = self._values.copy()
        varied = []
        for name, value in leaves.items():
            slot = self._slot(name)
            leaf = self.kernel.leaves[slot]
            values[slot] = limits(leaf).number(value)
            varied.append(leaf)
        refuse_disorder(dict(zip(self.kernel.leaves, values, strict=True)), varied)
        return self._point(values)

    def many(self, *wanted: str, **leaves: Any) -> Columns:
        """Evaluate many design points at once.

        Args:
            *wanted: names of the quantities to return.
            **leaves: sequences or one-dimensional arrays of equal length, or single numbers, by leaf.

        Returns:
            One array for each wanted name, in coherent units, and which designs are feasible.

        Raises:
            UnknownNameError: a leaf or a quantity that the graph does not have.
            InputError: a value that the plan's field could not have either, or columns of different lengths.
        """
        import numpy

        checked = self._checked(leaves)
        values = dict(zip(self.kernel.leaves, self._values, strict=True)) | checked
        refuse_disorder(values, checked)
        named = {name: self._quantity(name) for name in wanted}
        sides = {side for pair in self._sides for side in pair if isinstance(side, str)}
        columns = {leaf for leaf, value in values.items() if isinstance(value, numpy.ndarray)}
        vary = {side for side in sides if leaves_of(self.kernel.variant, side) & columns}
        found = self.kernel.many(values, {*named.values(), *vary})
        same = self.values_at({leaf: value for leaf, value in values.items() if leaf not in columns})
        feasible = numpy.ones(max((len(values[leaf]) for leaf in columns), default=1), dtype=bool)
        for needed, most in self._sides:
            left, right = (found[s] if s in vary else same.get(s, s) for s in (needed, most))
            feasible &= left <= right * (1 + ROUNDING)

        def point(at: int) -> Point:
            return self._point([float(v[at]) if leaf in columns else v for leaf, v in values.items()])

        shown = {name: found[full] if self.always(full) else numpy.where(feasible, found[full], numpy.nan)
                 for name, full in named.items()}  # fmt: skip
        return Columns(shown, feasible, point)

    def _checked(self, leaves: Mapping[str, Any]) -> dict[str, Any]:
        """Columns and single numbers by the full names of their leaves, each within its limits."""
        values = {}
        for name, given in leaves.items():
            leaf = self.kernel.leaves[self._slot(name)]
            values[leaf] = limits(leaf).column(given)
        lengths = {leaf: len(value) for leaf, value in values.items() if not isinstance(value, float)}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{leaf} {length:,}" for leaf, length in lengths.items())
            raise InputError(
                f"columns of different lengths: {shown}", hint="give as many values of each, or a single one"
            )
        return values

    def values_at(self, leaves: Mapping[str, float]) -> dict[str, float]:
        """Every quantity at one design point by name, feasible or not, in coherent units; no value is checked.

        Raises:
            UnknownNameError: a leaf that the graph does not have.
        """
        values = self._values.copy()
        for name, value in leaves.items():
            values[self._slot(name)] = value
        return dict(zip(self.position, (*values, *self.kernel(values)), strict=True))

    def always(self, name: str) -> bool:
        """Whether a quantity has a value at infeasible points too: inputs, and what feasibility compares."""
        return name.startswith(ALWAYS) or self.position[name] < len(self.kernel.leaves)

    def holds(self, values: Sequence[float]) -> bool:
        """Whether a design is physically possible, given every leaf and result."""
        for needed, most, number in self._conditions:
            if not values[needed] <= (number if most is None else values[most]) * (1 + ROUNDING):
                return False
        return True

    def _point(self, values: Sequence[float]) -> Point:
        return Point(self, (*values, *self.kernel(values)))

    def _quantity(self, name: str) -> str:
        if name in self.position:
            return name
        if name in self._slots:
            return self.kernel.leaves[self._slots[name]]
        raise UnknownNameError("quantity", name, self.position)

    def _slot(self, name: str) -> int:
        try:
            return self._slots[name]
        except KeyError:
            leaf = leaf_meant(name)
            meant = [leaf] if leaf in self.kernel.leaves else ()
            raise UnknownNameError("leaf", name, self.kernel.leaves, meant=meant) from None


class Point:
    """The quantities of one design point, in coherent units: ``point["performance.latency"]``.

    An infeasible design has no performance and no cost: asked for anything but its inputs and ``feasibility.*``, its point
    raises :class:`InfeasibleError` with the reasons. A quantity that is not known, such as a cost without a duration, is
    not-a-number.

    Attributes:
        feasible: whether the design is physically possible.
    """

    __slots__ = ("_bound", "_values", "feasible")

    def __init__(self, bound: BoundKernel, values: Sequence[float]) -> None:
        self._bound, self._values = bound, values
        self.feasible = bound.holds(values)

    @property
    def findings(self) -> list[Finding]:
        """Every condition of the graph, with its wall and slack."""
        return findings(self._bound.kernel.variant, dict(zip(self._bound.position, self._values, strict=True)))

    @property
    def reasons(self) -> list[str]:
        """Why the design is infeasible, structural reasons first; empty where it is feasible."""
        failed = [each for each in self.findings if not each.holds]
        return [each.sentence for each in sorted(failed, key=lambda each: each.kind != "structural")]

    def __getitem__(self, name: str) -> float:
        try:
            position = self._bound.position[name]
        except KeyError:
            raise UnknownNameError("quantity", name, self._bound.position) from None
        if not self.feasible and not self._bound.always(name):
            raise InfeasibleError(f"{name}: the design is infeasible: {'; '.join(self.reasons)}",
                                  hint="look at `feasible` of the point first")  # fmt: skip
        return self._values[position]

    def keys(self) -> KeysView[str]:
        """The names of the quantities."""
        return self._bound.position.keys()


class Columns(dict[str, Any]):
    """The quantities of many design points, an array each, in coherent units.

    Where a design is infeasible, all but inputs and ``feasibility.*`` are not-a-number.

    Attributes:
        feasible: whether each design is physically possible, as an array.
    """

    def __init__(self, columns: Mapping[str, Any], feasible: Any, point: Callable[[int], Point]) -> None:
        super().__init__(columns)
        self.feasible, self._point = feasible, point

    @cached_property
    def reasons(self) -> list[str]:
        """Why each design is infeasible; empty where it is feasible."""
        return ["" if good else "; ".join(self._point(at).reasons) for at, good in enumerate(self.feasible)]
