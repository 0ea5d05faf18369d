"""How full the FIFOs were, cycle by cycle: a strip for each, along the same cycles. A click leads to the wire."""

from __future__ import annotations

from math import floor

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from allo_studio.report.model import OccupancyRow, Report
from nodes import colours
from ui.theme import px

__all__ = ["OccupancyView"]

# At 100%.
_ROW, _MARGIN, _FOOT, _NAME, _LABEL = 46, 12, 24, 300, 150


class _Strips(QWidget):
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[OccupancyRow, ...] = ()
        self.depths: dict[str, int] = {}
        self.setMouseTracking(True)
        self.setAccessibleName("FIFO occupancy over time")

    @property
    def cycles(self) -> int:
        """The cycles along the strips."""
        return max((len(row.most) * row.step for row in self.rows), default=0)

    def area(self, number: int) -> QRectF:
        """Return where the strip of a row is."""
        width = max(self.width() - px(_NAME) - px(_LABEL) - 2 * px(_MARGIN), 40)
        return QRectF(px(_MARGIN) + px(_NAME), number * px(_ROW) + 6, width, px(_ROW) - 10)

    def at(self, point: QPointF) -> tuple[int, int] | None:
        """Return the row and the step at a place, None where there is none."""
        number = int(point.y() // px(_ROW))
        if not 0 <= number < len(self.rows) or not self.cycles:
            return None
        area, row = self.area(number), self.rows[number]
        step = floor((point.x() - area.left()) / area.width() * self.cycles / row.step)
        return (number, step) if 0 <= step < len(row.most) else None

    def told(self, number: int, step: int) -> str:
        """Return what a step of a row says."""
        row = self.rows[number]
        first, last = step * row.step, (step + 1) * row.step - 1
        low, high = row.least[step], row.most[step]
        many = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        when = f"cycle {first:,}" if first == last else f"cycles {first:,} to {last:,}"
        return f"{row.id}\n{when}: {many} of {self.depths.get(row.id, 0):,} tokens"

    def sizeHint(self) -> QSize:
        """As high as the strips are."""
        return QSize(px(_NAME) + px(_LABEL) + 400, len(self.rows) * px(_ROW) + px(_FOOT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strips, and the first and last cycle below them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        for number, row in enumerate(self.rows):
            self._strip(painter, number, row, ink)
        if self.rows:
            area = self.area(len(self.rows) - 1)
            foot = QRectF(area.left(), area.bottom() + 2, area.width(), px(_FOOT))
            painter.setPen(colours.MUTED)
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, "cycle 0")
            painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{self.cycles:,}")
        painter.end()

    def _strip(self, painter: QPainter, number: int, row: OccupancyRow, ink: QColor) -> None:
        area, depth = self.area(number), self.depths.get(row.id, 0)
        seen = max(row.most, default=0)
        painter.fillRect(area, colours.GRID)
        painter.setPen(Qt.PenStyle.NoPen)
        width = area.width() / max(self.cycles, 1) * row.step
        for values, colour in ((row.most, colours.role("sometimes")), (row.least, colours.ACCENT)):
            shape = QPolygonF([area.bottomLeft()])
            for step, tokens in enumerate(values):
                y = area.bottom() - area.height() * tokens / max(depth, seen, 1)
                shape.append(QPointF(area.left() + step * width, y))
                shape.append(QPointF(area.left() + (step + 1) * width, y))
            shape.append(QPointF(area.left() + len(values) * width, area.bottom()))
            painter.setBrush(colour)
            painter.drawPolygon(shape)
        painter.setPen(ink)
        middle = Qt.AlignmentFlag.AlignVCenter
        name = painter.fontMetrics().elidedText(row.id, Qt.TextElideMode.ElideMiddle, px(_NAME) - 10)
        painter.drawText(QRectF(px(_MARGIN), area.top(), px(_NAME) - 10, area.height()), middle, name)
        label = f"at most {seen:,} of {depth:,}" if depth else f"at most {seen:,}"
        painter.drawText(QRectF(area.right() + 10, area.top(), px(_LABEL), area.height()), middle, label)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Lead to the wire of a row."""
        number = int(event.position().y() // px(_ROW))
        if 0 <= number < len(self.rows):
            self.chosen.emit(self.rows[number].id)

    def event(self, event: QEvent) -> bool:
        """Tell the tokens at the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.at(QPointF(event.pos()))
            if place is not None:
                QToolTip.showText(event.globalPos(), self.told(*place), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


class OccupancyView(QScrollArea):
    """Shows the occupancy of a report's FIFOs. `place_chosen` tells the path of a row's wire."""

    place_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strips = _Strips()
        self.strips.chosen.connect(self.place_chosen)
        self.setWidget(self.strips)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)

    def rows(self) -> list[list[str]]:
        """Return what is drawn as rows with a head: of each FIFO the least and the most tokens in each step."""
        found = [["FIFO", "First cycle", "Last cycle", "Least", "Most"]]
        for row in self.strips.rows:
            for step, (low, high) in enumerate(zip(row.least, row.most, strict=True)):
                first = step * row.step
                found.append([row.id, *(str(value) for value in (first, first + row.step - 1, low, high))])
        return found

    def show_report(self, report: Report) -> bool:
        """Show a report's FIFOs; tells whether a simulation watched any."""
        self.strips.rows = report.occupancy
        self.strips.depths = {row.id: row.depth.get(report.profile, 0) for row in report.channels}
        self.rescale()
        self.strips.update()
        return bool(report.occupancy)

    def rescale(self) -> None:
        """Be as high as the strips are at the present scale of the interface."""
        self.strips.setMinimumHeight(self.strips.sizeHint().height())
