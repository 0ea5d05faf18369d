"""The list of problems: a double click goes to the place, and the text can be copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from allo_studio.diagnostics import Diagnostic, render, render_all
from nodes import colours
from ui.fix_list import fix_button
from ui.icons import icon
from ui.theme import mono_font, px

if TYPE_CHECKING:
    from allo_studio.design.fixes import Fix

__all__ = ["Problems"]

_ROLE = Qt.ItemDataRole.UserRole
# So few are shown with what can be done about them; of more, those that are chosen.
_MOST_OPEN = 3
# What a row has above and below its button, in pixels: its padding and the space around the button.
_AROUND = 12

Fixes: TypeAlias = "Callable[[Diagnostic], tuple[Fix, ...]]"


class Problems(QWidget):
    """Diagnostics as rows, below each its hint and its fixes. `opened` tells the one to go to."""

    opened = Signal(object)
    # The edit of a fix that was pressed.
    fix_chosen = Signal(object)

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
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: words of the problem, its place or its code, or error, warning, note")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter problems")
        self.filter.textChanged.connect(self._apply_filter)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(6, 4, 6, 0)
        column.setSpacing(4)
        column.addWidget(self.filter)
        column.addWidget(self.tree)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(page)
        self._shown: tuple[Diagnostic, ...] = ()
        self._fixes: Fixes = lambda _: ()
        self.tree.itemExpanded.connect(self._offer)
        self.tree.itemSelectionChanged.connect(self._open_chosen)
        self.tree.itemActivated.connect(self._activated)
        self.tree.customContextMenuRequested.connect(self._menu)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)

    @property
    def shown(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are listed."""
        return self._shown

    def show_diagnostics(self, diagnostics: Sequence[Diagnostic], fixes: Fixes = lambda _: ()) -> None:
        """List diagnostics; `fixes` gives the edits that are offered for one."""
        self._shown, self._fixes = tuple(diagnostics), fixes
        self.tree.clear()
        for diagnostic in self._shown:
            item = _row(diagnostic)
            self.tree.addTopLevelItem(item)
            # Only rows of a tree can span its columns.
            for index in range(item.childCount()):
                item.child(index).setFirstColumnSpanned(True)
            item.setExpanded(len(self._shown) <= _MOST_OPEN)
        self.filter.setVisible(len(self._shown) > _MOST_OPEN or bool(self.filter.text()))
        self._apply_filter()
        self._stack.setCurrentIndex(1 if self._shown else 0)

    def _apply_filter(self) -> None:
        words = self.filter.text().lower().split()
        for number, diagnostic in enumerate(self._shown):
            place = str(diagnostic.span or "")
            told = " ".join((diagnostic.severity, diagnostic.code, diagnostic.where, place, diagnostic.message)).lower()
            item = self.tree.topLevelItem(number)
            if item is not None:
                item.setHidden(not all(word in told for word in words))

    def open_row(self, index: int) -> None:
        """Go to the place of a row."""
        self._activated(self.tree.topLevelItem(index), 0)

    def copy(self) -> None:
        """Copy the selected problems, or all that the filter leaves, as text."""
        chosen = [item.data(0, _ROLE) for item in self.tree.selectedItems() if item.data(0, _ROLE)]
        rows = (self.tree.topLevelItem(number) for number in range(self.tree.topLevelItemCount()))
        left = [item.data(0, _ROLE) for item in rows if item is not None and not item.isHidden()]
        QGuiApplication.clipboard().setText("\n".join(map(render, chosen)) if chosen else render_all(left))

    def buttons(self, index: int) -> list[QPushButton]:
        """Return the buttons of the fixes that a row shows."""
        item = self.tree.topLevelItem(index)
        children = (item.child(number) for number in range(item.childCount()))
        holders = (self.tree.itemWidget(child, 0) for child in children)
        return [button for holder in holders if holder is not None for button in holder.findChildren(QPushButton)]

    def _open_chosen(self) -> None:
        for item in self.tree.selectedItems()[:1]:
            item.setExpanded(True)

    def _offer(self, item: QTreeWidgetItem) -> None:
        """Put the fixes of a row that is opened below it as buttons; what it says in words goes."""
        diagnostic = item.data(0, _ROLE)
        if diagnostic is None or item.data(1, _ROLE):
            return
        item.setData(1, _ROLE, True)
        fixes = self._fixes(diagnostic)
        told = {fix.text for fix in fixes}
        for child in [item.child(number) for number in range(item.childCount())]:
            if child.text(0) in told:
                item.removeChild(child)
        for fix in fixes:
            row = QTreeWidgetItem()
            item.addChild(row)
            row.setFirstColumnSpanned(True)
            button = fix_button(fix)
            button.clicked.connect(partial(self._press, fix))
            holder = QWidget()
            layout = QHBoxLayout(holder)
            layout.setContentsMargins(0, 2, 0, 2)
            layout.addWidget(button)
            layout.addStretch(1)
            self.tree.setItemWidget(row, 0, holder)
            # In the tree it has the look that its height depends on.
            button.ensurePolished()
            row.setSizeHint(0, QSize(0, button.sizeHint().height() + px(_AROUND)))

    def _press(self, fix: Fix, checked: bool = False) -> None:
        # The rows, and the button with them, go with the edit.
        QTimer.singleShot(0, partial(self.fix_chosen.emit, fix.edit))

    def _activated(self, item: QTreeWidgetItem | None, column: int) -> None:
        """Go to the place of a problem; on the row of a fix, take the fix."""
        holder = self.tree.itemWidget(item, 0) if item is not None else None
        button = holder.findChild(QPushButton) if holder is not None else None
        if button is not None:
            button.click()
            return
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
        item.addChild(hint)
    if diagnostic.span and diagnostic.span.source.line(diagnostic.span.line).strip():
        code = QTreeWidgetItem([f"{place}   {diagnostic.span.source.line(diagnostic.span.line).strip()}"])
        code.setFont(0, mono_font(11))
        code.setForeground(0, colours.MUTED)
        item.addChild(code)
    return item
