"""Plans: what a person writes in YAML, its form, what is wrong with it in words, and what it may write shorter."""

from __future__ import annotations

from mlsysim.plan.reading import LoadedPlan, PlanError, exists, load, loads, plain

__all__ = ["LoadedPlan", "PlanError", "exists", "load", "loads", "plain"]
