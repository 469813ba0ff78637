"""The layout: real folders at the root, one import package, and what a wheel holds."""

from __future__ import annotations

import doctest
import importlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = ("symbolic", "constraints", "registry")


def test_every_folder_of_code_is_a_package_of_the_wheel() -> None:
    """A new folder must be named in pyproject.toml."""
    found = {
        ".".join(("mlsysim", *p.parent.relative_to(ROOT).parts)).replace("mlsysim.mlsysim", "mlsysim")
        for room in ("mlsysim", *ROOMS) for p in (ROOT / room).rglob("__init__.py")
    }  # fmt: skip
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


def test_the_type_checkers_see_every_module() -> None:
    """The links in ``typings`` lead to each room and each module."""
    links = {p.name: p for p in (ROOT / "typings" / "mlsysim").iterdir() if p.name != "__pycache__"}
    wanted = {
        *ROOMS,
        *(p.name for p in (ROOT / "mlsysim").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()),
    }
    assert set(links) == wanted
    assert all(link.is_symlink() and link.exists() for link in links.values())


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_imported_by_one_name_only(room: str) -> None:
    """``import symbolic`` fails, so nothing is ever loaded twice."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {room}"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 1
    assert f"mlsysim.{room}" in done.stderr


def modules() -> list[str]:
    """Every module of the package by its import name, read off the folders."""
    found = []
    for room in ("mlsysim", *ROOMS):
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts if room == "mlsysim" else ("mlsysim", *parts)).removesuffix(".__init__")
            if parts[-1] != "__main__":
                found.append(name)
    return sorted(found)


@pytest.mark.parametrize("name", modules())
def test_doctests(name: str) -> None:
    """Every example in a docstring runs."""
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_a_wheel_holds_code_facts_units_and_schema(tmp_path: Path) -> None:
    """What is built is what is needed, and nothing at the top level but the package."""
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    )
    code = f"from setuptools.build_meta import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for wanted in ("mlsysim/py.typed", "mlsysim/plan/plan.schema.json", "mlsysim/symbolic/units.txt", "mlsysim/registry/index/models.json",
                   "mlsysim/registry/hardware/amd.yaml", "mlsysim/symbolic/kernels/_catalogue.py"):  # fmt: skip
        assert wanted in names
    assert {name.partition("/")[0] for name in names} == {"mlsysim", wheel.name.partition("-py3")[0] + ".dist-info"}
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    command = [sys.executable, "-m", "mlsysim", "eval", "Llama3_8B", "H100"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_extras_that_are_promised_exist() -> None:
    """``pip install ".[cli]"`` warns of nothing: the extra exists, and needs nothing beyond the package."""
    extras = PROJECT["project"]["optional-dependencies"]
    assert extras["cli"] == []
    assert "mcp" in extras


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_the_extras_that_their_packages_ask_for(lock: str) -> None:
    """Before release 23.3, pip takes the newest release of a package whose extra the lock does not name."""
    pinned = {
        canonicalize_name(line.name): line
        for text in (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        if "==" in text and (line := Requirement(text.partition(" --hash")[0].strip()))
    }
    for name in pinned:
        try:
            needs = [Requirement(need) for need in metadata.distribution(name).requires or ()]
        except metadata.PackageNotFoundError:  # of another platform
            continue
        for need in needs:
            if need.extras and (need.marker is None or need.marker.evaluate({"extra": ""})):
                assert need.extras <= pinned[canonicalize_name(need.name)].extras, f"{name} asks for {need}"
