"""A front as a picture of characters."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 60, 16


def scatter(points: Sequence[tuple[float, float]], across: str, up: str) -> str:
    """Points in a frame with their extreme values, on logarithmic axes where values span more than two decades.

    Args:
        points: pairs of values to show, to the right and upwards.
        across, up: what the axes show.

    >>> print(scatter([(1, 2), (2, 1)], "cost", "time").splitlines()[0])
    time
    """
    (left, right), (bottom, top) = ((min(values), max(values)) for values in zip(*points, strict=True))
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for x, y in points:
        grid[HEIGHT - 1 - _place(y, bottom, top, HEIGHT)][_place(x, left, right, WIDTH)] = "●"
    margin = max(len(f"{value:.4g}") for value in (bottom, top))
    lines = [up]
    for position, line in enumerate(grid):
        label = f"{top:.4g}" if position == 0 else f"{bottom:.4g}" if position == HEIGHT - 1 else ""
        lines.append(f"{label:>{margin}} │{''.join(line)}".rstrip())
    lines.append(f"{'':>{margin}} └{'─' * WIDTH}")
    end = f"{right:.4g}"
    lines.append(f"{'':>{margin}}  {left:<{WIDTH - len(end)}.4g}{end}  {across}")
    return "\n".join(lines)


def _place(value: float, low: float, high: float, cells: int) -> int:
    """The cell of a value between the least and the largest."""
    if low == high:
        return cells // 2
    if low > 0 and high / low > 100:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return min(cells - 1, int((value - low) / (high - low) * cells))
