"""The bar over the canvas that finds a text in all graphs of the project."""

# The stubs know a signal of `object` only with slots of `object`.
# mypy: disable-error-code="call-overload"

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from ui.finding import Found, find
from ui.icons import icon
from ui.session import Session

__all__ = ["FindBar", "FindCommands"]


class FindBar(QWidget):
    """Finds as one types. `chosen` tells the place of the one that was gone to."""

    # A Place.
    chosen = Signal(object)
    closed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("find_bar")
        self._session = session
        self.found: tuple[Found, ...] = ()
        self._at: int | None = None
        self.text, self.count = QLineEdit(), QLabel()
        self.text.setPlaceholderText("Find blocks, wires, ports, types, schedules, kernels and notes")
        self.text.setClearButtonEnabled(True)
        self.text.setAccessibleName("Find in all graphs")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.text, 1)
        row.addWidget(self.count)
        for name, tip, act in (
            ("up", "The one before (Shift+F3)", lambda: self.step(-1)),
            ("down", "The next one (F3)", lambda: self.step(1)),
            ("close", "Close (Escape)", self.close_bar),
        ):
            row.addWidget(self._button(name, tip, act))
        self.text.textChanged.connect(self._typed)
        session.changed.connect(self._changed)
        self.hide()

    def _button(self, name: str, tip: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        if name == "close":
            button.setText("×")
        else:
            button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.clicked.connect(lambda: act())
        return button

    def open_bar(self) -> None:
        """Show the bar, ready to be typed in."""
        self.show()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()
        self._changed()

    def close_bar(self) -> None:
        """Hide the bar; what was found last stays selected."""
        self.hide()
        self.closed.emit()

    def step(self, by: int) -> None:
        """Go to the next one, or to the one before; after the last comes the first."""
        if not self.found:
            return
        start = self._at if self._at is not None else (-1 if by > 0 else 0)
        self._go((start + by) % len(self.found))

    def _go(self, index: int) -> None:
        self._at = index
        self._tell()
        self.chosen.emit(self.found[index].place)

    def _typed(self) -> None:
        self._at = None
        self._search()
        # What lies in another graph is gone to on request only, so that the level does not change at each letter.
        if self.found and self.found[0].place.level == self._session.level:
            self._go(0)

    def _changed(self) -> None:
        if self.isHidden():
            return
        place = self.found[self._at].place if self._at is not None else None
        order = self.found
        self._search()
        if {found.place for found in order} == {found.place for found in self.found}:
            # Going to another graph must not change which one is next.
            now = {found.place: found for found in self.found}
            self.found = tuple(now[found.place] for found in order)
        self._at = next((n for n, found in enumerate(self.found) if found.place == place), None)
        self._tell()

    def _search(self) -> None:
        session, project = self._session, self._session.project
        self.found = find(project, session.checked, self.text.text(), session.level) if project else ()
        self._tell()

    def _tell(self) -> None:
        if not self.text.text().strip():
            self.count.setText("")
        elif not self.found:
            self.count.setText("not found")
        else:
            at = "" if self._at is None else f"{self._at + 1} of "
            self.count.setText(f"{at}{len(self.found)}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return goes on, Shift+Return back, Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)


class FindCommands:
    """The window's methods that its actions on finding call."""

    find_bar: FindBar

    def do_find(self) -> None:
        """Find a text in all graphs."""
        self.find_bar.open_bar()

    def do_find_next(self) -> None:
        """Go to the next place where the text is found."""
        self._find(1)

    def do_find_previous(self) -> None:
        """Go to the place before at which the text is found."""
        self._find(-1)

    def _find(self, by: int) -> None:
        if self.find_bar.isHidden():
            self.find_bar.open_bar()
        self.find_bar.step(by)
