"""The list of a schedule's steps: what each does to the latency, a box to disable it, an order by mouse or keys."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QDropEvent, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from nodes import colours
from ui.theme import px

__all__ = ["Cells", "StepList"]

_CELLS = Qt.ItemDataRole.UserRole + 1
_GAP = 12
_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


@dataclass(frozen=True)
class Cells:
    """What stands at the right of a step: its cycles, how they changed, and `ok` or `error` where they did."""

    cycles: str = ""
    change: str = ""
    level: str = ""


class _Delegate(QStyledItemDelegate):
    """Draws a step with its cells in columns at the right."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        cells = index.data(_CELLS)
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        style = shown.widget.style()
        widths = self._widths(shown.fontMetrics) if isinstance(cells, Cells) else (0, 0)
        room = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, shown, shown.widget).width()
        shown.text = shown.fontMetrics.elidedText(shown.text, Qt.TextElideMode.ElideRight, room - sum(widths) - px(8))
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, shown, painter, shown.widget)
        if not isinstance(cells, Cells):
            return
        painter.save()
        painter.setFont(option.font)
        right = shown.rect.right() - px(6)
        for text, width, colour in (
            (cells.change, widths[1], colours.level_colour(cells.level)),
            (cells.cycles, widths[0], colours.MUTED),
        ):
            painter.setPen(colour)
            box = QRect(right - width, shown.rect.top(), width, shown.rect.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            right -= width
        painter.restore()

    def _widths(self, metrics: QFontMetrics) -> tuple[int, int]:
        """Return the widths of both columns, which are the same in all rows."""
        steps = self.parent()
        assert isinstance(steps, StepList)
        every = steps.all_cells()
        return (
            max((metrics.horizontalAdvance(cells.cycles) for cells in every), default=0) + px(_GAP),
            max((metrics.horizontalAdvance(cells.change) for cells in every), default=0) + px(_GAP),
        )


class StepList(QListWidget):
    """`moved` tells that a step is to become another, `turned` that it is to do something or nothing.

    `edit_asked` and `remove_asked` are for the current step.
    """

    moved = Signal(int, int)
    turned = Signal(int, bool)
    edit_asked = Signal()
    remove_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setAlternatingRowColors(True)
        self.setAccessibleName("Steps of the schedule")
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setItemDelegate(_Delegate(self))
        self.itemChanged.connect(self._changed)

    def add(self, text: str, enabled: bool) -> QListWidgetItem:
        """Add a step at the end; its signals must be blocked."""
        item = QListWidgetItem(text)
        item.setFlags((item.flags() | Qt.ItemFlag.ItemIsUserCheckable) & ~Qt.ItemFlag.ItemIsDropEnabled)
        item.setCheckState(Qt.CheckState.Checked if enabled else Qt.CheckState.Unchecked)
        if not enabled:
            font = item.font()
            font.setStrikeOut(True)
            item.setFont(font)
            item.setForeground(colours.MUTED)
        self.addItem(item)
        return item

    def enabled(self, row: int) -> bool:
        """Tell whether a step does something."""
        item = self.item(row)
        return item is not None and item.checkState() == Qt.CheckState.Checked

    def show_cells(self, row: int, cells: Cells) -> None:
        """Put what is known of a step at its right."""
        self.blockSignals(True)
        self.item(row).setData(_CELLS, cells)
        self.blockSignals(False)
        self.viewport().update()

    def cells(self, row: int) -> Cells:
        """Return what stands at the right of a step."""
        found = self.item(row).data(_CELLS)
        return found if isinstance(found, Cells) else Cells()

    def all_cells(self) -> list[Cells]:
        """Return what stands at the right of all steps."""
        return [self.cells(row) for row in range(self.count())]

    def _changed(self, item: QListWidgetItem) -> None:
        self.turned.emit(self.row(item), item.checkState() == Qt.CheckState.Checked)

    def event(self, event: QEvent) -> bool:
        """Keep Del, which elsewhere in the window deletes blocks, for the step."""
        deletes = isinstance(event, QKeyEvent) and event.key() in _DELETE and self.currentRow() >= 0
        if deletes and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the step with Alt and up or down, change it with Enter, remove it with Del."""
        row, key = self.currentRow(), event.key()
        by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(key), 0)
        if by and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            if row >= 0 and 0 <= row + by < self.count():
                self.moved.emit(row, row + by)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.edit_asked.emit()
        elif key in _DELETE and row >= 0:
            self.remove_asked.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for the new order; the list is filled anew when the design has it."""
        at = self.indexAt(event.position().toPoint())
        below = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem
        to, row = (at.row() + below if at.isValid() else self.count()), self.currentRow()
        # What Qt thinks was moved it would take away.
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.ignore()
        # The step leaves its place before it takes another.
        to -= to > row
        if event.source() is self and row >= 0 and to != row:
            self.moved.emit(row, to)
