"""Equations: quantities with units, checked derivations, the graph, and what is made from it.

Nothing is imported before it is used, so that reading a fact or running a kernel does not pay for algebra.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

if __name__ != "mlsysim.symbolic":
    raise ImportError("this package is mlsysim.symbolic; import it by that name")

_WHERE = {
    "Condition": "wall", "Equation": "equation", "Graph": "graph", "Quantity": "quantity", "Step": "rules", "Wall": "wall",
    "catalogue": "kernels", "chapters": "graph", "graph": "graph", "kernel": "kernels", "latex": "printing",
    "text": "printing", "wall": "graph",
}  # fmt: skip
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
