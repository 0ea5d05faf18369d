"""A whole graph drawn small: rectangles and curves, all of one colour at once, and names where there is room.

Where the scale leaves no text to read, asking thousands of items to paint themselves takes longer than the picture
does. The items stay what the mouse finds; only their painting is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem

from nodes import colours
from nodes.block import BlockItem
from nodes.metrics import HEADER_HEIGHT, font
from nodes.pipe import WireItem, WireLabel

__all__ = ["Overview"]

# In pixels of the screen, whatever the scale.
_WIRE, _STRONG = 1.0, 2.0
# The size of names in pixels of the screen, and the least width of a block that has one.
_NAME, _LEAST_NAME = 10, 28.0


class Overview:
    """What is drawn, by colour. It is gathered anew from the items after `changed`."""

    def __init__(self) -> None:
        self._stale = True
        self._rectangles: dict[str, list[QRectF]] = {}
        self._frames: dict[str, list[QRectF]] = {}
        self._curves: dict[tuple[str, bool, bool], QPainterPath] = {}
        self._names: list[tuple[QRectF, str]] = []
        self._others: list[QGraphicsItem] = []

    def changed(self) -> None:
        """Note that items came, went, moved, or look different."""
        self._stale = True

    def paint(self, painter: QPainter, scene: QGraphicsScene) -> None:
        """Draw a scene in its own coordinates."""
        if self._stale:
            self._gather(item for item in scene.items() if item.parentItem() is None)
            self._stale = False
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_others(painter, behind=True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (name, broken, strong), path in self._curves.items():
            painter.setPen(_pen(QColor(name), _STRONG if strong else _WIRE, broken))
            painter.drawPath(path)
        for name, rectangles in self._rectangles.items():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(name))
            painter.drawRects(rectangles)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for name, frames in self._frames.items():
            painter.setPen(_pen(QColor(name), _STRONG))
            painter.drawRects(frames)
        self._paint_others(painter, behind=False)

    def paint_names(self, painter: QPainter, transform: QTransform, exposed: QRect) -> None:
        """Write the names of blocks in their heads, in pixels of the screen, where there is room for some letters."""
        metrics = QFontMetrics(font(_NAME, True))
        if HEADER_HEIGHT * transform.m22() < metrics.capHeight() + 1:
            return
        painter.setFont(font(_NAME, True))
        painter.setPen(colours.BACKGROUND)
        for rect, name in self._names:
            place = transform.mapRect(rect)
            if place.width() < _LEAST_NAME or place.height() < metrics.capHeight() + 1:
                continue
            if place.intersects(QRectF(exposed)):
                text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(place.width()) - 4)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)

    def _paint_others(self, painter: QPainter, behind: bool) -> None:
        """Let what is neither block nor wire paint itself: there is little of it."""
        option = QStyleOptionGraphicsItem()
        for item in self._others:
            if item.isVisible() and (item.zValue() < 0) == behind:
                painter.save()
                painter.setTransform(item.sceneTransform(), True)
                option.exposedRect = item.boundingRect()  # type: ignore[attr-defined]
                item.paint(painter, option, None)
                painter.restore()

    def _gather(self, items: Iterable[QGraphicsItem]) -> None:
        rectangles, frames = defaultdict[str, list[QRectF]](list), defaultdict[str, list[QRectF]](list)
        curves: dict[tuple[str, bool, bool], QPainterPath] = defaultdict(QPainterPath)
        self._others, self._names = [], []
        for item in items:
            if isinstance(item, BlockItem):
                self._names.append((_head(item), item.spec.title))
                _gather_block(item, rectangles, frames)
            elif isinstance(item, WireItem):
                strong = item.isSelected()
                colour = colours.ACCENT if strong else item.colour
                curves[colour.name(), item.spec.broken, strong].addPath(item.path())
            elif not isinstance(item, WireLabel):
                self._others.append(item)
        self._rectangles, self._frames, self._curves = rectangles, frames, curves


def _gather_block(item: BlockItem, rectangles: dict[str, list[QRectF]], frames: dict[str, list[QRectF]]) -> None:
    spec, at = item.spec, item.pos()
    whole = QRectF(at.x(), at.y(), item.width, item.height)
    kind = (colours.MUTED if spec.disabled else colours.kind_colour(spec.kind)).name()
    if spec.kind in ("input", "output"):
        rectangles[kind].append(whole)
    else:
        rectangles[colours.BLOCK_BORDER.name()].append(whole)
        rectangles[kind].append(_head(item))
    if item.isSelected():
        frames[colours.ACCENT.name()].append(whole)
    elif spec.level in ("error", "warning"):
        frames[colours.level_colour(spec.level).name()].append(whole)


def _head(item: BlockItem) -> QRectF:
    """Return the part of a block in the colour of its kind."""
    return QRectF(item.pos().x(), item.pos().y(), item.width, min(HEADER_HEIGHT, item.height))


def _pen(colour: QColor, width: float, broken: bool = False) -> QPen:
    pen = QPen(colour, width, Qt.PenStyle.DashLine if broken else Qt.PenStyle.SolidLine)
    pen.setCosmetic(True)
    return pen
