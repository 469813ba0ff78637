"""Speed, measured on demand: ``make benchmark``.

Reports ratios against the ``mlsysim`` 0.3.0 package of the package index (installed into an environment of its own, given
the same command) and against stated limits, all in one run. Nothing here is a test: machines differ.
"""

from __future__ import annotations

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


def whole_process() -> None:
    """The same command by this package and by the peer, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        install = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER]
        subprocess.run(install, check=True)
        ours, theirs = [str(Path(sys.executable).parent / "mlsysim"), *COMMAND], [f"{folder}/bin/mlsysim", *COMMAND]
        cpu_seconds(ours), cpu_seconds(theirs)  # a first run writes byte-code
        pairs = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(ROUNDS)]
    mine, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"mlsysim {' '.join(COMMAND)}: {mine:.3f} s CPU; {PEER} {peer:.2f} s; {ratio:.1f} times faster (limit: 10)")


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


#: Plans whose best split is searched: model, nodes of eight H100, sequences of a batch.
SPLITS = (
    ("Llama3_70B", 64, 4096),
    ("Llama3_405B", 2048, 2048),
    ("Llama3_405B", 16384, 65536),
    ("DeepSeek_V3", 256, 15360),
)


def searches() -> None:
    """The best split, proven, next to enumerating every split with the same kernel; and the best fleet with its split."""
    from mlsysim.binding import bind
    from mlsysim.constraints.compiler import Goal
    from mlsysim.constraints.search import Problem, search
    from mlsysim.fleets import fleet_space, fleets
    from mlsysim.optimization import split_space
    from mlsysim.plan import load

    def plan(model: str, nodes: int, batch: int) -> dict[str, object]:
        return {
            "version": "1.0", "workload": {"name": model, "batch_size": batch}, "hardware": {"name": "H100", "nodes": nodes},
            "ops": {"duration_days": 14.0},
        }  # fmt: skip

    for model, nodes, batch in SPLITS:
        space = split_space(bind(load(plan(model, nodes, batch))))
        problem = Problem(space, Goal.of("performance.latency"))
        start = time.perf_counter()
        rows = problem.everything
        best = None if rows is None else problem.best(rows)
        everything = time.perf_counter() - start
        peer = "too many splits to enumerate" if best is None else f"enumeration alone {everything:.2f} s"
        found = search(space, "performance.latency")
        print(f"{model} on {nodes * 8:,}: {found.status} in {found.seconds:.2f} s, the check included; {peer}")
    loaded = load(plan("Llama3_70B", 64, 1024))
    choices = fleets(loaded, ["H100", "H200", "B200", "A100"], range(1, 65))
    start = time.perf_counter()
    space = fleet_space(loaded, choices)
    found = search(space, "macro.tco")
    took = time.perf_counter() - start
    print(
        f"{len(choices)} fleets with their splits: {found.status} in {took:.1f} s, {took / 15:.2f} of the limit of 15 s"
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


if __name__ == "__main__":
    whole_process()
    registry()
    kernels()
    searches()
    placements()
