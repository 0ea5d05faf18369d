"""A frame around a part of the window, for a moment, that says: here."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from nodes import colours

__all__ = ["Spotlight"]

_SHOWN_MS, _WIDTH = 3000, 3


class Spotlight(QWidget):
    """Lies over a window and lets the mouse through."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_at(self, widget: QWidget, part: QRect | None = None) -> None:
        """Frame a widget of the window, or a part of it (in its own coordinates)."""
        # What is scrolled out of view is not there to be seen.
        within = (part or widget.rect()) & widget.visibleRegion().boundingRect()
        corner = widget.mapTo(self.window(), QPoint(within.topLeft()))
        self.setGeometry(QRect(corner, within.size()).adjusted(-_WIDTH, -_WIDTH, _WIDTH, _WIDTH))
        self.raise_()
        self.show()
        self._timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colours.WARNING, _WIDTH))
        painter.drawRoundedRect(self.rect().adjusted(2, 2, -2, -2), 6, 6)
        painter.end()
