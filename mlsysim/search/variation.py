"""What the search section of a plan lets vary: of each degree, the values to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlsysim.design import Design
from mlsysim.design.degrees import degrees
from mlsysim.symbolic.errors import InputError

#: The most values that a message lists.
LISTED = 20


def varied(design: Design, domains: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """The values that each degree may take: of those that could divide, the ones that the plan allows.

    Args:
        design: a plan.
        domains: the values that could divide, by leaf.

    Raises:
        InputError: a degree that is not decided here, or of which no allowed value is possible.
    """
    for field, allowed in vars(design.loaded.plan.search.vary).items():
        if allowed and f"split.{field}" not in domains:
            raise InputError(
                f"search.vary.{field}: it is not decided in {design.loaded.phase}", hint="leave it out",
                where=design.loaded.where("search", "vary", field, key=True),
            )  # fmt: skip
    return {leaf: of_the_allowed(design, leaf.partition(".")[2], options) for leaf, options in domains.items()}


def of_the_allowed(design: Design, field: str, options: Sequence[int]) -> tuple[int, ...]:
    """The options of one degree that the plan's search allows; all where it says nothing.

    Raises:
        InputError: it allows some, and none of them is possible.
    """
    allowed = getattr(design.loaded.plan.search.vary, field, ())
    if not allowed:
        return tuple(options)
    degree = degrees()[f"split.{field}"]
    wanted = degree.of_plan(allowed)
    kept = tuple(option for option in options if option in wanted)
    if not kept:
        shown = [str(degree.in_plan(each)) for each in options]
        raise InputError(
            f"search.vary.{field}: none of {', '.join(map(str, allowed))} is possible here",
            where=design.loaded.where("search", "vary", field),
            hint=f"possible are {', '.join(shown[:LISTED])}{' ...' * (len(shown) > LISTED)}",
        )  # fmt: skip
    return kept
