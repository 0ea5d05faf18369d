"""What the blocks lie on: the colour of the canvas and the dots of its grid."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap, QTransform

from nodes import colours

__all__ = ["Ground"]

# Pixels of the screen: a dot of the grid, and the least from one to the next.
_DOT, _LEAST_PITCH = 2.0, 11.0


class Ground:
    """Draws the ground of a view. It is drawn once and moved under the scene: a third of a frame would be dots."""

    def __init__(self) -> None:
        self._kept = QPixmap()
        self._drawn: tuple[object, ...] = ()

    def paint(self, painter: QPainter, shown: QTransform, exposed: QRectF, size: QSize, pitch: float) -> None:
        """Draw a part of the scene, `exposed` in its units, with dots each `pitch` units; fewer at a small scale.

        `shown` is the view's transform from the scene to its pixels, and `size` of how many pixels it is.
        """
        step = pitch * shown.m11()
        while step < _LEAST_PITCH:
            step *= 5
        ratio = painter.device().devicePixelRatioF()
        wanted = (step, size.toTuple(), ratio, colours.BACKGROUND.name(), colours.GRID.name())
        if wanted != self._drawn:
            self._kept, self._drawn = _dots(size, step, ratio), wanted
        # The first dot is left of and above the view, at most a step away.
        origin = shown.map(QPointF(0, 0))
        first = QPointF(round(origin.x() % step - step), round(origin.y() % step - step))
        target = QRectF(shown.mapRect(exposed).toAlignedRect())
        source = target.translated(-first)
        painter.setWorldMatrixEnabled(False)
        painter.drawPixmap(target, self._kept, QRectF(source.topLeft() * ratio, source.size() * ratio))
        painter.setWorldMatrixEnabled(True)


def _dots(size: QSize, step: float, ratio: float) -> QPixmap:
    """Return a picture of the ground, a step larger than the view."""
    room = math.ceil(step) + 1
    wide, high = size.width() + room, size.height() + room
    picture = QPixmap(math.ceil(wide * ratio), math.ceil(high * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(colours.BACKGROUND)
    # A row of dots is a dashed line.
    pen = QPen(colours.GRID, _DOT)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([1.0, step / _DOT - 1.0])
    painter = QPainter(picture)
    painter.setPen(pen)
    painter.drawLines([QLineF(0, row * step, wide, row * step) for row in range(int(high / step) + 1)])
    painter.end()
    return picture
