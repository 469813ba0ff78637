"""Importing physics as it was written: sums and products keep their author's order."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

import sympy


def load(package: str, path: list[str]) -> tuple[ModuleType, ...]:
    """Import every module below a package while sympy's automatic evaluation is switched off.

    The packages of physics call this for themselves, so that a module imported by name was written the same way.
    """
    found = []
    for info in pkgutil.walk_packages(path, package + "."):
        with sympy.evaluate(False):
            module = import_module(info.name)
        if not info.ispkg:
            found.append(module)
    return tuple(found)
