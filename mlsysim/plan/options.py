"""Values that are given outside of a plan, as an option or a keyword, read as the field of the plan that they stand for."""

from __future__ import annotations

from typing import Any

from mlsysim.plan.acceptance import accepted_value
from mlsysim.registry.document import Document
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.numerals import plain


def as_field(option: str, section: str, field: str, given: Any) -> Any:
    """A value as a field of a plan takes it: text with a unit as a number of the field's unit.

    Args:
        option: what messages call it, such as ``--qps``.
        section, field: the field.
        given: a value, or a text as it was typed.

    Raises:
        InputError: the field cannot have it.

    >>> as_field("--duration-days", "ops", "duration_days", "2 weeks"), as_field("--nodes", "hardware", "nodes", "4")
    (14.0, 4)
    """
    bare = plain(given) if isinstance(given, str) else None
    for value in (given, bare) if bare is not None else (given,):
        fits, read = accepted_value(section, field, value)
        if fits:
            return read
    from mlsysim.plan.mistakes import problems

    name = f"{section}.{field}"
    wrong = problems(Document("", {section: {field: given if bare is None else bare}}))
    said = next(problem for problem in wrong if problem.what.startswith(name))
    raise InputError(said.what.replace(name, option, 1), hint=said.hint)
