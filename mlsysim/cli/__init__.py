"""The command line: ``mlsysim``."""

from __future__ import annotations

from mlsysim.cli.main import main

__all__ = ["main"]
