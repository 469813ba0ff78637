"""How to cite: what the README prints is what ``CITATION.cff`` says, and that is this version."""

from __future__ import annotations

import re
from typing import Any

import yaml

import mlsysim
from tests.conftest import ROOT
from tests.test_packaging import PROJECT

CITATION: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def entry() -> dict[str, str]:
    """The fields of the README's BibTeX entry."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```bibtex\n@(\w+)\{(\w+),\n(.*?)\}\n```", text, re.S)
    assert found
    assert (found[1], found[2]) == (CITATION["type"], "mlsysim")
    fields = re.findall(r"^  (\w+) = (?:\{\{?(.*?)\}?\}|(\w+)),$", found[3], re.M)
    assert len(fields) == found[3].count("\n")
    return {name: braced or word for name, braced, word in fields}


def test_the_entry_says_what_the_citation_file_says() -> None:
    """Every field of it, and no other."""
    released = re.fullmatch(r"(\d{4})-(\d\d)-\d\d", CITATION["date-released"])
    assert released
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    assert entry() == {
        "author": " and ".join(author["name"] for author in CITATION["authors"]), "title": CITATION["title"],
        "version": CITATION["version"], "year": released[1], "month": months[int(released[2]) - 1],
        "license": CITATION["license"],
    }  # fmt: skip


def test_the_citation_file_says_what_the_package_does() -> None:
    """Version, license, authors."""
    assert CITATION["version"] == mlsysim.__version__ == PROJECT["project"]["version"]
    assert CITATION["license"] == PROJECT["project"]["license"]
    assert [author["name"] for author in CITATION["authors"]] == [
        each["name"] for each in PROJECT["project"]["authors"]
    ]
