"""Evaluators and searches by tier: :mod:`mlsysim.core.solver`."""

from __future__ import annotations

from mlsysim.core import solver

__all__ = ["solver"]
