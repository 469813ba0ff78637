"""The texts at the root: they are short, and their links lead to files and headings that exist."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

TEXTS = ("README.md", "llms.txt", "ARCHITECTURE.md", "CHANGELOG.md")


def headings(text: str) -> set[str]:
    """The names by which a page's headings are linked to."""
    lines = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("name", TEXTS)
def test_links_lead_to_a_file_and_a_heading(name: str) -> None:
    """Relative to the text, as whoever reads it in a repository follows them."""
    lost = []
    for link in re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        file = ROOT / (path or name)
        if not file.is_file() or (heading and heading not in headings(file.read_text(encoding="utf-8"))):
            lost.append(link)
    assert lost == []


def test_the_readme_is_a_newcomer_s_path() -> None:
    """What it answers, set-up, five things to do, where to read on, what it does not model, how to cite: a few screens."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M) == [
        "Set up", "Five things to do", "Where to read on", "What it does not model", "Cite",
    ]  # fmt: skip
    assert re.findall(r"^\*\*(\d)\. ", text, re.M) == ["1", "2", "3", "4", "5"]
    assert text.count("\n") <= 165
    assert text.index("```console") < text.index("## Set up")
    for command in ("make example", "make test"):
        assert f"\n    {command}\n" in text
