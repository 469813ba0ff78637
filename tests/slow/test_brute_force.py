"""The searches against brute force on hundreds of small instances; the first of them are in the default run."""

from __future__ import annotations

import pytest

from tests.constraints import test_search
from tests.mlsysim import test_fleets

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(60, 260))
def test_the_best_split_is_that_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hundred further splits, by the solver alone."""
    test_search.test_the_optimum_is_that_of_brute_force(seed, monkeypatch)


@pytest.mark.parametrize("seed", range(40, 240))
def test_the_best_fleets_are_those_of_brute_force(seed: int) -> None:
    """Two hundred further fleets, with those that come next."""
    test_fleets.test_the_best_fleets_are_the_best_of_all(seed)
