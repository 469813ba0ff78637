"""What several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from mlsysim.constraints import effort

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "llama3_70b_training.yaml"

settings.register_profile("steady", deadline=None)  # an example may take long on a busy machine
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _searches_end_by_work() -> Iterator[None]:
    """The time limit of a search is seconds of work in every test, so that no result depends on how busy the machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effort, "Clock", effort.WorkClock)
        yield


@pytest.fixture
def example() -> Path:
    """The plan that the README shows."""
    return EXAMPLE


def plan(**sections: Any) -> dict[str, Any]:
    """A plan as a mapping, from its sections."""
    return {"version": "1.0", **sections}
