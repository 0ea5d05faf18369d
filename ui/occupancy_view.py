"""How full the FIFOs were, cycle by cycle: a strip for each, along the same cycles. A click leads to the wire."""

from __future__ import annotations

from math import floor

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from allo_studio.report.model import OccupancyRow, Report
from nodes import colours
from ui.theme import px

__all__ = ["OccupancyView"]

# At 100%.
_ROW, _MARGIN, _FOOT, _NAME = 46, 12, 24, 300
# Names have at most this part of the width.
_NAMES = 0.35


class _Strips(QWidget):
    chosen = Signal(str)
    # The row that the cursor is in.
    pointed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[OccupancyRow, ...] = ()
        self.depths: dict[str, int] = {}
        # The row and the step that the keys have chosen.
        self.cursor: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("FIFO occupancy over time")

    @property
    def cycles(self) -> int:
        """The cycles along the strips."""
        return max((len(row.most) * row.step for row in self.rows), default=0)

    def area(self, number: int) -> QRectF:
        """Return where the strip of a row is."""
        left = px(_MARGIN) + self._name_width()
        width = max(self.width() - left - self._label_width() - px(_MARGIN), 40)
        return QRectF(left, number * px(_ROW) + 6, width, px(_ROW) - 10)

    def _name_width(self) -> int:
        """The width of the names with the gap behind them; longer ones are cut in their middle."""
        widest = max((self.fontMetrics().horizontalAdvance(row.id) for row in self.rows), default=0)
        return min(widest + px(_MARGIN), px(_NAME), int(self.width() * _NAMES))

    def _label_width(self) -> int:
        """The width of what stands behind the strips, with the gap before it."""
        texts = (self._label(row) for row in self.rows)
        return max((self.fontMetrics().horizontalAdvance(text) for text in texts), default=0) + px(_MARGIN)

    def _label(self, row: OccupancyRow) -> str:
        depth, seen = self.depths.get(row.id, 0), max(row.most, default=0)
        return f"at most {seen:,} of {depth:,}" if depth else f"at most {seen:,}"

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
        return QSize(px(_NAME) + self._label_width() + 400, len(self.rows) * px(_ROW) + px(_FOOT))

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
            self._paint_cursor(painter)
            for side, text in self.foot(int(area.width())):
                painter.setPen(ink if side == Qt.AlignmentFlag.AlignHCenter else colours.MUTED)
                painter.drawText(foot, side, text)
        painter.end()

    def foot(self, width: int) -> list[tuple[Qt.AlignmentFlag, str]]:
        """Return the texts below the strips with their sides, as many as there is room for: what is chosen first."""
        side = Qt.AlignmentFlag
        said = self.told(*self.cursor).partition("\n")[2] if self.cursor is not None else ""
        ends = [(side.AlignLeft, "cycle 0"), (side.AlignRight, f"{self.cycles:,}")]
        middle = [(side.AlignHCenter, said)] if said else []

        def wide(text: str) -> int:
            return self.fontMetrics().horizontalAdvance(f"{text}  ")

        # What stands in the middle has as much beside it on both sides.
        need = 2 * max(wide(text) for _, text in ends) + wide(said) if said else sum(wide(text) for _, text in ends)
        return [*ends, *middle] if need <= width else middle or ends[1:]

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
        room = QRectF(px(_MARGIN), area.top(), self._name_width() - px(_MARGIN), area.height())
        name = painter.fontMetrics().elidedText(row.id, Qt.TextElideMode.ElideMiddle, int(room.width()) + 1)
        painter.drawText(room, middle, name)
        room = QRectF(area.right() + px(_MARGIN), area.top(), self._label_width(), area.height())
        painter.drawText(room, middle, self._label(row))

    def choose(self, number: int, step: int) -> None:
        """Choose a step of a row, or the nearest that there is, and tell what it says."""
        if not self.rows:
            return
        number = min(max(number, 0), len(self.rows) - 1)
        step = min(max(step, 0), len(self.rows[number].most) - 1)
        self.cursor = number, step
        self.setAccessibleDescription(self.told(number, step))
        self.pointed.emit(number)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a FIFO, left and right move along the cycles (Ctrl: ten steps); Enter goes to the wire."""
        key, keys = event.key(), Qt.Key
        number, step = self.cursor or (0, 0)
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1
        moves = {keys.Key_Up: (-1, 0), keys.Key_Down: (1, 0), keys.Key_Left: (0, -far), keys.Key_Right: (0, far)}
        if key in (keys.Key_Return, keys.Key_Enter) and self.cursor is not None:
            self.chosen.emit(self.rows[number].id)
        elif key in moves and self.rows:
            down, along = moves[Qt.Key(key)] if self.cursor is not None else (0, 0)
            self.choose(number + down, step + along)
        else:
            super().keyPressEvent(event)

    def _paint_cursor(self, painter: QPainter) -> None:
        """Draw where the keys are."""
        if self.cursor is None or not self.cycles:
            return
        number, step = self.cursor
        area, row = self.area(number), self.rows[number]
        x = area.left() + (step + 0.5) * row.step / self.cycles * area.width()
        painter.setPen(QPen(colours.WARNING, 2))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.WARNING, 1))
        painter.drawRect(area)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Lead to the wire of a row."""
        place = self.at(event.position())
        if place is not None:
            self.choose(*place)
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
        self.strips.pointed.connect(self._reveal)
        self.setFocusProxy(self.strips)
        self.setWidget(self.strips)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)

    def _reveal(self, number: int) -> None:
        """Scroll so that a row is seen."""
        area = self.strips.area(number)
        self.ensureVisible(round(area.left()), round(area.center().y()), 0, px(_ROW))

    def rows(self) -> list[list[str]]:
        """Return what is drawn as rows with a head: of each FIFO the least and the most tokens in each step."""
        found = [["FIFO", "First cycle", "Last cycle", "Least", "Most"]]
        for row in self.strips.rows:
            for step, (low, high) in enumerate(zip(row.least, row.most, strict=True)):
                first = step * row.step
                found.append([row.id, *(str(value) for value in (first, first + row.step - 1, low, high))])
        return found

    def show_report(self, report: Report) -> None:
        """Show a report's FIFOs, as far as a simulation watched them."""
        self.strips.rows = report.occupancy
        self.strips.cursor = None
        self.strips.depths = {row.id: row.depth.get(report.profile, 0) for row in report.channels}
        self.rescale()
        self.strips.update()

    def rescale(self) -> None:
        """Be as high as the strips are at the present scale of the interface."""
        self.strips.setMinimumHeight(self.strips.sizeHint().height())
