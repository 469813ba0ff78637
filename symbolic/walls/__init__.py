"""The walls, grouped by domain, one module each. A module that defines ``wall`` is a wall; nothing else lists them."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
