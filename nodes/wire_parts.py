"""A long wire is drawn in parts.

Qt keeps what an item draws and copies it into the next frame, but what is larger than the view it makes anew in each:
three wires along a column of blocks took as long as all else of a frame. In parts a wire also takes less memory, and
copying it less time, as most of the rectangle about a slanted curve is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

__all__ = ["WireParts", "bands"]

# In scene units: a wire that reaches farther is drawn in parts of about this much.
_LONG, _PART = 500.0, 250.0


def bands(path: QPainterPath, margin: float) -> list[QRectF]:
    """Return rectangles that follow a curve along its longer side, `margin` around it; none where it is not long.

    Each has its own piece of that side and is as narrow as the curve is there; together they hold all of the curve.
    """
    whole = path.boundingRect()
    if max(whole.width(), whole.height()) <= _LONG:
        return []
    tall = whole.height() > whole.width()
    first, length = (whole.top(), whole.height()) if tall else (whole.left(), whole.width())
    count = round(length / _PART)
    step = length / count
    spans: list[tuple[float, float] | None] = [None] * count
    for a, b in _lines(path):
        if not tall:
            a, b = QPointF(a.y(), a.x()), QPointF(b.y(), b.x())
        if a.y() > b.y():
            a, b = b, a
        begin, end = (min(max(int((at - first) / step), 0), count - 1) for at in (a.y(), b.y()))
        for index in range(begin, end + 1):
            ends = [_across(a, b, at) for at in (first + index * step, first + (index + 1) * step)]
            known = spans[index] or (ends[0], ends[0])
            spans[index] = min(*ends, known[0]), max(*ends, known[1])
    found = []
    for index, span in enumerate(spans):
        if span is None:
            continue
        # The first and the last have room for the ends of the pen.
        begins = first + index * step - (margin if index == 0 else 0)
        ends_at = first + (index + 1) * step + (margin if index == count - 1 else 0)
        low, high = span[0] - margin, span[1] + margin
        found.append(
            QRectF(QPointF(low, begins), QPointF(high, ends_at))
            if tall
            else QRectF(QPointF(begins, low), QPointF(ends_at, high))
        )
    return found


def _lines(path: QPainterPath) -> Iterator[tuple[QPointF, QPointF]]:
    for polygon in path.toSubpathPolygons():
        yield from pairwise(polygon)


def _across(a: QPointF, b: QPointF, at: float) -> float:
    """Return where a line that goes down from `a` to `b` is at a height, or at its end that is nearer to it."""
    if b.y() == a.y():
        return b.x()
    part = min(max((at - a.y()) / (b.y() - a.y()), 0.0), 1.0)
    return a.x() + part * (b.x() - a.x())


class WireParts:
    """The items that draw a wire in its place; none where it draws itself."""

    def __init__(self, wire: QGraphicsItem, paint: Callable[[QPainter], None]) -> None:
        self._wire, self._paint = wire, paint
        self._items: list[_Part] = []

    def show(self, areas: Sequence[QRectF]) -> None:
        """Draw the wire in these parts of its coordinates, which it does itself where there are none."""
        for item in self._items[len(areas) :]:
            item.setParentItem(None)
            if item.scene() is not None:
                item.scene().removeItem(item)
        del self._items[len(areas) :]
        self._items += [_Part(self._wire, self._paint) for _ in areas[len(self._items) :]]
        for item, area in zip(self._items, areas, strict=True):
            item.setRect(area)
            item.update()
        self._wire.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, bool(areas))

    def update(self) -> None:
        """Have them drawn anew."""
        for item in self._items:
            item.update()


class _Part(QGraphicsRectItem):
    """A part of a wire. It is nothing that a mouse can find: the wire is."""

    def __init__(self, wire: QGraphicsItem, paint: Callable[[QPainter], None]) -> None:
        super().__init__(wire)
        self._paint = paint
        # Without a pen its rectangle is all that it takes, which Qt then does not ask Python for.
        self.setPen(Qt.PenStyle.NoPen)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def shape(self) -> QPainterPath:
        return QPainterPath()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setClipRect(self.rect(), Qt.ClipOperation.IntersectClip)
        self._paint(painter)
