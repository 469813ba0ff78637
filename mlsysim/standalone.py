"""The laws of a wall evaluated outside any plan, on values of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.graph import wall
from mlsysim.symbolic.laws import Decided, bound, lacking, last_word
from mlsysim.symbolic.printing import text
from mlsysim.symbolic.printing.expression import plain
from mlsysim.symbolic.printing.values import said
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.wall import Wall


@dataclass(frozen=True)
class Standalone:
    """A wall's laws on given values.

    Attributes:
        wall: the wall.
        given: the values, in coherent units.
        decided: the laws that the values decide, by left-hand side.
        lacking: the left-hand sides of the other laws, each with the quantities that it lacks.
    """

    wall: Wall
    given: Mapping[Quantity, float]
    decided: Mapping[Quantity, Decided]
    lacking: Mapping[Quantity, tuple[Quantity, ...]]

    def to_dict(self) -> dict[str, Any]:
        """The values and the laws as plain data, in coherent units and with the full names of quantities."""
        return {
            "number": self.wall.number, "wall": self.wall.name,
            "given": [{"name": q.name, "value": value, "unit": q.unit} for q, value in self.given.items()],
            "laws": [
                {"name": q.name, "value": each.value, "unit": q.unit, "meaning": q.meaning, "law": text(each.law)}
                for q, each in self.decided.items()
            ],
            "lacking": [{"name": q.name, "needs": [need.name for need in needs]} for q, needs in self.lacking.items()],
        }  # fmt: skip

    def page(self) -> str:
        """The values and the laws as text for a terminal."""
        title = f"Wall {self.wall.number}: {self.wall.name.replace('_', ' ')}"
        given = [(last_word(q), f"{plain(q.latex)} = {said(q, value)}") for q, value in self.given.items()]
        laws = [(last_word(q), f"{text(each.law)} = {said(q, each.value)}") for q, each in self.decided.items()]
        open_ = [(last_word(q), f"needs {', '.join(map(last_word, needs))}") for q, needs in self.lacking.items()]
        width = max(len(name) for name, _ in (*given, *laws, *open_))
        lines = [title, "=" * len(title)]
        for heading, rows in (("Given", given), ("Laws", laws), ("Not evaluated", open_)):
            lines += ["", heading, *(f"  {name:<{width}}  {shown}" for name, shown in rows)] if rows else []
        return "\n".join(lines)


def evaluate_wall(name: str | int, values: Mapping[str, float | str]) -> Standalone:
    """Evaluate a wall's laws on values of one's own, as :meth:`Wall.evaluate` does, and say what the other laws lack.

    Args:
        name: the wall's name or number.
        values: quantities by the last word of their names: numbers in coherent units, or text with a unit.

    Raises:
        UnknownNameError: no such wall or quantity.
        InputError: the values decide no law.
        UnitError: a text is no amount of its quantity.

    >>> evaluate_wall("compute", {"any": "2 TFLOP", "peak": "1 TFLOP/s", "efficiency": 0.5}).to_dict()["laws"][0]["value"]
    4.0
    """
    found = wall(name).wall
    assert found is not None
    decided = found.decide(**values)
    given = bound([*found.general, *found.special], values)
    open_ = lacking(found.general, {**given, **decided})
    return Standalone(found, given, decided, {law.left: needs for law, needs in open_.items()})


def assignments(words: Iterable[str]) -> dict[str, float | str]:
    """Read ``name=value`` words; a value that is a bare number is in coherent units.

    Raises:
        InputError: a word is no assignment.

    >>> assignments(["tokens=1.4e12", "peak=989 TFLOP/s"])
    {'tokens': 1400000000000.0, 'peak': '989 TFLOP/s'}
    """
    found: dict[str, float | str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise InputError(
                f"{word!r} is no value", hint="write name=value, such as tokens=1.4e12 or 'peak=1 PFLOP/s'"
            )
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


__all__ = ["Standalone", "assignments", "evaluate_wall"]
