"""The documentation as a whole: it builds without a warning, its links lead somewhere, it needs no other host, and a
browser shows its formulas to their ends.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
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


#: Shows pages in frames of a desktop's and a phone's width, and says how many formulas each has and which end where
#: nobody can see or scroll to: at the edge of an element that clips, or of the window.
FRAMES = """<!doctype html><meta charset="utf-8"><body><script>
addEventListener("load", () => {
  const seen = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument, formulas = [...page.querySelectorAll("math")], cut = [];
    for (const formula of formulas) {
      let right = Math.max(...[formula, ...formula.querySelectorAll("*")].map(part => part.getBoundingClientRect().right));
      for (let box = formula.parentElement; box !== page.documentElement; box = box.parentElement) {
        const style = frame.contentWindow.getComputedStyle(box), edges = box.getBoundingClientRect();
        if (style.overflowX === "visible") continue;
        const scrolls = ["auto", "scroll"].includes(style.overflowX);
        if (right > edges.left + (scrolls ? box.scrollWidth : box.clientWidth) + 1) cut.push(formula.textContent);
        right = Math.min(right, edges.right);
      }
      if (right > page.documentElement.clientWidth + 1) cut.push(formula.textContent);
    }
    return [frame.getAttribute("src"), frame.width, formulas.length, cut];
  });
  document.body.textContent = JSON.stringify(seen);
});
</script>%s</body>"""
#: A desktop and a phone.
WIDTHS = (1280, 400)


def shown(folder: Path, names: list[str], profile: Path) -> list[tuple[str, str, int, list[str]]]:
    """What a browser shows of pages: their name, the width, how many formulas there are and which are cut."""
    frames = "".join(
        f'<iframe src="{name}" width="{width}" height="900"></iframe>' for name in names for width in WIDTHS
    )
    file = folder / "frames.html"
    file.write_text(FRAMES % frames, encoding="utf-8")
    browser = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "chromium-headless-shell"
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}",
        "--allow-file-access-from-files", "--virtual-time-budget=60000", "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    file.unlink()
    return json.loads(unescape(done.stdout.partition("<body>")[2].partition("</body>")[0]))  # type: ignore[no-any-return]


def test_no_formula_is_cut(site: Path, tmp_path: Path) -> None:
    """On a desktop and on a phone: whatever is wider than its column can be scrolled to its end."""
    folder = site / "reference" / "generated" / "walls"
    names = sorted(file.name for file in folder.glob("*.html"))
    found = shown(folder, names, tmp_path)
    assert [(name, int(width)) for name, width, _, _ in found] == [(name, width) for name in names for width in WIDTHS]
    assert all(many > 20 for _, _, many, _ in found)
    assert [each for each in found if each[3]] == []


def test_a_formula_that_is_cut_is_seen(tmp_path: Path) -> None:
    """The test above sees what it forbids: clipped within a column, beyond the window, and behind a box that scrolls."""
    formula = "<math><mrow>" + "<mi>x</mi><mo>+</mo>" * 50 + "</mrow></math>"
    boxes = {"clip": "overflow: hidden; width: 99px", "wide": "width: 5000px", "scroll": "overflow-x: auto; width: 99px",
             "fits": "width: 99%"}  # fmt: skip
    for name, style in boxes.items():
        content = formula if name != "fits" else "<math><mi>x</mi></math>"
        (tmp_path / f"{name}.html").write_text(f'<!doctype html><body><div style="{style}">{content}</div>')
    found = shown(tmp_path, [f"{name}.html" for name in boxes], tmp_path / "profile")
    assert {name for name, width, _, cut in found if cut and width == "400"} == {"clip.html", "wide.html"}
