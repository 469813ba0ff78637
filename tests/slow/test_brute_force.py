"""The searches against brute force on hundreds of small instances; the first of them are in the default run."""

from __future__ import annotations

import pytest

from tests.constraints import test_assignment, test_batching, test_pools, test_search
from tests.mlsysim import test_fleets, test_placement

pytestmark = pytest.mark.slow
few_parts = test_pools.few_parts


@pytest.mark.parametrize("seed", range(30, 230))
def test_the_best_split_is_that_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred further splits, by the solver alone."""
    test_search.test_the_optimum_is_that_of_brute_force(seed, monkeypatch)


@pytest.mark.parametrize("seed", range(20, 220))
def test_the_best_fleets_are_those_of_brute_force(seed: int) -> None:
    """Two hundred further fleets, with those that come next."""
    test_fleets.test_the_best_fleets_are_the_best_of_all(seed)


@pytest.mark.parametrize("seed", range(16, 66))
@pytest.mark.usefixtures("few_parts")
def test_pools_are_those_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty further fleets that serve, of one or two kinds."""
    test_pools.test_pools_are_those_of_brute_force(seed, monkeypatch)


@pytest.mark.parametrize("seed", range(50, 250))
def test_the_best_batching_is_that_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred further batchings, by the solver alone."""
    test_batching.test_the_optimum_is_that_of_brute_force(seed, monkeypatch)


@pytest.mark.parametrize("seed", range(80, 300))
def test_the_best_assignment_is_that_of_brute_force(seed: int) -> None:
    """Further jobs that share room, and why some cannot run."""
    test_assignment.test_the_best_of_all_assignments_is_found_and_proven(seed)
    test_assignment.test_a_contradiction_is_one_and_the_smallest(seed)


@pytest.mark.parametrize("seed", range(60, 260))
def test_the_best_placement_is_that_of_brute_force(seed: int) -> None:
    """Two hundred further plans, each job evaluated as a plan of its own."""
    test_placement.test_the_best_of_all_placements_is_found_and_proven(seed)
