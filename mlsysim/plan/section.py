"""What every section of a plan is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Fields of a plan: any other is refused, and none is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
