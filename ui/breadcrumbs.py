"""The path from the top graph to the one that is shown; a click on a part goes there."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from nodes import colours
from ui.icons import icon
from ui.places import Level

__all__ = ["Breadcrumbs"]


class Breadcrumbs(QWidget):
    """Buttons, one a level. `chosen` tells the level that was clicked."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(10, 3, 10, 3)
        self._layout.setSpacing(2)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self._buttons: list[QToolButton] = []
        self._shown: tuple[Level, str] | None = None
        self._layout.addStretch(1)
        self._layout.addWidget(self.note)

    def show_level(self, level: Level, note: str) -> None:
        """Show the way to a level, and a note at the right."""
        self.note.setText(note)
        # Anew only where something is new: buttons that come and go at each edit flicker, and lose the focus.
        shown = level, colours.kind_colour("graph").name()
        if shown == self._shown:
            return
        self._shown = shown
        while self._layout.count() > 2:
            item = self._layout.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._buttons = []
        for index, name in enumerate((level.top, *level.nodes)):
            if index:
                self._insert(_separator())
            self._insert(self._button(name, Level(level.top, level.nodes[:index]), index == len(level.nodes)))

    def texts(self) -> list[str]:
        """Return the names on the buttons."""
        return [button.text() for button in self._buttons]

    def click(self, index: int) -> None:
        """Click a button."""
        self._buttons[index].click()

    def _insert(self, widget: QWidget) -> None:
        self._layout.insertWidget(self._layout.count() - 2, widget)

    def _button(self, name: str, level: Level, current: bool) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        if not level.nodes:
            button.setIcon(icon("graph", colours.kind_colour("graph").name()))
            button.setToolButtonStyle(button.toolButtonStyle().ToolButtonTextBesideIcon)
        font = button.font()
        font.setBold(current)
        button.setFont(font)
        button.clicked.connect(lambda: self.chosen.emit(level))
        self._buttons.append(button)
        return button


def _separator() -> QLabel:
    label = QLabel("›")
    label.setProperty("role", "muted")
    return label
