"""The cycles along a chart: how wide one is, which is at the left, and the marks at the starts of iterations."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QObject, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF

from nodes import colours

if TYPE_CHECKING:
    from allo_studio.hardware.view import Piece

__all__ = ["CycleAxis"]

# Pixels: a cycle that is drawn without zoom, the room at the sides, and what marks and numbers keep between them.
_NARROWEST, _WIDEST, _MARGIN, _BETWEEN_MARKS, _BETWEEN_NUMBERS = 5.0, 26.0, 8, 7, 34
_LARGEST = 96.0


class CycleAxis(QObject):
    """Maps cycles to pixels from a chart's left edge. Without zoom all cycles are in view where there is room."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cycles, self.width, self.offset = 0, 0, 0
        self._scale = 1.0

    @property
    def cell(self) -> float:
        """The width of a cycle in pixels."""
        room = max(self.width - 2 * _MARGIN, 1) / max(self.cycles, 1)
        fit = min(max(room, _NARROWEST), _WIDEST)
        return min(fit * self._scale, _LARGEST)

    @property
    def furthest(self) -> int:
        """The offset at which the last cycle is in view."""
        return max(0, ceil(self.cycles * self.cell + 2 * _MARGIN) - self.width)

    def at(self, cycle: float) -> float:
        """Return the place of a cycle's start."""
        return _MARGIN + cycle * self.cell - self.offset

    def shown(self) -> range:
        """Return the cycles that are in view, whole or in part."""
        first = max(0, floor((self.offset - _MARGIN) / self.cell))
        return range(first, min(self.cycles, ceil((self.offset + self.width - _MARGIN) / self.cell)) + 1)

    def reset(self, cycles: int) -> None:
        """Show other cycles from the first on."""
        self.cycles, self.offset, self._scale = cycles, 0, 1.0
        self.changed.emit()

    def resize(self, width: int) -> None:
        """Take another width; the first cycle in view stays."""
        if width != self.width:
            self.width = width
            self.move(self.offset)

    def move(self, offset: int) -> None:
        """Scroll to an offset in pixels."""
        self.offset = min(max(offset, 0), self.furthest)
        self.changed.emit()

    def step(self, direction: int) -> None:
        """Scroll by a quarter of what is in view."""
        self.move(self.offset + direction * max(self.width // 4, 1))

    def zoom(self, direction: int, at: float | None = None) -> None:
        """Zoom in (1) or out (-1) around a place, or back to all cycles (0)."""
        place = self.width / 2 if at is None else at
        cycle = (place + self.offset - _MARGIN) / self.cell
        self._scale = min(max(self._scale * 1.25**direction, 1.0), 20.0) if direction else 1.0
        self.move(round(_MARGIN + cycle * self.cell - place))

    def reveal(self, first: int, end: int) -> None:
        """Scroll as little as brings some cycles into view; of more than fit, the first."""
        left, right = self.at(first) - _MARGIN, self.at(end) + _MARGIN
        if right > self.width:
            left, right = left - (right - self.width), self.width
            self.move(self.offset + round(self.at(end) + _MARGIN - self.width))
        if left < 0:
            self.move(self.offset + round(self.at(first)) - _MARGIN)

    def marks(self, piece: Piece | None) -> Iterator[int]:
        """Yield the cycles in view in which a next iteration starts; only every n-th where they would touch."""
        if piece is None or not piece.interval:
            return
        stride = piece.interval * max(1, ceil(_BETWEEN_MARKS / (piece.interval * self.cell)))
        cycles = self.shown()
        yield from range(ceil(max(cycles.start, 1) / stride) * stride, cycles.stop, stride)

    def paint_marks(self, painter: QPainter, rect: QRect, piece: Piece | None, palette: QPalette) -> None:
        """Draw the marks over the height of a row."""
        line = QColor(palette.color(QPalette.ColorRole.Text))
        line.setAlpha(70 if piece and (piece.interval or 1) > 1 else 28)
        painter.setPen(QPen(line, 1))
        places = [rect.left() + round(self.at(cycle)) + 0.5 for cycle in self.marks(piece)]
        painter.drawLines([QLineF(x, rect.top(), x, rect.bottom() + 1) for x in places])

    def paint_ruler(self, painter: QPainter, rect: QRect, piece: Piece | None, palette: QPalette) -> None:
        """Draw numbers of cycles, and a point at the start of each iteration."""
        number = QColor(palette.color(QPalette.ColorRole.Text))
        number.setAlpha(160)
        painter.setPen(number)
        stride, cycles = self._stride(), self.shown()
        for cycle in range(ceil(cycles.start / stride) * stride, min(cycles.stop, self.cycles), stride):
            x = rect.left() + self.at(cycle)
            box = QRectF(x + self.cell / 2 - 30, rect.top(), 60, rect.height() - 5)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(cycle))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.ACCENT)
        for cycle in self.marks(piece):
            tip = QPointF(rect.left() + round(self.at(cycle)) + 0.5, rect.bottom())
            painter.drawPolygon(QPolygonF([tip, tip + QPointF(-3.5, -5), tip + QPointF(3.5, -5)]))

    def _stride(self) -> int:
        """Return how many cycles lie between two numbers: 1, 2 or 5 of a power of ten."""
        power = 1
        while True:
            for step in (power, 2 * power, 5 * power):
                if step * self.cell >= _BETWEEN_NUMBERS:
                    return step
            power *= 10
