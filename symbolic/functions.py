"""Functions that kernels call: whole numbers, logarithms, and how often all servers of a queue are busy.

Each takes a float, an array of numpy, or a number with a slope (``dual.py``). Nothing here imports sympy or numpy.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

#: What Stirling's formula lacks of ln n!, for n up to 15; beyond, four terms of its series are exact to a float.
_SHORTFALL = tuple(
    math.lgamma(n + 1) - (n * math.log(n) - n + 0.5 * math.log(2 * math.pi * n)) if n else 0.0 for n in range(16)
)
#: Terms of a series that are smaller than this share of its sum change nothing.
_NEGLIGIBLE = 2.0**-56


def ceil(x: float) -> float:
    """The least whole number that is not below x; works for infinity.

    >>> ceil(2.5), ceil(3.0)
    (3.0, 3.0)
    """
    return float(-(-x // 1))


def floor(x: float) -> float:
    """The largest whole number that is not above x; works for infinity.

    >>> floor(2.5)
    2.0
    """
    return float(x // 1)


def log(x: Any) -> Any:
    """The natural logarithm; that of nothing is minus infinity.

    >>> log(math.e), log(0.0)
    (1.0, -inf)
    """
    if hasattr(x, "log"):
        return x.log()
    return math.log(x) if x else -math.inf


def exp(x: Any) -> Any:
    """The exponential.

    >>> exp(0.0)
    1.0
    """
    return x.exp() if hasattr(x, "exp") else math.exp(x)


def expm1(x: Any) -> Any:
    """The exponential less one, with all digits where x is small.

    >>> expm1(1e-20)
    1e-20
    """
    return x.expm1() if hasattr(x, "expm1") else math.expm1(x)


def erfinv(x: Any) -> Any:
    """The inverse of the error function.

    >>> round(erfinv(0.5), 12)
    0.476936276204
    """
    return x.erfinv() if hasattr(x, "erfinv") else NormalDist().inv_cdf((x + 1) / 2) / 2**0.5


def erlang_c(servers: Any, load: Any) -> Any:
    """The probability that a request finds all servers busy, when they are sent less than they can serve (Erlang C).

    Args:
        servers: a whole number of at least 1.
        load: servers that the work would keep busy; below ``servers``.

    >>> round(erlang_c(2.0, 1.0), 12), round(erlang_c(1.0, 0.3), 12)
    (0.333333333333, 0.3)
    """
    if not load:
        return 0.0
    whole = int(float(servers))
    shortfall = _SHORTFALL[whole] if whole < len(_SHORTFALL) else _series(float(whole))
    return _erlang(servers, load, log(load / servers), exp, float, shortfall)


def erfinv_of(numpy: Any) -> Any:
    """The inverse of the error function for arrays."""
    return numpy.vectorize(erfinv, otypes=[float])


def erlang_c_of(numpy: Any) -> Any:
    """Erlang C for arrays."""

    def of_arrays(servers: Any, load: Any) -> Any:
        servers, load = numpy.asarray(servers, dtype=float), numpy.minimum(load, servers)
        small = numpy.clip(servers, 0, len(_SHORTFALL) - 1).astype(int)
        shortfall = numpy.where(servers < len(_SHORTFALL), numpy.array(_SHORTFALL)[small], _series(servers))
        return _erlang(servers, load, numpy.log(load / servers), numpy.exp, numpy.max, shortfall)

    return of_arrays


def _series(n: Any) -> Any:
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / n**2) / n**2) / n**2) / n


def _erlang(servers: Any, load: Any, logarithm: Any, exponential: Any, largest: Any, shortfall: Any) -> Any:
    """Erlang C from the Poisson distribution of the load.

    A share ``at`` of it lies exactly at the number of servers, and ``beyond`` times that above; Erlang B is the first
    over all that is not above. No term overflows, and about ten times the root of the servers are added.
    """
    at = exponential(servers * logarithm + servers - load - shortfall) / (2 * math.pi * servers) ** 0.5
    beyond, term, ahead = 0.0, 1.0, 0
    while largest(term) > _NEGLIGIBLE:
        ahead += 1
        term = term * (load / (servers + ahead))
        beyond = beyond + term
    blocked = at / (1 - at * beyond)
    return blocked / (1 - load / servers * (1 - blocked))
