"""An engine that batches continuously, simulated step by step: what serving is compared with."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Served:
    """Times from arrival, sorted: to the first token and to the last; requests finished per second; gaps between tokens,
    sorted; and the shares of time in which anybody is there, and of steps in which a prompt rides.
    """

    first: list[float]
    last: list[float]
    rate: float
    gaps: list[float]
    running: float
    riding: float

    @staticmethod
    def at(times: list[float], share: float) -> float:
        """The time that a share does not exceed."""
        return times[int(len(times) * share)]


def serve(
    arrivals: float,
    slots: int,
    chunks: int,
    answers: int,
    decode: float,
    chunk: float,
    *,
    requests: int = 5000,
    seed: int = 1,
) -> Served:
    """Serve random arrivals with one replica; the first tenth is left out.

    Args:
        arrivals: per second; infinite for a replica that never waits for work.
        slots: requests at once.
        chunks: steps that a prompt takes, one prompt at a time.
        answers: further tokens of a request, one for each step.
        decode, chunk: seconds of a step, and what a chunk adds to one.
    """
    draw = random.Random(seed)
    saturated = arrivals == float("inf")
    now, arrival = 0.0, 0.0 if saturated else draw.expovariate(arrivals)
    waiting: deque[float] = deque()
    reading: deque[list[float]] = deque()
    answering: list[list[float]] = []
    first: list[float] = []
    last: list[float] = []
    warm = idle = 0.0
    gaps: list[float] = []
    steps = rides = 0
    while len(last) < requests:
        while not saturated and arrival <= now:
            waiting.append(arrival)
            arrival += draw.expovariate(arrivals)
        while len(reading) + len(answering) < slots and (saturated or waiting):
            reading.append([now if saturated else waiting.popleft(), chunks])
        if not reading and not answering:
            idle += arrival - now
            now = arrival
            continue
        step = decode + (chunk if reading else 0.0)
        now, steps, rides = now + step, steps + 1, rides + bool(reading)
        gaps += [step] * len(answering)
        for request in answering:
            request[1] -= 1
        last += [now - request[0] for request in answering if request[1] == 0]
        answering = [request for request in answering if request[1]]
        if reading:
            reading[0][1] -= 1
            if reading[0][1] == 0:
                came = reading.popleft()[0]
                first.append(now - came)
                answering.append([came, answers])
        if len(last) <= requests // 10:
            warm, before = now, len(last)
    keep = requests // 10
    rate = (len(last) - before) / (now - warm)
    return Served(sorted(first[keep:]), sorted(last[keep:]), rate, sorted(gaps), 1 - idle / now, rides / steps)
