"""What no single field of a plan can say: fields that contradict each other, or that one of several must give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mlsysim.constraints.asserts import Written
from mlsysim.registry.document import Document
from mlsysim.symbolic.errors import InputError

if TYPE_CHECKING:
    from mlsysim.plan.model import Plan

#: Shares of pools may miss 1 by this much, as shares of three do.
ROUNDED = 1e-6
#: Fields that say the same: at most one of each, and of some just one.
_EITHER = (
    ("workload", ("name", "model"), "which model", True), ("hardware", ("name", "fleet", "pools"), "which accelerators", True),
    ("hardware", ("nodes", "accelerators"), "how many", False), ("network", ("fabric", "bandwidth"), "how wide it is", False),
    ("network", ("fabric", "latency"), "how long a message takes", False),
    ("network", ("link", "link_bandwidth"), "how wide it is", False),
    ("network", ("link", "link_latency"), "how long a message takes", False),
)  # fmt: skip
#: What a fleet or a list of pools says already.
_OF_THE_WHOLE = ("node", "nodes", "accelerators")


def inconsistent(plan: Plan, document: Document) -> list[InputError]:
    """Everything of that kind which is wrong with a plan, in its own order.

    Args:
        plan: its sections, each valid by itself.
        document: where its parts stand.
    """
    return in_order(_inconsistent(plan, document))


def in_order(problems: Iterable[InputError]) -> list[InputError]:
    """Problems by line and column; those that have no place stay where they are, first."""
    return sorted(problems, key=lambda problem: [int(p) for p in str(problem.where).split(":")[-2:] if p.isdecimal()])


def _inconsistent(plan: Plan, document: Document) -> Iterator[InputError]:
    for section, names, what, needed in _EITHER:
        given = [name for name in names if _said(plan, section, name)]
        if len(given) > 1:
            yield InputError(
                f"{section}.{given[1]}: {' and '.join(given)} both say {what}", where=_key(document, section, given[1]),
                hint="keep one of them",
            )  # fmt: skip
        if needed and not given:
            yield InputError(
                f"{section}.name: missing", where=_key(document, section),
                hint=f"add `name:`, or {' or '.join(f'`{name}:`' for name in names[1:])}",
            )  # fmt: skip
    for whole in ("fleet", "pools"):
        for name in _OF_THE_WHOLE if _said(plan, "hardware", whole) else ():
            if _said(plan, "hardware", name):
                yield InputError(
                    f"hardware.{name}: the {whole.removesuffix('s')} says it", hint="leave it out",
                    where=_key(document, "hardware", name),
                )  # fmt: skip
    for name, allowed in vars(plan.search.vary).items():
        if allowed and getattr(plan.parallelism, name) is not None:
            yield InputError(
                f"search.vary.{name}: parallelism.{name} fixes it", hint="keep one of them",
                where=_key(document, "search", "vary", name),
            )  # fmt: skip
    if plan.search.problem not in (None, "nodes"):
        for name in ("hardware", "nodes"):
            if _said(plan, "search", name):
                yield InputError(
                    f"search.{name}: it changes nothing in {plan.search.problem}", hint="leave it out, or say `problem: nodes`",
                    where=_key(document, "search", name),
                )  # fmt: skip
    yield from _of_data(plan, document)
    yield from _of_pools(plan, document)
    yield from _of_asserts(plan, document)


def _of_data(plan: Plan, document: Document) -> Iterator[InputError]:
    """Fields of the data section of which one says nothing without another."""
    for name, needed, why in (
        ("dataset", "storage", "without a storage nobody knows how fast it is read"),
        ("storage", "dataset", "without a data set nothing is read from it"),
        ("cache", "dataset", "without a data set it holds nothing"),
        ("worker_rate", "dataset", "without a data set there is nothing to transform"),
        ("workers", "dataset", "without a data set there is nothing to transform"),
        ("worker_rate", "workers", "it is of one worker, and how many there are is missing"),
        ("workers", "worker_rate", "without the rate of one they change nothing"),
    ):
        if _said(plan, "data", name) and not _said(plan, "data", needed):
            yield InputError(
                f"data.{name}: {why}",
                where=_key(document, "data", name),
                hint=f"add `{needed}:` to data, or leave it out",
            )


def _of_pools(plan: Plan, document: Document) -> Iterator[InputError]:
    pools = plan.hardware.pools
    for position, pool in enumerate(pools):
        if pool.nodes and pool.accelerators:
            yield InputError(
                f"hardware.pools[{position}].accelerators: nodes and accelerators both say how many",
                where=_key(document, "hardware", "pools", position, "accelerators"), hint="keep one of them",
            )  # fmt: skip
    shares = [pool.share for pool in pools if pool.share is not None]
    if shares and (len(shares) < len(pools) or abs(sum(shares) - 1) > ROUNDED):
        found = "some pools have none" if len(shares) < len(pools) else f"together they are {sum(shares):.6g}"
        yield InputError(
            f"hardware.pools: shares are to be 1 together, {found}", where=_key(document, "hardware", "pools"),
            hint="give every pool a share, or none",
        )  # fmt: skip


def _of_asserts(plan: Plan, document: Document) -> Iterator[InputError]:
    for position, item in enumerate(plan.constraints.asserts):
        path = ("constraints", "assert", position)
        if item.max is None and item.min is None and item.equals is None:
            in_a_line = f"write it in a line: `- {item.metric}`" if Written.parsed(item.metric) else None
            yield InputError(
                f"constraints.assert[{position}]: neither max nor min nor equals",
                where=_place(document, *path), hint=in_a_line or "add `max:`, `min:` or `equals:`",
            )  # fmt: skip
        if item.equals is not None and (item.max is not None or item.min is not None):
            yield InputError(
                f"constraints.assert[{position}].equals: it says more than max and min",
                where=_key(document, *path, "equals"), hint="keep `equals:`, or `max:` and `min:`",
            )  # fmt: skip


def _said(plan: Plan, section: str, name: str) -> bool:
    value: Any = getattr(getattr(plan, section), name)
    return value is not None and value != ()


def _key(document: Document, *path: str | int) -> str | None:
    return document.where(path, key=True) if document.lines else None


def _place(document: Document, *path: str | int) -> str | None:
    return document.where(path) if document.lines else None
