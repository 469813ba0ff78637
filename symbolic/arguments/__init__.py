"""The longer arguments of the walls, a folder for each wall; the wall's own file says which laws it takes from them."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
