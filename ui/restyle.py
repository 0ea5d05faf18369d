"""What keeps a copy of a colour, an icon or a font takes the new one after a change of the look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from PySide6.QtGui import QAction, QBrush, QColor, QFont, QIcon
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QListWidget,
    QListWidgetItem,
    QTabWidget,
    QTreeView,
    QTreeWidget,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QWidget,
)

from ui.icons import renewed

__all__ = ["MONO", "recolour", "rescale"]

# The property of a widget that shows code: the height of its font at 100%.
MONO = "mono"


# The property of a tree: how far it indents at 100%.
_INDENT = "indent"


def rescale(root: QWidget, scale: float, font: Callable[[int], QFont]) -> None:
    """Give the widgets of a window the lengths of the present scale that the style sheet cannot give them.

    Those are the font of code, the indentation of trees, and what a widget changes in a method `rescale` of its own.
    """
    for widget in root.findChildren(QWidget):
        pixels = widget.property(MONO)
        if pixels:
            widget.setFont(font(int(pixels)))
        if isinstance(widget, QTreeView):
            if widget.property(_INDENT) is None:
                widget.setProperty(_INDENT, widget.indentation())
            widget.setIndentation(round(int(widget.property(_INDENT)) * scale))
        own = getattr(widget, "rescale", None)
        if own is not None:
            own()


def recolour(root: QWidget, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Put the colours of one theme (role: colour) in the place of those of another, in a window and its dialogs.

    What a widget keeps elsewhere than in items of Qt's own it changes in a method `recolour` of its own.
    """
    shades = {before[role]: after[role] for role in before}
    for widget in (root, *root.findChildren(QWidget)):
        for action in widget.actions():
            _renew(action)
        _recolour_widget(widget, shades)
        own = getattr(widget, "recolour", None)
        if own is not None:
            own()
        # Views have an `update` of their own, of one cell.
        QWidget.update(widget)


def _recolour_widget(widget: QWidget, shades: Mapping[str, str]) -> None:
    if isinstance(widget, QAbstractButton):
        _renew(widget)
    elif isinstance(widget, QTreeWidget):
        for item in _tree_items(widget):
            for column in range(widget.columnCount()):
                _recolour_cell(item, column, shades)
    elif isinstance(widget, QListWidget):
        for number in range(widget.count()):
            _recolour_entry(widget.item(number), shades)
    elif isinstance(widget, QTabWidget):
        for number in range(widget.count()):
            fresh = renewed(widget.tabIcon(number))
            if fresh is not None:
                widget.setTabIcon(number, fresh)
    elif isinstance(widget, QComboBox):
        for number in range(widget.count()):
            fresh = renewed(widget.itemIcon(number))
            if fresh is not None:
                widget.setItemIcon(number, fresh)


def _renew(holder: QAction | QAbstractButton | QListWidgetItem) -> None:
    fresh = renewed(holder.icon())
    if fresh is not None:
        holder.setIcon(fresh)


def _tree_items(tree: QTreeWidget) -> Iterator[QTreeWidgetItem]:
    walk = QTreeWidgetItemIterator(tree)
    while (item := walk.value()) is not None:
        yield item
        walk += 1


def _recolour_cell(item: QTreeWidgetItem, column: int, shades: Mapping[str, str]) -> None:
    fresh = _brush(item.foreground(column), shades)
    if fresh is not None:
        item.setForeground(column, fresh)
    drawn: QIcon | None = renewed(item.icon(column))
    if drawn is not None:
        item.setIcon(column, drawn)


def _recolour_entry(item: QListWidgetItem, shades: Mapping[str, str]) -> None:
    fresh = _brush(item.foreground(), shades)
    if fresh is not None:
        item.setForeground(fresh)
    _renew(item)


def _brush(brush: QBrush, shades: Mapping[str, str]) -> QBrush | None:
    shade = shades.get(brush.color().name()) if brush.style() != brush.style().NoBrush else None
    return QBrush(QColor(shade)) if shade else None
