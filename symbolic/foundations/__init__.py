"""What the walls stand on: the quantities bound from outside, the anatomy of a transformer, and longer arguments."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
