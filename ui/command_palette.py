"""The command palette: every action and every block by a few letters of its name, with the key that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.search_dialog import Found, SearchDialog

__all__ = ["Command", "CommandPalette", "commands_of", "matches"]

_SIZE = (640, 420)


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


class CommandPalette(SearchDialog):
    """A search over commands; the arrows choose, Return runs and closes, Escape closes."""

    stops_at_all = False

    def __init__(self, parent: QWidget, commands: Sequence[Command]) -> None:
        question = "What do you want to do, or where do you want to go?"
        super().__init__(parent, "Commands", _SIZE, question, ["Command", "Key", "What it does"])
        self._commands = commands
        self._filter("")

    def find(self, text: str) -> Iterable[Found]:
        """Return the commands that fit."""
        ranked = [(rank, number) for number, c in enumerate(self._commands) if (rank := matches(text, c)) is not None]
        for _, number in sorted(ranked):
            command = self._commands[number]
            yield (command.title, command.key, command.tip), number, command.enabled

    def take(self) -> None:
        """Run the chosen command."""
        number = self.number()
        if number is not None:
            # Closed first: what it does may ask something.
            self.accept()
            self._commands[number].run()
