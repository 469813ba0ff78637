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
    columns, rows = ([point[axis] for point in points] for axis in (0, 1))
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for x, y in points:
        grid[HEIGHT - 1 - _place(y, rows, HEIGHT)][_place(x, columns, WIDTH)] = "●"
    margin = max(len(f"{value:.4g}") for value in (min(rows), max(rows)))
    lines = [up]
    for position, line in enumerate(grid):
        label = f"{max(rows):.4g}" if position == 0 else f"{min(rows):.4g}" if position == HEIGHT - 1 else ""
        lines.append(f"{label:>{margin}} │{''.join(line)}".rstrip())
    lines.append(f"{'':>{margin}} └{'─' * WIDTH}")
    right = f"{max(columns):.4g}"
    lines.append(f"{'':>{margin}}  {min(columns):<{WIDTH - len(right)}.4g}{right}  {across}")
    return "\n".join(lines)


def _place(value: float, values: Sequence[float], cells: int) -> int:
    """The cell of a value between the least and the largest."""
    low, high = min(values), max(values)
    if low == high:
        return cells // 2
    if low > 0 and high / low > 100:
        low, high, value = math.log(low), math.log(high), math.log(value)
    return min(cells - 1, int((value - low) / (high - low) * cells))
