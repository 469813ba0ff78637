"""Wall 8 against measured disk throughput and against a loader run step by step."""

from __future__ import annotations

import math
import random

import pytest

from mlsysim.symbolic.graph import wall


def law(**values: float) -> dict[str, float]:
    """The wall's laws on plain values."""
    found = wall("ingestion").wall
    assert found
    return found.evaluate(**values)


#: Dell EMC Ready Solutions for AI: Deep Learning with NVIDIA, v1.0, table 7: images per second, disk throughput in Mb/s.
MEASURED = {"AlexNet": (7095, 6370), "ResNet-50": (2940, 2680), "VGG-16": (1590, 1440)}
#: The same page: bytes of all training images, and their number.
IMAGE_BYTES = 1_448_283_629_516 / 12_811_670


@pytest.mark.parametrize("network", MEASURED)
def test_the_demand_is_the_disk_throughput_that_was_measured(network: str) -> None:
    """Images per second times bytes per image is what the disks of Dell's Isilon F800 delivered, to its three digits."""
    images, megabits = MEASURED[network]
    found = law(appetite=images, sample_size=IMAGE_BYTES, amplification=1, hit=0)
    assert found["demand"] * 8 / 1e6 == pytest.approx(megabits, rel=0.01)


def run_loader(
    samples: int, size: float, block: float, cached: int, supply: float, pace: float, batch: int, epochs: int
) -> tuple[float, float]:
    """Read samples block by block in random order, train on batches in order, and return stall and pace after epoch one.

    The cache takes samples until it is full and never gives one up; up to sixteen batches wait in memory.
    """
    generator, held = random.Random(8), set[int]()
    ready: list[float] = []
    ended: list[float] = []
    disk, depth = 0.0, 16
    for _ in range(epochs):
        order = list(range(samples))
        generator.shuffle(order)
        for first in range(0, samples, batch):
            index = len(ready)
            if index >= depth:
                disk = max(disk, ended[index - depth] - batch / pace)  # a place is free once training takes a batch
            for sample in order[first : first + batch]:
                if sample in held:
                    continue
                left = size
                while left > 0:
                    disk, left = disk + block / supply, left - block
                if len(held) < cached:
                    held.add(sample)
            ready.append(disk)
            ended.append(max(disk, ended[-1] if ended else 0.0) + batch / pace)
    warm = samples // batch - 1
    elapsed, trained = ended[-1] - ended[warm], (len(ended) - 1 - warm) * batch
    return 1 - trained / pace / elapsed, trained / elapsed


@pytest.mark.parametrize("cached", [0, 250, 500, 900])
@pytest.mark.parametrize("supply", [2e7, 5e7, 3e8])
def test_a_loader_stalls_as_the_law_says(cached: int, supply: float) -> None:
    """Reads counted block by block, and waits batch by batch; the ends of the run are half a percent of it."""
    samples, size, block, pace = 1000, 110e3, 32768.0, 1000.0
    stall, reached = run_loader(samples, size, block, cached, supply, pace, batch=50, epochs=20)
    found = law(
        appetite=pace, sample_size=size, block=block, cache=cached * size, data_set=samples * size, supply=supply
    )
    assert abs(found["load"] - 1) > 0.1  # at the very edge chance decides, which the wall leaves out
    assert stall == pytest.approx(found["stall"], abs=0.005)
    assert reached == pytest.approx(found["pace"], rel=0.005)


def test_no_cache_smaller_than_needed_avoids_the_stall() -> None:
    """The loader stops stalling where the law puts the least share of hits."""
    size, pace, supply = 100e3, 1000.0, 6e7
    needed = law(appetite=pace, sample_size=size, amplification=1, supply=supply)["hit_needed"]
    assert needed == pytest.approx(0.4)
    below, _ = run_loader(1000, size, size, round(1000 * (needed - 0.05)), supply, pace, batch=50, epochs=20)
    above, _ = run_loader(1000, size, size, round(1000 * (needed + 0.05)), supply, pace, batch=50, epochs=20)
    assert below == pytest.approx(1 - 0.6 / 0.65, abs=0.005)
    assert above == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 110_000])
def test_amplification_counts_whole_blocks(size: int) -> None:
    """Walking over a stored sample touches every block once."""
    touched = len({byte // 4096 for byte in range(size)})
    assert law(sample_size=size, block=4096)["amplification"] == pytest.approx(touched * 4096 / size)


@pytest.mark.parametrize("load", [0.0, 0.5, 1.0])
def test_there_is_no_stall_until_demand_exceeds_supply(load: float) -> None:
    """Up to a load of one, storage never keeps anybody waiting."""
    assert law(load=load, appetite=100) == {"stall": 0.0, "pace": 100.0}


def test_a_cache_that_holds_everything_leaves_nothing_to_read() -> None:
    """All hits: no demand, no load and no stall, on however slow a storage."""
    found = law(appetite=1e4, sample_size=1e6, amplification=2, cache=3e9, data_set=2e9, supply=1)
    assert (found["hit"], found["demand"], found["load"], found["stall"], found["pace"]) == (1, 0, 0, 0, 1e4)


@pytest.mark.parametrize("load", [1.25, 2.0, 1e6])
def test_an_overloaded_storage_sets_the_pace(load: float) -> None:
    """What is left of the time is the supply per demand, down to nothing."""
    found = law(load=load, appetite=100)
    assert found["stall"] == pytest.approx(max(0, 1 - 1 / load))
    assert found["pace"] == pytest.approx(100 / load)
    assert law(load=math.inf)["stall"] == 1


def test_a_storage_that_is_fast_enough_needs_no_cache() -> None:
    """The least share of hits is never negative."""
    assert law(appetite=1000, sample_size=1e5, amplification=1, supply=2e8)["hit_needed"] == 0
