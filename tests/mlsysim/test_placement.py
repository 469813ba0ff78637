"""Where work should run: every small placement against all of them, evaluated one by one, and what each field does."""

from __future__ import annotations

import itertools
import json
import math
import random
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import mlsysim
from mlsysim import schemas
from mlsysim.cli.main import run
from mlsysim.constraints.assigning import Assigned
from mlsysim.registry import standard
from mlsysim.schemas import schema_of
from mlsysim.symbolic.errors import InfeasibleError, InputError, UnknownNameError, UnprovenError
from tests.conftest import ROOT, plan

EXAMPLE = ROOT / "examples" / "placement.yaml"
TCO, CARBON, WATER = "macro.tco", "macro.carbon", "macro.water"
TRAINING = plan(
    name="one", workload={"name": "Llama3_8B", "batch_size": 64}, hardware={"name": "H100", "nodes": 2},
    ops={"region": "Quebec", "duration_days": 3.0},
)  # fmt: skip
REGIONS = ("Norway", "Poland", "France", "Virginia", "Sweden")
FACILITIES = ("AWS", "Google", "Microsoft_Virginia", "Scaleway_DC2")


def served(size: int, ops: str, batch: int) -> dict[str, Any]:
    """A job alone, at a place that an ops section describes."""
    return plan(
        workload={"name": "Llama3_8B", "phase": "inference", "batch_size": batch, "sequence_length": 256, "output_tokens": 64},
        hardware={"name": "H100", "accelerators": size}, ops=json.loads(ops),
    )  # fmt: skip


@cache
def alone(size: int, batch: int, ops: str) -> dict[str, float]:
    """What a job alone costs, emits and drinks: the evaluation of its own plan."""
    found = mlsysim.evaluate(served(size, ops, batch))
    assert found.exit_code == 0
    return {name: value for name, value in found.metrics.items() if name.startswith("macro.") and value is not None}


def instance(seed: int) -> dict[str, Any]:
    """A plan of a few jobs, sites and windows in which room, residency, deadlines, latency and caps may bind."""
    draw = random.Random(seed)
    windows, hours = draw.randint(1, 4), draw.choice([1.0, 6.0])
    sites = []
    for region in draw.sample(REGIONS, draw.randint(1, 3)):
        rates = draw.random() < 0.5
        site = {
            "region": region, "facility": draw.choice(FACILITIES), "latency": f"{draw.randint(10, 100)} ms",
            "jurisdiction": "US" if region == "Virginia" else "EEA",
            "electricity_price": [round(draw.uniform(0.02, 0.5), 3) for _ in range(windows)] if rates else draw.uniform(0.02, 0.5),
        }  # fmt: skip
        if draw.random() < 0.4:
            site["carbon_intensity"] = [round(draw.uniform(10, 900), 1) for _ in range(windows)]
        if draw.random() < 0.8:
            site["capacity"] = draw.choice([0, 2, 4, 4, 8])
        sites.append(site)
    jobs = []
    for number in range(draw.choice([1, 2, 3, 3])):
        length = draw.randint(1, windows)
        job = {
            "name": f"job {number}", "accelerators": draw.choice([1, 2, 4]), "duration_hours": length * hours,
            "workload": {"batch_size": draw.choice([1, 64])},
        }  # fmt: skip
        if draw.random() < 0.3:
            job["release"] = draw.randint(1, windows)
        if draw.random() < 0.3:
            job["deadline"] = draw.randint(1, windows)
        if number == 0 or draw.random() < 0.2:  # so that what sites say is asked for
            job["latency"] = f"{draw.randint(40, 200)} ms"
            job["jurisdictions"] = draw.choice([["EEA"], ["EEA", "US"], ["EEA", "US"]])
        jobs.append(job)
    asserts = []
    if draw.random() < 0.3:
        asserts.append({"metric": CARBON, "max": draw.uniform(1, 12) * len(jobs)})
    if draw.random() < 0.2:
        asserts.append({"metric": WATER, "max": draw.uniform(20, 100) * len(jobs)})
    return plan(
        workload={"name": "Llama3_8B", "sequence_length": 256, "output_tokens": 64}, hardware={"name": "H100"},
        ops={"carbon_tax": draw.choice([0, 100, 1000])}, constraints={"assert": asserts},
        placement={"windows": windows, "window_hours": hours, "sites": sites, "jobs": jobs},
    )  # fmt: skip


def everything(problem: dict[str, Any], metric: str) -> list[tuple[float, tuple[tuple[int, int], ...]]]:
    """Every placement that keeps all that the plan says, with the total of a metric, the least first."""
    said = problem["placement"]
    windows, hours, sites, jobs = said["windows"], said["window_hours"], said["sites"], said["jobs"]
    options = []
    for job in jobs:
        length = round(job["duration_hours"] / hours)
        mine = []
        for place, site in enumerate(sites):
            if "jurisdictions" in job and site["jurisdiction"] not in job["jurisdictions"]:
                continue
            if "latency" in job and float(site["latency"].split()[0]) > float(job["latency"].split()[0]):
                continue
            for start in range(windows - length + 1):
                if start + 1 < job.get("release", 1) or start + length > job.get("deadline", windows):
                    continue
                ops = {"region": site["region"], "facility": site["facility"], "duration_days": job["duration_hours"] / 24,
                       "carbon_tax": problem["ops"]["carbon_tax"]}  # fmt: skip
                for field in ("electricity_price", "carbon_intensity"):
                    if isinstance(site.get(field), list):
                        ops[field] = sum(site[field][start : start + length]) / length
                    elif field in site:
                        ops[field] = site[field]
                batch = job["workload"]["batch_size"]
                mine.append((place, start, alone(job["accelerators"], batch, json.dumps(ops, sort_keys=True))))
        options.append(mine)
    found = []
    for choice in itertools.product(*options):
        used: dict[tuple[int, int], int] = {}
        for job, (place, start, _) in zip(jobs, choice, strict=True):
            for window in range(start, start + round(job["duration_hours"] / hours)):
                used[place, window] = used.get((place, window), 0) + job["accelerators"]
        if any(taken > sites[place].get("capacity", math.inf) for (place, _), taken in used.items()):
            continue
        scale = {CARBON: 1e3, WATER: 1.0}  # grams of a kilogram; litres
        if any(
            math.fsum(v[limit["metric"]] for *_, v in choice) > limit["max"] * scale[limit["metric"]] * (1 + 1e-12)
            for limit in problem["constraints"]["assert"]
        ):
            continue
        found.append((math.fsum(v[metric] for *_, v in choice), tuple((p, s) for p, s, _ in choice)))
    return sorted(found)


@pytest.mark.parametrize("seed", range(60))
def test_the_best_of_all_placements_is_found_and_proven(seed: int) -> None:
    """Against every placement, each job evaluated as a plan of its own; or that there is none, in words."""
    problem = instance(seed)
    metric = random.Random(seed).choice([TCO, TCO, CARBON, "macro.electricity"])
    ranked = everything(problem, metric)
    if not ranked:
        with pytest.raises(InfeasibleError, match="cannot"):
            mlsysim.optimize(problem, "placement", objective=metric, seed=seed)
        return
    found = mlsysim.optimize(problem, "placement", objective=metric, seed=seed)
    assert found.answer.status == "optimal"
    assert found.answer.cost == pytest.approx(ranked[0][0], rel=1e-9)
    near = {choice for cost, choice in ranked if cost <= ranked[0][0] * (1 + 1e-9)}
    assert found.answer.chosen in near
    assert found.totals[metric] == pytest.approx(found.answer.cost, rel=1e-12)


def test_the_instances_are_of_both_kinds() -> None:
    """Many have a solution and many have none."""
    none = sum(not everything(instance(seed), TCO) for seed in range(80))
    assert 13 < none < 60


@pytest.mark.parametrize("seed", range(0, 240, 12))
def test_a_written_placement_gives_the_same_totals(seed: int) -> None:
    """One job becomes a plan that evaluates to the same; of several, nothing is left to decide."""
    problem = instance(seed)
    if not everything(problem, TCO):
        return
    found = mlsysim.optimize(problem, "placement")
    if len(problem["placement"]["jobs"]) == 1:
        again = mlsysim.evaluate(found.plan())
        assert again[TCO] == pytest.approx(found.answer.cost, rel=1e-12)
        assert again.exit_code == 0
        return
    again = mlsysim.optimize(found.plan(), "placement")
    assert again.answer.space == 1
    assert again.answer.chosen == found.answer.chosen
    assert again.totals.keys() == found.totals.keys()
    known = {name: value for name, value in found.totals.items() if value is not None}
    assert {name: again.totals[name] for name in known} == pytest.approx(known, rel=1e-12)


def test_the_mean_of_a_rate_is_exact() -> None:
    """Six windows evaluated one by one add up to the job that runs through them."""
    prices, carbon = [0.01, 0.5, 0.1, 0.2, 0.0, 0.3], [10, 900, 30, 400, 0, 60]
    site = {"region": "Norway", "electricity_price": prices, "carbon_intensity": carbon}
    whole = plan(workload=TRAINING["workload"], hardware=TRAINING["hardware"], ops={"duration_days": 1.0, "carbon_tax": 200.0},
                 placement={"windows": 6, "window_hours": 4.0, "sites": [site]})  # fmt: skip
    found = mlsysim.optimize(whole, "placement").evaluation
    parts = [
        mlsysim.evaluate({**TRAINING, "ops": {"region": "Norway", "duration_days": 4 / 24, "carbon_tax": 200.0,
                                              "electricity_price": p, "carbon_intensity": float(c)}})
        for p, c in zip(prices, carbon, strict=True)
    ]  # fmt: skip
    for name in (TCO, CARBON, WATER, "macro.energy", "macro.electricity", "macro.carbon_tax", "macro.rent"):
        assert found[name] == pytest.approx(sum(part[name] or 0 for part in parts), rel=1e-12)


# One job: every region of the registry, and the number that an evaluation gives.


@pytest.mark.parametrize("metric", [CARBON, TCO])
def test_every_grid_is_considered(metric: str) -> None:
    """All of the registry's, Norway and Quebec among them, each evaluated as a plan."""
    base = {**TRAINING, "ops": {**TRAINING["ops"], "carbon_tax": 150.0}}
    grids = standard().entries("grids")
    each = {
        name: mlsysim.evaluate({**base, "ops": {**base["ops"], "region": name}})[metric] or math.inf for name in grids
    }
    found = mlsysim.optimize(base, "placement", objective=metric, top=len(grids))
    assert found.answer.space == len(grids) == 1 + len(found.runners())
    best = found.chosen[0][0]
    assert each[best.region] == min(each.values())
    assert found.answer.cost == pytest.approx(each[best.region], rel=1e-12)
    for cost, site, _ in found.runners():
        assert cost == pytest.approx(each[site.region], rel=1e-12)
    assert mlsysim.evaluate(found.plan())[metric] == pytest.approx(found.answer.cost, rel=1e-12)


def test_a_misspelt_region_is_refused() -> None:
    """Peers skip it."""
    with pytest.raises(UnknownNameError, match="unknown region 'Norwy'") as caught:
        mlsysim.optimize(TRAINING, "placement", regions=["Quebec", "Norwy"])
    assert "Norway" in (caught.value.hint or "")
    listed = {**TRAINING, "placement": {"sites": [{"region": "Norway"}, {"region": "Quebec"}]}}
    with pytest.raises(UnknownNameError, match="unknown site 'Sweden'"):
        mlsysim.optimize(listed, "placement", regions=["Sweden"])
    narrowed = mlsysim.optimize(listed, "placement", regions=["CA-QC"])
    assert [site.name for site in narrowed.sites] == ["Quebec"]


def test_the_tax_of_the_command_goes_before_that_of_the_plan() -> None:
    """As a number, and with a unit."""
    taxed = {**TRAINING, "ops": {**TRAINING["ops"], "region": "Norway", "carbon_tax": 150.0}}
    for tax in (150.0, "150", "150 USD/tCO2e", "0.15 USD/kgCO2e"):
        found = mlsysim.optimize(TRAINING, "placement", regions=["Norway"], carbon_tax=tax)
        assert found.answer.cost == pytest.approx(mlsysim.evaluate(taxed)[TCO], rel=1e-12)


def test_a_region_whose_water_nobody_published_is_not_the_driest() -> None:
    """Zero would win; of listed sites it is refused, of all grids it is left out and said."""
    found = mlsysim.optimize(TRAINING, "placement", objective="water")
    grids = standard().entries("grids")
    unknown = {
        n for n, g in grids.items() if "water_intensity" not in g.facts or g.facts["water_intensity"].number is None
    }
    assert unknown
    assert not unknown & {site.region for site in found.sites}
    assert f"{len(unknown)} regions are left out" in found.page()
    with pytest.raises(InputError, match=r"macro\.water is not known at Quebec"):
        mlsysim.optimize({**TRAINING, "placement": {"sites": [{"region": "Quebec"}]}}, "placement", objective="water")


def test_grids_without_a_price_are_left_out_where_the_grid_is_to_say_it() -> None:
    """And said."""
    priced = {**TRAINING, "ops": {"duration_days": 3.0, "electricity_price": "grid"}}
    found = mlsysim.optimize(priced, "placement")
    assert 1 < found.answer.space < 93
    assert "their electricity price is not published" in found.page()
    with pytest.raises(InputError, match="of Québec is not published"):
        mlsysim.optimize(priced, "placement", regions=["Quebec"])


# Several jobs: every field of the section changes the answer.

TWO: dict[str, Any] = {
    "windows": 4, "window_hours": 6.0,
    "sites": [
        {"region": "Norway", "facility": "AWS", "electricity_price": [0.05, 0.2, 0.2, 0.2], "capacity": 16, "latency": 90.0,
         "jurisdiction": "EEA", "carbon_intensity": 30.0},
        {"region": "Poland", "name": "Warsaw", "facility": "AWS", "electricity_price": 0.3, "capacity": 32, "latency": 20.0,
         "jurisdiction": "EU"},
    ],
    "jobs": [
        {"name": "a", "accelerators": 16, "duration_hours": 6.0, "release": 1, "deadline": 4, "jurisdictions": ["EEA", "EU"],
         "latency": 100.0, "workload": {"batch_size": 64}},
        {"name": "b", "nodes": 2, "duration_hours": 12.0},
    ],
}  # fmt: skip
CHANGES: dict[tuple[Any, ...], Any] = {
    ("windows",): 3, ("window_hours",): 3.0, ("sites", 0, "region"): "France", ("sites", 0, "name"): "fjord",
    ("sites", 0, "facility"): "Scaleway_DC2", ("sites", 0, "electricity_price"): 0.5, ("sites", 0, "capacity"): 32,
    ("sites", 0, "latency"): 110.0, ("sites", 0, "jurisdiction"): "US", ("sites", 0, "carbon_intensity"): 900.0,
    ("jobs", 0, "name"): "c", ("jobs", 0, "accelerators"): 8, ("jobs", 1, "nodes"): 1, ("jobs", 0, "duration_hours"): 12.0,
    ("jobs", 0, "release"): 2, ("jobs", 1, "deadline"): 2, ("jobs", 0, "jurisdictions"): ["EU"], ("jobs", 0, "latency"): 50.0,
    ("jobs", 0, "workload"): {"batch_size": 128}, ("jobs", 0, "site"): "Warsaw", ("jobs", 0, "start"): 3,
}  # fmt: skip


def two(**section: Any) -> dict[str, Any]:
    """The plan of two jobs."""
    return plan(workload=TRAINING["workload"], hardware=TRAINING["hardware"], ops={"carbon_tax": 100.0},
                placement={**json.loads(json.dumps(TWO)), **section})  # fmt: skip


def with_change(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The plan of two jobs with one field changed."""
    changed = two()
    place: Any = changed["placement"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    if path == ("windows",):
        changed["placement"]["sites"][0]["electricity_price"] = [0.05, 0.2, 0.2]
        changed["placement"]["jobs"][0]["deadline"] = 3
    return changed


def result(problem: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What a search says, without how long it took."""
    found = mlsysim.optimize(problem, "placement", **options).to_dict()
    jsonschema.validate(found, schema_of("result"))
    return {key: value for key, value in found.items() if key != "o_seconds"}


@pytest.mark.parametrize("path", CHANGES, ids=lambda path: ".".join(map(str, path)))
def test_every_field_changes_the_answer(path: tuple[Any, ...]) -> None:
    """No field of the section changes nothing."""
    assert result(with_change(path, CHANGES[path])) != result(two())


def test_every_field_of_the_section_is_varied_here() -> None:
    """A field added to the section must be added to these tests."""
    definitions = schemas.plan_schema()["$defs"]
    varied = {path[-1] for path in CHANGES}
    assert {*definitions["Site"]["properties"], *definitions["Job"]["properties"], "windows", "window_hours"} == varied
    assert set(definitions["Placement"]["properties"]) == {"sites", "jobs", "windows", "window_hours"}


@pytest.mark.parametrize(
    ("leaf", "cheap", "dear"),
    [("facility", "Google", "Scaleway_DC2"), ("electricity_price", 0.05, 0.5), ("carbon_intensity", 20.0, 900.0)],
)
def test_pue_price_and_carbon_each_decide(leaf: str, cheap: Any, dear: Any) -> None:
    """Of two sites that differ in one thing, the cheaper one; exchanged, the other one."""
    for first, second, expected in ((cheap, dear, "x"), (dear, cheap, "y")):
        sites = [
            {"region": "Norway", "electricity_price": 0.1, "name": name} | {leaf: value}
            for name, value in (("x", first), ("y", second))
        ]
        found = mlsysim.optimize({**TRAINING, "placement": {"sites": sites}}, "placement", carbon_tax=100)
        assert found.chosen[0][0].name == expected


def test_water_on_site_decides_where_water_counts() -> None:
    """The WUE of the facility."""
    sites = [{"region": "Norway", "name": f, "facility": f} for f in ("Microsoft_Arizona", "Scaleway_DC5")]
    for order in (sites, sites[::-1]):
        found = mlsysim.optimize({**TRAINING, "placement": {"sites": order}}, "placement", objective="water")
        assert found.chosen[0][0].name == "Scaleway_DC5"


def test_a_latency_is_the_same_with_and_without_a_unit() -> None:
    """A site as far away as the job accepts, whichever way it is said."""
    for far, accepted in (("87 ms", 87.0), (87.0, "87 ms"), ("0.087 s", 87.0)):
        section = {"sites": [{"region": "Norway", "latency": far}], "jobs": [{"name": "a", "latency": accepted}]}
        found = mlsysim.optimize({**TRAINING, "placement": section}, "placement")
        assert found.chosen[0][0].name == "Norway"


def test_sites_that_cost_the_same_are_said_to() -> None:
    """A tie is no choice."""
    found = mlsysim.optimize(
        {**TRAINING, "placement": {"sites": [{"region": "Norway"}, {"region": "Poland"}]}}, "placement"
    )
    assert "macro.tco is the same wherever the work runs" in found.page()


# What cannot be, each in its own sentence; every cure was solved for.

IMPOSSIBLE: list[tuple[dict[str, Any], str, str]] = [
    ({"sites": [{"region": "Norway", "capacity": 0}], "jobs": [{"name": "a", "duration_hours": 6.0}]},
     "a cannot run: a needs 16 accelerators for 1 window; Norway has no accelerators", "Norway has 16 accelerators"),
    ({"sites": [{"region": "Norway", "capacity": 8}, {"region": "Poland", "capacity": 4}], "jobs": [{"name": "a", "duration_hours": 6.0}]},
     "a needs 16 accelerators for 1 window; Norway has 8 accelerators; Poland has 4 accelerators",
     "Norway has 16 accelerators; or Poland has 16 accelerators"),
    ({"sites": [{"region": "Norway"}], "jobs": [{"name": "a", "duration_hours": 12.0, "release": 2, "deadline": 2}]},
     "a cannot run: a needs 2 windows; a may not start before window 2; a must be done by the end of window 2",
     "a may start in window 1; or a is done by the end of window 3"),
    ({"sites": [{"region": "Norway", "jurisdiction": "EEA"}], "jobs": [{"name": "a", "duration_hours": 6.0, "jurisdictions": ["US"]}]},
     "a cannot run: the data of a may be in US only", "the data of a may be in EEA too"),
    ({"sites": [{"region": "Norway", "latency": "60 ms"}], "jobs": [{"name": "a", "duration_hours": 6.0, "latency": 20.0}]},
     "a cannot run: a accepts at most 20 ms", "a accepts 60 ms"),
    ({"sites": [{"region": "Norway", "capacity": 16}],
      "jobs": [{"name": n, "duration_hours": 12.0} for n in ("a", "b")] + [{"name": "c", "duration_hours": 6.0, "deadline": 2}]},
     "c, a and b cannot all run|a, b and c cannot all run", "Norway has 32 accelerators"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "words", "cure"), IMPOSSIBLE)
def test_what_cannot_run_is_said_with_its_cure(section: dict[str, Any], words: str, cure: str) -> None:
    """Zero capacity, a job larger than every site, a deadline before release and duration, residency, latency."""
    base = {"windows": 4, "window_hours": 6.0, **section}
    with pytest.raises(InfeasibleError) as caught:
        mlsysim.optimize({**two(), "placement": base}, "placement")
    assert any(each in str(caught.value) for each in words.split("|"))
    assert cure in (caught.value.hint or "")


def test_a_job_longer_than_all_windows_is_said() -> None:
    """With how many windows it takes."""
    section = {
        "windows": 2,
        "window_hours": 6.0,
        "sites": [{"region": "Norway"}],
        "jobs": [{"name": "a", "duration_hours": 18.0}],
    }
    with pytest.raises(InfeasibleError, match="a takes 3 windows, there are only 2"):
        mlsysim.optimize({**two(), "placement": section}, "placement")


def test_a_cap_that_no_placement_keeps_names_the_best_reachable() -> None:
    """An assert on a total; and one that has nothing to do with the place."""
    capped = {**two(), "constraints": {"assert": [{"metric": CARBON, "max": 1.0}]}}
    with pytest.raises(InfeasibleError, match=r"macro\.carbon <= 1 kgCO2e in all") as caught:
        mlsysim.optimize(capped, "placement")
    least = mlsysim.optimize(two(), "placement", objective=CARBON).answer.cost
    assert least is not None
    assert f"macro.carbon <= {least / 1e3:.4g} kgCO2e" in (caught.value.hint or "")
    slow = {**two(), "constraints": {"assert": [{"metric": "performance.latency", "max": 1e-3}]}}
    found = mlsysim.optimize(slow, "placement")
    assert (found.exit_code, found.answer.cost) == (4, mlsysim.optimize(two(), "placement").answer.cost)
    assert found.page().startswith("no place keeps the asserts: a, wherever it runs: performance.latency is")
    assert result(slow)["o_status"] == "infeasible"
    large = {**TRAINING, "workload": {"name": "Llama3_70B"}, "hardware": {"name": "H100"}}
    with pytest.raises(InfeasibleError, match="one does not fit: OOM"):
        mlsysim.optimize(large, "placement")


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (TRAINING, {"regions": ["Atlantis"]}, "unknown region 'Atlantis'"), (TRAINING, {"carbon_tax": -1}, "--carbon-tax: -1 is below 0"),
    (TRAINING, {"carbon_tax": float("nan")}, "--carbon-tax: nan"), (TRAINING, {"carbon_tax": "5 USD"}, "--carbon-tax"),
    (TRAINING, {"objective": "latency"}, "does not depend on where the work runs"), (TRAINING, {"objective": "rent"}, "does not depend"),
    (TRAINING, {}, "macro.tco is the same wherever the work runs"), (TRAINING, {"objective": "tco + rent"}, "macro.rent does not depend"),
    (TRAINING, {"top": 0}, "--top: 0 is below 1"), (TRAINING, {"hardware": ["H100"]}, "is no option of placement"),
    (two(), {"top": 2}, "--top: of several jobs"),
    (two(), {"objective": "cost_per_million_tokens"}, "of several jobs there is no total"),
    ({**TRAINING, "ops": {}}, {}, "the plan does not say for how long"),
    ({**TRAINING, "ops": {"duration_days": 1.0, "carbon_intensity": 5.0}}, {}, "it would hold wherever the work runs"),
    ({**TRAINING, "placement": {"windows": 3}}, {}, "placement.windows: without window_hours it says nothing"),
    ({**TRAINING, "placement": {"window_hours": 3.0}}, {}, "placement.window_hours: without windows"),
    ({**TRAINING, "placement": {"windows": 3, "window_hours": 7.0}}, {}, "ops.duration_days: 72 h are not whole windows of 7 h"),
    ({**TRAINING, "placement": {"sites": [{"region": "Atlantis"}]}}, {}, "unknown region 'Atlantis'"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "facility": "Nowhere"}]}}, {}, "unknown facility 'Nowhere'"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway"}, {"region": "NO"}]}}, {}, "'Norway' stands here twice"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "latency": 5.0}]}}, {}, "no job limits its latency"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "jurisdiction": "EEA"}]}}, {}, "no job limits its jurisdictions"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "electricity_price": [0.1, 0.2]}]}}, {}, "electricity_price: 2 for 1 window"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "electricity_price": "-1 USD/kWh"}]}}, {}, "is below 0"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "electricity_price": [0.1, -5]}]}}, {}, "electricity_price[1]: -5 is below 0"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "electricity_price": True}]}}, {}, "true is not a number"),
    ({**TRAINING, "placement": {"sites": ["Norway"]}}, {}, "'Norway' where a section is needed"),
    ({**TRAINING, "placement": {"jobs": [{"name": "a", "workload": [1]}]}}, {}, "a list where a mapping is needed"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "electricity_price": ["1 kg"]}]}}, {}, "electricity_price"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "carbon_intensity": "grid"}]}}, {}, "'grid' is not a number"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "capacity": -1}]}}, {}, "capacity: -1 is below 0"),
    ({**TRAINING, "placement": {"sites": [{"region": "Norway", "capcity": 1}]}}, {}, "placement.sites[0].capcity: unknown key"),
    ({**TRAINING, "placement": {"places": []}}, {}, "placement.places: unknown key"),
    ({**TRAINING, "placement": {"jobs": [{"nodes": 2}]}}, {}, "placement.jobs[0].name: missing"),
    (two(jobs=[{"name": "a"}]), {}, "placement.jobs[0].duration_hours: missing"),
    (two(jobs=[{"name": "a", "duration_hours": 5.0}]), {}, "5 h are not whole windows of 6 h"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0}] * 2, sites=[{"region": "Norway"}]), {}, "'a' stands here twice"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "deadline": 9}]), {}, "deadline: 9, but there are 4 windows"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "nodes": 1, "accelerators": 8}]), {}, "both say how many"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "site": "Oslo"}], sites=[{"region": "Norway"}]), {}, "there is no site 'Oslo'"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "latency": "-5 ms"}]), {}, "is not above 0"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "latency": "5 GB"}]), {}, "jobs[0].latency"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "latency": 5.0}], sites=[{"region": "Norway"}]), {}, "does not say its latency"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "workload": {"batch": 5}}], sites=[{"region": "Norway"}]), {},
     "placement.jobs[0].workload.batch: unknown key"),
    (two(jobs=[{"name": "a", "duration_hours": 6.0, "workload": {"name": "Lama3"}}], sites=[{"region": "Norway"}]), {},
     "placement.jobs[0]: unknown model 'Lama3'"),
    ({**two(), "ops": {"duration_days": 1.0}}, {}, "ops.duration_days: it changes nothing"),
    ({**TRAINING, "ops": {**TRAINING["ops"], "price_per_accelerator_hour": -2.0}}, {}, "price_per_accelerator_hour"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("problem", "options", "words"), REFUSED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_says_nothing_or_cannot_be_is_refused(
    problem: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    """Each with its field."""
    with pytest.raises(InputError) as caught:
        mlsysim.optimize(problem, "placement", **options)
    assert words in str(caught.value)


@pytest.mark.parametrize("problem", ["parallelism", "nodes"])
def test_other_problems_refuse_what_is_of_a_placement(problem: str) -> None:
    """Nothing is ignored."""
    for options in ({"regions": ["Norway"]}, {"carbon_tax": 5}):
        with pytest.raises(InputError, match="is no option of"):
            mlsysim.optimize(TRAINING, problem, **options)
    for command in (mlsysim.evaluate, mlsysim.check, mlsysim.bind, mlsysim.sensitivity):
        with pytest.raises(InputError, match="this plan leaves open where its work runs"):
            command(EXAMPLE)
    with pytest.raises(InputError, match="this plan leaves open where its work runs"):
        mlsysim.optimize(EXAMPLE, problem, **({"nodes": [8]} if problem == "nodes" else {}))


def test_a_front_of_places_is_what_comparing_all_regions_leaves() -> None:
    """Every region evaluated as a plan of its own; several jobs have no front."""
    regions = ["Quebec", "Norway", "Iceland", "Poland", "Virginia", "France", "Texas", "Sweden"]
    names = ["macro.tco", "macro.carbon", "macro.water"]
    taxed = {**TRAINING, "ops": {**TRAINING["ops"], "carbon_tax": 150.0}}
    every = {}
    for region in regions:
        found = mlsysim.evaluate({**taxed, "ops": {**taxed["ops"], "region": region}})
        if not found.design.bindings["grid.water_intensity"].left_out:  # else the water is not known, and not compared
            every[region] = tuple(found[name] for name in names)
    best = {
        a
        for a, x in every.items()
        if not any(b != a and all(q <= p for p, q in zip(x, y, strict=True)) for b, y in every.items())
    }
    front = mlsysim.pareto(taxed, ["cost", "carbon", "water"], "placement", regions=regions)
    assert {row["o_region"] for row in front.rows()} == best
    assert front.exit_code == 0
    assert "●" in front.page()
    with pytest.raises(InputError, match="of several jobs there is no front"):
        mlsysim.pareto(two(), ["cost", "carbon"], "placement")
    with pytest.raises(InputError, match="two metrics or more"):
        mlsysim.pareto(taxed, ["cost", "tco"], "placement")


# The command line.


def test_the_command_writes_a_plan_that_evaluates_to_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text, data and plan of one job agree."""
    source, best = tmp_path / "plan.yaml", tmp_path / "best.yaml"
    source.write_text(yaml.safe_dump(TRAINING))
    command = ["optimize", "placement", str(source), "--carbon-tax", "150", "--top", "3"]
    assert run([*command, "--write", str(best)]) == 0
    page = capsys.readouterr().out
    assert "Quebec (the plan's own)" in page
    assert "What comes next" in page
    assert all(len(line) <= 100 for line in page.splitlines())
    assert run([*command, "--output", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema_of("result"))
    assert len(found["o_runners_up"]) == 2
    assert (found["o_status"], found["o_start"], found["o_gap"]) == ("optimal", 1, 0.0)
    assert page.startswith(f"one: {found['o_region']}\n")
    assert run(["eval", str(best), "--output", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert {key: value for key, value in found.items() if not key.startswith("o_")} == again
    assert found["o_objective"] == pytest.approx(again["m_tco_usd"], rel=1e-12)


def test_the_command_places_the_jobs_of_the_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table within 80 columns; the data's totals are the sums of its rows; what is written says the same again."""
    written = tmp_path / "placed.yaml"
    assert run(["optimize", "placement", str(EXAMPLE), "--write", str(written)]) == 0
    page = capsys.readouterr().out
    assert all(len(line) <= 80 for line in page.splitlines())
    assert "6 jobs at" in page
    assert run(["-o", "json", "optimize", "placement", str(EXAMPLE)]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema_of("result"))
    assert found["o_jobs"] == len(found["o_placement"]) == 6
    for name in ("m_tco_usd", "m_carbon_kg", "m_water_l", "m_energy_kwh"):
        assert found[name] == pytest.approx(sum(row[name] for row in found["o_placement"]), rel=1e-12)
    assert run(["-o", "json", "optimize", "placement", str(written)]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["o_placement"] == found["o_placement"]
    assert again["o_space"] == 1


def test_an_impossible_placement_exits_with_four(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And one that is not found in time with five."""
    source = tmp_path / "plan.yaml"
    source.write_text(yaml.safe_dump(two(sites=[{**TWO["sites"][0], "capacity": 8}])))
    assert run(["optimize", "placement", str(source)]) == 4
    assert "cannot" in capsys.readouterr().err
    assert run(["-o", "json", "optimize", "placement", str(source)]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["exit_code"] == 4


def test_time_that_ends_before_anything_is_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs and pools of which nothing is known yet are neither placed nor impossible."""
    nothing = Assigned("unknown", (), None, None, 4, 4, 0.0)
    for module in ("mlsysim.search.placement", "mlsysim.search.pools"):
        monkeypatch.setattr(f"{module}.assign", lambda *_, **__: nothing)
    with pytest.raises(UnprovenError, match="no design is known after 7 s"):
        mlsysim.optimize(two(), "placement", time_limit=7.0)
    chat = plan(workload={"name": "Llama3_8B", "sequence_length": 512, "output_tokens": 64}, hardware={"name": "H100"})
    chat["workload"].pop("batch_size", None)
    with pytest.raises(UnprovenError, match="no design is known after 7 s"):
        mlsysim.optimize(chat, "nodes", hardware=["H100"], qps=2.0, time_limit=7.0)
