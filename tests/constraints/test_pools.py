"""Pools that serve, against brute force over kinds, parts of the traffic, splits, slots, chunks and replicas."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

import mlsysim
from mlsysim import schemas
from mlsysim.constraints.feasibility import holds
from mlsysim.design.slots import SLOTS
from mlsysim.search import pools
from mlsysim.search.pools import answer as answer_module
from mlsysim.search.pools import offers as offers_module
from mlsysim.search.pools.offers import Kind
from mlsysim.search.replicas import CHUNK, DEVICES, LAYOUT
from mlsysim.symbolic.errors import InfeasibleError, InputError
from mlsysim.symbolic.kernels import kernel
from tests.constraints.test_batching import serving, thinned

FEW = 4  # parts of the traffic, so that brute force can walk all of them


@pytest.fixture
def few_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traffic in four parts."""
    for module in (offers_module, pools, answer_module):
        monkeypatch.setattr(module, "PARTS", FEW)


def small(kind: Kind, draw: random.Random) -> Kind:
    """A kind with few splits, slots and chunks to look at."""
    return replace(kind, task=replace(kind.task, space=thinned(kind.task.space, draw)))


def cheapest(kind: Kind, objective: str, most: int) -> dict[int, float]:
    """For every number of parts, the least that a pool can cost that keeps its limits, counting replicas upwards."""
    space, compiled = kind.task.space, kernel(kind.task.space.variant)
    limits = [limit for limit in kind.task.first.limits if not limit.metric.startswith("macro.")]
    options = space.options[LAYOUT]
    best: dict[int, float] = {0: 0.0}
    for number, offered in enumerate(options.domains):
        chosen = {leaf: column[number] for leaf, column in options.leaves.items()}
        ranks = offered[DEVICES][0] // offered["split.data"][0]
        for slots, chunk, parts in itertools.product(offered[SLOTS], offered[CHUNK], range(1, FEW + 1)):
            for replicas in range(1, int(min(most, kind.most)) // ranks + 1):
                leaves = {**space.values, **chosen, "split.data": replicas, DEVICES: ranks * replicas, SLOTS: slots,
                          CHUNK: chunk, "serving.arrivals": kind.traffic * parts / FEW}  # fmt: skip
                found = compiled([float(leaves[n]) for n in compiled.leaves])
                values = {**leaves, **dict(zip(compiled.names, found, strict=True))}
                if holds(space.variant, values) and all(limit.holds(values[limit.metric]) for limit in limits):
                    best[parts] = min(best.get(parts, math.inf), values[objective])
                    break
    return best


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.usefixtures("few_parts")
def test_pools_are_those_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to divide the traffic among the kinds, each pool at its cheapest."""
    draw = random.Random(seed)
    hardware = [
        f"{name}={draw.choice([2, 4, 8])}" if draw.random() < 0.6 else name
        for name in draw.sample(["H100", "A100", "H200"], 2)
    ]
    plan = serving(
        workload={"name": "Llama3_8B", "sequence_length": draw.choice([512, 1024]), "output_tokens": draw.choice([32, 128])},
        hardware={"name": "H100"}, ops={"region": "Quebec", "duration_days": 1.0, "price_per_accelerator_hour": 3.0},
    )  # fmt: skip
    objective = draw.choice([DEVICES, "macro.tco"])
    thin = random.Random(seed)
    monkeypatch.setattr(pools, "kinds", lambda *args: [small(kind, thin) for kind in offers_module.kinds(*args)])
    asked: dict[str, Any] = {
        "hardware": hardware, "sla": [draw.choice(["40 ms", "ttft <= 600 ms"])], "qps": draw.choice([4.0, 20.0, 60.0]),
        "objective": "accelerators" if objective == DEVICES else "tco",
    }  # fmt: skip
    again = random.Random(seed)
    same = [
        small(kind, again)
        for kind in offers_module.kinds(mlsysim.plan.load(plan), hardware, asked["sla"], asked["qps"], None)
    ]
    each = [cheapest(kind, objective, 64) for kind in same]
    ways = [
        sum(best[parts] for best, parts in zip(each, divided, strict=True))
        for divided in itertools.product(*each)
        if sum(divided) >= FEW
    ]
    if not ways:
        with pytest.raises(InfeasibleError):
            mlsysim.optimize(plan, "nodes", **asked)
        return
    found = mlsysim.optimize(plan, "nodes", **asked)
    assert found.answer.status == "optimal"
    assert found.answer.cost == pytest.approx(min(ways), rel=1e-9)
    again_by_plans = sum(mlsysim.evaluate(pool.plan()).values[objective] for pool in found.pools)
    assert again_by_plans == pytest.approx(found.answer.cost, rel=1e-9)
    assert all(mlsysim.evaluate(pool.plan()).exit_code == 0 for pool in found.pools)


MIXED = serving(
    workload={"name": "Llama3_8B", "sequence_length": 512, "output_tokens": 64}, hardware={"name": "H100"},
    ops={"region": "Quebec", "duration_days": 1.0},
)  # fmt: skip


def test_scarce_accelerators_make_mixed_pools() -> None:
    """One kind alone does not suffice, both together do; the parts add up to the traffic."""
    alone = {"qps": 60.0, "sla": ["40 ms"]}
    needed = mlsysim.optimize(MIXED, "nodes", hardware=["H100"], **alone).pools[0].choice[DEVICES]
    found = mlsysim.optimize(MIXED, "nodes", hardware=[f"H100={needed - 1}", "A100"], **alone)
    assert [pool.offers.kind.name for pool in found.pools] == ["H100", "A100"]
    data = found.to_dict()
    assert sum(pool["requests_per_second"] for pool in data["o_pools"]) == pytest.approx(60.0)
    jsonschema.validate(data, schemas.schema_of("result"))
    assert "of the traffic: H100" in found.page()
    with pytest.raises(InputError, match="several plans"):
        found.plan()


def test_a_single_pool_is_a_plan() -> None:
    """With its evaluation, which a command repeats."""
    found = mlsysim.optimize(MIXED, "nodes", hardware=["H100"], qps=20.0, sla=["40 ms"], objective="tco")
    data = found.to_dict()
    jsonschema.validate(data, schemas.schema_of("result"))
    again = mlsysim.evaluate(found.plan()).to_dict()
    assert {k: v for k, v in again.items() if k[:2] in ("f_", "p_", "m_")} == {
        k: v for k, v in data.items() if k[:2] in ("f_", "p_", "m_")
    }


def test_limits_on_totals_hold_for_all_pools_together() -> None:
    """An assert on carbon is one on the sum; where it cannot be kept, the best reachable is said."""
    asked: dict[str, Any] = {"hardware": ["H100=2", "A100"], "qps": 60.0, "sla": ["40 ms"]}
    cheap, clean = (mlsysim.optimize(MIXED, "nodes", objective=word, **asked) for word in ("tco", "carbon"))
    limit = clean.totals["macro.carbon"] * 1.0001
    held = {**MIXED, "constraints": {"assert": [{"metric": "carbon", "max": f"{limit} gCO2e"}]}}
    found = mlsysim.optimize(held, "nodes", objective="tco", **asked)
    assert found.totals["macro.carbon"] <= limit
    assert found.answer.cost >= cheap.answer.cost
    none = {**MIXED, "constraints": {"assert": [{"metric": "carbon", "max": "1 gCO2e"}]}}
    with pytest.raises(InfeasibleError, match="best reachable is"):
        mlsysim.optimize(none, "nodes", hardware=["H100"], qps=60.0, sla=["40 ms"])


def test_a_budget_is_one_of_all_pools() -> None:
    """More than it must cost changes nothing; less is refused with what it must cost."""
    asked: dict[str, Any] = {"hardware": ["H100", "A100"], "qps": 60.0, "sla": ["40 ms"], "objective": "tco"}
    cost = mlsysim.optimize(MIXED, "nodes", **asked).answer.cost
    assert mlsysim.optimize(MIXED, "nodes", budget=f"{1.01 * cost} USD", **asked).answer.cost == pytest.approx(cost)
    with pytest.raises(InfeasibleError, match=r"macro\.tco <= .* but the best reachable is"):
        mlsysim.optimize(MIXED, "nodes", budget=f"{0.9 * cost} USD", **asked)
    with pytest.raises(InfeasibleError, match=r"macro\.carbon"):
        mlsysim.optimize(MIXED, "nodes", carbon_cap="1 gCO2e", **asked)


@pytest.mark.parametrize(("options", "message"), [
    ({"hardware": ["H100=0"]}, "is no accelerator and number"), ({"hardware": ["H100", "H100=3"]}, "named twice"),
    ({"hardware": ["H1000"]}, "did you mean"), ({"objective": "latency"}, "does not add up"), ({"top": 2}, "only the best"),
    ({"objective": "cost_per_million_tokens"}, "does not add up"), ({"nodes": [1]}, "is no option of nodes"),
    ({"sla": ["0 ms"]}, "is not above 0"), ({"explain": True}, "--explain"), ({"largest": True}, "could always be larger"),
    ({"qps": float("inf")}, "--qps: inf is not a finite number"),
])  # fmt: skip
def test_bad_requests_are_refused_in_words(options: dict[str, Any], message: str) -> None:
    """Unknown kinds, objectives that do not add up, options of training."""
    with pytest.raises(InputError, match=message):
        mlsysim.optimize(MIXED, "nodes", **{"qps": 5.0, **options})
