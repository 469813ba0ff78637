"""The form of the registry's files: what an entry must say about itself and about every value.

A file holds one entry or a list of them. ``from`` says where an entry's values come from; a value that comes from elsewhere
says so itself, and one that has nothing to add is written as the bare value.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: What a number rests on, most to least direct.
Kind = Literal["definition", "datasheet", "paper", "report", "measured", "derived", "estimate"]
NOT_PUBLISHED = "not published"


class Strict(BaseModel):
    """Unknown keys are errors, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Alternative(Strict):
    """Another published value for the same thing, and why it was not chosen."""

    value: Annotated[float | str, Field(description="with its unit as published")]
    source: Annotated[str, Field(description="a key of the sources")]
    reason: Annotated[str, Field(description="why it was not chosen")]
    scope: Annotated[str, Field(description="what it counts")] = ""
    method: Annotated[str, Field(description="how it was found")] = ""
    year: Annotated[int | None, Field(description="the year it holds for")] = None


class Origin(Strict):
    """Where values come from; the default for every value of an entry."""

    source: Annotated[str, Field(description="a key of the sources")]
    kind: Annotated[Kind, Field(description="what the value rests on")] = "report"
    verified: Annotated[bool, Field(description="whether it was read at its source or confirmed by another")] = False
    how: Annotated[str, Field(description="how it was verified, or why it is not")] = ""
    accessed: Annotated[datetime.date | None, Field(description="the day it was read")] = None


class Fact(Strict):
    """One value; what it does not say stands in the entry's ``from``."""

    value: Annotated[float | str, Field(description="a number with its unit as published, a word, or 'not published'")]
    source: Annotated[str | None, Field(description="a key of the sources")] = None
    kind: Annotated[Kind | None, Field(description="what the value rests on")] = None
    verified: Annotated[bool | None, Field(description="whether it was read at its source or confirmed by another")] = (
        None
    )
    how: Annotated[str | None, Field(description="how it was verified, or why it is not")] = None
    accessed: Annotated[datetime.date | None, Field(description="the day it was read")] = None
    where: Annotated[str, Field(description="page, table or section in the source")] = ""
    note: Annotated[str, Field(description="what a reader must know")] = ""
    low: Annotated[float | str | None, Field(description="lower end of its range")] = None
    high: Annotated[float | str | None, Field(description="upper end of its range")] = None
    year: Annotated[int | None, Field(description="the year it holds for")] = None
    scope: Annotated[Literal["life-cycle", "direct", ""], Field(description="what emissions are counted")] = ""
    method: Annotated[
        Literal["generation", "consumption", "marginal", ""], Field(description="of which electricity")
    ] = ""
    alternatives: Annotated[tuple[Alternative, ...], Field(description="other published values")] = ()


class EntryFile(Strict):
    """One entity: an accelerator, a model, a grid, ..."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", description="lower-case words joined by dashes")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="its name in Python and in plans")]
    title: Annotated[str, Field(description="its name as its maker writes it")]
    vendor: Annotated[str, Field(description="who makes or runs it")] = ""
    family: Annotated[str, Field(description="the group that lists put it in, such as Language")] = ""
    kind: Annotated[str, Field(description="what it is among its category, such as transformer or on-demand")] = ""
    status: Annotated[Literal["shipping", "announced", "withdrawn"], Field(description="whether it can be had")] = (
        "shipping"
    )
    aliases: Annotated[tuple[str, ...], Field(description="other names that plans may use")] = ()
    licence: Annotated[str, Field(description="under which a model is published")] = ""
    note: Annotated[str, Field(description="what a reader must know")] = ""
    links: Annotated[dict[str, str], Field(description="other entries it is made of, by role")] = {}
    origin: Annotated[Origin | None, Field(alias="from", description="where its values come from")] = None
    facts: Annotated[dict[str, Fact | float | str], Field(description="its values by name")] = {}
    plan: Annotated[dict[str, Any] | None, Field(description="the plan of a scenario")] = None


class SourceFile(Strict):
    """One publication, as a bibliography prints it."""

    title: Annotated[str, Field(description="of the publication")]
    author: Annotated[str, Field(description="names as BibTeX writes them")]
    year: Annotated[int, Field(description="of publication")]
    url: Annotated[str, Field(description="where it can be read")] = ""
    type: Annotated[
        Literal["article", "inproceedings", "book", "techreport", "online", "manual", "standard"],
        Field(description="its kind of BibTeX entry"),
    ] = "online"
    venue: Annotated[str, Field(description="journal, conference or publisher")] = ""
