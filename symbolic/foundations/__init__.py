"""What the walls stand on: what is bound from outside, the anatomy of a transformer, the split, queues and topologies."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
