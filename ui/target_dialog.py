"""Where a wire may end: all ports on the other side, by a few letters, with the reason for those where it may not."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nodes import colours
from ui.port_walk import Target
from ui.tables import items_of
from ui.theme import px

__all__ = ["TargetDialog"]

_SIZE = (560, 400)
_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class TargetDialog(QDialog):
    """A search over targets; the arrows choose, Return takes the chosen one, Escape none."""

    def __init__(self, parent: QWidget | None, start: str, targets: Sequence[Target]) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Wire from {start}")
        self.resize(*map(px, _SIZE))
        self._targets = targets
        self.search = QLineEdit()
        self.search.setPlaceholderText("To which port?")
        self.search.setAccessibleName("Search ports")
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Port", "Type", "Why not"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Ports that the wire may end at")
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take)
        self.list.itemActivated.connect(lambda *_: self._take())
        self._filter("")

    def chosen(self) -> Target | None:
        """Return the target that is chosen in the list, None where the wire may not end there."""
        item = self.list.currentItem()
        target = self._targets[int(item.data(0, Qt.ItemDataRole.UserRole))] if item else None
        return None if target is None or target.reason else target

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        self.list.clear()
        for number, target in enumerate(self._targets):
            if not all(word in f"{target.end} {target.type}".lower() for word in words):
                continue
            item = QTreeWidgetItem([str(target.end), target.type, target.reason])
            item.setData(0, Qt.ItemDataRole.UserRole, number)
            for column in range(3 if target.reason else 0):
                item.setForeground(column, colours.MUTED)
            self.list.addTopLevelItem(item)
        for column in range(2):
            self.list.resizeColumnToContents(column)
        found = items_of(self.list)
        if found:
            self.list.setCurrentItem(found[0])

    def _take(self) -> None:
        if self.chosen() is not None:
            self.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while the search has the focus."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            if event.type() == QEvent.Type.KeyPress:
                self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)
