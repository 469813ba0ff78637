"""Queues let run: every request by itself, in order of arrival, with replications to know the error."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy

#: Times of a number of requests.
Draw = Callable[[numpy.random.Generator, int], numpy.ndarray]


@dataclass(frozen=True)
class Measured:
    """The mean of independent runs and its standard error."""

    mean: float
    error: float

    def agrees(self, expected: float, *, also: float = 0.0) -> bool:
        """Whether the expected value lies within 3.5 standard errors (1 in 2000), and what an approximation may miss."""
        return abs(self.mean - expected) <= 3.5 * self.error + also


def measured(runs: list[float]) -> Measured:
    """The mean over independent runs."""
    values = numpy.array(runs)
    return Measured(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))


def exponential(mean: float) -> Draw:
    """Times that do not remember."""
    return lambda generator, size: generator.exponential(mean, size)


def fixed(length: float) -> Draw:
    """Times that are always the same."""
    return lambda generator, size: numpy.full(size, length)


def erlang(mean: float, stages: int) -> Draw:
    """Times with a squared spread of one over the stages."""
    return lambda generator, size: generator.gamma(stages, mean / stages, size)


def two_kinds(mean: float, square_spread: float) -> Draw:
    """Short and long services (hyperexponential with balanced means)."""
    short = (1 + math.sqrt((square_spread - 1) / (square_spread + 1))) / 2

    def draw(generator: numpy.random.Generator, size: int) -> numpy.ndarray:
        is_short = generator.random(size) < short
        return numpy.where(is_short, mean / (2 * short), mean / (2 * (1 - short))) * generator.exponential(1.0, size)

    return draw


def waits(seed: int, between: Draw, service: Draw, servers: int, requests: int, first: int = 0) -> numpy.ndarray:
    """The waits of a run's requests, without the first ones, which find the queue empty."""
    generator = numpy.random.default_rng(seed)
    gaps, lengths = between(generator, requests), service(generator, requests)
    if servers == 1:
        # Lindley: the wait is how far the work brought since the lowest point exceeds the time since then.
        walk = numpy.concatenate(([0.0], numpy.cumsum(lengths[:-1] - gaps[1:])))
        return (walk - numpy.minimum.accumulate(walk))[first:]
    free = [0.0] * servers
    clock, found = 0.0, []
    for gap, length in zip(gaps.tolist(), lengths.tolist(), strict=True):
        clock += gap
        start = max(clock, free[0])
        heapq.heapreplace(free, start + length)
        found.append(start - clock)
    return numpy.array(found)[first:]


def replications(
    between: Draw, service: Draw, servers: int = 1, *, runs: int = 24, requests: int = 30_000, seed: int = 1
) -> list[numpy.ndarray]:
    """Independent runs; the first fifth of each is left out."""
    return [waits(1000 * seed + run, between, service, servers, requests, requests // 5) for run in range(runs)]
