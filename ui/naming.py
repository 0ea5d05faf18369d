"""Names for those who hear the window: what can be seen of a control is told of it, where it has no name of its own."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QDockWidget,
    QLineEdit,
    QTabBar,
    QTabWidget,
    QTreeWidget,
    QWidget,
)

__all__ = ["name_controls"]


def name_controls(root: QWidget) -> None:
    """Give the controls of a window without an accessible name the one that follows from what is seen.

    A button of an icon has its tip, a box its hint, a page that of its tab, what a dock has its title, a
    table its columns, and what else scrolls or has tabs that of the page or the dock that it is in.
    """
    for dock in root.findChildren(QDockWidget):
        _name(dock.widget(), dock.windowTitle())
    for tabs in root.findChildren(QTabWidget):
        for number in range(tabs.count()):
            _name(tabs.widget(number), tabs.tabText(number))
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QAbstractButton) and not widget.text():
            _name(widget, widget.toolTip())
        elif isinstance(widget, QLineEdit):
            _name(widget, widget.placeholderText())
        elif isinstance(widget, QTreeWidget) and not widget.isHeaderHidden():
            heads = (widget.headerItem().text(column) for column in range(widget.columnCount()))
            _name(widget, f"Table of {', '.join(head for head in heads if head)}")
        elif isinstance(widget, QTabBar) and widget.parent() is root:
            _name(widget, "Docks")
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QAbstractScrollArea | QTabWidget):
            _name(widget, next((around.accessibleName() for around in _around(widget) if around.accessibleName()), ""))


def _around(widget: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def _name(widget: QWidget | None, name: str) -> None:
    if widget is not None and name and not widget.accessibleName():
        widget.setAccessibleName(name)
