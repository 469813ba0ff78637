"""Decisions: limits on metrics, feasibility, and the compiler from equations to integer programs."""

from __future__ import annotations

if __name__ != "mlsysim.constraints":
    raise ImportError("this package is mlsysim.constraints; import it by that name")
