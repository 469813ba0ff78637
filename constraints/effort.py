"""What a search may spend: time, threads, and the seed under which it repeats."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mlsysim.symbolic.errors import InputError, UnprovenError

#: Threads of the solver, and the most that may be asked for.
WORKERS = 2
MOST_WORKERS = 64
#: Seconds that a search which is one of many always has.
MOMENT = 0.1
#: Called with the incumbent and the bound, in units of the goal's cost, whenever the solver finds a better design.
Watch = Callable[[float, float], None]


class OutOfTimeError(UnprovenError):
    """Raised where the time of a search ends before anything is known."""


@dataclass(frozen=True)
class Effort:
    """What a search may spend.

    Attributes:
        time_limit: seconds, for tables and solver together.
        seed: the same seed and workers give the same answer.
        workers: threads of the solver.
        watch: told of every better design that the solver finds.
        until: when the time is up, on the performance counter; the clock runs once the search has begun.
    """

    time_limit: float = 60.0
    seed: int = 1
    workers: int = WORKERS
    watch: Watch | None = None
    until: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what no search could do."""
        if not (math.isfinite(self.time_limit) and self.time_limit > 0):
            raise InputError(f"--time-limit: {self.time_limit:g} is not above 0", hint="give seconds, such as 60")
        if not (isinstance(self.workers, int) and 1 <= self.workers <= MOST_WORKERS):
            raise InputError(
                f"--workers: {self.workers} is not within 1 and {MOST_WORKERS}", hint="give threads, such as 4"
            )
        if not (isinstance(self.seed, int) and 0 <= self.seed < 2**31):
            raise InputError(f"--seed: {self.seed} is not within 0 and 2^31 - 1", hint="give a whole number, such as 1")

    def begun(self) -> Effort:
        """The same with its clock running; searches that belong together share it."""
        if math.isfinite(self.until):
            return self
        return replace(self, until=time.perf_counter() + self.time_limit)

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.until - time.perf_counter()

    def part(self, share: float) -> Effort:
        """The same, unwatched, for a share of the time that is left, and a moment at least."""
        return replace(self, watch=None, until=time.perf_counter() + max(MOMENT, share * self.left))

    def silent(self) -> Effort:
        """The same for a search that nobody watches."""
        return replace(self, watch=None)
