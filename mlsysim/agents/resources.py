"""What can be read by address: the schemas, the walls and the registry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from mlsysim.registry.categories import CATEGORIES, SAYS
from mlsysim.schemas import KINDS
from mlsysim.symbolic.errors import UnknownNameError

SCHEME = "mlsysim://"
JSON, TEXT, LATEX = "application/json", "text/plain", "application/x-latex"
#: Characters of an address at most.
LONGEST = 500


@dataclass(frozen=True)
class Resource:
    """What stands at an address, or at every address of a form.

    Attributes:
        address: with names in braces where it is a form.
        title: what people read.
        description: what it holds.
        kind: its MIME type.
    """

    address: str
    title: str
    description: str
    kind: str = JSON


TEMPLATES = (
    Resource(f"{SCHEME}schema/{{kind}}", "Schema", f"A JSON Schema: {', '.join(KINDS)}."),
    Resource(f"{SCHEME}wall/{{name}}", "Wall", "The derivation of a wall, by name or number, as text.", TEXT),
    Resource(f"{SCHEME}wall/{{name}}/latex", "Wall in LaTeX", "The same as a LaTeX document that compiles.", LATEX),
    Resource(f"{SCHEME}registry/{{category}}", "Category", "The entries of a category with their usual facts."),
    Resource(f"{SCHEME}registry/{{category}}/{{name}}", "Entry",
             "An entry with every value, its source and how far it is verified."),
)  # fmt: skip


def resources() -> Iterator[Resource]:
    """Every address that is worth listing; entries are found through their categories."""
    from mlsysim.symbolic.kernels import catalogue

    for kind in KINDS:
        yield Resource(f"{SCHEME}schema/{kind}", f"Schema of a {kind}", f"The published JSON Schema of a {kind}.")
    yield Resource(f"{SCHEME}walls", "Walls", "The 22 walls: number, name, domain, core equation, and when each binds.")
    for wall in catalogue().WALLS:
        title = f"Wall {wall['number']}: {wall['name']}"
        yield Resource(f"{SCHEME}wall/{wall['name']}", title, f"Its derivation: {wall['says']}", TEXT)
    yield Resource(f"{SCHEME}registry", "Registry", "The categories of the registry.")
    for category, says in SAYS.items():
        yield Resource(f"{SCHEME}registry/{category}", f"Registry: {category}", says)


def read(address: str) -> tuple[str, str]:
    """The MIME type and the text of what stands at an address.

    Raises:
        UnknownNameError: nothing does; the nearest addresses are suggested.
    """
    parts = [unquote(part) for part in address.removeprefix(SCHEME).split("/")]
    if address.startswith(SCHEME) and len(address) <= LONGEST:
        match parts:
            case ["schema", kind]:
                from mlsysim.schemas import schema_of

                return JSON, _json(schema_of(kind))
            case ["walls"]:
                return JSON, _json(_walls())
            case ["wall", name]:
                return TEXT, _derived(name, "text")
            case ["wall", name, "latex"]:
                return LATEX, _derived(name, "latex")
            case ["registry"]:
                return JSON, _json([{"category": category, "says": SAYS[category]} for category in CATEGORIES])
            case ["registry", category]:
                return JSON, _json(_category(category))
            case ["registry", category, name]:
                return JSON, _json(_entry(category, name))
    known = [each.address for each in (*resources(), *TEMPLATES)]
    raise UnknownNameError("resource", address[:LONGEST], known, see=f"such as {', '.join(known[:5])}")


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)


def _walls() -> list[dict[str, Any]]:
    from mlsysim.symbolic.kernels import catalogue

    return [dict(wall) for wall in catalogue().WALLS]


def _derived(name: str, format: str) -> str:
    from mlsysim.agents.explaining import wall_page
    from mlsysim.symbolic.kernels import catalogue

    for wall in catalogue().WALLS:
        if name.lower() in (wall["name"], str(wall["number"])):
            return wall_page(wall["name"], format)[0]
    known = [wall["name"] for wall in catalogue().WALLS]
    raise UnknownNameError("wall", name, known, see=f"the walls are {', '.join(known)}")


def _category(category: str) -> list[dict[str, Any]]:
    from mlsysim.listing import listing

    return listing(category)


def _entry(category: str, name: str) -> dict[str, Any]:
    from mlsysim.entries import as_data
    from mlsysim.registry import entries, find

    entries(category)  # a category that is none is refused here, before anything is looked up by it
    return as_data(find(category, name))
