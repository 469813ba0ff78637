"""Evaluation: the kernel's numbers seen through three lenses, feasibility first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlsysim.constraints.asserts import SIGNS, Limit, limit, metrics
from mlsysim.constraints.feasibility import Finding, findings
from mlsysim.design import Design, encodes
from mlsysim.design.data_input import NO_DATA, OF_DATA
from mlsysim.design.split import complete
from mlsysim.symbolic.errors import InputError, UnknownNameError, refuse
from mlsysim.symbolic.kernels import catalogue, kernel
from mlsysim.symbolic.words import amount

#: What the macro lens adds up, and what it is called.
TOTALS = {"macro.tco": "total cost", "macro.energy": "energy", "macro.carbon": "carbon", "macro.water": "water"}
#: Metrics of an answer that is written token by token.
WRITTEN = ("performance.itl", "performance.token_latency")


#: The share of what could be served up to which latencies were compared with a simulated engine.
CERTAIN = 0.6


@dataclass(frozen=True)
class Violation:
    """An assert that does not hold: what was found, by how much it misses, and the wall that causes it.

    Attributes:
        limit: what should hold.
        found: the metric's value; None where it is not known.
        wall: what causes it.
        undecided: why the value is not known.
        pool: whose metric it is, where each of several pools has one.
    """

    limit: Limit
    found: float | None
    wall: str | None
    undecided: str = ""
    pool: str = ""

    @property
    def placed(self) -> str:
        """The violation in words, behind its place; a warning says that it is one."""
        place = f"{self.limit.where}: " if self.limit.where else ""
        return f"{place}{'warning: ' * (self.limit.severity == 'warn')}{self.sentence}"

    @property
    def sentence(self) -> str:
        """The violation in words."""
        metric = f"{self.limit.metric} of {self.pool}" if self.pool else self.limit.metric
        if self.found is None:
            return f"{metric} cannot be decided: {self.undecided}"
        unit = catalogue().QUANTITIES[self.limit.metric]
        must = "it must be" if self.limit.side == "equals" else "the limit is"
        why = f" ({self.limit.reason})" if self.limit.reason else ""
        return (
            f"{metric} is {amount(self.found, unit)}, {must} {amount(self.limit.value, unit)}{why}: "
            f"it misses by {self.limit.miss(self.found)}; the {self.wall} wall binds"
        )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a design does.

    Attributes:
        design: the plan with every leaf bound.
        values: every quantity of the graph in coherent units, leaves and results, by name.
        findings: every condition with its slack.
    """

    design: Design
    values: Mapping[str, float]
    findings: tuple[Finding, ...]

    @property
    def variant(self) -> str:
        """The graph that was evaluated."""
        return self.design.variant

    @property
    def feasible(self) -> bool:
        """Whether the design is physically possible."""
        return all(finding.holds for finding in self.findings)

    @property
    def failures(self) -> list[Finding]:
        """The conditions that do not hold, structural ones first."""
        failed = [finding for finding in self.findings if not finding.holds]
        return sorted(failed, key=lambda finding: finding.kind != "structural")

    @cached_property
    def cures(self) -> list[str]:
        """Changes that make an infeasible design fit, in words; each of them alone is enough."""
        from mlsysim.remedies import remedies

        return [] if self.feasible else remedies(self)

    @cached_property
    def skipped(self) -> dict[str, str]:
        """The metrics that have no value, and why."""
        why: dict[str, str] = {}
        for name in metrics(self.variant):
            if not self.feasible and not name.startswith("feasibility."):
                why[name] = f"the design is not feasible: {self.failures[0].sentence}"
                continue
            if name in WRITTEN and encodes(self.design.model):
                why[name] = f"{self.design.model.name} is an encoder, which writes no tokens"
            elif name in OF_DATA and self.design.loaded.plan.data.dataset is None:
                why[name] = NO_DATA
            elif math.isnan(self.values[name]):
                why[name] = self.unknown(name)
            elif not self.values[name] and (absent := self._left_out(name)):
                why[name] = absent  # 0 only because its terms are unpublished: report unknown, not zero
        return why

    def _left_out(self, name: str) -> str:
        """Why a quantity's direct inputs are left out: the reason of the first that is unpublished; '' if none is."""
        bindings = self.design.bindings
        parents = catalogue().VARIANTS[self.variant]["parents"][name]
        return next((bindings[p].says for p in parents if p in bindings and bindings[p].left_out), "")

    def unknown(self, name: str) -> str:
        """Why a quantity has no value: the reasons of its unbound leaves; '' if it has one."""
        missing = self.design.missing if math.isnan(self.values[name]) else {}
        reasons = [missing[leaf] for leaf in self.unknown_leaves(name) if leaf in missing] if missing else []
        return "; ".join(dict.fromkeys(sorted(reasons)))

    @cached_property
    def metrics(self) -> dict[str, float | None]:
        """Every metric by name, in coherent units; None where it is skipped."""
        return {name: None if name in self.skipped else self.values[name] for name in metrics(self.variant)}

    def __getitem__(self, name: str) -> float | None:
        """A metric or quantity in coherent units."""
        if name in self.metrics:
            return self.metrics[name]
        if name in self.values:
            return self.values[name]
        raise UnknownNameError("quantity", name, self.values)

    def quantity(self, name: str) -> Any:
        """A metric or quantity as a pint quantity in its display unit; None where it is skipped."""
        from mlsysim.symbolic.units import registry

        value, record = self[name], catalogue().QUANTITIES[name]
        return None if value is None else registry().Quantity(value / record["scale"], record["display"])

    @property
    def deciding_wall(self) -> str:
        """The wall that fails, else the one nearest to failing; ``parallelism`` or ``model`` where no wall decides."""
        if self.failures:
            return self.failures[0].wall
        physical = [f for f in self.findings if f.kind == "physical"]
        return max(physical, key=lambda f: f.needed / f.available if f.needed else 0.0).wall

    @property
    def decided_by(self) -> str:
        """What decides feasibility, in words: a wall, else the parallelism or the model."""
        decides = self.deciding_wall
        return f"the {decides} wall" if decides in {wall["name"] for wall in catalogue().WALLS} else f"the {decides}"

    @property
    def binding_wall(self) -> str | None:
        """The wall that decides: the one that fails, else the one that takes most of the time."""
        if not self.feasible:
            return self.failures[0].wall
        return self.cause("performance.latency")

    def cause(self, name: str) -> str:
        """The wall behind a quantity: the largest term of a sum, the active branch of a maximum, down to a wall's law."""
        structure = catalogue().VARIANTS[self.variant]
        while name in structure["parents"]:
            terms = structure["sums"].get(name) or structure["maxima"].get(name)
            if terms and any(term in structure["parents"] for term in terms):
                name = max(terms, key=lambda term: self.values.get(term, 0.0))
            elif name in structure["walls"]:
                return str(structure["walls"][name])
            else:
                name = self._driver(name)
        return name.partition(".")[0]

    def _driver(self, name: str) -> str:
        """The parent to blame for a product: the time in it."""
        parents: tuple[str, ...] = catalogue().VARIANTS[self.variant]["parents"][name]
        times = [p for p in parents if catalogue().QUANTITIES[p]["unit"] == "s"]
        return max(times or parents, key=lambda p: (p in catalogue().VARIANTS[self.variant]["parents"], self.values[p]))

    def unknown_leaves(self, name: str) -> list[str]:
        """The leaves without a value that leave a quantity without one."""
        parents = catalogue().VARIANTS[self.variant]["parents"]
        seen: dict[str, None] = {}
        queue = [name]
        while queue:
            for parent in parents.get(queue.pop(), ()):
                if parent not in seen and math.isnan(self.values[parent]):
                    seen[parent] = None
                    queue.append(parent)
        return [leaf for leaf in seen if leaf not in parents]

    @cached_property
    def limits(self) -> list[Limit]:
        """The plan's asserts, read and checked for dimensions."""
        found: list[Limit] = []
        wrong: list[InputError] = []
        for position, item in enumerate(self.design.loaded.plan.constraints.asserts):
            try:
                found += self.read(position, item)
            except InputError as error:
                wrong.append(error)
        refuse(wrong)
        return found

    def read(self, position: int, item: Any) -> list[Limit]:
        """An assert of the plan as limits on one metric.

        Args:
            position: its place in the list.
            item: its fields.

        Raises:
            InputError: an unknown metric, or a wrong dimension.
        """
        loaded = self.design.loaded
        found = [
            limit(
                item.metric, side, raw, variant=self.variant, path=f"constraints.assert[{position}]", unit=item.unit,
                where=loaded.where("constraints", "assert", position, side if self._has(item.metric) else "metric"),
                unit_where=loaded.where("constraints", "assert", position, "unit"), severity=item.severity,
                reason=item.reason,
            )
            for side in SIGNS if (raw := getattr(item, side)) is not None
        ]  # fmt: skip
        if len(found) == 2 and found[0].value < found[1].value:
            raise InputError(
                f"constraints.assert[{position}]: nothing is at most {item.max} and at least {item.min}",
                where=found[1].where, hint="swap them?",
            )  # fmt: skip
        return found

    def _has(self, name: str) -> bool:
        """Whether a name is a metric here; where it is not, the name is wrong and not the limit."""
        return any(name in (known, known.rpartition(".")[2]) for known in metrics(self.variant))

    @cached_property
    def enforced(self) -> list[Limit]:
        """The asserts that a design must keep, as inequalities: what only warns is no limit of a search."""
        return [side for each in self.limits if each.severity == "error" for side in each.sides]

    @cached_property
    def violations(self) -> list[Violation]:
        """The asserts that do not hold. A metric that is skipped violates its limits only if the design is feasible."""
        found = []
        for each in self.limits:
            value = self.metrics[each.metric]
            if value is None:
                if self.feasible:
                    found.append(Violation(each, None, None, self.skipped[each.metric]))
            elif not each.holds(value):
                found.append(Violation(each, value, self.cause(each.metric)))
        return found

    @property
    def errors(self) -> list[Violation]:
        """The violations of asserts that do not only warn."""
        return [each for each in self.violations if each.limit.severity == "error"]

    def status(self, lens: str) -> str:
        """The verdict of a lens: FAIL where the design or one of the lens's asserts fails.

        Args:
            lens: ``feasibility``, ``performance`` or ``macro``.

        Returns:
            ``PASS``, ``FAIL`` or ``SKIPPED``; of the macro lens ``PARTIAL`` where only some of cost, energy, carbon and water
            have values. An assert that only warns fails nothing.
        """
        if lens == "feasibility":
            return verdict(lens, self.errors, "PASS" if self.feasible else "FAIL")
        if not self.feasible:
            return "SKIPPED"
        if lens == "performance":
            return verdict(lens, self.errors, "PASS")
        return verdict(lens, self.errors, coverage(self.metrics[name] for name in TOTALS))

    @property
    def exit_code(self) -> int:
        """0 fine, 3 an assert is violated that does not only warn, 4 physically infeasible."""
        return 4 if not self.feasible else 3 if self.errors else 0

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the plan left open and what was taken, and where the answer is less certain than elsewhere."""
        capacity = self.metrics.get("performance.capacity")
        load = self.values["serving.arrivals"] / capacity if capacity else 0.0
        if load <= CERTAIN:
            return self.design.assumptions
        near = f"latencies at {load:.0%} of what could be served: above {CERTAIN:.0%} they are less certain than stated"
        return (*self.design.assumptions, near)

    @property
    def name(self) -> str:
        """What the plan is called."""
        return self.design.loaded.plan.name or f"{self.design.model.name} on {self.design.hardware.name}"

    @property
    def summary(self) -> str:
        """Feasibility in one sentence, with what would fix it where it fails."""
        from mlsysim.result import summary

        return summary(self)

    def scorecard(self, *, color: bool = False) -> str:
        """The evaluation as text for a terminal."""
        from mlsysim.scorecard import render

        return render(self, color=color)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as one flat object, as the published result schema describes it."""
        from mlsysim.result import flat

        return flat(self)

    def __repr__(self) -> str:
        return f"<Evaluation: {'feasible' if self.feasible else 'infeasible'}, {self.binding_wall} binds>"


def verdict(lens: str, errors: Iterable[Violation], otherwise: str) -> str:
    """FAIL where one of a lens's asserts fails, else another word."""
    return "FAIL" if any(each.limit.metric.startswith(f"{lens}.") for each in errors) else otherwise


def coverage(totals: Iterable[float | None]) -> str:
    """PASS where every total has a value, PARTIAL where some have, else SKIPPED."""
    known = [value is not None for value in totals]
    return "PASS" if all(known) else "PARTIAL" if any(known) else "SKIPPED"


def evaluate(design: Design) -> Evaluation:
    """Run the kernel on a design, choosing a split by the rule where the plan leaves it open."""
    design = complete(design)
    compiled = kernel(design.variant)
    values = design.values
    computed = compiled([values[leaf] for leaf in compiled.leaves])
    everything = {**values, **dict(zip(compiled.names, computed, strict=True))}
    evaluation = Evaluation(design, everything, tuple(findings(design.variant, everything)))
    evaluation.limits  # noqa: B018  read the asserts now, so that a wrong one is reported before any result
    return evaluation
