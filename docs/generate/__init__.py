"""The pages of the reference that are made from the program: nothing in them is written by hand.

As a Sphinx extension it writes them before the pages are read; ``python -m docs.generate`` does the same alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent.parent
GENERATED = DOCS / "reference" / "generated"

#: Pages by their path below the folder, without its ending.
Pages = Mapping[str, str]


def makers() -> list[Callable[[], Pages]]:
    """What makes pages, each a part of the reference."""
    from docs.generate import agents, builds, commands, efficiency, metrics, plan, python, registry, result, walls

    return [
        module.pages
        for module in (commands, plan, metrics, result, walls, registry, efficiency, builds, python, agents)
    ]


def write(folder: Path = GENERATED) -> list[Path]:
    """Write every page that differs from what lies there, and remove what no longer has a maker.

    Returns:
        The files, in the order in which they were made.
    """
    files = []
    for make in makers():
        for name, text in make().items():
            file = folder / f"{name}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")
            files.append(file)
    for old in set(folder.rglob("*.md")) - set(files):
        old.unlink()
    return files


def setup(app: Sphinx) -> dict[str, Any]:
    """Have Sphinx write the pages before it looks for them."""
    app.connect("builder-inited", lambda _: write())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
