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

#: The order of a category's entries in lists: the word for people, and what is compared: what an entry says of itself, a
#: fact, or with a role of ``LINKS`` in front that of an entry it is made of. What says nothing comes last.
ORDER: dict[str, tuple[tuple[str, str], ...]] = {
    "hardware": (("family", "family"), ("year", "launch_year"), ("memory", "memory.capacity")),
    "models": (("family", "family"), ("parameters", "parameters"), ("multiply-accumulates", "multiply_accumulates")),
    "nodes": (("family of the accelerator", "accelerator.family"), ("its year", "accelerator.launch_year"),
              ("accelerators", "accelerators")),
    "fabrics": (("vendor", "vendor"), ("bandwidth", "bandwidth")), "grids": (("kind", "kind"),),
    "facilities": (("vendor", "vendor"),), "fleets": (("accelerators", "accelerators"),),
    "storage": (("kind", "kind"), ("bandwidth", "bandwidth")),
    "prices": (("kind", "kind"), ("accelerator", "accelerator"), ("price of an hour", "per_accelerator")),
    "datasets": (("kind", "kind"), ("size", "size")), "scenarios": (("family", "family"),),
    "datatypes": (("bytes of a weight", "weight_bytes"),),
}  # fmt: skip


def ordered_by(category: str) -> str:
    """The order of a category's lists in words.

    >>> ordered_by("hardware")
    'family, year, memory, then name'
    """
    words = [word for word, _ in ORDER.get(category, ())]
    return f"{', '.join(words)}, then name" if words else "name"


def category_of(parts: tuple[str, ...]) -> str:
    """The category of a file by its path below the registry.

    >>> category_of(("hardware", "amd.yaml")), category_of(("grids_electricity_maps.yaml",))
    ('hardware', 'grids')
    """
    word = parts[0].removesuffix(".yaml")
    # Data under a licence of its own stands in a file of its own.
    return next((c for c in CATEGORIES if word == c or word.startswith(c + "_")), word)
