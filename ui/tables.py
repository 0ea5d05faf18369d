"""Tables of results: how they are made and filled, and the actions on their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from ui.actions import ROW_ACTIONS
from ui.icons import icon
from ui.theme import px

__all__ = ["PLACE", "SOURCE", "add_row_action", "align", "fill", "items_of", "leads", "rows_text", "table"]

# What an item keeps: the path of its block or wire, and its place in a file.
PLACE = Qt.ItemDataRole.UserRole
SOURCE = Qt.ItemDataRole.UserRole + 1
# What a column of long texts has at least, in pixels; where that is too much the table can be scrolled.
_LEAST_STRETCH, _MOST_STRETCH = 240, 720


def table(headers: Sequence[str], stretch: int, least: int = _LEAST_STRETCH) -> QTreeWidget:
    """Return an empty table; the column `stretch` takes the room that is left.

    In any case it has as much as its texts need, from `least` to `_MOST_STRETCH` pixels at the usual scale.
    """
    made = QTreeWidget()
    made.setHeaderLabels(list(headers))
    made.setRootIsDecorated(False)
    made.setAlternatingRowColors(True)
    made.setUniformRowHeights(True)
    header = made.header()
    header.setStretchLastSection(False)
    for column in range(len(headers)):
        mode = QHeaderView.ResizeMode.Interactive if column == stretch else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, mode)
    made.setProperty("ring", "true")
    _Stretch(made, stretch, least)
    return made


class _Stretch(QObject):
    """Gives a column of a table the room that the others leave."""

    def __init__(self, widget: QTreeWidget, column: int, least: int) -> None:
        super().__init__(widget)
        self._widget, self._column, self._least = widget, column, least
        widget.viewport().installEventFilter(self)
        widget.header().sectionResized.connect(self._resized)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the width of the table."""
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _resized(self, column: int, old: int, new: int) -> None:
        if column != self._column:
            self._fit()

    def _fit(self) -> None:
        header = self._widget.header()
        others = header.length() - header.sectionSize(self._column)
        texts = min(self._widget.sizeHintForColumn(self._column), px(_MOST_STRETCH))
        width = max(self._widget.viewport().width() - others, px(self._least), texts)
        if width != header.sectionSize(self._column) and not header.isSectionHidden(self._column):
            header.resizeSection(self._column, width)


def leads(widget: QTreeWidget, to_place: Callable[[str], None], to_source: Callable[[str], None]) -> None:
    """Make the rows of a table lead somewhere.

    A click goes to the block or wire, a double click opens the line, Enter does both; the row can be copied.
    """

    def place(item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, PLACE):
            to_place(item.data(0, PLACE))

    def source(item: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, SOURCE):
            to_source(item.data(0, SOURCE))

    def both() -> None:
        place(widget.currentItem())
        source(widget.currentItem())

    widget.itemClicked.connect(lambda item, _: place(item))
    widget.itemDoubleClicked.connect(lambda item, _: source(item))
    add_row_action(widget, "show_line", both)
    add_row_action(widget, "copy_row", lambda: QGuiApplication.clipboard().setText(_row_text(widget)))


def _row_text(widget: QTreeWidget) -> str:
    item = widget.currentItem()
    return "\t".join(item.text(n).strip() for n in range(widget.columnCount())) if item is not None else ""


def rows_text(widget: QTreeWidget) -> list[list[str]]:
    """Return the head and all rows of a table as texts, what is inside a row after it; columns that are hidden too."""
    columns = range(widget.columnCount())
    found = [[widget.headerItem().text(n) for n in columns]]
    waiting = items_of(widget)[::-1]
    while waiting:
        item = waiting.pop()
        found.append([item.text(n) for n in columns])
        waiting += [item.child(n) for n in range(item.childCount())][::-1]
    return found


def items_of(widget: QTreeWidget) -> list[QTreeWidgetItem]:
    """Return the rows of a table."""
    items = (widget.topLevelItem(i) for i in range(widget.topLevelItemCount()))
    return [item for item in items if item is not None]


def fill(widget: QTreeWidget, rows: Sequence[Sequence[str]], paths: Sequence[str]) -> None:
    """Put rows of texts in place of a table's rows; each keeps the path that it leads to. Numbers are at the right."""
    widget.clear()
    for texts, path in zip(rows, paths, strict=True):
        item = QTreeWidgetItem(list(texts))
        item.setData(0, PLACE, path)
        align(item, [c for c, text in enumerate(texts) if text.replace(",", "").isdecimal()])
        for column, text in enumerate(texts):
            item.setToolTip(column, text)
        widget.addTopLevelItem(item)


def align(item: QTreeWidgetItem, columns: Sequence[int]) -> None:
    """Put the texts of some columns to the right."""
    for column in columns:
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def add_row_action(widget: QWidget, name: str, slot: Callable[[], None]) -> QAction:
    """Give a table an action of `ROW_ACTIONS`: in its context menu, and by its key while it has the focus."""
    spec = ROW_ACTIONS[name]
    action = QAction(spec.text, widget)
    action.setObjectName(name)
    if spec.icon:
        action.setIcon(icon(spec.icon))
    keys = [QKeySequence(spec.shortcut)]
    if spec.shortcut == "Return":
        keys.append(QKeySequence(Qt.Key.Key_Enter))
    action.setShortcuts(keys)
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    action.setToolTip(spec.tip)
    action.triggered.connect(lambda *_: slot())
    widget.addAction(action)
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
    return action
