"""The printed pages of the walls, kept as text: what ``derive`` shows without importing the algebra.

The pages are made from the equations by ``python -m mlsysim.symbolic.codegen`` and committed beside the kernels. One is
shown only where its digest says that exactly these equations were printed by exactly this code; else it is printed anew.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).parent / "printed"
DIGESTS = FOLDER / "digests.json"
#: Where the equations are, and what prints them, beside the modules of this folder.
_FOLDERS = ("foundations", "walls", "systems", "printing")


def stored(wall: str) -> str | None:
    """The text page of a wall; None where it was made from other equations, or by other code, than are here.

    >>> (stored("compute") or "").splitlines()[0]
    'Wall 1: compute (node)'
    """
    path = file_of(wall)
    if not path.exists() or not DIGESTS.exists():
        return None
    page = _read(path)
    return page if json.loads(_read(DIGESTS)).get(wall) == digest(page) else None


def file_of(wall: str) -> Path:
    """Where the page of a wall lies."""
    return FOLDER / f"{wall}.txt"


def digest(page: str) -> str:
    """A digest of a page, and of all that it was made from."""
    return sha256(f"{_made_from()}{page}".encode()).hexdigest()[:20]


@cache
def _made_from() -> str:
    """A digest of the equations and of the code that verifies and prints them."""
    root = Path(__file__).parent
    files = [
        *root.glob("*.py"),
        *(file for folder in _FOLDERS for file in (root / folder).rglob("*.py")),
        root / "units.txt",
    ]
    found = sha256(_algebra())
    for file in sorted(files):
        found.update(file.relative_to(root).as_posix().encode())
        found.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def _algebra() -> bytes:
    """The release of sympy, which is not imported for it."""
    found = find_spec("sympy")
    folders = found.submodule_search_locations if found else None
    return (Path(folders[0]) / "release.py").read_bytes() if folders else b""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")
