"""Pools that share a batch or the requests that arrive: each evaluated as a plan of its own, and all together.

What a pool does is its own; cost, energy, carbon and water add up. An assert on a metric that adds up holds for all pools
together, any other for every pool.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mlsysim.constraints.asserts import Limit, metric
from mlsysim.constraints.feasibility import Finding
from mlsysim.design.binding import bind, refuse_pools_of_training
from mlsysim.evaluation import TOTALS as MACRO
from mlsysim.evaluation import Evaluation, Violation, coverage, evaluate, verdict
from mlsysim.page import wrapped
from mlsysim.plan import LoadedPlan
from mlsysim.plan.shorthand import moved
from mlsysim.result import figure, key, shown_violation
from mlsysim.symbolic.errors import InputError, refuse
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.words import amount

#: What adds up over pools, and what each has for itself, with their labels.
TOTALS = tuple((label, name) for name, label in MACRO.items())
TIMES = (
    ("time to first token", "performance.ttft"), ("time between tokens", "performance.itl"),
    ("latency per token", "performance.token_latency"), ("latency", "performance.latency"),
)  # fmt: skip


def totals(evaluations: Sequence[Evaluation]) -> dict[str, float | None]:
    """The metrics that add up, over some evaluations, in coherent units; None where one is not known."""
    found: dict[str, float | None] = {}
    for _, name in TOTALS:
        values = [evaluation[name] for evaluation in evaluations]
        found[name] = None if None in values else math.fsum(v for v in values if v is not None)
    return found


def of_all(name: str) -> bool:
    """Whether an assert on a metric, by its full name or its last word, holds for all pools together."""
    return metric(name).startswith("macro.")


@dataclass(frozen=True)
class Pool:
    """One of several pools.

    Attributes:
        share: of the batch or of the requests.
        evaluation: the pool as a plan of its own.
    """

    share: float
    evaluation: Evaluation


@dataclass(frozen=True)
class SharedEvaluation:
    """What several pools do together.

    Attributes:
        loaded: the plan.
        first: the first pool with every assert of the plan, which reads them.
        pools: in the plan's order, each with the asserts that hold for every pool.
    """

    loaded: LoadedPlan
    first: Evaluation
    pools: tuple[Pool, ...]

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Every pool's own."""
        return tuple(pool.evaluation for pool in self.pools)

    @property
    def names(self) -> list[str]:
        """What to call every pool: its accelerator, and its number where another has the same."""
        names = [each.design.hardware.name for each in self.evaluations]
        return [f"{name} (pool {at})" if names.count(name) > 1 else name for at, name in enumerate(names, 1)]

    @property
    def feasible(self) -> bool:
        """Whether every pool is."""
        return all(each.feasible for each in self.evaluations)

    @cached_property
    def totals(self) -> dict[str, float | None]:
        """The metrics that add up, in coherent units; None where one is not known."""
        return totals(self.evaluations)

    @cached_property
    def whole(self) -> list[Limit]:
        """The plan's asserts on metrics that add up.

        Raises:
            InputError: an assert on a macro metric that does not.
        """
        found = []
        for position, item in enumerate(self.loaded.plan.constraints.asserts):
            if not of_all(item.metric):
                continue
            if metric(item.metric) not in self.totals:
                raise InputError(
                    f"constraints.assert[{position}]: {metric(item.metric)} does not add up over pools",
                    where=self.loaded.where("constraints", "assert", position, "metric"), hint="limit macro.tco",
                )  # fmt: skip
            found += self.first.read(position, item)
        return found

    @cached_property
    def violations(self) -> list[Violation]:
        """The asserts that all pools together do not keep, and those that one of them does not."""
        found = [
            replace(violation, pool=name)
            for each, name in zip(self.evaluations, self.names, strict=True)
            for violation in each.violations
        ]
        for limit in self.whole if self.feasible else ():
            value = self.totals[limit.metric]
            if value is None:
                found.append(Violation(limit, None, None, "it is not known for every pool"))
            elif not limit.holds(value):
                found.append(Violation(limit, value, self.evaluations[0].cause(limit.metric)))
        return found

    @property
    def errors(self) -> list[Violation]:
        """The violations of asserts that do not only warn."""
        return [each for each in self.violations if each.limit.severity == "error"]

    @property
    def failures(self) -> list[Finding]:
        """The conditions that do not hold, of the first pool that has any."""
        return next((each.failures for each in self.evaluations if each.failures), [])

    @property
    def exit_code(self) -> int:
        """0 fine, 3 an assert is violated that does not only warn, 4 physically infeasible."""
        return 4 if not self.feasible else 3 if self.errors else 0

    def status(self, lens: str) -> str:
        """The verdict of a lens, as :meth:`mlsysim.evaluation.Evaluation.status` gives it; the worst of all pools.

        Args:
            lens: ``feasibility``, ``performance`` or ``macro``, which is of all pools together.
        """
        if lens == "macro" and self.feasible:
            return verdict(lens, self.errors, coverage(self.totals.values()))
        words = [each.status(lens) for each in self.evaluations]
        return next((word for word in ("FAIL", "SKIPPED") if word in words), "PASS")

    @property
    def why_skipped(self) -> str | None:
        """Why a total is not known."""
        missing = [name for name, value in self.totals.items() if value is None]
        return next((each.skipped[name] for name in missing for each in self.evaluations if name in each.skipped), None)

    @property
    def assumptions(self) -> list[str]:
        """What the plan left open: of all pools, and, behind its accelerator, of one."""
        found = []
        if all(pool.share is None for pool in self.loaded.plan.hardware.pools):
            shares = ", ".join(f"{100 * p.share:.4g} % {p.evaluation.design.hardware.name}" for p in self.pools)
            found.append(f"shares by accelerators: {shares}")
        said = [each.assumptions for each in self.evaluations]
        found += [sentence for sentence in said[0] if all(sentence in other for other in said)]
        for name, sentences in zip(self.names, said, strict=True):
            found += [f"{name}: {one}" for one in sentences if one not in found]
        return found

    @property
    def name(self) -> str:
        """What the plan is called."""
        return self.loaded.plan.name or f"{self.evaluations[0].design.model.name} on {len(self.pools)} pools"

    @property
    def summary(self) -> str:
        """Feasibility in one sentence: of the first pool that fails, else of all."""
        for name, each in zip(self.names, self.evaluations, strict=True):
            if not each.feasible:
                return f"{name}: {each.summary}"
        return f"{'both' if len(self.pools) == 2 else f'all {len(self.pools)}'} pools fit"

    def to_dict(self) -> dict[str, Any]:
        """The totals as one flat object, with every pool's own under ``pools``."""
        first = self.evaluations[0]
        devices = (each.design.bindings["split.devices"].value or 0 for each in self.evaluations)
        return {
            "name": self.name, "model": first.design.model.name, "accelerators": int(sum(devices)),
            "phase": self.loaded.phase, "exit_code": self.exit_code,
            "f_status": self.status("feasibility"), "f_summary": self.summary, "p_status": self.status("performance"),
            "m_status": self.status("macro"), "m_skipped": self.why_skipped,
            **{key(name): figure(name, value) for name, value in self.totals.items()},
            "asserts": list(dict.fromkeys(limit.text for limit in self.limits)),
            "violations": [shown_violation(each) for each in self.violations], "assumptions": self.assumptions,
            "pools": [{"share": pool.share, **pool.evaluation.to_dict()} for pool in self.pools],
        }  # fmt: skip

    @cached_property
    def limits(self) -> list[Limit]:
        """The asserts on every pool, then those on all together."""
        return [*(limit for each in self.evaluations for limit in each.limits), *self.whole]

    def scorecard(self, *, color: bool = False) -> str:
        """The evaluation as text: every pool in a few lines, then what adds up, then the asserts."""
        return "\n".join(line for text in self._lines() for line in _lined(text)) + "\n"

    def _lines(self) -> Iterator[str]:
        yield self.name
        for pool in self.pools:
            design, found = pool.evaluation.design, pool.evaluation
            count = int(design.bindings["split.devices"].value or 1)
            what = "requests" if self.loaded.phase == "serving" else "batch"
            yield f"\n{100 * pool.share:.4g} % of the {what} on {count:,} x {design.hardware.title}"
            yield f"  {'feasibility':<24}  {found.status('feasibility')}  {found.summary}"
            yield f"  {'performance':<24}  {found.status('performance')}"
            yield from _rows((label, found.metrics.get(name), name) for label, name in TIMES)
            if found.feasible:
                yield f"  {'binding wall':<24}  {found.binding_wall}"
        yield f"\nAll together  {'FAIL' if self.exit_code else self.status('macro')}"
        yield from _rows((label, self.totals[name], name) for label, name in TOTALS)
        if self.why_skipped and self.feasible:
            yield f"  skipped: {', '.join(label for label, name in TOTALS if self.totals[name] is None)}: {self.why_skipped}"
        broken = self.violations
        if self.limits and self.feasible:
            status = "FAIL" if self.exit_code else "WARN" if broken else "PASS"
            yield f"\nAsserts  {status}"
            yield from (f"  {each.placed}" for each in broken)
        yield "\nLeft open by the plan, and what was taken"
        yield from (f"  - {sentence}" for sentence in self.assumptions)


def _rows(rows: Iterable[tuple[str, float | None, str]]) -> Iterator[str]:
    for label, value, name in rows:
        if value is not None:
            yield f"  {label:<24}  {amount(value, catalogue().QUANTITIES[name])}"


def _lined(text: str) -> list[str]:
    lead = "\n" * (len(text) - len(text.lstrip("\n")))
    lines = wrapped(text.lstrip("\n"), hanging="    ")
    return [lead + lines[0], *lines[1:]] if lines else [text]


def evaluate_pools(loaded: LoadedPlan) -> SharedEvaluation:
    """Evaluate a plan of several pools.

    Raises:
        InputError: it is of training, a pool would get nothing, or one of its plans is refused.
    """
    pools = loaded.plan.hardware.pools
    refuse_pools_of_training(loaded)
    names = []
    for position, pool in enumerate(pools):
        try:
            loaded.zoo.find("hardware", pool.name, where=loaded.where("hardware", "pools", position, "name"))
        except InputError as error:
            names.append(error)
    refuse(names)
    counts = [pool.share or counted(loaded, pool) for pool in pools]  # all have a share, or none
    shares = [count / sum(counts) for count in counts]
    batches = apportioned(loaded.batch_size, shares)
    first = evaluate(bind(_pool_plan(loaded, 0, shares[0], batches[0])))  # a wrong assert is refused here
    plans = (_pool_plan(loaded, at, share, batches[at], alone=True) for at, share in enumerate(shares))
    found = [Pool(share, evaluate(bind(plan))) for share, plan in zip(shares, plans, strict=True)]
    whole = SharedEvaluation(loaded, first, tuple(found))
    whole.whole  # noqa: B018  read the asserts on totals now, so that a wrong one is reported before any result
    return whole


def _pool_plan(loaded: LoadedPlan, position: int, share: float, batch: int, *, alone: bool = False) -> LoadedPlan:
    """One pool as a plan of its own, whose parts stand where they stand in the whole.

    Args:
        loaded: the plan.
        position: of the pool.
        share, batch: what it gets.
        alone: whether to leave out the asserts that hold for all pools together.
    """
    data, document = loaded.document.data, moved(loaded.document, ("hardware", "pools", position), ("hardware",))
    pool = data["hardware"]["pools"][position]
    own = {**data, "hardware": {name: value for name, value in pool.items() if name != "share"}}
    asserts = (data.get("constraints") or {}).get("assert") or ()
    kept = [at for at, each in enumerate(asserts) if not (alone and of_all(each["metric"]))]
    for new, old in enumerate(kept):
        document = moved(document, ("constraints", "assert", old), ("constraints", "assert", new))
    own["constraints"] = {"assert": [asserts[at] for at in kept]}
    if loaded.phase != "serving" and not batch:
        raise InputError(
            f"hardware.pools: of a batch of {loaded.batch_size} {pool['name']} gets nothing",
            where=loaded.where("hardware", "pools", key=True), hint="give a larger batch, or fewer pools",
        )  # fmt: skip
    rate = loaded.plan.serving.requests_per_second
    if loaded.phase != "serving":
        own["workload"] = {**data["workload"], "batch_size": batch}
    elif rate is not None:  # else the pool is refused as any plan without traffic is
        own["serving"] = {**data["serving"], "requests_per_second": rate * share}
    return LoadedPlan(loaded.plan, document, loaded.zoo).with_data(own)


def counted(loaded: LoadedPlan, pool: Any) -> int:
    """The accelerators of a pool."""
    if pool.accelerators or not pool.nodes:
        return int(pool.accelerators or 1)
    alone = {name: getattr(pool, name) for name in ("name", "node", "nodes") if getattr(pool, name) is not None}
    plan: Mapping[str, Any] = {"version": "1.0", "workload": loaded.document.data["workload"], "hardware": alone}
    return int(bind(loaded.with_data({**plan, "workload": {"name": plan["workload"]["name"]}})).values["split.devices"])


def apportioned(whole: int, shares: Sequence[float]) -> list[int]:
    """A number divided by shares into whole parts that add up to it, by largest remainders.

    >>> apportioned(10, [0.5, 0.25, 0.25])
    [5, 3, 2]
    """
    parts = [math.floor(whole * share) for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (parts[i] - whole * shares[i], i))
    for position in order[: whole - sum(parts)]:
        parts[position] += 1
    return parts
