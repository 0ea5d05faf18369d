"""The list of problems: a double click goes to the place, and the text can be copied."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from allo_studio.diagnostics import Diagnostic, render, render_all
from nodes import colours
from ui.icons import icon
from ui.theme import mono_font

__all__ = ["Problems"]

_ROLE = Qt.ItemDataRole.UserRole


class Problems(QWidget):
    """Diagnostics as rows. `opened` tells the one to go to."""

    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Problem", "Where", "Code"])
        self.tree.setRootIsDecorated(True)
        self.tree.setIndentation(16)
        self.tree.setUniformRowHeights(False)
        self.tree.setWordWrap(True)
        self.tree.setAlternatingRowColors(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self._empty = QLabel("No problems")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.tree)
        self._shown: tuple[Diagnostic, ...] = ()
        self.tree.itemActivated.connect(self._activated)
        self.tree.customContextMenuRequested.connect(self._menu)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)

    @property
    def shown(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are listed."""
        return self._shown

    def show_diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        """List diagnostics."""
        self._shown = tuple(diagnostics)
        self.tree.clear()
        for diagnostic in self._shown:
            self.tree.addTopLevelItem(_row(diagnostic))
        self._stack.setCurrentIndex(1 if self._shown else 0)

    def open_row(self, index: int) -> None:
        """Go to the place of a row."""
        self._activated(self.tree.topLevelItem(index), 0)

    def copy(self) -> None:
        """Copy the selected problems, or all, as text."""
        chosen = [item.data(0, _ROLE) for item in self.tree.selectedItems() if item.data(0, _ROLE)]
        QGuiApplication.clipboard().setText("\n".join(map(render, chosen)) if chosen else render_all(self._shown))

    def _activated(self, item: QTreeWidgetItem | None, column: int) -> None:
        while item is not None and item.parent() is not None:
            item = item.parent()
        if item is not None:
            self.opened.emit(item.data(0, _ROLE))

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(icon("copy"), "Copy", self.copy)
        item = self.tree.itemAt(at)
        if item is not None:
            menu.addAction("Go to the place", lambda: self._activated(item, 0))
        menu.exec(self.tree.viewport().mapToGlobal(at))
        menu.deleteLater()


def _row(diagnostic: Diagnostic) -> QTreeWidgetItem:
    place = str(diagnostic.span) if diagnostic.span else ""
    where = diagnostic.where or place
    item = QTreeWidgetItem([diagnostic.message, where, diagnostic.code])
    item.setIcon(0, icon(diagnostic.severity, colours.level_colour(diagnostic.severity).name()))
    item.setData(0, _ROLE, diagnostic)
    item.setToolTip(0, render(diagnostic))
    item.setToolTip(1, place)
    for column in (1, 2):
        item.setForeground(column, colours.MUTED)
    for text in filter(None, (diagnostic.hint, *diagnostic.fixes)):
        hint = QTreeWidgetItem([text])
        hint.setForeground(0, colours.MUTED)
        hint.setFirstColumnSpanned(True)
        item.addChild(hint)
    if diagnostic.span and diagnostic.span.source.line(diagnostic.span.line).strip():
        code = QTreeWidgetItem([f"{place}   {diagnostic.span.source.line(diagnostic.span.line).strip()}"])
        code.setFont(0, mono_font(11))
        code.setForeground(0, colours.MUTED)
        item.addChild(code)
    return item
