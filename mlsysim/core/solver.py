"""Layer E, execution and resolvers, in three tiers: ``models`` evaluate, ``solvers`` invert, ``optimizers`` search.

The functions are those of the package itself.

>>> from mlsysim.core.solver import models, optimizers, solvers
>>> import mlsysim
>>> models.evaluate is mlsysim.evaluate, solvers.synthesize is mlsysim.synthesize, optimizers.pareto is mlsysim.pareto
(True, True, True)
"""

from __future__ import annotations

from mlsysim import api


class _Models:
    """From a design to its numbers."""

    __slots__ = ()
    evaluate = staticmethod(api.evaluate)
    check = staticmethod(api.check)


class _Solvers:
    """From a number to what it depends on, and to the hardware that it needs."""

    __slots__ = ()
    sensitivity = staticmethod(api.sensitivity)
    synthesize = staticmethod(api.synthesize)


class _Optimizers:
    """From a plan with open decisions to the best design, or to the front of several metrics."""

    __slots__ = ()
    optimize = staticmethod(api.optimize)
    pareto = staticmethod(api.pareto)


models, solvers, optimizers = _Models(), _Solvers(), _Optimizers()
__all__ = ["models", "optimizers", "solvers"]
