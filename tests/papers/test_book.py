"""The book as a document: its fonts are outlines, it says what it is, and no line leaves the page."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book, printed and compiled as ``make papers`` does it."""
    folder = tmp_path_factory.mktemp("book")
    sys.path.insert(0, str(ROOT / "papers"))
    try:
        with pytest.MonkeyPatch.context() as patch:
            module = import_module("book")
            patch.setattr(module, "BUILD", folder)
            assert module.main() == 0
    finally:
        sys.path.pop(0)
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-silent", "book.tex"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    return folder / "book.pdf"


def said(*command: object) -> str:
    """What a program prints."""
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


def test_every_font_is_an_outline_and_is_embedded(book: Path) -> None:
    """None is drawn in dots (Type 3), which look ragged on a screen."""
    fonts = said("pdffonts", book).splitlines()[2:]
    assert any("LMRoman10-Regular" in font for font in fonts)
    assert [font for font in fonts if "Type 1 " not in font] == []
    assert {font.split()[-5] for font in fonts} == {"yes"}


def test_the_document_says_its_title_and_author(book: Path) -> None:
    """As readers of PDF and libraries show them."""
    about = dict(line.split(":", 1) for line in said("pdfinfo", book).splitlines())
    assert about["Title"].strip() == "The walls of machine-learning systems, derived and checked"
    assert about["Author"].strip() == "The mlsysim authors"


def test_nothing_is_wider_or_taller_than_its_page(book: Path) -> None:
    """TeX says where a line or a page is overfull."""
    log = book.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert "Output written on book.pdf" in log
    assert "Overfull" not in log
