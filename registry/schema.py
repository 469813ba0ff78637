"""The form of a fact: what an entry of the registry must say about every value."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: What a number rests on, most to least direct.
Kind = Literal["definition", "datasheet", "paper", "report", "measured", "derived", "estimate"]
NOT_PUBLISHED = "not published"


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Alternative(Strict):
    """Another published value for the same thing, and why it was not chosen."""

    value: float | str
    source: str
    reason: str


class Fact(Strict):
    """One value with its provenance."""

    value: Annotated[float | str, Field(description="a number with its unit as published, or 'not published'")]
    source: Annotated[str, Field(description="a key of sources.yaml")]
    kind: Kind
    verified: Annotated[bool, Field(description="whether the value was read at its source or confirmed by another")]
    how: Annotated[str, Field(description="how it was verified, or why it is not")]
    where: Annotated[str, Field(description="page, table or section in the source")] = ""
    accessed: datetime.date | None = None
    low: float | str | None = None
    high: float | str | None = None
    alternatives: tuple[Alternative, ...] = ()
    note: str = ""


class EntryFile(Strict):
    """One entity: an accelerator, a model, a grid, ..."""

    id: Annotated[str, Field(pattern=r"[a-z0-9]+([.-][a-z0-9]+)*")]
    name: Annotated[str, Field(pattern=r"[A-Za-z][A-Za-z0-9_]*", description="its name in Python and in plans")]
    title: Annotated[str, Field(description="its name as its maker writes it")]
    family: str = ""
    kind: str = ""
    aliases: tuple[str, ...] = ()
    licence: str = ""
    links: Annotated[dict[str, str], Field(description="other entries it is made of, by role")] = {}
    facts: dict[str, Fact]


class SourceFile(Strict):
    """One publication, as a bibliography prints it."""

    title: str
    author: str
    year: int
    url: str = ""
    type: Literal["article", "inproceedings", "book", "techreport", "online", "manual", "standard"] = "online"
    venue: str = ""
