"""The drawing of a piece of a schedule: a table of operations whose last column is a chart of cycles.

Only the rows and cycles in view are painted, so a piece of thousands of operations costs no more than a small one.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import (
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from nodes import colours
from ui.cycle_axis import CycleAxis
from ui.operations_model import CHART, OperationsModel
from ui.theme import px

__all__ = ["GIVES", "TAKES", "BarDelegate", "Gantt"]

# Where the chosen operation's values come from, and where its own goes.
TAKES, GIVES = colours.kind_colour("input"), colours.kind_colour("graph")

_ROW, _WIDEST_LABEL, _MOST_AWAY = 21, 280, 60
_Index = QModelIndex | QPersistentModelIndex


class BarDelegate(QStyledItemDelegate):
    """Paints the cycles of an operation; other columns are texts."""

    def __init__(self, view: Gantt) -> None:
        super().__init__(view)
        self._gantt = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        if index.column() == CHART:
            painter.save()
            painter.setClipRect(option.rect)
            self._gantt.paint_bar(painter, option.rect, index.row())
            painter.restore()


class _Header(QHeaderView):
    def __init__(self, view: Gantt) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._gantt = view
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        painter.save()
        super().paintSection(painter, rect, logicalIndex)
        painter.restore()
        if logicalIndex == CHART:
            painter.save()
            painter.setClipRect(rect)
            self._gantt.axis.paint_ruler(painter, rect, self._gantt.model_rows.piece, self.palette())
            painter.restore()


class Gantt(QTableView):
    """Operations × cycles. `opened` tells a row whose source is asked for, `picked` the row that is chosen (or -1).

    Up and down choose an operation, left and right move along the cycles; Ctrl and the wheel, or + and -, zoom.
    """

    opened = Signal(int)
    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_rows = OperationsModel()
        self.axis = CycleAxis(self)
        self.setModel(self.model_rows)
        self.setHorizontalHeader(_Header(self))
        self.setItemDelegate(BarDelegate(self))
        self.setProperty("ring", "true")
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        columns.setStretchLastSection(False)
        columns.setSectionResizeMode(CHART, QHeaderView.ResizeMode.Stretch)
        columns.sectionResized.connect(self._resized)
        self.axis.changed.connect(self._redraw)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self.rescale()

    def rescale(self) -> None:
        """Take the heights and widths of the present scale of the interface."""
        rows = self.verticalHeader()
        rows.setMinimumSectionSize(px(_ROW))
        rows.setDefaultSectionSize(px(_ROW))
        self.horizontalHeader().setMinimumSectionSize(px(24))
        self._fit_texts()

    def show_rows(self) -> None:
        """Draw what the model has now, from its first cycle, with nothing chosen."""
        self.axis.reset(self.model_rows.cycles)
        self._fit_texts()
        self.scrollToTop()
        self.picked.emit(-1)

    @property
    def chosen(self) -> int:
        """The row that is chosen, or -1."""
        index = self.currentIndex()
        return index.row() if index.isValid() and self.selectionModel().isSelected(index) else -1

    def paint_bar(self, painter: QPainter, rect: QRect, number: int) -> None:
        """Draw the bar of a row, and behind it the starts of iterations."""
        piece, row = self.model_rows.piece, self.model_rows.rows[number]
        self.axis.paint_marks(painter, rect, piece, self.palette())
        left, right = self.axis.at(row.start), self.axis.at(row.end + 1)
        if right < 0 or left > rect.width():
            return
        colour = QColor(colours.WARNING if self.model_rows.critical(number) else colours.ACCENT)
        edge = self._link_colour(number)
        bar = QRectF(rect.left() + left + 0.5, rect.top() + 4.5, max(right - left - 1, 3), rect.height() - 9)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(edge, 2) if edge else Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(bar, 2.5, 2.5)

    def bar(self, number: int) -> QRectF:
        """Return where a row's bar is in the viewport; it may be outside of what is in view."""
        row, left = self.model_rows.rows[number], self.columnViewportPosition(CHART)
        top = self.rowViewportPosition(number) + 4.5
        first, last = self.axis.at(row.start), self.axis.at(row.end + 1)
        return QRectF(left + first, top, max(last - first, 3), _ROW - 9)

    def links(self) -> Iterator[tuple[int, int, QColor]]:
        """Yield the arrows of the chosen row: from a row, to a row, in a colour."""
        number = self.chosen
        if number < 0:
            return
        yield from ((source, number, TAKES) for source in self.model_rows.rows[number].after)
        yield from ((number, taker, GIVES) for taker in self.model_rows.feeds[number])

    # Qt's events.

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows in view, and over them the arrows of the chosen one."""
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = self.columnViewportPosition(CHART)
        painter.setClipRect(QRect(left, 0, self.columnWidth(CHART), self.viewport().height()))
        for start, end, colour in self._arrows():
            _arrow(painter, start, end, self.axis.cell, colour)
        painter.end()

    def _arrows(self) -> Iterator[tuple[QRectF, QRectF, QColor]]:
        """Yield the arrows that are in view; of those that lead out of it, as many as can be told apart."""
        height, away = self.viewport().height(), 0
        for source, target, colour in self.links():
            start, end = self.bar(source), self.bar(target)
            top, bottom = min(start.top(), end.top()), max(start.bottom(), end.bottom())
            if bottom < 0 or top > height:
                continue
            away += top < 0 or bottom > height
            if away <= _MOST_AWAY or (top >= 0 and bottom <= height):
                yield start, end, colour

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move along the cycles and zoom; all else is the table's."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        zooms = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1, Qt.Key.Key_0: 0}
        key = Qt.Key(event.key())
        if key in steps:
            self.axis.step(steps[key])
        elif key in zooms:
            self.axis.zoom(zooms[key])
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, move along the cycles sideways, else scroll the rows."""
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if delta.y():
                self.axis.zoom(1 if delta.y() > 0 else -1, event.position().x() - self.columnViewportPosition(CHART))
        elif abs(delta.x()) > abs(delta.y()):
            self.axis.step(-1 if delta.x() > 0 else 1)
        else:
            super().wheelEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Choose the first row where none is: the table has made it the current one, from which the keys move."""
        super().focusInEvent(event)
        if self.chosen < 0 and self.currentIndex().isValid():
            self.selectRow(self.currentIndex().row())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Draw other arrows, and tell which row it is."""
        super().selectionChanged(selected, deselected)
        self._show_cycles()
        self.viewport().update()
        self.picked.emit(self.chosen)

    def scrollTo(
        self, index: _Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring a row into view; the columns stay."""
        super().scrollTo(self.model_rows.index(index.row(), 0), hint)

    def _link_colour(self, number: int) -> QColor | None:
        chosen = self.chosen
        if chosen < 0:
            return None
        if number == chosen:
            return self.palette().color(self.foregroundRole())
        if number in self.model_rows.rows[chosen].after:
            return TAKES
        return GIVES if number in self.model_rows.feeds[chosen] else None

    def _resized(self, column: int, old: int, new: int) -> None:
        if column == CHART:
            self.axis.resize(new)

    def _show_cycles(self) -> None:
        if self.chosen >= 0:
            row = self.model_rows.rows[self.chosen]
            self.axis.reveal(row.start, row.end + 1)

    def _redraw(self) -> None:
        self.viewport().update()
        self.horizontalHeader().viewport().update()

    def _fit_texts(self) -> None:
        """Give the columns of texts the width of their longest text; to ask each cell would cost more."""
        metrics, model = QFontMetrics(self.font()), self.model_rows
        numbers = range(len(model.rows))
        texts = (
            [str(len(model.rows))],
            sorted({f"◆ {model.label(n)}" for n in numbers}, key=len)[-8:],
            [str(max((row.line for row in model.rows), default=0))],
            [f"{model.cycles}..{model.cycles}"],
        )
        for column, found in enumerate(texts):
            width = max((metrics.horizontalAdvance(text) for text in found), default=0) + px(22)
            least = self.horizontalHeader().sectionSizeHint(column)
            self.setColumnWidth(column, max(least, min(width, px(_WIDEST_LABEL))))
        self.axis.resize(self.columnWidth(CHART))


def _arrow(painter: QPainter, start: QRectF, end: QRectF, cell: float, colour: QColor) -> None:
    """Draw from the last cycle of a bar down (or up) and across to where another begins."""
    x, y = start.right() - min(cell, start.width()) / 2, end.center().y()
    down = 1 if y >= start.center().y() else -1
    painter.setPen(QPen(colour, 1.6))
    painter.setBrush(colour)
    if end.left() <= x + 2:
        tip = QPointF(x, end.top() if down > 0 else end.bottom())
        painter.drawLine(QPointF(x, start.center().y() + down * start.height() / 2), tip)
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-4, -6 * down), tip + QPointF(4, -6 * down)]))
        return
    tip = QPointF(end.left(), y)
    painter.drawLine(QPointF(x, start.center().y() + down * start.height() / 2), QPointF(x, y))
    painter.drawLine(QPointF(x, y), tip)
    painter.drawPolygon(QPolygonF([tip, tip + QPointF(-6, -4), tip + QPointF(-6, 4)]))
