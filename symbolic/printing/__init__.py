"""What the graph prints: equations as text and as LaTeX, derivations as pages.

Both back-ends walk the expression as its author wrote it, so products and sums keep their order.
"""

from mlsysim.symbolic.printing.expression import latex, text
from mlsysim.symbolic.printing.page import chain, derivation, worked_example

__all__ = ["chain", "derivation", "latex", "text", "worked_example"]
