"""A small map of the whole graph in a corner of the canvas: where the view is, and a way to move it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from nodes import colours
from nodes.viewer import CanvasView

__all__ = ["Minimap"]

_MARGIN, _INSIDE = 12, 6
# In lines of text, so that it grows with the interface.
_WIDE, _HIGH = 14, 9


class Minimap(QWidget):
    """Draws the rectangles of blocks that `rects` gives; it is there only while some of them are out of sight."""

    def __init__(self, view: CanvasView, rects: Callable[[], Iterable[QRectF]]) -> None:
        super().__init__(view)
        self._view, self._rects = view, rects
        self._blocks: list[QRectF] = []
        self._whole = QRectF()
        # The blocks as they are drawn: that takes longer than the frame of the canvas below, and they seldom change.
        self._picture: QPixmap | None = None
        self._on = True
        self.setToolTip("The whole graph: click or drag to go there")
        self.setAccessibleName("Minimap")
        view.range_changed.connect(self._follow)
        view.installEventFilter(self)
        self.hide()

    @property
    def on(self) -> bool:
        """Whether it is to be shown."""
        return self._on

    def switch(self, on: bool) -> None:
        """Let it be shown from now on, or not."""
        self._on = on
        self._follow()

    def refresh(self) -> None:
        """Take the blocks as they are now."""
        self._blocks, self._whole = list(self._rects()), QRectF()
        for rect in self._blocks:
            self._whole = self._whole.united(rect)
        self._picture = None
        self._follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the view changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._follow()
        return False

    def whole(self) -> QRectF:
        """Return the part of the scene that is drawn: all blocks."""
        return self._whole

    def _follow(self) -> None:
        whole = self.whole()
        hidden = not whole.isEmpty() and not self._view.scene_range().contains(whole)
        line = self.fontMetrics().height()
        size = self._view.size()
        fits = size.width() > 3 * _WIDE * line and size.height() > 2 * _HIGH * line
        self.setVisible(self._on and hidden and fits)
        if self.isVisible():
            left, top = size.width() - _WIDE * line - _MARGIN, size.height() - _HIGH * line - _MARGIN
            self.setGeometry(left, top, _WIDE * line, _HIGH * line)
            self.update()

    def _scale(self, whole: QRectF) -> tuple[float, QPointF]:
        """Return how large a unit of the scene is drawn, and where the scene's origin lies."""
        room = QRectF(self.rect()).adjusted(_INSIDE, _INSIDE, -_INSIDE, -_INSIDE)
        scale = min(room.width() / whole.width(), room.height() / whole.height())
        return scale, room.center() - whole.center() * scale

    def to_scene(self, point: QPointF) -> QPointF:
        """Return the place on the scene that a place of the map stands for."""
        scale, origin = self._scale(self.whole())
        return (point - origin) / scale

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the map."""
        whole = self.whole()
        if whole.isEmpty():
            return
        scale, origin = self._scale(whole)
        painter = QPainter(self)
        painter.setOpacity(0.92)
        if self._picture is None:
            self._picture = self._draw(scale, origin)
        painter.drawPixmap(0, 0, self._picture)
        painter.setPen(QPen(colours.ACCENT, 1.5))
        painter.setBrush(colours.faint(colours.ACCENT, 40))
        seen = _drawn(self._view.scene_range(), scale, origin)
        painter.drawRect(seen.intersected(QRectF(self.rect()).adjusted(1, 1, -2, -2)))
        painter.end()

    def _draw(self, scale: float, origin: QPointF) -> QPixmap:
        """Return the map without what is seen of it."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setPen(QPen(colours.BLOCK_BORDER, 1))
        painter.setBrush(colours.LABEL)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.BLOCK_BORDER)
        painter.translate(origin)
        painter.scale(scale, scale)
        painter.drawRects(self._blocks)
        painter.end()
        return picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw at another size."""
        super().resizeEvent(event)
        self._picture = None

    def changeEvent(self, event: QEvent) -> None:
        """Draw in another look."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._picture = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Bring what is pressed to the middle of the view."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._view.pan_to(self.to_scene(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the view follow."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._view.pan_to(self.to_scene(event.position()))


def _drawn(rect: QRectF, scale: float, origin: QPointF) -> QRectF:
    return QRectF(rect.topLeft() * scale + origin, rect.size() * scale)
