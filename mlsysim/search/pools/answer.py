"""Pools that serve, as text, as data, and as plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlsysim.constraints.assigning import Assigned
from mlsysim.constraints.effort import Effort
from mlsysim.design.binding import bind
from mlsysim.evaluation import Evaluation, evaluate
from mlsysim.plan import LoadedPlan
from mlsysim.result import LARGEST, figure, key
from mlsysim.search.objectives import Objective, proven
from mlsysim.search.pools.offers import PARTS, Offers
from mlsysim.shares import TIMES, TOTALS, of_all, totals
from mlsysim.symbolic.errors import InputError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount, counted


@dataclass(frozen=True)
class Pool:
    """One pool: its accelerators, its part of the traffic, and what it does."""

    offers: Offers
    position: int

    @property
    def parts(self) -> int:
        """How many parts of the traffic it takes."""
        return int(self.offers.parts[self.position])

    @property
    def choice(self) -> dict[str, int]:
        """Its decisions."""
        return self.offers.choice(self.position)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The pool as a plan of its own, by the same kernel as any evaluation."""
        first = self.offers.kind.task.first.design.loaded
        return evaluate(bind(first.with_data(self.plan())))

    def plan(self) -> dict[str, Any]:
        """The pool as a plan of its own, with its part of the traffic and without what holds for all pools together."""
        data = self.offers.kind.task.plan(self.choice)
        serving = {**data["serving"], "requests_per_second": self.offers.kind.traffic * self.parts / PARTS}
        data = {**data, "serving": serving}
        limits = [each for each in data.get("constraints", {}).get("assert", []) if not of_all(each["metric"])]
        return {**data, "constraints": {"assert": limits}} if "constraints" in data else data


@dataclass(frozen=True)
class Pools:
    """The pools that serve a plan's traffic.

    Attributes:
        loaded: the plan.
        objective: what was optimised.
        offers: what every kind of accelerator could do.
        positions: which of its offers each kind takes; None where it is not used.
        answer: status, cost, bound.
        effort: what the search could spend.
    """

    loaded: LoadedPlan
    objective: Objective
    offers: tuple[Offers, ...]
    positions: tuple[int | None, ...]
    answer: Assigned
    effort: Effort

    @property
    def exit_code(self) -> int:
        """0 proven, or as near as was asked for; 5 the search ended before."""
        return self.effort.exit_code(self.answer.status, self.answer.gap)

    @cached_property
    def pools(self) -> tuple[Pool, ...]:
        """The pools that are used."""
        return tuple(Pool(o, at) for o, at in zip(self.offers, self.positions, strict=True) if at is not None)

    @property
    def totals(self) -> dict[str, float | None]:
        """The macro metrics of all pools together, in coherent units; None where one is not known."""
        return totals([pool.evaluation for pool in self.pools])

    def plan(self) -> dict[str, Any]:
        """The plan of the only pool.

        Raises:
            InputError: there are several, and each is a plan of its own.
        """
        if len(self.pools) > 1:
            raise InputError("--write: several pools are several plans", hint="take them from `pools` in Python")
        return self.pools[0].plan()

    def to_dict(self) -> dict[str, Any]:
        """The pools and their totals as one object; a single pool with the evaluation of its plan."""
        a = self.answer
        found: dict[str, Any] = {
            "name": self.loaded.plan.name or self.loaded.plan.workload.name,
            "o_status": a.status, "o_metric": self.objective.name, "o_unit": self.objective.unit,
            "o_objective": self.objective.in_unit(a.cost), "o_bound": self.objective.in_unit(a.bound), "o_gap": a.gap,
            "o_space": a.space if a.space < LARGEST else None, "o_rows": a.left, "o_seconds": round(a.seconds, 3),
            "o_seed": self.effort.seed, "o_accelerators": sum(pool.choice["split.devices"] for pool in self.pools),
            "o_pools": [self._pool(pool) for pool in self.pools],
        }  # fmt: skip
        if len(self.pools) == 1:
            return {**found, **self.pools[0].evaluation.to_dict(), "exit_code": self.exit_code}
        totals = {key(name): figure(name, value) for name, value in self.totals.items()}
        return {**found, **totals, "exit_code": self.exit_code}

    def _pool(self, pool: Pool) -> dict[str, Any]:
        known = pool.evaluation.metrics
        times = {key(name): figure(name, known[name]) for _, name in TIMES if name in known}
        return {
            "hardware": pool.offers.kind.name, "requests_per_second": pool.offers.kind.traffic * pool.parts / PARTS,
            **{k.removeprefix("o_"): v for k, v in pool.offers.kind.task.data(pool.choice).items()}, **times,
        }  # fmt: skip

    def page(self, *, color: bool = False) -> str:
        """The answer as text."""
        lines = list(self._lines())
        if len(self.pools) == 1:
            return "\n".join(lines) + "\n\n" + self.pools[0].evaluation.scorecard(color=color)
        return "\n".join(lines) + "\n"

    def _lines(self) -> Iterator[str]:
        a = self.answer
        for pool in self.pools:
            share = f"{100 * pool.parts / PARTS:g} % of the traffic: " if len(self.pools) > 1 else ""
            yield f"{share}{pool.offers.kind.name}, {pool.offers.kind.task.describe(pool.choice)}"
            for label, name in TIMES if len(self.pools) > 1 else ():
                value = pool.evaluation.metrics.get(name)
                if value is not None:
                    yield f"    {label:<22}  {amount(value, catalogue().QUANTITIES[name])}"
        yield f"  {self.objective.name:<24}  {self.objective.said(a.cost)}"
        yield f"  {'status':<24}  {self.objective.proof(a.status, a.bound, a.gap, self.effort)}"
        yield f"  {'search':<24}  traffic in {PARTS} parts, {counted(len(self.offers), 'kind')}; {proven(a.status, a.seconds)}"
        if len(self.pools) > 1:
            for label, name in TOTALS:
                value = self.totals[name]
                if value is not None:
                    yield f"  {label:<24}  {amount(value, catalogue().QUANTITIES[name])}"
