"""Joining tables: the whole designs that rows of several tables still allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy

from mlsysim.constraints.compiler import Program, Table, tighten
from mlsysim.constraints.space import Rows


def designs(program: Program, cost: float, most: int) -> Rows | None:
    """Every design that a program's tables allow at some cost.

    Args:
        program: its tables; they are not changed.
        cost: the most that a design may cost.
        most: how many designs are worth listing.

    Returns:
        The value of every decision in each of them; None where there are more than ``most``.
    """
    left = program.within(cost)
    while len(left.tables) > 1:
        first, *rest = sorted(left.tables, key=lambda table: table.size)
        other = max(rest, key=lambda table: (len({*first.decisions} & {*table.decisions}), -table.size))
        joined = _joined(program, first, other, most)
        if joined is None:
            return None
        left = replace(left, tables=[joined, *(table for table in rest if table is not other)])
        tighten(left, cost)
    rows = left.tables[0].rows
    if left.tables[0].size > most:
        return None
    held = left.tables[0].size
    return {n: rows[n] if n in rows else numpy.full(held, float(d[0])) for n, d in program.space.domains.items()}


def _joined(program: Program, one: Table, other: Table, most: int) -> Table | None:
    """The rows of two tables that agree in the decisions that both have."""
    shared = [name for name in one.decisions if name in other.decisions]
    key, other_key = (_key(program, table, shared) for table in (one, other))
    order = numpy.argsort(other_key, kind="stable")
    starts, ends = (numpy.searchsorted(other_key[order], key, side=side) for side in ("left", "right"))
    many = ends - starts
    total = int(many.sum())
    if total > most:
        return None
    here = numpy.repeat(numpy.arange(len(key)), many)
    offset = numpy.arange(total) - numpy.repeat(numpy.cumsum(many) - many, many)
    there = order[numpy.repeat(starts, many) + offset]
    rows = {n: c[there] for n, c in other.rows.items()} | {n: c[here] for n, c in one.rows.items()}
    costs = {name: one.costs[name][here] + other.costs[name][there] for name in one.costs}
    return Table(tuple(rows), rows, costs)


def _key(program: Program, table: Table, shared: list[str]) -> Any:
    if not shared:
        return numpy.zeros(table.size, dtype=int)
    return program.space.codes(table.rows, shared)
