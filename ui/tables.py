"""Tables of results: how they are made and filled, and the actions on their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from ui.actions import ROW_ACTIONS
from ui.icons import icon

__all__ = ["PLACE", "SOURCE", "add_row_action", "align", "fill", "items_of", "table"]

# What an item keeps: the path of its block or wire, and its place in a file.
PLACE = Qt.ItemDataRole.UserRole
SOURCE = Qt.ItemDataRole.UserRole + 1


def table(headers: Sequence[str], stretch: int) -> QTreeWidget:
    """Return an empty table; the column `stretch` takes the room that is left."""
    made = QTreeWidget()
    made.setHeaderLabels(list(headers))
    made.setRootIsDecorated(False)
    made.setAlternatingRowColors(True)
    made.setUniformRowHeights(True)
    header = made.header()
    header.setStretchLastSection(False)
    for column in range(len(headers)):
        mode = QHeaderView.ResizeMode.Stretch if column == stretch else QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(column, mode)
    return made


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
