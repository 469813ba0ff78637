"""What a search may spend: time or work, threads, the gap that is near enough, and the seed under which it repeats."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mlsysim.symbolic.errors import InputError, UnprovenError

#: Threads of the solver, and the most that may be asked for.
WORKERS = 2
MOST_WORKERS = 64
#: Seconds that a search which is one of many always has.
MOMENT = 0.1
#: Characters of a share.
LONGEST = 40
#: Called with the incumbent and the bound, in units of the goal's cost, whenever the solver finds a better design.
Watch = Callable[[float, float], None]


class OutOfTimeError(UnprovenError):
    """Raised where the time of a search ends before anything is known."""


class Clock:
    """Seconds of the wall clock. Searches that belong together share a clock, and Ctrl-C stops it for all of them."""

    #: Whether it counts work, the same on every machine.
    counts = False

    def __init__(self) -> None:
        self.interrupted = False

    def now(self) -> float:
        """Seconds since some moment in the past."""
        return time.perf_counter()

    def count(self, seconds: float) -> None:
        """Add work, in seconds that it takes about; the wall clock runs by itself."""


class WorkClock(Clock):
    """Seconds of work: rows of tables, steps of prices and CP-SAT's deterministic time, however busy the machine is."""

    counts = True

    def __init__(self) -> None:
        super().__init__()
        self.spent = 0.0

    def now(self) -> float:
        """Work done so far."""
        return self.spent

    def count(self, seconds: float) -> None:
        """Add work, in seconds that it takes about."""
        self.spent += seconds


@dataclass(frozen=True)
class Effort:
    """What a search may spend.

    Attributes:
        time_limit: seconds, for tables and solver together.
        seed: the same seed and workers give the same answer.
        workers: threads of the solver.
        watch: told of every better design that the solver finds.
        gap: the relative distance from the bound at which a design is near enough and the search ends; 0 to 1.
        work_limit: seconds of work that end the search instead of ``time_limit``, at the same design on every machine
            where there is one worker.
        clock: what measures that; it runs once the search has begun.
        until: the clock's reading at which the search ends.
    """

    time_limit: float = 60.0
    seed: int = 1
    workers: int = WORKERS
    watch: Watch | None = None
    gap: float = 0.0
    work_limit: float | None = None
    clock: Clock = field(default_factory=Clock, compare=False)
    until: float = math.inf

    def __post_init__(self) -> None:
        """Refuse what no search could do."""
        for name, limit in (("--time-limit", self.time_limit), ("work_limit", self.work_limit)):
            if limit is not None and not (math.isfinite(limit) and limit > 0):
                raise InputError(f"{name}: {limit:g} is not above 0", hint="give seconds, such as 60")
        if not (isinstance(self.workers, int) and 1 <= self.workers <= MOST_WORKERS):
            raise InputError(
                f"--workers: {self.workers} is not within 1 and {MOST_WORKERS}", hint="give threads, such as 4"
            )
        if not (isinstance(self.seed, int) and 0 <= self.seed < 2**31):
            raise InputError(f"--seed: {self.seed} is not within 0 and 2^31 - 1", hint="give a whole number, such as 1")
        if not 0 <= self.gap <= 1:
            raise InputError(f"--gap: {self.gap:g} is not a share from 0 to 1", hint="write 0.5% or 0.005")

    def begun(self) -> Effort:
        """The same with its clock running; searches that belong together share it."""
        if math.isfinite(self.until):
            return self
        clock = Clock() if self.work_limit is None else WorkClock()
        limit = self.time_limit if self.work_limit is None else self.work_limit
        return replace(self, clock=clock, until=clock.now() + limit)

    @property
    def left(self) -> float:
        """Seconds that are left; none after Ctrl-C."""
        return 0.0 if self.clock.interrupted else self.until - self.clock.now()

    def go_on(self) -> None:
        """Return where the search may go on.

        Raises:
            OutOfTimeError: the time is up.
            KeyboardInterrupt: Ctrl-C ended a search that this one belongs to.
        """
        if self.clock.interrupted:
            raise KeyboardInterrupt
        if self.left < 0:
            raise OutOfTimeError("the time is up", hint="give more with --time-limit")

    def enough(self, gap: float | None) -> bool:
        """Whether a gap is what was asked for; never where none was."""
        return gap is not None and self.gap > 0 and gap <= self.gap * (1 + 1e-9)

    def exit_code(self, status: str, gap: float | None) -> int:
        """The exit code of a search: 0 where its answer is proven, or as near as was asked for, else 5."""
        return 0 if status == "optimal" or self.enough(gap) else 5

    def part(self, share: float) -> Effort:
        """The same, unwatched and exact, for a share of the time that is left, and a moment at least."""
        return replace(self.silent(), until=self.clock.now() + max(MOMENT, share * self.left))

    def silent(self) -> Effort:
        """The same for a search that nobody watches and that must be exact."""
        return replace(self, watch=None, gap=0.0)


def share(text: float | str, what: str = "--gap") -> float:
    """A share, as a number or with a percent sign.

    >>> share("0.5%"), share("0.5 %"), share("0.005"), share(0.005)
    (0.005, 0.005, 0.005, 0.005)

    Raises:
        InputError: it is no number.
    """
    words = str(text).strip()
    try:
        if len(words) > LONGEST:
            raise ValueError
        return float(words.removesuffix("%")) / 100 if words.endswith("%") else float(words)
    except ValueError:
        raise InputError(f"{what}: {words[:LONGEST]!r} is no share", hint="write 0.5% or 0.005") from None
