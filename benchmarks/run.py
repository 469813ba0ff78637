"""Speed, measured on demand: ``make benchmark``.

Reports ratios against the ``mlsysim`` 0.3.0 package of the package index (installed into an environment of its own, given
the same command) and against stated limits, all in one run. Nothing here is a test: machines differ.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PEER = "mlsysim==0.3.0"
COMMAND = ["eval", "Llama3_8B", "H100", "--batch-size", "32"]
ROUNDS = 7


def cpu_seconds(command: list[str]) -> float:
    """CPU time of one whole process, its output thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd="/", check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def whole_process(peer: str) -> None:
    """The same command by this package and by the peer, which is installed in a folder, in turn."""
    ours, theirs = [str(Path(sys.executable).parent / "mlsysim"), *COMMAND], [f"{peer}/bin/mlsysim", *COMMAND]
    cpu_seconds(ours), cpu_seconds(theirs)  # a first run writes byte-code
    pairs = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(ROUNDS)]
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"mlsysim {' '.join(COMMAND)}: {mine:.3f} s CPU; {PEER} {other:.2f} s; {ratio:.1f} times faster (limit: 10)")


#: What a fresh process does with the registry, and how long that may take, in milliseconds.
LOOKING_UP = {
    "one entry": ("from mlsysim.registry import find; find('hardware', 'H100').memory.bandwidth.number", 20),
    "the whole zoo": (
        "from mlsysim.registry import CATEGORIES, entries\n"
        "sum(v.text != '' for c in CATEGORIES for e in entries(c).values() for v in e.facts.values())", 150),
}  # fmt: skip


def registry() -> None:
    """The registry in a fresh process, without what Python's own modules take."""
    for what, (code, limit) in LOOKING_UP.items():
        own = "import dataclasses, difflib, importlib, json, pathlib, re, time, typing, zlib"
        timed = f"{own}\nstart = time.perf_counter()\n{code}\nprint(time.perf_counter() - start)"
        runs = [
            float(subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout)
            for _ in range(ROUNDS)
        ]
        took = 1e3 * statistics.median(runs)
        print(f"{what} of the registry: {took:.0f} ms, {took / limit:.2f} of the limit of {limit} ms")


def best_of(run: Callable[[], object], rounds: int = 5) -> float:
    """The shortest of several runs, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def kernels() -> None:
    """One more design point, and a million at once."""
    import numpy

    import mlsysim

    kernel = mlsysim.bind(ROOT / "examples" / "llama3_70b_training.yaml")
    points = 10_000
    one = best_of(lambda: [kernel.at(batch_size=4096.0)["performance.latency"] for _ in range(points)]) / points
    print(f"one more design point: {one * 1e6:.1f} us (limit: 50)")
    numbers = numpy.random.default_rng(1)
    varied = {
        "batch_size": numbers.integers(1, 128, 1_000_000) * 512.0,
        "software.efficiency": numbers.uniform(0.2, 0.8, 1_000_000),
        "accelerator.bandwidth": numbers.uniform(1e12, 8e12, 1_000_000),
        "accelerator.peak": numbers.uniform(1e14, 4e15, 1_000_000),
        "node.link_bandwidth": numbers.uniform(1e11, 1e12, 1_000_000),
    }
    many = best_of(lambda: kernel.many("performance.latency", "macro.tco", **varied), rounds=2)
    print(f"a million design points that differ in {len(varied)} inputs: {many:.2f} s (limit: 2)")


#: Plans whose best split is searched: model, nodes of eight H100, sequences of a batch, and the limit in seconds.
SPLITS = (
    ("Llama3_70B", 64, 4096, 2),
    ("Llama3_405B", 2048, 2048, 2),
    ("Llama3_405B", 16384, 65536, 5),
    ("DeepSeek_V3", 256, 15360, 2),
)
#: The limit of the search for a fleet, in seconds, and of every search's memory, in GB.
FLEET_LIMIT, MEMORY_LIMIT = 15, 2


def plan(model: str, nodes: int, batch: int, **sections: object) -> dict[str, object]:
    """A training plan of eight-accelerator nodes."""
    return {
        "version": "1.0", "workload": {"name": model, "batch_size": batch, "sequence_length": 8192},
        "hardware": {"name": "H100", "nodes": nodes}, "ops": {"duration_days": 14.0}, **sections,
    }  # fmt: skip


def split(model: str, nodes: str, batch: str) -> dict[str, object]:
    """One search for a split, and the same space enumerated with the same kernel; the solver is loaded before."""
    from ortools.sat.python import cp_model  # noqa: F401

    from mlsysim.constraints.compiler import Goal
    from mlsysim.constraints.search import Problem, search
    from mlsysim.plan import load
    from mlsysim.search.parallelism import task

    space = task(load(plan(model, int(nodes), int(batch)))).space
    problem = Problem(space, Goal.of("performance.latency"))
    start = time.perf_counter()
    rows = problem.everything
    best = None if rows is None else problem.best(rows)
    alone = time.perf_counter() - start if best else None
    found = search(space, "performance.latency", then="performance.latency")
    return {"status": found.status, "seconds": found.seconds, "enumeration": alone, "latency": found.objective}


def fleet() -> dict[str, object]:
    """The cheapest of 256 fleets with every split over each."""
    from mlsysim.constraints.search import search
    from mlsysim.plan import load
    from mlsysim.search.fleets import FLEET, task

    start = time.perf_counter()
    ready = task(load(plan("Llama3_70B", 64, 1024)), ["H100", "H200", "B200", "A100"], range(1, 65))
    found = search(ready.space, "macro.tco", then="performance.latency", distinct=FLEET)
    return {"status": found.status, "seconds": time.perf_counter() - start, "fleets": len(ready.fleets)}


def alone(*words: str) -> dict[str, Any]:
    """One search in a process of its own, with the most memory that it took."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=True)
    return {**json.loads(done.stdout), "process": time.perf_counter() - start}


def searches(peer: str) -> None:
    """The best split, proven, next to enumeration and to the peer's own search; and the best fleet with its split."""
    for model, nodes, batch, limit in SPLITS:
        found = alone("split", model, str(nodes), str(batch))
        print(
            f"{model} on {nodes * 8:,}: {found['status']} in {found['seconds']:.2f} s, "
            f"{found['seconds'] / limit:.2f} of the limit of {limit} s; {_memory(found)}; {found['process']:.1f} s as a process"
        )
        took = found["enumeration"]
        ratio = (
            "too many splits"
            if took is None
            else f"{took:.2f} s; the search takes {found['seconds'] / took:.1f} times that"
        )
        print(f"  enumeration alone: {ratio}")
        print(f"  {PEER}: {_peer(peer, model, nodes, batch, found['latency'])}")
    found = alone("fleet")
    print(
        f"{found['fleets']} fleets with their splits: {found['status']} in {found['seconds']:.1f} s, "
        f"{found['seconds'] / FLEET_LIMIT:.2f} of the limit of {FLEET_LIMIT} s; {_memory(found)}"
    )
    print(f"  {PEER}: it has no search for a fleet")


def _memory(found: dict[str, Any]) -> str:
    return f"{found['memory']:.2f} GB, {found['memory'] / MEMORY_LIMIT:.2f} of the limit of {MEMORY_LIMIT} GB"


def _peer(folder: str, model: str, nodes: int, batch: int, best: float) -> str:
    """What the peer answers to the nearest question it has, and what its degrees are worth by our kernel.

    It searches powers of two of tensor and pipeline parallelism, the rest being replicas, for the largest MFU. Its degrees
    are fixed in our plan, and what it does not decide is chosen as well as can be.
    """
    import yaml

    from mlsysim import InfeasibleError, InputError, optimize

    asked = {"version": "1.0", "name": "peer", "workload": {"name": model, "batch_size": batch, "seq_len": 8192},
             "hardware": {"name": "H100", "node_count": nodes, "accelerators_per_node": 8, "precision": "fp16",
                          "efficiency": 0.475}}  # fmt: skip
    path = Path(folder) / "plan.yaml"
    path.write_text(yaml.safe_dump(asked))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [f"{folder}/bin/mlsysim", "optimize", "parallelism", str(path), "-o", "json"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)
    took = f"{time.perf_counter() - start:.1f} s as a process"
    answer = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if "best_config" not in answer:
        return f"no answer in {took}"
    degrees = answer["best_config"]
    said = f"TP {degrees['tp']}, PP {degrees['pp']}, DP {degrees['dp']} of {answer['total_searched']} looked at, {took}"
    fixed = {"tensor": degrees["tp"], "pipeline": degrees["pp"], "data": degrees["dp"]}
    try:
        ours = optimize(plan(model, nodes, batch, parallelism=fixed))
    except (InfeasibleError, InputError) as error:
        return f"{said}; by our kernel: {error.what}"
    return (
        f"{said}; {ours.answer.objective / best:.3f} times the latency of the best, the rest chosen as well as can be"
    )


def jobs_and_sites(jobs: int, places: int, windows: int, load: float) -> dict[str, object]:
    """A plan of jobs that all differ, at sites whose room they fill to a share, at prices that change by the hour."""
    import numpy

    from mlsysim.registry import standard

    draw = numpy.random.default_rng(1)
    sizes, lengths = 8 * draw.integers(1, 17, jobs), draw.integers(1, 13, jobs)
    released = [int(draw.integers(1, windows - length + 2)) for length in lengths]
    room = sizes @ lengths / load / windows * draw.dirichlet(numpy.full(places, 5.0))
    hours = numpy.arange(windows)
    sites = [
        {
            "region": region, "capacity": max(int(share), int(sizes.max())), "jurisdiction": ("A", "B", "C")[number % 3],
            "electricity_price": [
                float(0.04 + 0.02 * number % 0.12 + 0.03 * (1 + numpy.sin((hour + number) / windows * 6.28))) for hour in hours
            ],
        }
        for number, (region, share) in enumerate(zip(list(standard().entries("grids"))[:places], room, strict=True))
    ]  # fmt: skip
    listed = [
        {
            "name": f"job {number}", "accelerators": int(size), "duration_hours": float(length), "release": first,
            "workload": {"batch_size": int(draw.integers(1, 9) * size)},
            "jurisdictions": ["A", "B", "C"] if draw.random() < 0.7 else ["A", "B"],
        }
        for number, (size, length, first) in enumerate(zip(sizes, lengths, released, strict=True))
    ]  # fmt: skip
    return {
        "version": "1.0", "workload": {"name": "Llama3_8B", "phase": "training"}, "hardware": {"name": "H100", "nodes": 1},
        "ops": {"carbon_tax": 150.0},
        "placement": {"windows": windows, "window_hours": 1.0, "sites": sites, "jobs": listed},
    }  # fmt: skip


def placements() -> None:
    """Jobs that share the room of sites, by total cost and by what the place alone decides of it."""
    from ortools.sat.python import cp_model

    import mlsysim

    assert cp_model  # loaded before the clock starts
    for jobs, places, windows, load, limit in ((1000, 20, 24, 0.8, 60.0), (10, 20, 24, 0.8, 1.0)):
        plan = jobs_and_sites(jobs, places, windows, load)
        for objective in ("macro.tco", "electricity + macro.carbon_tax"):
            start = time.perf_counter()
            found = mlsysim.optimize(plan, "placement", objective=objective, time_limit=60.0)
            took = time.perf_counter() - start
            what = f"{jobs:,} jobs, {places} sites, {windows} windows, least {objective}: {found.answer.status} within "
            gap = f"{found.answer.gap:.2%} of the bound (limit: 1%)"
            print(f"{what}{gap} in {took:.1f} s, {took / limit:.2f} of the limit of {limit:g} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"memory of all that: {memory:.2f} GB, {memory / 2:.2f} of the limit of 2 GB")


def servings() -> None:
    """The fewest accelerators that serve traffic in time, and pools of two kinds that share it."""
    from ortools.sat.python import cp_model

    import mlsysim

    assert cp_model  # loaded before the clock starts
    chat = {
        "version": "1.0", "workload": {"name": "Llama3_70B", "sequence_length": 1024, "output_tokens": 256},
        "hardware": {"name": "H100"}, "ops": {"region": "Quebec", "duration_days": 30.0},
    }  # fmt: skip
    for problem, options in (("batching", {}), ("nodes", {"hardware": ["H100=8", "A100"], "objective": "tco"})):
        start = time.perf_counter()
        found = mlsysim.optimize(chat, problem, qps=20.0, sla=["50 ms"], **options)
        took = time.perf_counter() - start
        print(f"{problem} to serve, {found.answer.space:,} designs: {found.answer.status} in {took:.1f} s")


def agents() -> None:
    """What an agent waits for: a tool call that evaluates the example, by itself and through the server's protocol."""
    import anyio
    from mcp import Client

    from mlsysim.agents.protocol import server
    from mlsysim.agents.tools import call

    arguments = {"plan_yaml": (ROOT / "examples" / "llama3_70b_training.yaml").read_text(encoding="utf-8")}
    alone = best_of(lambda: call("evaluate_cluster_yaml", arguments))

    async def served() -> float:
        async with Client(server()) as client:
            times = []
            for _ in range(20):
                start = time.perf_counter()
                await client.call_tool("evaluate_cluster_yaml", arguments)
                times.append(time.perf_counter() - start)
            return min(times)

    through = anyio.run(served)
    print(
        f"a tool call that evaluates a plan: {alone * 1e3:.1f} ms (limit: 20), {through / alone:.1f} times that by MCP"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        found = {"split": split, "fleet": fleet}[sys.argv[1]](*sys.argv[2:])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(json.dumps({**found, "memory": memory}))
    else:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            install = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER]
            subprocess.run(install, check=True)
            whole_process(folder)
            registry()
            kernels()
            searches(folder)
        agents()
        placements()
        servings()
