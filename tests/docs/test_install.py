"""How to install: no text says to install by the bare name, which on the package index is another project's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

_INSTALLERS = (
    r"(?:pip3?|pipx|conda|mamba) install|uv (?:pip install|add|tool install|tool run)|uvx|pipx run|(?:poetry|pdm) add"
)
#: An installer and, later in the command, the name of the package without a place that it comes from.
BARE = re.compile(rf"\b(?:{_INSTALLERS})\b[^\n`]*?(?<![\w./-])mlsysim(?:\[[\w,]*\])?(?=[\s\"'`=<>~!]|$)(?!\s*@)", re.M)
_SUFFIXES = {".md", ".txt", ".py", ".toml", ".yaml", ".yml", ".ipynb", ".cff"}
_FOLDERS = ("docs", "examples", "mlsysim", "symbolic", "constraints", "registry", "papers", "benchmarks")


def texts() -> Iterator[Path]:
    """Every text of the project that a person reads, or that prints what a person reads."""
    for folder in _FOLDERS:
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in _SUFFIXES)
    yield from (path for path in sorted(ROOT.iterdir()) if path.suffix in _SUFFIXES or path.name == "Makefile")


def test_nothing_says_to_install_by_the_bare_name() -> None:
    """In the README, ``llms.txt``, the documentation, help and messages."""
    read = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in texts()}
    assert {"README.md", "llms.txt", "mlsysim/cli/app.py", "docs/how-to/connect-an-agent.md"} <= set(read)
    assert [f"{name}: {match.group()}" for name, text in read.items() for match in BARE.finditer(text)] == []


@pytest.mark.parametrize(("text", "bare"), [
    ('pip install "mlsysim[mcp]"', True), ("pip install mlsysim", True), ("uvx mlsysim eval", True), ("pip install -U mlsysim==0.3.0", True),
    ("uv add 'mlsysim>=0.4'", True), ('pip install ".[mcp]"', False), ('pip install "mlsysim[mcp] @ git+ADDRESS"', False),
    ("pip install git+ADDRESS/mlsysim.git", False), ("pip install ./mlsysim", False), ("mlsysim zoo import config.json", False),
])  # fmt: skip
def test_what_counts_as_a_bare_name(text: str, bare: bool) -> None:
    """A name with a place, a folder and an address are none."""
    assert bool(BARE.search(text)) is bare


@pytest.mark.parametrize("name", ["README.md", "llms.txt", "docs/how-to/install.md", "docs/how-to/connect-an-agent.md"])
def test_it_is_said_whose_the_package_on_the_index_is(name: str) -> None:
    """Wherever installing is told."""
    told = " ".join((ROOT / name).read_text(encoding="utf-8").split())
    assert re.search(r"package called `mlsysim` on the index is another project's", told)
