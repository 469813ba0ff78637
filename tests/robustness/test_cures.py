"""Every hint is followed literally: the error that it is given for is then gone."""

from __future__ import annotations

import pytest

import mlsysim
from mlsysim.plan import loads
from mlsysim.registry.document import Document, parse
from mlsysim.symbolic.errors import InputError, MlsysimError
from tests.robustness import corpus
from tests.robustness.corpus import BAD_INPUT
from tests.robustness.cures import followed, suggestions
from tests.robustness.test_fields import written

CASES = {case.name: case for case in corpus.cases() if case.from_text and case.code == BAD_INPUT}


def problems(text: str) -> list[MlsysimError]:
    """What is wrong with a plan; nothing where it is evaluated."""
    try:
        mlsysim.evaluate(loads(text))
    except InputError as error:
        return error.every
    return []


def read(text: str) -> Document | None:
    """The document, where it is YAML."""
    try:
        found = parse(text, "plan.yaml")
    except InputError:
        return None
    return found if isinstance(found.data, dict) else None


def outcomes(name: str) -> list[tuple[str, bool]]:
    """Every hint of a case that offers something to write, and whether the error is gone when that is written."""
    case = CASES[name]
    document = read(case.text)
    found = []
    for problem in problems(case.text) if document is not None else ():
        for plan in followed(document, problem):
            left = {other.what for other in problems(written(plan))}
            found.append((f"{problem.what} | {problem.hint} | {left}", problem.what not in left))
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_a_hint_says_cures_what_it_is_said_of(name: str) -> None:
    """Whatever the hint offers; another mistake may then come to light."""
    assert [said for said, cured in outcomes(name) if not cured] == []


def test_most_of_the_hints_are_followed() -> None:
    """So that the test above is not about nothing."""
    assert sum(bool(outcomes(name)) for name in CASES) >= 200


def test_what_a_hint_offers_is_understood_here() -> None:
    """The forms in which messages offer values."""
    offered = {
        "did you mean 'A100' or 'A10'?": ["A100", "A10"], "write 8000 or 8192": ["8000", "8192"], "write 0.4 or 40 %": ["0.4", "40 %"],
        "write 80 GB, or 10 GB if you mean bits": ["80 GB", "10 GB"], "write 80, without quotes": ["80"],
        "write 1000 ms or 1.000 ms; numbers have the digits 0 to 9 and a decimal point": ["1000 ms", "1.000 ms"],
        'write a number, a space and a unit, such as "3 USD/h"': ["3 USD/h"], "write a share, such as 0.5 or 50 %": ["0.5", "50 %"],
        'write a plain number, such as 64, or a number with its unit, such as "64 tokens"': ["64", "64 tokens"],
        'write a metric, <= or >= and a value, such as "itl <= 30 ms"': ["itl <= 30 ms"], "write a name": [],
    }  # fmt: skip
    assert {hint: suggestions(hint) for hint in offered} == offered
