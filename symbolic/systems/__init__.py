"""How the walls add up: one module for each kind of system, from the times of the walls to the metrics."""

from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
