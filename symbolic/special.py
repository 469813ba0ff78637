"""Functions that equations use and sympy does not have, each with the formula that it stands for."""

from __future__ import annotations

from typing import Any

import sympy


class ErlangC(sympy.Function):
    """The probability that a request finds all ``c`` servers busy under a load of ``a`` (Erlang 1917).

    >>> ErlangC(2, sympy.Integer(1)).doit()
    1/3
    """

    nargs = 2

    def doit(self, **hints: Any) -> Any:
        """The formula, summed up."""
        servers, load = self.args
        state = sympy.Dummy("i", integer=True, nonnegative=True)
        waiting = load**servers / (sympy.factorial(servers) * (1 - load / servers))
        fewer = sympy.Sum(load**state / sympy.factorial(state), (state, 0, servers - 1))
        return (waiting / (fewer + waiting)).doit(**hints)
