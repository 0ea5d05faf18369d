"""Where a block that is being moved comes in line with others, and the lines that show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from nodes import colours

__all__ = ["Alignment", "aligned_with", "paint_lines", "to_grid"]


class Alignment(NamedTuple):
    """How far a block has to go to be in line, across and down (None: it is near nothing), and the lines there."""

    across: float | None
    down: float | None
    lines: tuple[QLineF, ...]


def aligned_with(moving: QRectF, others: Iterable[QRectF], reach: float) -> Alignment:
    """Return how a block comes in line with an edge or the middle of another one that is no farther than `reach`."""
    best: list[tuple[float, float, QRectF] | None] = [None, None]
    for other in others:
        for axis in (0, 1):
            for own, line in _pairs(_marks(moving, axis), _marks(other, axis)):
                by = line - own
                known = best[axis]
                if abs(by) <= reach and (known is None or abs(by) < abs(known[0])):
                    best[axis] = (by, line, other)
    across, down = (found[0] if found else None for found in best)
    moved = moving.translated(across or 0.0, down or 0.0)
    lines = []
    if best[0]:
        both = moved.united(best[0][2])
        lines.append(QLineF(best[0][1], both.top(), best[0][1], both.bottom()))
    if best[1]:
        both = moved.united(best[1][2])
        lines.append(QLineF(both.left(), best[1][1], both.right(), best[1][1]))
    return Alignment(across, down, tuple(lines))


def to_grid(value: float, grid: float) -> float:
    """Return how far a coordinate is from the nearest line of a grid."""
    return round(value / grid) * grid - value


def _marks(rect: QRectF, axis: int) -> tuple[float, float, float]:
    """Return both edges and the middle."""
    if axis == 0:
        return rect.left(), rect.right(), rect.center().x()
    return rect.top(), rect.bottom(), rect.center().y()


def _pairs(own: tuple[float, float, float], other: tuple[float, float, float]) -> list[tuple[float, float]]:
    """Return what may come in line: an edge with an edge, a middle with a middle."""
    return [*((mine, line) for mine in own[:2] for line in other[:2]), (own[2], other[2])]


def paint_lines(painter: QPainter, lines: Sequence[QLineF]) -> None:
    """Draw lines along which blocks are in line."""
    pen = QPen(colours.ACCENT, 1, Qt.PenStyle.DashLine)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.drawLines(list(lines))
