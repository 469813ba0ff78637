"""Walls 8, 9 and 11 in plans: limits in closed form, a loader run step by step, and published fits."""

from __future__ import annotations

from typing import Any

import pytest

import mlsysim
from mlsysim.registry import standard
from tests.conftest import plan

IMAGENET = {"samples": 1281167, "size": 138 * 2**30, "sample_size": 115e3}


def images(nodes: int = 1, batch: int = 2048, **data: Any) -> mlsysim.Evaluation:
    """ResNet-50 on A100 that reads ImageNet."""
    return mlsysim.evaluate(
        plan(
            workload={"name": "ResNet50", "batch_size": batch, "phase": "training"},
            hardware={"name": "A100", "nodes": nodes},
            data={"dataset": "ImageNet_1k", "storage": "SATA_SSD", **data},
        )
    )


def value(evaluation: mlsysim.Evaluation, name: str) -> float:
    """A metric that has a value."""
    found = evaluation[f"performance.{name}"]
    assert found is not None
    return found


@pytest.mark.parametrize(("nodes", "cached"), [(1, 0), (2, 0), (2, 64e9), (4, 100e9)])
def test_reading_takes_what_the_cache_misses_over_the_disks_of_all_nodes(nodes: int, cached: float) -> None:
    """560 MB/s from each disk of a node, and a cache that holds its share of the epoch."""
    found = images(nodes, **({"cache": cached / 1e9} if cached else {}))
    missed = 1 - cached / IMAGENET["size"]
    assert value(found, "time_ingest") == pytest.approx(2048 * IMAGENET["sample_size"] * missed / (nodes * 560e6))


def test_a_cache_that_holds_everything_leaves_nothing_to_read() -> None:
    """After the first epoch nothing comes from storage, and nobody waits."""
    found = images(cache=150)
    assert (value(found, "time_ingest"), value(found, "data_stall")) == (0, 0)


def test_a_file_system_is_full_at_some_number_of_nodes() -> None:
    """4 GB/s to a node, 60 GB/s in all: from 15 nodes on, more of them read no faster."""
    times = [value(images(n, batch=4096, storage="SuperPOD_good"), "time_ingest") for n in (1, 15, 16)]
    assert times == pytest.approx([4096 * 115e3 / rate for rate in (4e9, 60e9, 60e9)])


@pytest.mark.parametrize(
    ("data", "wall"),
    [
        ({"storage": "SuperPOD"}, "compute"),
        ({}, "ingestion"),
        ({"storage": "SuperPOD", "worker_rate": 10, "workers": 64}, "transformation"),
        ({"worker_rate": 10, "workers": 640}, "ingestion"),
    ],
)
def test_a_step_is_the_slowest_of_three_and_that_wall_binds(data: dict[str, Any], wall: str) -> None:
    """What waits is the share of the step that is not on the accelerators."""
    found = images(**data)
    rest = [found.values[f"performance.time_{name}"] for name in ("ingest", "transform")]
    alone = value(images(storage="SuperPOD"), "latency")
    assert value(found, "latency") == max(alone, *rest)
    assert value(found, "data_stall") == pytest.approx(1 - alone / max(alone, *rest))
    assert found.binding_wall == found.cause("performance.data_stall") == wall


def test_the_workers_needed_are_the_fewest_that_keep_up() -> None:
    """One fewer makes the step longer."""
    needed = value(images(storage="SuperPOD", worker_rate=100, workers=1), "workers_needed")
    enough, short = (images(storage="SuperPOD", worker_rate=100, workers=int(n)) for n in (needed, needed - 1))
    assert value(enough, "data_stall") == 0 < value(short, "data_stall")


def run_loader(read: float, transform: float, train: float, steps: int = 400, depth: int = 4) -> float:
    """The mean time of a step: batches are read, transformed and trained on in turn, at most ``depth`` ahead."""
    reader = workers = 0.0
    ended = [0.0]
    for step in range(steps):
        room = ended[step - depth] if step >= depth else 0.0
        reader = max(reader, room) + read
        workers = max(workers, reader) + transform
        ended.append(max(ended[-1], workers) + train)
    return (ended[-1] - ended[steps // 2]) / (steps - steps // 2)


@pytest.mark.parametrize(
    "data",
    [
        {"storage": "SuperPOD", "worker_rate": 1000, "workers": 64},
        {"worker_rate": 100, "workers": 64},
        {"storage": "NVMe_Gen4", "worker_rate": 50, "workers": 64, "cache": 50},
    ],
)
def test_a_plan_steps_as_a_loader_that_is_run(data: dict[str, Any]) -> None:
    """Producers and a consumer with a short queue between them, without any maximum of three."""
    found = images(**data)
    alone = value(images(storage="SuperPOD"), "latency")
    run = run_loader(value(found, "time_ingest"), value(found, "time_transform"), alone)
    assert run == pytest.approx(value(found, "latency"), rel=1e-6)


def test_text_is_read_by_the_token() -> None:
    """44 TB over 15 trillion tokens, for every token of the step."""
    found = mlsysim.evaluate(
        plan(
            workload={"name": "Llama3_8B", "batch_size": 256, "sequence_length": 4096},
            hardware={"name": "H100", "nodes": 4},
            data={"dataset": "FineWeb", "storage": "S3_Standard"},
        )
    )
    assert value(found, "time_ingest") == pytest.approx(256 * 4096 * 44e12 / 15e12 / (4 * 12.5e9))


def run_of(tokens: float, scaling: str, model: str = "Llama3_8B") -> mlsysim.Evaluation:
    """A run of so many tokens."""
    workload = {"name": model, "batch_size": 512, "tokens": tokens, "scaling": scaling}
    return mlsysim.evaluate(plan(workload=workload, hardware={"name": "H100", "nodes": 16}))


def test_the_compute_optimal_model_is_that_of_chinchilla() -> None:
    """For 5.76e23 operations the fit as printed gives 32 B and 3.0 T, the refit about 72 B and 1.33 T (two digits)."""
    size = 8.03e9
    for scaling, parameters, tokens in (("chinchilla", 32e9, 3.0e12), ("chinchilla_refit", 72e9, 1.33e12)):
        found = run_of(5.76e23 / 6 / size, scaling)
        assert value(found, "optimal_parameters") == pytest.approx(parameters, rel=0.02)
        assert value(found, "optimal_tokens") == pytest.approx(tokens, rel=0.02)


@pytest.mark.parametrize("scaling", ["chinchilla", "chinchilla_refit"])
def test_no_model_of_the_same_work_reaches_a_smaller_loss(scaling: str) -> None:
    """Moving work from size to data or back only adds to the loss."""
    found = run_of(1e13, scaling)
    entry = standard().find("scaling", scaling).facts
    fit = {name: entry[name].number for name in entry}

    def loss(parameters: float, tokens: float) -> float:
        return (
            fit["irreducible"]
            + fit["size_scale"] / parameters ** fit["size_exponent"]
            + fit["data_scale"] / tokens ** fit["data_exponent"]
        )

    own, best = found.values["model.parameters"], value(found, "optimal_parameters")
    assert value(found, "loss") == pytest.approx(loss(own, 1e13))
    assert best * value(found, "optimal_tokens") == pytest.approx(own * 1e13)
    least = value(found, "optimal_loss")
    assert least == pytest.approx(loss(best, own * 1e13 / best))
    for step in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0):
        assert loss(best * step, own * 1e13 / (best * step)) > least
    assert value(found, "loss") > least
    assert value(found, "tokens_per_parameter") == pytest.approx(1e13 / own)
    assert value(found, "overtraining") == pytest.approx((best / own) ** 2)
