"""The inputs of the action that checks plans, from ``action.yml``; the page about builds is written around them."""

from __future__ import annotations

from docs.generate import DOCS
from docs.generate.markdown import code, table, words


def pages() -> dict[str, str]:
    """A table to be included."""
    import yaml

    action = yaml.safe_load((DOCS.parent / "action.yml").read_text(encoding="utf-8"))
    rows = [
        [code(name), code(rule["default"]) if rule["default"] else "", words(rule["description"])]
        for name, rule in action["inputs"].items()
    ]
    return {"fragments/action-inputs": table(["input", "default", "meaning"], rows)}
