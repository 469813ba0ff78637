"""The doors between the rooms, and what a command may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("symbolic", "constraints", "registry", "mlsysim")
#: What each room may import of the others; a name below a room opens that part alone.
OPEN = {
    "symbolic": (),
    "constraints": ("symbolic",),
    "registry": ("symbolic.units", "symbolic.numerals", "symbolic.errors", "symbolic.escapes"),
    "mlsysim": ("symbolic", "constraints", "registry"),
}


def imports(path: Path) -> set[str]:
    """The modules of this project that a file imports, without the leading ``mlsysim.``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("mlsysim.") for name in found if name.startswith("mlsysim.")}


def room_of(name: str) -> str:
    """The room that a module lies in."""
    first = name.partition(".")[0]
    return first if first in ROOMS else "mlsysim"


def wrong_ways(files: dict[Path, set[str]]) -> list[str]:
    """Every import through a door that is closed."""
    found = []
    for path, names in files.items():
        home = path.relative_to(ROOT).parts[0]
        for name in names:
            if room_of(name) != home and not any(name == way or name.startswith(f"{way}.") for way in OPEN[home]):
                found.append(f"{path.relative_to(ROOT)} imports {name}")
    return found


def test_no_import_goes_the_wrong_way() -> None:
    """Equations know nothing of facts, facts only units, numerals, errors and escapes, decisions only equations."""
    files = {path: imports(path) for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    assert len(files) > 60
    assert wrong_ways(files) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("symbolic/graph.py", "registry.entry"), ("constraints/search.py", "plan"), ("registry/index.py", "symbolic.graph"),
        ("symbolic/rules.py", "constraints.search"), ("constraints/space.py", "registry.index"),
    ],
)  # fmt: skip
def test_an_import_the_wrong_way_is_found(path: str, name: str) -> None:
    """The check would see it."""
    assert wrong_ways({ROOT / path: {name}})


def test_units_and_errors_do_not_import_sympy() -> None:
    """Facts can be read without paying for algebra."""
    for name in ("units", "numerals", "errors", "escapes", "words"):
        names = [
            n for n in ast.walk(ast.parse((ROOT / "symbolic" / f"{name}.py").read_text())) if isinstance(n, ast.Import)
        ]
        assert not any(alias.name == "sympy" for node in names for alias in node.names)


HEAVY = ("sympy", "ortools", "matplotlib", "pandas", "mcp")
COMMANDS = [
    ["--help"], ["--version"], ["zoo"], ["zoo", "hardware"], ["zoo", "models"], ["schema"], ["schema", "--type", "result"],
    ["eval", "Llama3_8B", "H100", "--batch-size", "32"], ["eval", "examples/llama3_70b_training.yaml"],
    ["eval", "Llama3_70B", "H100"], ["--output", "json", "eval", "Llama3_8B", "H100"],
    ["derive", "compute"], ["derive", "14"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_quick_commands_load_nothing_heavy(command: list[str]) -> None:
    """A look at the loaded modules of a fresh process."""
    code = (
        "import sys\nfrom mlsysim.cli.main import run\n"
        f"run({command!r})\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"
