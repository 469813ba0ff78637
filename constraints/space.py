"""The space of a search: integer decision variables, and the joint values that the graph's structure allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy

from mlsysim.constraints.effort import Effort
from mlsysim.constraints.feasibility import ROUNDING
from mlsysim.constraints.structure import conditions as conditions_of
from mlsysim.constraints.structure import leaves_of
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import kernel

#: Joint values of a table; beyond this a search must be narrowed.
MOST_ROWS = 4_000_000
#: A condition on more joint values than these is not looked at before all its decisions are there.
MOST_SHADOW_ROWS = 200_000

#: Rows that are evaluated before the clock is looked at again.
_PART = 1 << 17
#: Seconds of work that a row counts as.
_ROW = 3e-7

Rows = dict[str, Any]


@dataclass(frozen=True)
class _Rule:
    """Which joint values of some decisions the structure allows."""

    over: frozenset[str]
    keeps: Callable[[Rows], Any]


@dataclass(frozen=True)
class Options:
    """A decision that stands for several leaves at once, such as the choice of a fleet.

    Attributes:
        leaves: the value of each leaf under each option, in coherent units.
        domains: the values that other decisions may take under each option.
    """

    leaves: Mapping[str, tuple[float, ...]]
    domains: tuple[Mapping[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Tie:
    """Decisions of which only some joint values are looked at.

    Attributes:
        over: the decisions.
        values: their joint values, in that order.
    """

    over: tuple[str, ...]
    values: frozenset[tuple[int, ...]]


@dataclass(frozen=True)
class Space:
    """Decision variables over a graph.

    Attributes:
        variant: the graph.
        values: every leaf in coherent units; those of the decisions are a design to start from.
        domains: the values that each decision may take, by leaf; of a choice among options, their numbers.
        options: the choices among options, by name.
        ties: decisions of which not every joint value is looked at.
        effort: what its tables may spend.
    """

    variant: str
    values: Mapping[str, float]
    domains: Mapping[str, tuple[int, ...]]
    options: Mapping[str, Options] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    effort: Effort = field(default_factory=Effort, compare=False)

    @property
    def decisions(self) -> tuple[str, ...]:
        """The decisions with more than one value."""
        return tuple(name for name, domain in self.domains.items() if len(domain) > 1)

    def evaluate(self, rows: Rows, wanted: Iterable[str]) -> dict[str, Any]:
        """The kernel's value of some quantities at every row."""
        wanted = tuple(wanted)
        length = count(rows)
        parts = []
        for start in range(0, max(length, 1), _PART):
            self.effort.go_on()
            self.effort.clock.count(min(length - start, _PART) * _ROW)
            parts.append(self._values({n: column[start : start + _PART] for n, column in rows.items()}, wanted))
        if len(parts) == 1:
            return parts[0]
        return {name: numpy.concatenate([part[name] for part in parts]) for name in wanted}

    def _values(self, rows: Rows, wanted: tuple[str, ...]) -> dict[str, Any]:
        fixed = {name: float(domain[0]) for name, domain in self.domains.items()}
        leaves: dict[str, Any] = {**self.values, **fixed, **rows}
        for name, options in self.options.items():
            chosen = numpy.asarray(leaves[name]).astype(int)
            leaves |= {leaf: numpy.asarray(values)[chosen] for leaf, values in options.leaves.items()}
        length = count(rows)
        found = kernel(self.variant).many(leaves, wanted)
        return {name: numpy.broadcast_to(column, (length,)) for name, column in found.items()}

    def offered(self, rows: Rows) -> Any:
        """Which rows take, under each option, only values that it offers."""
        keep = numpy.ones(count(rows), dtype=bool)
        for name in self.options:
            chosen = numpy.asarray(rows.get(name, float(self.domains[name][0]))).astype(int)
            for other in self.varied(name) & rows.keys():
                under = {number: self.options[name].domains[number][other] for number in self.domains[name]}
                takes = numpy.array(
                    [[value in under[n] for value in sorted(self.domains[other])] for n in sorted(under)]
                )
                keep &= takes[numpy.searchsorted(sorted(under), chosen), self.codes(rows, [other])]
        return keep

    def varied(self, name: str) -> frozenset[str]:
        """The decisions whose values depend on a choice among options."""
        offers = [self.options[name].domains[number] for number in self.domains[name]]
        return frozenset(other for other in offers[0] if any(offer[other] != offers[0][other] for offer in offers))

    def possible(self, kind: str | None = None) -> bool:
        """Whether the conditions that rest on no decision hold: all of them, or those of one kind."""
        return not self.broken(kind)

    def broken(self, kind: str | None = None) -> list[tuple[Mapping[str, Any], float, float]]:
        """The conditions that rest on no decision and do not hold, each with what is needed and what is available."""
        found = []
        for condition in conditions_of(self.variant, kind):
            if not self.rests_on(condition) and not self.holds({}, [condition]).all():
                sides = [condition["needed"], condition["available"]]
                values = self.evaluate({}, [side for side in sides if isinstance(side, str)])
                needed, available = (float(values[side][0]) if isinstance(side, str) else side for side in sides)
                found.append((condition, needed, available))
        return found

    def lattice(self, names: Iterable[str], most: int = MOST_ROWS) -> Rows:
        """Every joint value of some decisions that no structural condition on them alone forbids.

        Raises:
            InputError: there are more than ``most``, which is by default what the tables can hold.
        """
        wanted = frozenset(names) & frozenset(self.domains)
        for name in self.options:
            if name in wanted and len(self.domains[name]) > 1:
                return self._option_by_option(name, wanted, most)
        rules = [rule for rule in self._structure(wanted) if rule.over]
        rows: Rows = {}
        left = sorted(wanted, key=lambda name: (len(self.domains[name]), list(self.domains).index(name)))
        while left:
            # The next decision is the one that lets the most conditions be checked, so that few rows are ever held.
            name = max(left, key=lambda n: sum(n in rule.over and rule.over <= {*rows, n} for rule in rules))
            left.remove(name)
            self.effort.go_on()
            rows = _times(rows, name, self.domains[name])
            self.effort.clock.count(count(rows) * _ROW)
            if count(rows) > most:
                raise InputError(
                    f"the space has more than {MOST_ROWS:,} joint values of {', '.join(sorted(wanted))}",
                    hint="fix some of them in the plan's parallelism section",
                )
            for rule in rules:
                if name in rule.over and rule.over <= rows.keys():
                    keep = rule.keeps(rows)
                    rows = {each: column[keep] for each, column in rows.items()}
        return {name: rows[name] for name in self.domains if name in wanted}

    def _option_by_option(self, name: str, wanted: frozenset[str], most: int) -> Rows:
        """The joint values under each option in turn: what other decisions may be depends on it."""
        parts: list[Rows] = []
        for option in self.domains[name]:
            allowed = {**self.domains, **self.options[name].domains[option], name: (option,)}
            left = most - sum(count(part) for part in parts)
            parts.append(replace(self, domains=allowed).lattice(wanted, left))
        return {each: numpy.concatenate([part[each] for part in parts]) for each in self.domains if each in wanted}

    def support(self, quantity: str) -> frozenset[str]:
        """The decisions that a quantity rests on."""
        leaves = leaves_of(self.variant, quantity)
        chosen = {name for name, options in self.options.items() if leaves & options.leaves.keys()}
        return frozenset(self.decisions) & (leaves | chosen)

    def ruled_by(self, names: Iterable[str]) -> frozenset[str]:
        """The choices among options that say what some decisions may be, where that differs between options."""
        return frozenset(
            choice
            for choice, options in self.options.items()
            if choice in self.decisions
            for name in names
            if len({domains[name] for domains in options.domains if name in domains}) > 1
        )

    def _structure(self, wanted: frozenset[str]) -> Iterable[_Rule]:
        """The structural conditions on some decisions: the conditions themselves, or their projections onto the decisions."""
        for condition in conditions_of(self.variant, "structural"):
            over = self.rests_on(condition)
            if over <= wanted:
                yield _Rule(over, partial(self.holds, conditions=[condition]))
            elif over & wanted and math.prod(len(self.domains[name]) for name in over) <= MOST_SHADOW_ROWS:
                yield _Rule(over & wanted, self._shadow(condition, over, sorted(over & wanted)))
        for tie in self.ties:
            yield self._tied(tie, [name for name in tie.over if name in wanted])

    def _tied(self, tie: Tie, seen: Sequence[str]) -> _Rule:
        """Keep the rows whose values of ``seen`` occur in some allowed joint value of the tie (its projection)."""
        named = [dict(zip(tie.over, values, strict=True)) for values in tie.values]
        left = [each for each in named if all(value in self.domains[name] for name, value in each.items())]
        possible = self.codes({name: numpy.array([each[name] for each in left]) for name in seen}, seen)
        return _Rule(frozenset(seen), lambda rows: numpy.isin(self.codes(rows, seen), possible))

    def _shadow(self, condition: Mapping[str, Any], over: frozenset[str], seen: Sequence[str]) -> Callable[[Rows], Any]:
        """Keep the rows whose values of ``seen`` some values of the other decisions complete."""
        rows: Rows = {}
        for name in sorted(over):
            rows = _times(rows, name, self.domains[name])
        keep = self.holds(rows, [condition])
        possible = numpy.unique(self.codes({name: rows[name][keep] for name in seen}, seen))
        return lambda rows: numpy.isin(self.codes(rows, seen), possible)

    def codes(self, rows: Rows, names: Sequence[str]) -> Any:
        """One whole number for each joint value of some decisions."""
        code: Any = 0
        for name in names:
            domain = numpy.array(sorted(self.domains[name]), dtype=float)
            code = code * len(domain) + numpy.searchsorted(domain, rows[name])
        return code

    def rests_on(self, condition: Mapping[str, Any]) -> frozenset[str]:
        """The decisions that a condition rests on; none where what it rests on is fixed."""
        sides = [condition["needed"], condition["available"]]
        found: frozenset[str] = frozenset()
        for side in sides:
            if isinstance(side, str):
                found |= self.support(side)
        return found

    def holds(self, rows: Rows, conditions: Sequence[Mapping[str, Any]] | None = None) -> Any:
        """Which rows keep the conditions; all of the graph's where none are given."""
        if conditions is None:
            conditions = conditions_of(self.variant)
        sides = {c[s] for c in conditions for s in ("needed", "available") if isinstance(c[s], str)}
        found = self.evaluate(rows, sides)
        keep = numpy.ones(count(rows), dtype=bool)
        for c in conditions:
            available = found[c["available"]] if isinstance(c["available"], str) else c["available"]
            keep &= found[c["needed"]] <= available * (1 + ROUNDING)
        for tie in self.ties:
            seen = [name for name in tie.over if name in self.decisions]
            if set(seen) <= rows.keys():
                keep &= self._tied(tie, seen).keeps(rows)
        return keep


def count(rows: Rows) -> int:
    """How many rows there are; one where nothing is decided."""
    return len(next(iter(rows.values()))) if rows else 1


def row(rows: Rows, position: int) -> dict[str, int]:
    """One row."""
    return {name: int(column[position]) for name, column in rows.items()}


def rows_of(choice: Mapping[str, float]) -> Rows:
    """A choice as rows: the one it is."""
    return {name: numpy.array([float(value)]) for name, value in choice.items()}


def _times(rows: Rows, name: str, domain: Sequence[int]) -> Rows:
    held = count(rows)
    column = numpy.tile(numpy.array(domain, dtype=float), held)
    return {**{n: numpy.repeat(c, len(domain)) for n, c in rows.items()}, name: column}
