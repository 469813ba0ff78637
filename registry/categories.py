"""The categories of the registry, and which entries each is made of."""

from __future__ import annotations

#: Categories, with the word for one of their entries.
CATEGORIES = {
    "hardware": "hardware", "models": "model", "nodes": "node", "fabrics": "fabric", "grids": "region",
    "facilities": "facility", "fleets": "fleet", "storage": "storage", "prices": "price", "datasets": "dataset",
    "scenarios": "scenario", "datatypes": "precision", "optimizers": "optimizer", "software": "software profile",
    "reliability": "reliability profile", "scaling": "scaling law", "privacy": "privacy method",
}  # fmt: skip

#: What each category holds, as a sentence of help.
SAYS = {
    "hardware": "Accelerators and devices, from data centre to microcontroller.",
    "models": "Models by their published configuration or profile.", "nodes": "Node designs: which accelerators, how joined.",
    "fabrics": "Links and networks, one way.", "grids": "Electricity by region: carbon, water, price.",
    "facilities": "Data centres: PUE and WUE.", "fleets": "Fleets that exist or were announced.",
    "storage": "Memory, disks, file systems and object stores.", "prices": "Prices, each with its day.",
    "datasets": "Datasets and their stored size.", "scenarios": "Plans that are ready: `mlsysim eval Doorbell`.",
    "datatypes": "Number formats and their bytes.", "optimizers": "Optimizers and their state.",
    "software": "What software achieves, by kind of work.", "reliability": "How often accelerators fail.",
    "scaling": "Published scaling laws.", "privacy": "What private training costs.",
}  # fmt: skip

#: The entries that an entry may be made of: role and category, by category.
LINKS: dict[str, dict[str, str]] = {
    "nodes": {"accelerator": "hardware", "link": "fabrics", "network": "fabrics", "host": "fabrics"},
    "fleets": {"node": "nodes", "facility": "facilities", "region": "grids", "storage": "storage"},
    "prices": {"accelerator": "hardware", "storage": "storage", "region": "grids"},
}


def category_of(parts: tuple[str, ...]) -> str:
    """The category of a file by its path below the registry.

    >>> category_of(("hardware", "amd.yaml")), category_of(("grids_electricity_maps.yaml",))
    ('hardware', 'grids')
    """
    word = parts[0].removesuffix(".yaml")
    # Data under a licence of its own stands in a file of its own.
    return next((c for c in CATEGORIES if word == c or word.startswith(c + "_")), word)
