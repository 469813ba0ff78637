"""What may come of any input: an answer that fits its schema, or words."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema

from mlsysim.evaluation import Evaluation
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InputError, MlsysimError

#: Characters of one message, and of all messages of one input.
LONGEST, LONGEST_OF_ALL = 2_000, 100_000


@cache
def _results() -> Any:
    return jsonschema.Draft202012Validator(schema_of("result"))


def told(error: MlsysimError) -> str:
    """What an error says, after checking that it can be said: in words, not too many, and nothing that a terminal obeys."""
    for problem in error.every:
        assert problem.what.strip(), "a message needs words"
        for part in (problem.what, problem.where or "", problem.hint or ""):
            assert len(part) < LONGEST, f"too long: {part[:200]}"
            assert part.isprintable(), f"not printable: {part!r:.200}"
    assert len(str(error)) < LONGEST_OF_ALL
    return str(error)


def answered(evaluation: Evaluation) -> dict[str, Any]:
    """The result, after checking that it fits its schema and is JSON without NaN; it can be printed as well."""
    result = evaluation.to_dict()
    _results().validate(json.loads(json.dumps(result, allow_nan=False)))
    assert evaluation.scorecard()
    return result


def outcome(act: Callable[[], Evaluation]) -> dict[str, Any] | str:
    """The result of an evaluation, or what is wrong with its input; any other exception is a failure."""
    try:
        return answered(act())
    except InputError as error:
        return told(error)
