"""Every field of a plan with values that it cannot have; the fields are read off the published schema."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim.evaluation import Evaluation
from mlsysim.plan import loads
from mlsysim.registry import standard
from mlsysim.registry.document import parse
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InputError, UnknownNameError
from tests.robustness.fields import BASES, Field, copied, fields, placed
from tests.robustness.outcomes import outcome, told

FIELDS = {field.dotted: field for field in fields()}
VALUES: dict[str, Any] = {
    "a word": "Zq7", "a number": 3, "a fraction": 0.5, "a number in quotes": "3", "true": True, "false": False, "null": None,
    "a list": [1], "an empty list": [], "a list of lists": [[[]]], "a list of words": ["Zq7"], "a mapping": {"zq7": 1}, "an empty mapping": {},
    "minus one": -1, "nothing": 0, "minus nothing": -0.0, "a quadrillion": 10**15, "forty digits": 10**40, "the largest": 1e308,
    "the smallest": 5e-324, "infinity": float("inf"), "not a number": float("nan"), "empty": "", "a space": " ", "long": "x" * 600,
    "a line break": "a\nb", "an escape sequence": "\x1b[31mred", "a null character": "a\0b", "reversed": "a\u202eb", "an emoji": "🦙",
    "a Cyrillic letter": "Llama3_8В", "a path": "../../etc/passwd", "code": "__import__('os').system('true')", "5 furlongs": "5 furlongs",
    "a sum": "1 USD + 1", "a tower": "9**9**9 s", "nan s": "nan s", "1e999 s": "1e999 s", "-5 ms": "-5 ms",
}  # fmt: skip
#: Amounts that are none, whatever of.
NO_AMOUNT = (
    "5 furlongs",
    "1 USD + 1",
    "9**9**9 s",
    "nan s",
    "1e999 s",
    "10 ms ms",
    "ms",
    "1 s**s",
    "1 (s)",
    "0x10 s",
    "1,000 ms",
)


def written(plan: dict[str, Any]) -> str:
    """A plan in one line, so that a value stands where any other would."""
    return yaml.safe_dump(plan, sort_keys=False, default_flow_style=True, width=10**9)


def evaluated(text: str) -> Evaluation:
    """The evaluation of a plan given as text."""
    return mlsysim.evaluate(loads(text))


def home(path: tuple[str | int, ...]) -> dict[str, Any]:
    """The plan that has most of what leads to a field."""

    def reached(plan: dict[str, Any]) -> int:
        place: Any = plan
        step: Any
        for depth, step in enumerate(path[:-1]):
            if not ((isinstance(place, dict) and step in place) or (isinstance(place, list) and step == 0 and place)):
                return depth
            place = place[step]
        return len(path)

    return max((BASES["tiny"], *BASES.values()), key=reached)


def place_of(where: str | None) -> tuple[int, ...]:
    """Line and column."""
    return tuple(int(part) for part in str(where).split(":")[1:])


def fits(plan: dict[str, Any]) -> bool:
    """Whether another validator accepts a plan."""
    return bool(jsonschema.Draft202012Validator(schema_of("plan")).is_valid(plan))


@pytest.mark.parametrize("name", FIELDS)
def test_what_a_field_cannot_be_is_refused_where_it_stands(name: str) -> None:
    """Whatever the schema refuses is refused at its line and column; whatever it admits is answered, or refused in words."""
    field = FIELDS[name]
    base = home(field.path)
    where = place_of(parse(written(placed(base, field.path, "here")), "plan.yaml").where(field.path))
    for what, value in VALUES.items():
        plan = placed(base, field.path, value)
        if fits(plan):
            outcome(partial(evaluated, written(plan)))
            continue
        with pytest.raises(InputError) as caught:
            loads(written(plan))
        told(caught.value)
        places = [place_of(problem.where) for problem in caught.value.every]
        inside = isinstance(value, dict | list) and any(place > where for place in places)
        assert where in places or inside, f"{name} is {what}: {caught.value}"


@pytest.mark.parametrize(
    "name", [n for n, field in FIELDS.items() if "unit" in {key for option in field.options for key in option}]
)
def test_what_is_no_amount_is_refused_of_every_amount(name: str) -> None:
    """In plans of every kind; where the field changes nothing in one, that is said."""
    field = FIELDS[name]
    for amount in NO_AMOUNT:
        for base in BASES.values():
            said = outcome(partial(mlsysim.evaluate, placed(base, field.path, amount)))
            assert isinstance(said, str) or field.path[0] in ("placement", "search"), f"{amount!r} is taken for {name}"


def sections() -> list[tuple[Field, dict[str, Any]]]:
    """Every section and its keys."""
    found = [(Field((), ()), schema_of("plan")["properties"])]
    for field in fields():
        found += [(field, dict(option["properties"])) for option in field.options if "properties" in option]
    return found


@pytest.mark.parametrize(
    ("section", "keys"), sections(), ids=lambda value: value.dotted if isinstance(value, Field) else ""
)
def test_a_misspelt_key_is_corrected_in_every_section(section: Field, keys: dict[str, Any]) -> None:
    """The key itself is pointed at, and the right one is suggested."""
    for key in keys:
        if len(key) < 3:
            continue
        wrong = (*section.path, key[:1] + key)
        text = written(placed(BASES["tiny"], wrong, 3))
        with pytest.raises(InputError) as caught:
            loads(text)
        problem = next(p for p in caught.value.every if "unknown key" in p.what)
        assert f"{key[:1]}{key}" in problem.what
        assert problem.where == parse(text, "plan.yaml").where(wrong, key=True)
        assert re.search(rf"'{key}'|[.]{key}$", problem.hint or ""), f"{wrong}: {problem.hint}"


@pytest.mark.parametrize(
    "name", [n for n, field in FIELDS.items() if any(option.get("required") for option in field.options)]
)
def test_a_missing_key_is_named_in_every_section(name: str) -> None:
    """At the section that lacks it."""
    field = FIELDS[name]
    for option in field.options:
        for key in option.get("required", ()):
            plan = placed(BASES["tiny"], field.path, {})
            with pytest.raises(InputError) as caught:
                loads(written(plan))
            assert f"{name}.{key}: missing" in told(caught.value)


#: Fields whose names are looked up, and a plan in which they are.
NAMED = {"workload.name": "tiny", "hardware.name": "tiny", "workload.precision": "training", "workload.optimizer": "training",
         "ops.region": "training", "ops.facility": "training", "hardware.node": "training", "hardware.fleet": "fleet",
         "network.fabric": "training", "network.link": "training"}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_misspelt_name_is_corrected_in_every_field_of_names(name: str) -> None:
    """Every name of the registry with a letter too many finds itself, or an alias, among the suggestions."""
    field = FIELDS[name]
    assert field.names
    for known in field.names[:: max(1, len(field.names) // 20)]:
        plan = placed(copied(BASES[NAMED[name]]), field.path, f"{known}z")
        with pytest.raises(UnknownNameError) as caught:
            mlsysim.evaluate(loads(written(plan)))
        assert caught.value.where == parse(written(plan), "plan.yaml").where(field.path)
        assert known in {standard().find(field.category, near).name for near in caught.value.suggestions}
