"""The help on keys: every action with its key and every gesture, to be searched and copied as text."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nodes import colours
from ui.key_table import key_rows, key_text
from ui.theme import px

__all__ = ["KeyDialog"]

_SIZE = (720, 640)


class KeyDialog(QDialog):
    """Shows keys and gestures by the part of the window that they act in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(*map(px, _SIZE))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search a key, or what it does")
        self.search.setAccessibleName("Search keys")
        self.search.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Keys")
        self.list.setHeaderLabels(["Key", "What it does"])
        self.list.setRootIsDecorated(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy = buttons.addButton("Copy as text", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(key_text()))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.search, self.list, buttons):
            layout.addWidget(widget)
        self.search.textChanged.connect(self._show)
        self._show("")

    def shown(self) -> list[tuple[str, str]]:
        """Return the keys that are listed, each with what it does."""
        heads = [self.list.topLevelItem(number) for number in range(self.list.topLevelItemCount())]
        rows = [head.child(number) for head in heads if head for number in range(head.childCount())]
        return [(row.text(0), row.text(1)) for row in rows]

    def _show(self, text: str) -> None:
        words = text.lower().split()
        self.list.clear()
        heads: dict[str, QTreeWidgetItem] = {}
        for row in key_rows():
            told = f"{row.where} {row.key} {row.what}".lower()
            if not all(word in told for word in words):
                continue
            if row.where not in heads:
                head = heads[row.where] = QTreeWidgetItem([row.where])
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                head.setForeground(0, colours.MUTED)
                self.list.addTopLevelItem(head)
                head.setFirstColumnSpanned(True)
            heads[row.where].addChild(QTreeWidgetItem([row.key or "–", row.what]))
        self.list.expandAll()
