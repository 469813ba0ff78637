"""Every step of every derivation is recomputed, and a step made wrong on purpose is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sympy

from mlsysim.registry import standard
from mlsysim.symbolic import dimensions
from mlsysim.symbolic.checking import same
from mlsysim.symbolic.equation import Equation, equation
from mlsysim.symbolic.errors import DerivationError, UnitError
from mlsysim.symbolic.foundations.inputs import one_position
from mlsysim.symbolic.graph import chapters
from mlsysim.symbolic.quantity import Quantity, count, ratio, time
from mlsysim.symbolic.rules import (
    apply,
    bottleneck,
    define,
    given,
    limit,
    recurrence,
    rewrite,
    solve,
    specialise,
    stationary,
    substitute,
    summed,
    total,
)  # fmt: skip
from mlsysim.symbolic.step import Step
from mlsysim.symbolic.verification import remembered
from mlsysim.symbolic.walls.fleet.communication import messages, pipeline_schedule
from mlsysim.symbolic.walls.fleet.fragility import interval as fragility
from mlsysim.symbolic.walls.node.compute import wall as compute
from mlsysim.symbolic.walls.node.memory import wall as memory
from mlsysim.symbolic.walls.node.serving import request

STEPS = [(chapter.name, name, step) for chapter in chapters() for name, step in chapter.steps]
NESTED = {id(a): a for _, _, step in STEPS for a in step.ancestry}


@pytest.mark.parametrize("step", NESTED.values(), ids=lambda step: str(step.result.left))
def test_every_step_follows_from_its_inputs(step: Step) -> None:
    """Sympy recomputes the step, with the verdict that is remembered of it, and it carries a reason."""
    assert step.verify() == remembered(step)
    assert step.because


@pytest.mark.parametrize("step", NESTED.values(), ids=lambda step: str(step.result.left))
def test_both_sides_of_every_equation_count_the_same_thing(step: Step) -> None:
    """Dimensions agree, in every sum, maximum, case and exponent."""
    dimensions.check(step.result)


def test_every_citation_is_in_the_bibliography() -> None:
    """A derivation cites by key; the registry's sources have them all."""
    known = set(standard().sources)
    cited = {key for step in NESTED.values() for key in step.cite.split(",") if key}
    assert cited <= known, cited - known


def test_every_wall_is_derived_in_several_steps() -> None:
    """A wall is an argument, not an assertion."""
    for chapter in chapters():
        if chapter.is_wall and chapter.wall:
            assert len(chapter.wall.derivation) >= 4, chapter.name
            assert any(step.rule not in ("given", "define") for step in chapter.wall.derivation), chapter.name


tau, delta, mtbf = (time(f"test.{n}", n, n) for n in ("tau", "delta", "mtbf"))
lost, least = ratio("test.lost", "w", "w", low=0.1, high=9), ratio("test.least", "l", "l")
n = count("test.n", "n", "n")
loss = given(equation(lost, delta / tau + tau / (2 * mtbf)), because="for the test", cite="young1974")
one = define(equation(delta, tau + mtbf), because="a sum")
half = define(equation(least, 1 / n), because="a share")
index = sympy.Symbol("i", integer=True, positive=True)
place = count("test.place", "i", "place", low=0)
here, before = (ratio(f"test.{n}", n, n) for n in ("here", "before"))
series_step = define(equation(here, lost / place * before), because="each from the one before")
series = define(equation(lost, sympy.Sum(index, (index, 1, n))), because="a series")

WRONG = {
    "substitute": substitute(loss, one, result=equation(lost, tau / tau + tau / (2 * mtbf)), because="drops the failure"),
    "solve": solve(stationary(loss, tau, equation(1 / (2 * mtbf) - delta / tau**2, 0), because="flat"), tau,
                   equation(tau, sympy.sqrt(delta * mtbf)), because="forgets the two"),
    "solve, not solved": solve(loss, delta, equation(delta, delta * 1), because="a circle"),
    "rewrite": rewrite(loss, equation(lost, delta / tau + tau / mtbf), because="forgets the two"),
    "stationary": stationary(loss, tau, equation(1 / mtbf - delta / tau**2, 0), because="forgets the two"),
    "bottleneck": bottleneck(one, half, result=equation(lost, sympy.Min(delta, least)), because="takes the fastest"),
    "total": total(one, loss, result=equation(lost, delta), because="forgets a part"),
    "summed": summed(series, equation(lost, n * (n - 1) / 2), because="sums to n - 1"),
    "specialise": specialise(half, {n: 4}, equation(least, sympy.Rational(1, 2)), because="halves"),
    "limit": limit(half, n, sympy.oo, equation(least, 1), because="does not vanish"),
    "apply": apply(half, {mtbf: tau}, because="names what the law does not have"),
    "recurrence": recurrence(series_step, place, before, equation(here, n * lost**place), start=(0, n), because="no factorial"),
    "recurrence, start": recurrence(
        series_step, place, before, equation(here, n * lost**place / sympy.factorial(place)), start=(0, 2 * n), because="starts at n"
    ),
    "given": given(equation(lost, delta / tau), because="without a source", cite=""),
}  # fmt: skip


@pytest.mark.parametrize("rule", WRONG)
def test_a_step_made_wrong_on_purpose_is_refused(rule: str) -> None:
    """Each rule catches its own kind of mistake."""
    with pytest.raises(DerivationError):
        WRONG[rule].verify()


def test_a_recurrence_is_unrolled_by_its_start_and_its_step() -> None:
    """A closed form that begins and goes on as the chain does is accepted."""
    closed = equation(here, n * lost**place / sympy.factorial(place))
    assert recurrence(series_step, place, before, closed, start=(0, n), because="again and again").verify().holds


def test_the_refusal_says_by_how_much() -> None:
    """The message names the rule, the result and the factor."""
    with pytest.raises(DerivationError, match=r"solve: .* does not follow; .*differ by a factor 0\.7071"):
        WRONG["solve"].verify()


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        (compute.law, lambda e: Equation(e.left, e.right * 2)),
        (memory.ridge_law, lambda e: Equation(e.left, 1 / e.right)),
        (messages.all_reduce, lambda e: Equation(e.left, e.right / 2)),
        (pipeline_schedule.bubble_share, lambda e: Equation(e.left, e.right + 1)),
        (fragility.best, lambda e: Equation(e.left, e.right / sympy.sqrt(2))),
        (request.context_closed, lambda e: Equation(e.left, e.right - one_position)),
    ],
    ids=["compute", "ridge", "all-reduce", "bubble", "young", "context"],
)
def test_a_law_of_the_book_made_wrong_is_refused(step: Step, wrong: Callable[[Equation], Equation]) -> None:
    """The steps that are printed fail when their result is changed."""
    with pytest.raises(DerivationError):
        replace(step, result=wrong(step.result)).verify()


WRONG_UNITS = {
    "a sum of unlike things": equation(tau, delta + lost),
    "two sides": equation(lost, tau),
    "an exponent": equation(lost, lost**tau),
    "a maximum": equation(tau, sympy.Max(tau, lost)),
    "a case": equation(tau, sympy.Piecewise((tau, lost > 1), (lost, True))),
    "a comparison": equation(tau, sympy.Piecewise((tau, lost > tau), (delta, True))),
    "an exponential": equation(lost, sympy.exp(tau)),
    "a binomial coefficient": equation(lost, sympy.binomial(n, tau)),
    "an error function": equation(lost, sympy.erf(tau)),
    "a factorial": equation(lost, sympy.factorial(tau, evaluate=False)),
}


@pytest.mark.parametrize("case", WRONG_UNITS)
def test_unlike_dimensions_are_refused(case: str) -> None:
    """The checker looks into every kind of expression."""
    with pytest.raises(UnitError):
        dimensions.check(WRONG_UNITS[case])


def test_what_algebra_cannot_decide_is_checked_at_points_and_says_so() -> None:
    """A maximum written in two ways is the same, and only known at points."""
    a, b = (Quantity(f"test.{name}", name, "1", name) for name in "ab")
    verdict = same(sympy.Max(a, b), (a + b + sympy.Abs(a - b)) / 2)
    assert verdict.kind == "checked"
    assert verdict.points >= 12  # and more where cases change
    assert not same(sympy.Max(a, b), (a + b) / 2).holds
