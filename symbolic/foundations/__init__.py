"""What the walls stand on: what is bound from outside, the anatomy of a transformer, and the walls' longer arguments."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
