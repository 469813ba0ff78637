"""Worked examples: what carries a metric, each formula specialised to the plan by a verified step."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
import sympy

import mlsysim
from mlsysim.evaluation import Evaluation
from mlsysim.symbolic.errors import DerivationError, InputError
from mlsysim.symbolic.foundations import inputs
from mlsysim.symbolic.graph import graph
from mlsysim.symbolic.printing.expression import plain
from mlsysim.symbolic.printing.worked import LEAST, Example, example
from mlsysim.symbolic.quantity import Quantity
from mlsysim.symbolic.rules import define, equation, specialise
from mlsysim.symbolic.specialisation import SAME, Specialised
from mlsysim.symbolic.step import Step
from tests.conftest import EXAMPLE
from tests.mlsysim.test_evaluation import PLANS

SCENARIOS = ("FrontierTraining", "MixtureTraining", "ChatbotServing", "LaptopChat", "ImageTraining", "AutoDrive")
CHAT = EXAMPLE.parent / "chat.yaml"
SUBJECTS: dict[str, Any] = {**PLANS, **{name: name for name in SCENARIOS}, "traffic": CHAT}
EVERY = pytest.mark.parametrize("name", SUBJECTS)


@cache
def examples(name: str) -> tuple[Evaluation, list[Example]]:
    """A plan's evaluation, and the worked example of every metric that it has."""
    evaluation = mlsysim.evaluate(SUBJECTS[name])
    of = graph(evaluation.variant)
    known = [metric for metric, value in evaluation.metrics.items() if value is not None and not math.isnan(value)]
    return evaluation, [example(of, of.quantity(metric), evaluation.values) for metric in known]


def value(node: Any, values: dict[str, float]) -> float:
    """What an expression is at the plan's values, by sympy alone."""
    symbols = [q for q in node.free_symbols if isinstance(q, Quantity)]
    numbers = {q: values[q.name] if q.constant is None else q.constant for q in symbols}
    exact = {q: sympy.oo if math.isinf(v) else sympy.Rational(v) for q, v in numbers.items()}
    return float(sympy.N(node.xreplace(exact).doit(), 30))


@EVERY
def test_what_is_printed_is_what_was_evaluated(name: str) -> None:
    """Every formula gives the plan's number, follows from the definition, and holds nothing that is neutral."""
    evaluation, every = examples(name)
    values = dict(evaluation.values)
    # A definition reads the same below every metric.
    for left, step in {line.step.result.left: line.step for shown in every for line in shown.lines}.items():
        assert value(step.result.right, values) == pytest.approx(values[left.name], rel=SAME), left.name
        assert step.verdict.holds
        general = graph(evaluation.variant).steps[left]
        assert step is general or step.inputs == (general,)
        nothing = [q for q in step.result.quantities_of_right if q.constant is None and not values[q.name]]
        assert not nothing, f"{left.name} shows {nothing}"


@EVERY
def test_every_symbol_is_explained_and_means_one_thing(name: str) -> None:
    """What a formula or a reason mentions has a line, a row among the rest or among the leaves, under one name."""
    for shown in examples(name)[1]:
        lines = [line.step.result.left for line in shown.lines]
        explained = [*lines, *shown.rest, *shown.leaves]
        assert len(explained) == len(set(explained))
        because = [r for line in shown.lines for _, rs in line.left_out.values() for r in rs]
        because += [reason for line in shown.lines for reason in line.reasons]
        for what in (*(line.step.result.right for line in shown.lines), *because):
            assert {q for q in what.free_symbols if q.constant is None} <= set(explained)
        symbols = [plain(q.latex) for q in (*explained, *shown.nothing)]
        assert len(symbols) == len(set(symbols))


@EVERY
def test_what_carries_enough_is_followed(name: str) -> None:
    """Each line but the first carries at least the least share, what is not followed less, and terms add up."""
    evaluation, every = examples(name)
    for shown in every:
        assert all(line.carried >= LEAST for line in shown.lines)
        assert all(share < LEAST for share in shown.rest.values())
        first = shown.lines[0].step.result.right
        if isinstance(first, sympy.Add) and all(isinstance(term, Quantity) for term in first.args):
            carried = {line.step.result.left: line.carried for line in shown.lines} | dict(shown.rest)
            for term in first.args:
                share = evaluation.values[term.name] / evaluation.values[shown.metric.name]
                # A term may carry through others as well, never less than it is itself.
                assert carried.get(term, 1.0) >= share * (1 - 1e-9)


def test_latency_reads_as_a_worked_example() -> None:
    """A page or two of formulas on 80 columns, the answer first; the whole chain is there on request."""
    page = mlsysim.derive("performance.latency", plan=EXAMPLE)
    lines = page.splitlines()
    assert lines[0].startswith("performance.latency = ")
    assert max(map(len, lines)) <= 80
    formulas = lines[: lines.index("From the plan and the registry")]
    assert len(formulas) <= 110
    whole = mlsysim.derive("performance.latency", plan=EXAMPLE, full=True).splitlines()
    assert len(whole) > 3 * len(lines)
    assert "T_EP = 0 as L = L_dense" in page
    assert "T_PP = 0 as p = 1" in page
    assert "E: routed experts" not in page


def test_a_yes_counts_as_one_and_is_compared_as_a_word() -> None:
    """Half of a yes is no number."""
    page = mlsysim.derive("performance.latency", plan=EXAMPLE, full=True)
    assert "8,192 token/sample · (1 - 1 / 2)" in page
    assert "{8 if yes = yes; 1 otherwise}" in page


def test_a_wall_is_always_whole() -> None:
    """An option that would change nothing is refused."""
    with pytest.raises(InputError, match="full: compute is a wall"):
        mlsysim.derive("compute", full=True)


def test_reasons_name_what_is_neutral() -> None:
    """The step that drops something says so by the meaning of the leaf."""
    evaluation = mlsysim.evaluate(EXAMPLE)
    of = graph(evaluation.variant)
    special = Specialised(of, evaluation.values)
    special.add(of.order)
    because = {q.name: step.because for q, step in special.steps.items() if step.rule == "specialise"}
    assert "pipeline stages: p = 1" in because["performance.time_accelerators"]
    assert because["model.query_matrices"] == (
        "no rank of the query compression: r_q = 0; keys and values are kept as one latent vector (MLA): no"
    )


def sums() -> Step:
    """A definition with a case, a maximum and a product."""
    q = [Quantity(f"worked.{name}", name, "s", f"the time {name}") for name in "xyzw"]
    with sympy.evaluate(False):
        cases = sympy.Piecewise((q[1], sympy.Eq(inputs.pipeline, 1)), (q[2], True))
        right = inputs.pipeline * q[0] + sympy.Max(cases, q[3]) - q[2]
    return define(equation(Quantity("worked.sum", "S", "s", "a sum"), right), because="for the test")


def test_a_condition_or_a_part_may_be_fixed_and_only_to_what_follows() -> None:
    """A step is refused where the case that is left, or what a maximum becomes, is another one."""
    step = sums()
    x, y, z, w = (Quantity(f"worked.{name}", name, "s", f"the time {name}") for name in "xyzw")
    with sympy.evaluate(False):
        condition = sympy.Eq(inputs.pipeline, 1)
        largest = sympy.Max(sympy.Piecewise((y, condition), (z, True)), w)
        one = equation(step.result.left, x + y - z)
        other = equation(step.result.left, x + w - z)
    fixed = {inputs.pipeline: 1, condition: sympy.true, largest: y}
    assert specialise(step, fixed, one, because="one stage, and y is larger").verify().holds
    with pytest.raises(DerivationError, match="does not follow"):
        specialise(step, fixed, other, because="one stage, and y is larger").verify()
    with pytest.raises(DerivationError, match="does not follow"):
        specialise(step, {**fixed, condition: sympy.false, largest: w}, one, because="the other case").verify()


def test_values_of_another_plan_are_refused() -> None:
    """A number that the equations do not give is never printed below them."""
    evaluation = mlsysim.evaluate(EXAMPLE)
    of = graph(evaluation.variant)
    wrong = {**evaluation.values, "model.dense_matrices": evaluation.values["model.dense_matrices"] * (1 + 1e-9)}
    with pytest.raises(DerivationError, match=r"model\.dense_matrices: specialised"):
        example(of, of.quantity("performance.latency"), wrong)
