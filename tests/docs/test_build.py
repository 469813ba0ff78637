"""The documentation as a whole: it builds without a warning, its links lead somewhere, and it needs no other host."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built afresh with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(folder / "trees"), "-b", "html"]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(folder / "html")], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


class Page(HTMLParser):
    """What a page names and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect names, links, and what the browser fetches by itself."""
        found = {key: value or "" for key, value in attrs}
        self.names.add(found.get("id", ""))
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload", "manifest"):
            self.loads.append(found.get("href", ""))
        elif "src" in found:
            self.loads.append(found["src"])


def pages(site: Path) -> Iterator[tuple[Path, Page]]:
    """Every page of the site."""
    for file in sorted(site.rglob("*.html")):
        yield file, Page(file.read_text(encoding="utf-8"))


def test_links_lead_somewhere(site: Path) -> None:
    """To a file that is there, and to a place that it names."""
    read = dict(pages(site))
    lost = []
    for file, page in read.items():
        for link in page.links:
            address, name = urldefrag(link)
            if "://" in link or link.startswith("mailto:"):
                continue
            target = (file.parent / unquote(address)).resolve() if address else file
            found = read.get(target)
            if not target.exists() or (name and found and unquote(name) not in found.names):
                lost.append(f"{file.relative_to(site)}: {link}")
    assert len(read) > 60
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, style, font or picture of another host: the pages work without a connection."""
    for file, page in pages(site):
        assert [address for address in page.loads if "//" in address] == [], file
    for file in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//[^)]*\)", file.read_text(encoding="utf-8")) == [], file


def test_no_page_is_empty_and_formulas_need_no_script(site: Path) -> None:
    """Each has a heading; the walls have MathML."""
    for file, _ in pages(site):
        text = file.read_text(encoding="utf-8")
        assert file.name in ("search.html", "genindex.html", "py-modindex.html") or "<h1>" in text, file
    walls = [file for file in (site / "reference" / "generated" / "walls").glob("*.html") if file.stem != "index"]
    assert len(walls) == 22
    assert all("<math" in file.read_text(encoding="utf-8") for file in walls)
