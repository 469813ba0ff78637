"""Stored pages: what is shown without the algebra is what the equations print now, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlsysim.derivations import derivation_of
from mlsysim.symbolic import pages
from mlsysim.symbolic.graph import wall
from mlsysim.symbolic.printing import derivation


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """What pages are made from is looked at again before a test and after it."""
    pages._made_from.cache_clear()
    yield
    pages._made_from.cache_clear()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the stored pages, which a test may spoil."""
    shutil.copytree(pages.FOLDER, tmp_path / "printed")
    monkeypatch.setattr(pages, "FOLDER", tmp_path / "printed")
    monkeypatch.setattr(pages, "DIGESTS", tmp_path / "printed" / "digests.json")
    return tmp_path / "printed"


def printed(name: str) -> str:
    """The page that the equations print."""
    chapter = wall(name)
    assert chapter.wall
    return derivation(chapter, chapter.wall)


def test_every_wall_has_its_page() -> None:
    """Each stored page is current; that it says what the equations print is a test of all generated files."""
    known = json.loads(pages.DIGESTS.read_text(encoding="utf-8"))
    assert len(known) == 22
    assert all(pages.stored(name) for name in known)
    assert {file.stem for file in pages.FOLDER.glob("*.txt")} == {*known}


def test_a_page_that_was_edited_is_printed_anew(copied: Path) -> None:
    """A word changed in the store never reaches a reader."""
    path = copied / "compute.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("arithmetic", "algebra"), encoding="utf-8")
    assert pages.stored("compute") is None
    assert derivation_of("compute") == printed("compute")


@pytest.mark.parametrize("gone", ["compute.txt", "digests.json"])
def test_a_page_that_is_missing_is_printed_anew(copied: Path, gone: str) -> None:
    """The store only saves time."""
    (copied / gone).unlink()
    assert pages.stored("compute") is None
    assert derivation_of(1) == printed("compute")


@pytest.mark.parametrize(
    "file",
    [
        "walls/node/compute/wall.py",
        "foundations/rates.py",
        "printing/text_page.py",
        "verification.py",
        "units.txt",
        "new.py",
    ],
)
def test_a_page_made_from_other_code_is_not_shown(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equations, what verifies them and what prints them are part of the digest."""
    symbolic = tmp_path / "symbolic"
    shutil.copytree(Path(pages.__file__).parent, symbolic, ignore=shutil.ignore_patterns("__pycache__", "kernels"))
    monkeypatch.setattr(pages, "__file__", str(symbolic / "pages.py"))
    assert pages.stored("compute")
    with (symbolic / file).open("a", encoding="utf-8") as changed:
        changed.write("\n# another\n")
    pages._made_from.cache_clear()
    assert pages.stored("compute") is None


def test_a_page_made_by_another_sympy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """How a step is known rests on the algebra's release."""
    monkeypatch.setattr(pages, "_algebra", lambda: b'__version__ = "0"')
    assert pages.stored("compute") is None
