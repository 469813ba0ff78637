"""The walls, a folder each, by domain. A module that defines ``wall`` is a wall; nothing else lists them.

Waiting rests on how a serving system adds up, so systems are imported first.
"""

from mlsysim.symbolic import systems  # noqa: F401
from mlsysim.symbolic.authoring import load

MODULES = load(__name__, __path__)
