"""The edits of the project in front as a list: what is done, what can be done again, and what is saved."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from nodes import colours
from ui.icons import icon
from ui.session import Session

__all__ = ["HistoryView"]

_OPENED = "As it was opened"


class HistoryView(QListWidget):
    """A row for each state, the oldest first. A click or Return goes to it; the arrows only choose."""

    # Looked at by events from the first moment on.
    _texts: tuple[str, ...] | None = None

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        # How each row is marked: before, at or behind the present state, and whether it is saved; and in which look.
        self._marks: list[tuple[int, bool] | None] = []
        self._look = ("", "", "")
        self.setAccessibleName("History of edits")
        self.setUniformItemSizes(True)
        # What is cut short is whole in the tooltip.
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._go)
        session.works_changed.connect(self.show_history)

    def show_history(self) -> None:
        """Show the edits as they are now."""
        history = self._session.history
        texts = (_OPENED, *history.texts) if history else ()
        blocker = QSignalBlocker(self)
        same = 0
        known = self._texts or ()
        while same < min(len(known), len(texts)) and known[same] == texts[same]:
            same += 1
        while self.count() > same:
            self.takeItem(self.count() - 1)
        del self._marks[same:]
        for text in texts[same:]:
            self.addItem(QListWidgetItem(text))
        self._texts = texts
        if history:
            self._mark(history.position, history.saved_position)
        blocker.unblock()

    def changeEvent(self, event: QEvent) -> None:
        """Take on another theme or size of text."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self._texts is not None:
            self.show_history()

    def _mark(self, position: int, saved: int | None) -> None:
        look = (self.palette().text().color().name(), colours.MUTED.name(), self.font().key())
        if look != self._look:
            self._look, self._marks = look, []
        # Of thousands of rows most stay as they are.
        known, rows = self._marks, range(self.count())
        self._marks = [((row > position) - (row < position), row == saved) for row in rows]
        known += [None] * (len(rows) - len(known))
        for row in (row for row in rows if self._marks[row] != known[row]):
            item, font = self.item(row), self.font()
            font.setBold(row == position)
            font.setItalic(row > position)
            item.setFont(font)
            item.setForeground(colours.MUTED if row > position else self.palette().text())
            item.setIcon(icon("save", colours.MUTED.name()) if row == saved else QIcon())
            told = (
                "the present state" if row == position else "undone, can be done again" if row > position else "",
                "as saved" if row == saved else "",
            )
            item.setToolTip("\n".join((item.text(), *filter(None, told))))
        self.setCurrentRow(position)

    def _go(self, item: QListWidgetItem) -> None:
        self._session.go(self.row(item))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the chosen row on Return."""
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self._go(item)
            return
        super().keyPressEvent(event)
