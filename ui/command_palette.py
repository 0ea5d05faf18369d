"""The command palette: every action and every block by a few letters of its name, with the key that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nodes import colours
from ui.tables import items_of
from ui.theme import px

__all__ = ["Command", "CommandPalette", "commands_of", "matches"]

_SIZE = (640, 420)
_MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


@dataclass(frozen=True)
class Command:
    """Something to do: its title, its key, a sentence, and whether it can be done now."""

    title: str
    key: str
    tip: str
    run: Callable[[], object]
    enabled: bool = True


def commands_of(actions: Mapping[str, QAction], leave_out: Iterable[str] = ()) -> list[Command]:
    """Return the commands of the window's actions, those that cannot be done now at the end."""
    found = []
    for name, action in actions.items():
        if name not in leave_out:
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            title = action.text().replace("&", "").rstrip("…")
            tip = action.toolTip().removesuffix(f"({action.shortcut().toString()})").strip()
            found.append(Command(title, key, "" if tip == title else tip, action.trigger, action.isEnabled()))
    return sorted(found, key=lambda command: not command.enabled)


def matches(text: str, command: Command) -> int | None:
    """Return how well a command fits what was typed, the less the better; None where it does not.

    Each word must be in it: at the start of its title best, then at that of a word, then within, last in its sentence.
    """
    title, told = command.title.lower(), f"{command.title} {command.tip} {command.key}".lower()
    rank = 0
    for word in text.lower().split():
        if title.startswith(word):
            continue
        if f" {word}" in f" {title}".replace("/", " "):
            rank += 1
        elif word in title:
            rank += 2
        elif word in told:
            rank += 3
        else:
            return None
    return rank


class CommandPalette(QDialog):
    """A search over commands; the arrows choose, Return runs and closes, Escape closes."""

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self.resize(*map(px, _SIZE))
        self._commands = commands
        self.search = QLineEdit()
        self.search.setPlaceholderText("What do you want to do, or where do you want to go?")
        self.search.setAccessibleName("Search commands and blocks")
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Command", "Key", "What it does"])
        self.list.setRootIsDecorated(False)
        self.list.setAccessibleName("Commands")
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._run)
        self.list.itemActivated.connect(lambda *_: self._run())
        self._filter("")
        self.search.setFocus()

    def _filter(self, text: str) -> None:
        ranked = [(rank, number) for number, c in enumerate(self._commands) if (rank := matches(text, c)) is not None]
        self.list.clear()
        for _, number in sorted(ranked):
            command = self._commands[number]
            item = QTreeWidgetItem([command.title, command.key, command.tip])
            item.setData(0, Qt.ItemDataRole.UserRole, number)
            if not command.enabled:
                item.setDisabled(True)
                item.setForeground(0, colours.MUTED)
            self.list.addTopLevelItem(item)
        for column in range(2):
            self.list.resizeColumnToContents(column)
        first = next((item for item in items_of(self.list) if not item.isDisabled()), None)
        if first is not None:
            self.list.setCurrentItem(first)

    def _run(self) -> None:
        item = self.list.currentItem()
        if item is None or item.isDisabled():
            return
        command = self._commands[int(item.data(0, Qt.ItemDataRole.UserRole))]
        # Closed first: what it does may ask something.
        self.accept()
        command.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move in the list while the search has the focus."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            if event.type() == QEvent.Type.KeyPress:
                self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)
