"""The graph: one definition for each quantity, and everything that is made from it says the same."""

from __future__ import annotations

import math
import random

import numpy
import pytest
import sympy

from mlsysim.symbolic import codegen, kernels
from mlsysim.symbolic.errors import StaleKernelError, UnknownNameError
from mlsysim.symbolic.graph import chapters, graph, wall
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.quantity import VARIANTS, Quantity

EVERY = pytest.mark.parametrize("variant", VARIANTS)


def admissible(leaf: Quantity, generator: random.Random) -> float:
    """A random value in a leaf's range, drawn in the test's own way."""
    if leaf.is_integer:
        return float(generator.randint(int(leaf.low), min(int(leaf.high), int(leaf.low) + 12)))
    low, high = max(leaf.low, 1e-9), leaf.high
    return math.exp(generator.uniform(math.log(low), math.log(high)))


@EVERY
def test_no_two_quantities_of_a_variant_print_alike(variant: str) -> None:
    """A page that shows them together can be read."""
    of = graph(variant)
    shown: dict[str, str] = {}
    for quantity in (*of.order, *of.leaves):
        assert shown.setdefault(quantity.latex, quantity.name) == quantity.name


def test_a_name_belongs_to_one_quantity() -> None:
    """Sympy takes symbols of one name for the same: a step would be remembered with another's unit and range."""
    named: dict[str, Quantity] = {}
    for chapter in chapters():
        for q in chapter.quantities:
            other = named.setdefault(q.name, q)
            assert (q.unit, q.low, q.high, q.constant) == (other.unit, other.low, other.high, other.constant), q.name


@EVERY
def test_every_quantity_is_computed_after_what_it_needs(variant: str) -> None:
    """The order is one in which a kernel can run."""
    of = graph(variant)
    ready = set(of.leaves)
    for quantity in of.order:
        assert {p for p in of.parents(quantity) if p.constant is None} <= ready
        ready.add(quantity)


@EVERY
def test_the_kernel_says_what_the_equations_say(variant: str) -> None:
    """Each definition, evaluated by sympy at thirty digits on the kernel's own inputs, gives the kernel's result."""
    of, compiled = graph(variant), kernel(variant)
    generator = random.Random(7)
    for _ in range(4):
        leaves = {leaf: admissible(leaf, generator) for leaf in of.leaves}
        results = dict(zip(of.order, compiled([leaves[leaf] for leaf in of.leaves]), strict=True))
        known = {**leaves, **results}
        for quantity, step in of.steps.items():
            right = step.result.right.doit()
            floats = {q: q.constant if q.constant is not None else known[q] for q in right.free_symbols}
            # A rational to the power of a quantity would be factored, which takes for ever.
            raised = any(not power.exp.is_number for power in right.atoms(sympy.Pow))
            exact = {
                q: sympy.oo if value == math.inf else sympy.Float(value, 50) if raised else sympy.Rational(value)
                for q, value in floats.items()
            }
            expected = float(sympy.N(right.xreplace(exact).doit(), 30))
            rounding = 0 if expected else 1e-15  # where terms cancel to nothing, floats leave a trace
            assert results[quantity] == pytest.approx(expected, rel=1e-9, abs=rounding), quantity.name


@EVERY
def test_one_point_and_many_points_agree(variant: str) -> None:
    """The scalar and the array form of a kernel are the same function."""
    compiled, of = kernel(variant), graph(variant)
    generator = random.Random(11)
    rows = [[admissible(leaf, generator) for leaf in of.leaves] for _ in range(50)]
    columns = {leaf: numpy.array(column) for leaf, column in zip(compiled.leaves, zip(*rows, strict=True), strict=True)}
    many = compiled.many(columns, compiled.names)
    for position, row in enumerate(rows):
        one = dict(zip(compiled.names, compiled(row), strict=True))
        for name, value in one.items():
            if isinstance(
                value, complex
            ):  # the root of a number below 0, which leaves drawn apart from each other can give
                assert math.isnan(many[name][position]), name
                continue
            assert many[name][position] == pytest.approx(value, rel=1e-12, nan_ok=True), name


@EVERY
def test_a_missing_leaf_is_missed_by_all_that_rests_on_it(variant: str) -> None:
    """Not-a-number in a fact of the macro lens reaches every metric that needs it, and no other."""
    compiled, of = kernel(variant), graph(variant)
    generator = random.Random(3)
    leaves = {leaf: admissible(leaf, generator) for leaf in of.leaves}
    for name in ("ops.duration", "price.accelerator_hour", "grid.carbon_intensity", "facility.pue", "node.power_max"):
        broken = {**leaves, of.quantity(name): math.nan}
        results = dict(zip(of.order, compiled([broken[leaf] for leaf in of.leaves]), strict=True))
        for quantity, value in results.items():
            if quantity.name.startswith(("macro.", "performance.")):
                needs = of.quantity(name) in of.depends_on(quantity)
                assert math.isnan(value) == needs, (name, quantity.name)


def test_generated_files_are_those_the_equations_make() -> None:
    """A kernel that is out of date fails here."""
    for path, content in codegen.sources().items():
        assert path.read_text(encoding="utf-8") == content, f"{path.name} is stale: run `make generate`"


def test_a_stale_kernel_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equations that changed since the kernel was made are never silently ignored."""
    kernel.cache_clear()
    monkeypatch.setattr(kernels, "source_digest", lambda: "other")
    with pytest.raises(StaleKernelError, match="make generate"):
        kernel("transformer_training")
    kernel.cache_clear()


def test_quotients_of_equal_numbers_are_one() -> None:
    """A shared reciprocal would make 49/49 less than one, and its floor zero."""
    compiled = kernel("transformer_training")
    values = [1.0] * len(compiled.leaves)
    for stages in range(1, 200):
        leaves = dict(zip(compiled.leaves, values, strict=True))
        leaves |= {"model.layers": float(stages), "split.pipeline": float(stages), "split.first_spared": 0.0,
                   "split.last_spared": 0.0}  # fmt: skip
        results = compiled([leaves[name] for name in compiled.leaves])
        assert results[compiled.position["split.stage_layers"]] == 1
        assert results[compiled.position["split.tail_layers"]] == 1


def test_walls_are_found_by_name_and_number_and_near_misses_are_suggested() -> None:
    """The taxonomy is what the folder holds."""
    assert wall("compute") is wall(1) is wall("1")
    with pytest.raises(UnknownNameError, match="did you mean 'compute'"):
        wall("compte")
    numbers = [c.wall.number for c in chapters() if c.is_wall and c.wall]
    assert numbers == sorted(set(numbers))
    assert {1, 2, 3, 4, 5, 14, 15, 17, 18, 19} <= set(numbers)


def test_the_catalogue_knows_every_quantity() -> None:
    """What commands say without sympy is what the graph says."""
    for variant in VARIANTS:
        of = graph(variant)
        for quantity in (*of.order, *of.leaves):
            record = catalogue().QUANTITIES[quantity.name]
            assert (record["latex"], record["meaning"]) == (quantity.latex, quantity.meaning)
