"""Exit codes: the README's table, checked against the codes that the program has."""

from __future__ import annotations

import re

from docs.generate import DOCS
from docs.generate.markdown import page

_TABLE = re.compile(r"^\| exit code \|.*\n(?:\|.*\n)+", re.M)


def pages() -> dict[str, str]:
    """One page.

    Raises:
        ValueError: the README's table has other codes than the program.
    """
    found = _TABLE.search((DOCS.parent / "README.md").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("README.md has no table of exit codes")
    shown = found.group()
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", shown, re.M)}
    if codes != known():
        raise ValueError(f"README.md lists exit codes {sorted(codes)}, the program has {sorted(known())}")
    return {"exit-codes": page("Exit codes", "Every command ends with one of these, in every output format.", shown)}


def known() -> set[int]:
    """The codes that the program says it ends with."""
    from mlsysim.cli.options import EXIT_CODES

    return {int(code) for code in re.findall(r"\b(\d+) [a-z]", EXIT_CODES)}
