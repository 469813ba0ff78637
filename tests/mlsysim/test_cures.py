"""A printed cure works: what a message says would do is read from it, put into the plan as it stands there, and does."""

from __future__ import annotations

import copy
import math
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlsysim
from mlsysim.constraints.asserts import LENSES, read_limit
from mlsysim.requirements import synthesize
from mlsysim.symbolic.errors import InfeasibleError
from mlsysim.symbolic.kernels import catalogue
from mlsysim.symbolic.units import parse
from mlsysim.symbolic.words import amount, number
from tests.conftest import plan

#: "latency <= 1 ms, but the best reachable is 61.3 ms (...)": the metric and the value that would do.
REACHABLE = re.compile(r"([\w.]+) [<>]= [^(;]+?, but the best reachable is ([^(;]+?)(?: \(|;|$)")
#: "macro.carbon <= 5 kgCO2e", as a hint writes a cure.
LIMIT = re.compile(r"([\w.]+) ([<>]=) (\S+(?: [^\s;,]+)?)")


def cured(base: dict[str, Any], name: str, value: str) -> dict[str, Any]:
    """The plan with a value of an assert replaced by what a message says."""
    changed = copy.deepcopy(base)
    said = name.rpartition(".")[2]
    (each,) = [a for a in changed["constraints"]["assert"] if a["metric"].rpartition(".")[2] == said]
    each[next(side for side in ("max", "min") if side in each)] = value
    return changed


@given(st.floats(1e-12, 1e14), st.sampled_from([1, -1]))
def test_numbers_to_copy_are_rounded_outward(value: float, toward: int) -> None:
    """Never on the wrong side by more than a comparison forgives, nor far on the right one; and they read as numbers."""
    read = float(number(value, toward))
    assert toward * (read - value) >= -1e-12 * value
    assert abs(read - value) <= 1e-3 * value
    assert number(read, toward) == number(read, -toward)  # what is shown is itself
    assert number(-value, -toward) == f"-{number(value, toward)}"


@given(st.floats(1e-9, 1e9), st.sampled_from([1, -1]), st.data())
def test_amounts_to_copy_can_be_read_again(value: float, toward: int, data: st.DataObject) -> None:
    """Of every metric, in its own unit."""
    names = [
        n for n in catalogue().QUANTITIES if n.partition(".")[0] in LENSES and not catalogue().QUANTITIES[n]["choices"]
    ]
    record = catalogue().QUANTITIES[data.draw(st.sampled_from(names))]
    read = parse(amount(value, record, toward), record["display"])
    assert toward * (read - value) >= -1e-12 * value
    assert abs(read - value) <= 1e-3 * value


def infeasible(seed: int) -> dict[str, Any]:
    """A plan with asserts that no split keeps, mostly by a little."""
    draw = random.Random(seed)
    base = plan(
        workload={"name": draw.choice(["Llama3_8B", "GPT2_XL", "Mixtral_8x7B"]), "batch_size": draw.choice([24, 48, 64, 96])},
        hardware={"name": draw.choice(["H100", "A100", "B200"]), "nodes": draw.choice([1, 2, 3])}, ops={"duration_days": 3.0},
    )  # fmt: skip
    metrics = draw.sample(["memory_required", "latency", "throughput", "mfu"], draw.choice([1, 1, 2, 3]))
    asserts: list[dict[str, Any]] = []
    for metric in metrics:
        best = mlsysim.optimize(base, objective=metric).evaluation
        full = next(name for name in best.metrics if name.endswith(f".{metric}"))
        scale, beyond = catalogue().QUANTITIES[full]["scale"], draw.choice([1e-6, 1e-3, 0.1])
        side = "min" if metric in ("throughput", "mfu") else "max"
        least = best.metrics[full] / scale * (1 + (beyond if side == "min" else -beyond))
        asserts.append({"metric": metric, side: least})
    return {**base, "constraints": {"assert": asserts}}


@pytest.mark.parametrize("seed", range(30))
def test_what_a_conflict_says_would_do_does(seed: int) -> None:
    """Each value that is said to do alone, copied as it is printed."""
    base = infeasible(seed)
    found = mlsysim.optimize(base)
    assert found.exit_code == 4
    tried = 0
    for part in found.conflict.split("; and besides, "):
        for name, value in REACHABLE.findall(part):
            assert mlsysim.optimize(cured(base, name, value)).exit_code == 0, (name, value)
            tried += 1
        named = {name.rpartition(".")[2] for name in re.findall(r"([\w.]+) [<>]= ", part)}
        left = [each for each in base["constraints"]["assert"] if each["metric"] not in named]
        base = {**base, "constraints": {"assert": left}}  # what contradicts besides is so without these
    assert tried


def test_the_best_reachable_memory_is_reached() -> None:
    """The case that was reported: 8.782 GB was printed, and as a limit it was infeasible."""
    base = plan(
        workload={"name": "Llama3_8B", "phase": "inference", "sequence_length": 2048, "batch_size": 4},
        hardware={"name": "H200", "accelerators": 2},
        constraints={"assert": [{"metric": "feasibility.memory_required", "max": "1.756 GB"}]},
    )
    found = mlsysim.optimize(base)
    assert found.exit_code == 4
    assert mlsysim.optimize(cured(base, *REACHABLE.findall(found.conflict)[0])).exit_code == 0


@pytest.mark.parametrize("seed", range(6))
def test_what_fleets_say_would_do_does(seed: int) -> None:
    """A budget that no fleet keeps."""
    draw = random.Random(seed)
    base = plan(
        workload={"name": "Llama3_8B", "batch_size": 48, "tokens": 1e12}, hardware={"name": "H100", "nodes": 1},
        ops={"price_per_accelerator_hour": draw.uniform(1.0, 4.0), "region": "France"},
        constraints={"assert": [{"metric": "run_cost", "max": draw.uniform(10.0, 1e3)}]},
    )  # fmt: skip
    options: dict[str, Any] = {"hardware": ["H100", "A100"], "nodes": draw.sample([1, 2, 3, 4, 6], 2)}
    found = mlsysim.optimize(base, "nodes", **options)
    assert found.exit_code == 4
    changed = cured(base, *REACHABLE.findall(found.conflict)[0])
    assert mlsysim.optimize(changed, "nodes", **options).exit_code == 0


CHAT = plan(workload={"name": "Llama3_8B", "sequence_length": 512, "output_tokens": 64}, hardware={"name": "H100"},
            ops={"duration_days": 1.0, "price_per_accelerator_hour": 2.0})  # fmt: skip


@pytest.mark.parametrize(("metric", "seed"), [("tco", 0), ("tco", 1), ("ttft", 2), ("ttft", 3), ("itl", 4), ("itl", 5)])
def test_what_serving_says_would_do_does(metric: str, seed: int) -> None:
    """One kind of replica, and pools of several kinds, which have a budget for all of them."""
    draw = random.Random(f"{metric}{seed}")
    tight = {"tco": draw.uniform(1.0, 40.0), "ttft": draw.uniform(0.5, 4.0), "itl": draw.uniform(0.1, 3.0)}[metric]
    base = {**CHAT, "constraints": {"assert": [{"metric": metric, "max": tight}]}}
    qps = draw.choice([3.0, 17.0, 40.0])
    ways: list[tuple[str, dict[str, Any]]] = [("batching", {"qps": qps})]
    if metric == "tco":
        ways.append(("nodes", {"qps": qps, "hardware": ["H100", "A100"]}))
    for problem, options in ways:
        try:
            said = mlsysim.optimize(base, problem, **options).to_dict()["o_conflict"]
        except InfeasibleError as error:
            said = str(error)
        cures = REACHABLE.findall(said or "")
        for name, value in cures:
            assert mlsysim.optimize(cured(base, name, value), problem, **options).exit_code == 0, (problem, value)
        assert cures or not said or "no value of it" in said


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [{"metric": "carbon", "max": 1.0}, {"metric": "tco", "max": 1.0}])
def test_what_a_placement_says_would_do_does(limit: dict[str, Any], seed: int) -> None:
    """Totals, and what a job accepts."""
    draw = random.Random(seed)
    sites = [
        {"region": region, "capacity": 32, "latency": draw.uniform(20.0, 90.0)}
        for region in ("Norway", "Poland", "France")
    ]
    jobs = [{"name": name, "duration_hours": 6.0 * draw.choice([1, 2, 3]), "latency": 200.0} for name in "abc"]
    base = plan(
        workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 1},
        ops={"carbon_tax": 100.0}, placement={"windows": 6, "window_hours": 6.0, "sites": sites, "jobs": jobs},
    )  # fmt: skip
    total = {**base, "constraints": {"assert": [limit]}}
    with pytest.raises(InfeasibleError) as caught:
        mlsysim.optimize(total, "placement")
    name, _, value = LIMIT.findall(caught.value.hint or "")[0]
    assert mlsysim.optimize(cured(total, name, value), "placement").exit_code == 0
    far = copy.deepcopy(base)
    far["placement"]["jobs"][0]["latency"] = 1.0
    with pytest.raises(InfeasibleError) as caught:
        mlsysim.optimize(far, "placement")
    accepted = re.search(r"a accepts (\S+ ms)", caught.value.hint or "")
    assert accepted
    far["placement"]["jobs"][0]["latency"] = accepted[1]
    assert mlsysim.optimize(far, "placement").exit_code == 0


TRAINING = plan(workload={"name": "Llama3_70B", "batch_size": 512}, hardware={"name": "H100", "nodes": 8})
DECODING = plan(workload={"name": "Llama3_8B", "batch_size": 16, "sequence_length": 1024, "output_tokens": 64},
                hardware={"name": "H100", "accelerators": 1})  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("base", "metric"), [(TRAINING, "performance.latency"), (DECODING, "performance.itl"),
                                              (TRAINING, "performance.throughput")])  # fmt: skip
def test_hardware_that_is_said_to_reach_a_target_does(base: dict[str, Any], metric: str, seed: int) -> None:
    """The value of each input that is printed; and what floors a metric is a target that can be reached."""
    now, scale = mlsysim.evaluate(base)[metric], catalogue().QUANTITIES[metric]["scale"]
    factor = random.Random(seed).uniform(0.3, 1.5)
    target = f"{metric} {'>=' if metric.endswith('throughput') else '<='} {now * factor / scale!r} {catalogue().QUANTITIES[metric]['display']}"
    wanted, kernel, found = (
        read_limit(target, mlsysim.evaluate(base).variant),
        mlsysim.bind(base),
        synthesize(base, target),
    )
    for line in found.page().splitlines():
        for each in found.requirements:
            if not line.startswith(f"  {each.what:<20}"):
                continue
            said = line[22:].strip()
            if each.value is not None and each.how != "any value keeps it":
                read = parse(" ".join(said.split()[:2]), catalogue().QUANTITIES[each.leaf]["display"])
                assert wanted.holds(kernel.at(**{each.leaf: read})[metric]), said
            elif each.value is None:
                floor = said.rpartition(" at ")[2]
                again = synthesize(base, f"{target.rpartition('=')[0]}= {floor}")
                reached = next(r for r in again.requirements if r.leaf == each.leaf)
                assert reached.value is not None, floor


@pytest.mark.parametrize("seed", range(20))
def test_what_would_fit_fits(seed: int) -> None:
    """Numbers of accelerators, batches and accelerators that are named as cures."""
    draw = random.Random(seed)
    training = draw.random() < 0.5
    model = draw.choice(["Llama3_70B", "Llama3_405B", "Mixtral_8x7B", "GPT3_175B"])
    many = {"nodes": draw.choice([1, 2])} if training else {"accelerators": draw.choice([1, 2, 4])}
    base = plan(workload={"name": model, "batch_size": draw.choice([8, 64, 4096]), "phase": "training" if training else "inference"},
                hardware={"name": draw.choice(["H100", "A100", "L4"]), **many})  # fmt: skip
    found = mlsysim.check(base)
    said = str(found.evaluation.summary if hasattr(found, "evaluation") else mlsysim.evaluate(base).scorecard())
    for count in re.findall(r"(\d+) accelerators fit", said):
        assert mlsysim.evaluate(
            {**base, "hardware": {"name": base["hardware"]["name"], "accelerators": int(count)}}
        ).feasible
    for batch in re.findall(r"batch_size ([\d,]+) fits", said):
        value = int(batch.replace(",", ""))
        assert mlsysim.evaluate({**base, "workload": {**base["workload"], "batch_size": value}}).feasible
    for name in re.findall(r"(\w+) \(\d+ GB\) fits", said):
        assert mlsysim.evaluate({**base, "hardware": {"name": name, **many}}).feasible


def test_what_does_not_fit_is_not_said_to_need_what_there_is() -> None:
    """A condition that fails by little names two numbers, and what is needed is enough."""
    from mlsysim.constraints.feasibility import failing

    condition = {"needed": "feasibility.memory_required", "sentence": "requires {needed} but only has {available}"}
    assert failing(condition, 80.0001e9, 80e9) == "requires 80.01 GB but only has 80 GB"
    assert math.isclose(parse("80.01 GB", "GB"), 80.01e9)
