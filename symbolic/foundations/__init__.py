"""What the walls stand on: the quantities that are bound from outside, and the anatomy of a transformer."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
