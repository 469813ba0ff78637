"""Walls outside plans: which of them stand alone and say so, and their laws on values of one's own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from mlsysim.api import derive
from mlsysim.symbolic.coverage import ALONE, stands_alone
from mlsysim.symbolic.errors import InputError, UnitError
from mlsysim.symbolic.graph import chapters, graph, wall
from mlsysim.symbolic.quantity import VARIANTS, Quantity
from mlsysim.symbolic.wall import Wall

WALLS = [c.wall for c in chapters() if c.is_wall and c.wall]
UNDER_PLANS = {id(a) for v in VARIANTS for q in graph(v).order for a in graph(v).steps[q].ancestry}
EVERY = pytest.mark.parametrize("of", WALLS, ids=lambda of: of.name)


@EVERY
@pytest.mark.parametrize("format", ["text", "latex", "web", "mathml"])
def test_a_law_lies_under_a_plan_or_the_wall_says_that_it_stands_alone(of: Wall, format: str) -> None:
    """The printed page of exactly those walls says so of which no law lies under a quantity of any plan."""
    used = any(id(law) in UNDER_PLANS for law in of.core)
    words = " ".join(derive(of.name, format=format).replace("&#x27;", "'").replace("&#39;", "'").split())
    assert (f"It is {ALONE}." in words) == stands_alone(of) == (not used)


@EVERY
def test_a_wall_fits_a_screen(of: Wall) -> None:
    """Its representation names it and when it binds, and leaves out its steps."""
    assert of.name in repr(of)
    assert of.binds in repr(of)
    assert len(repr(of)) <= 240


def _words(quantities: Iterable[Quantity]) -> set[str]:
    return {q.name.rpartition(".")[2] for q in quantities}


@EVERY
def test_a_wall_asks_for_no_constant(of: Wall) -> None:
    """Without values it evaluates what rests on constants alone, or names quantities of its laws that can be given."""
    laws = [*of.general, *of.special]
    if any(all(q.constant is not None for q in law.quantities_of_right) for law in laws):
        assert of.evaluate()
        return
    with pytest.raises(InputError) as caught:
        of.evaluate()
    assert caught.value.hint
    ways = [way.split(" for ")[0] for way in caught.value.hint.removeprefix("give ").split("; or ")]
    asked = {word for way in ways for word in way.split(", ")}
    assert asked <= _words(q for law in laws for q in law.quantities_of_right if q.constant is None)


def test_values_carry_units() -> None:
    """A text is read in the dimension of its quantity, a number in coherent units; another dimension is refused."""
    law = wall("compute").wall.evaluate
    assert law(any="2 TFLOP", peak="1 TFLOP/s", efficiency=0.5) == law(any=2e12, peak=1e12, efficiency="50%")
    with pytest.raises(UnitError, match="peak"):
        law(any=2e12, peak="1 TB", efficiency=0.5)


def test_a_message_names_the_laws_that_lack_least() -> None:
    """One that lacks one quantity comes before one that lacks two."""
    with pytest.raises(InputError) as caught:
        wall("complexity").wall.evaluate(irreducible=1.8)
    assert caught.value.hint
    ways = [way.split(" for ")[0] for way in caught.value.hint.removeprefix("give ").split("; or ")]
    assert [len(way.split(", ")) for way in ways] == sorted(len(way.split(", ")) for way in ways)
