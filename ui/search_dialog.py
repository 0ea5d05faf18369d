"""A dialog that finds one of many things by a few letters: the arrows choose, Return takes it, Escape nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nodes import colours
from ui.tables import items_of
from ui.theme import px

__all__ = ["Found", "SearchDialog"]

_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
# What is shown of a thing, its number, and whether it can be taken.
Found = tuple[Sequence[str], int, bool]


class SearchDialog(QDialog):
    """Shows what `find` finds. Subclasses say what that is, and what becomes of the one that is taken."""

    # Whether the arrows stop at what cannot be taken, as where it says why.
    stops_at_all = True

    def __init__(
        self, parent: QWidget | None, title: str, size: tuple[int, int], question: str, headers: Sequence[str]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(*map(px, size))
        self.search = QLineEdit()
        self.search.setPlaceholderText(question)
        self.search.setAccessibleName(question)
        self.list = QTreeWidget()
        self.list.setHeaderLabels(list(headers))
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self.take)
        self.list.itemActivated.connect(lambda *_: self.take())
        self.search.setFocus()

    def find(self, text: str) -> Iterable[Found]:
        """Return what is shown for what was typed, the best first."""
        raise NotImplementedError

    def take(self) -> None:
        """Take the chosen one, where it can be taken."""
        raise NotImplementedError

    def number(self) -> int | None:
        """Return the number of the chosen one, None where there is none or it cannot be taken."""
        item = self.list.currentItem()
        usable = item is not None and bool(item.data(1, Qt.ItemDataRole.UserRole))
        return int(item.data(0, Qt.ItemDataRole.UserRole)) if usable else None

    def _filter(self, text: str) -> None:
        self.list.clear()
        for texts, number, usable in self.find(text):
            item = QTreeWidgetItem(list(texts))
            item.setData(0, Qt.ItemDataRole.UserRole, number)
            item.setData(1, Qt.ItemDataRole.UserRole, usable)
            item.setDisabled(not (usable or self.stops_at_all))
            for column in range(0 if usable else len(texts)):
                item.setForeground(column, colours.MUTED)
            self.list.addTopLevelItem(item)
        for column in range(2):
            self.list.resizeColumnToContents(column)
        found = items_of(self.list)
        first = next((item for item in found if item.data(1, Qt.ItemDataRole.UserRole)), found[0] if found else None)
        if first is not None:
            self.list.setCurrentItem(first)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while the search has the focus."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            if event.type() == QEvent.Type.KeyPress:
                self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)
