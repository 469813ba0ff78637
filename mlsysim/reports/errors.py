"""Errors as data: what is wrong, where, the cure, and every problem that was found."""

from __future__ import annotations

from typing import Any

from mlsysim.symbolic.errors import InfeasibleError, InputError, MlsysimError, UnknownNameError, UnprovenError

#: Kinds of errors, narrowest first, with their word and the exit code that the command line gives them.
KINDS: tuple[tuple[type[MlsysimError], str, int], ...] = (
    (UnknownNameError, "unknown_name", 2), (InputError, "bad_input", 2), (InfeasibleError, "infeasible", 4),
    (UnprovenError, "unproven", 5), (MlsysimError, "internal", 1),
)  # fmt: skip
#: How many problems are told.
MOST_PROBLEMS = 50

_TEXT = {"type": ["string", "null"]}
_SUGGESTIONS = {"type": "array", "items": {"type": "string"}, "description": "names that may have been meant"}
_PROBLEM: dict[str, Any] = {
    "message": {"type": "string", "description": "what is wrong"},
    "where": {**_TEXT, "description": "the place, such as plan.yaml:7:3 (line, column), or an argument"},
    "hint": {**_TEXT, "description": "the cure"},
    "suggestions": _SUGGESTIONS,
}
#: What every failed call says, as JSON Schema.
SCHEMA: dict[str, Any] = {
    "type": "object", "required": ["error"], "additionalProperties": False,
    "properties": {"error": {
        "description": "the first problem, and all of them", "type": "object", "additionalProperties": False,
        "properties": {
            "exit_code": {"enum": [1, 2, 4, 5, 130],
                          "description": "as of the command line; 2 is bad input, 1 an internal error, 130 interrupted"},
            "code": {"enum": [word for _, word, _ in KINDS], "description": "the kind of error"}, **_PROBLEM,
            "problems": {"type": "array", "description": f"every problem, at most {MOST_PROBLEMS}", "items": {
                "type": "object", "properties": _PROBLEM, "required": list(_PROBLEM), "additionalProperties": False,
            }},
            "problem_count": {"type": "integer", "description": "how many problems there are"},
        },
        "required": ["exit_code", "code", *_PROBLEM, "problems", "problem_count"],
    }},
}  # fmt: skip


def _kind(error: MlsysimError) -> tuple[str, int]:
    return next((word, code) for kind, word, code in KINDS if isinstance(error, kind))


def exit_code(error: MlsysimError) -> int:
    """The exit code that an error ends the command line with.

    >>> exit_code(InfeasibleError("nothing fits"))
    4
    """
    return _kind(error)[1]


def as_data(error: MlsysimError, code: int | None = None) -> dict[str, Any]:
    """An error with all its problems as plain data.

    Args:
        error: what was raised.
        code: the exit code, where it is not that of the kind of error.

    >>> as_data(InputError("batch_size is 0", hint="give at least 1"))["error"]["code"]
    'bad_input'
    """
    found = error.every
    alone = found[0] if len(found) == 1 else error
    word, usual = _kind(alone)
    problems = [_problem(each) for each in found[:MOST_PROBLEMS]]
    return {
        "error": {
            "exit_code": code or usual, "code": word, **problems[0], "problems": problems, "problem_count": len(found),
        }
    }  # fmt: skip


def internal(error: Exception) -> MlsysimError:
    """What is said of an error that nobody foresaw."""
    hint = "please report it, with what was given; MLSYSIM_DEBUG=1 shows where it was on the command line"
    return MlsysimError(f"internal error: {type(error).__name__}: {error}", hint=hint)


def _problem(error: MlsysimError) -> dict[str, Any]:
    return {
        "message": error.what, "where": error.where,
        "hint": error.hint, "suggestions": error.suggestions,
    }  # fmt: skip
