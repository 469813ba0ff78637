"""What several tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "llama3_70b_training.yaml"


@pytest.fixture
def example() -> Path:
    """The plan that the README shows."""
    return EXAMPLE


def plan(**sections: Any) -> dict[str, Any]:
    """A plan as a mapping, from its sections."""
    return {"version": "1.0", **sections}
