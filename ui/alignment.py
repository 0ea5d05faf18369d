"""Blocks in line, and blocks at equal distances. Nothing here touches Qt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = ["Side", "aligned", "spread"]

Point = tuple[float, float]
Side = Literal["left", "right", "top", "bottom", "middle", "centre"]
# The axis of a side, and the part of a block's extent that lies on the line.
_SIDES: dict[Side, tuple[int, float]] = {
    "left": (0, 0.0),
    "centre": (0, 0.5),
    "right": (0, 1.0),
    "top": (1, 0.0),
    "middle": (1, 0.5),
    "bottom": (1, 1.0),
}
_GRID = 4


def aligned(places: Mapping[str, Point], sizes: Mapping[str, Point], side: Side) -> dict[str, Point]:
    """Return places in which a side of all blocks is on one line: the outermost of them, or the mean of the middles."""
    axis, part = _SIDES[side]
    lines = {name: places[name][axis] + part * sizes[name][axis] for name in places}
    if not lines:
        return {}
    line = {0.0: min, 1.0: max}[part](lines.values()) if part != 0.5 else sum(lines.values()) / len(lines)
    return {name: _moved(places[name], axis, line - part * sizes[name][axis]) for name in places}


def spread(places: Mapping[str, Point], sizes: Mapping[str, Point], axis: int) -> dict[str, Point]:
    """Return places with equal gaps along an axis (0: across, 1: down); the outermost two stay.

    Where there is no room between them for all the others, the gaps are as equal as they can be without less than none.
    """
    order = sorted(places, key=lambda name: (places[name][axis], name))
    if len(order) < 3:
        return dict(places)
    first, last = order[0], order[-1]
    begin, end = places[first][axis], places[last][axis] + sizes[last][axis]
    gap = max((end - begin - sum(sizes[name][axis] for name in order)) / (len(order) - 1), 0.0)
    found, at = {}, begin
    for name in order:
        found[name] = _moved(places[name], axis, at)
        at += sizes[name][axis] + gap
    return found


def _moved(place: Point, axis: int, value: float) -> Point:
    snapped = float(round(value / _GRID) * _GRID)
    return (snapped, place[1]) if axis == 0 else (place[0], snapped)
