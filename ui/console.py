"""What the studio did, in words and as command lines, with the times; and a line for commands on the open project."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from allo_studio.diagnostics import AlloError
from ui.console_run import ConsoleRun
from ui.console_words import RUNS_CODE, command_text, words_of
from ui.icons import icon
from ui.session import Session
from ui.theme import set_mono

__all__ = ["Console", "Entry"]

_MOST_LINES, _MOST_TYPED = 5000, 200


@dataclass(frozen=True)
class Entry:
    """A line of the log: when (local time), of what kind (`edit`, `says`, `$` for a command, `>` for its output)."""

    time: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.time}  {self.kind:5} {self.text}"


class Console(QWidget):
    """The log with a filter, and below it a line that runs `allo-studio`.

    `may_run` asks the person whether the project's code may be run, where that has not been said.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.may_run: Callable[[], bool] = lambda: True
        self.entries: deque[Entry] = deque(maxlen=_MOST_LINES)
        self._typed: list[str] = []
        self._at = 0
        # The last line of output, which may go on.
        self._rest = ""
        self.run = ConsoleRun(self)
        self.run.printed.connect(self._print)
        self.run.ended.connect(self._ended)
        self.filter, self.copy, self.log = QLineEdit(), QPushButton(icon("copy"), "Copy"), QPlainTextEdit()
        self.line, self.button = QLineEdit(), QPushButton()
        self._arrange()
        session.acted.connect(lambda text: self.note("edit", text))
        self._mark()

    def _arrange(self) -> None:
        self.filter.setPlaceholderText("Filter: words, or edit, says, $ for commands, > for what they print")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter the log")
        self.filter.textChanged.connect(self._fill)
        self.copy.setToolTip("Copy what is shown")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.log.toPlainText()))
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(_MOST_LINES)
        self.log.setAccessibleName("Log")
        prompt = QLabel("allo-studio")
        self.line.setPlaceholderText("check, build --target rtl, report, diff OTHER …  on the open project; --help")
        self.line.setAccessibleName("Command")
        self.line.installEventFilter(self)
        self.line.returnPressed.connect(self._enter)
        self.button.clicked.connect(self._press)
        for widget in (self.log, self.line, prompt):
            set_mono(widget)
        top, bottom, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        for row in (top, bottom):
            row.setContentsMargins(8, 6, 8, 6)
            row.setSpacing(8)
        top.addWidget(self.filter, 1)
        top.addWidget(self.copy)
        for widget, stretch in ((prompt, 0), (self.line, 1), (self.button, 0)):
            bottom.addWidget(widget, stretch)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.log, 1)
        layout.addLayout(bottom)

    # The log.

    def note(self, kind: str, text: str) -> None:
        """Add what was done or said, each line of it."""
        if len(self._session.works) > 1 and kind == "edit" and self._session.project:
            text = f"{self._session.project.name}: {text}"
        for line in text.splitlines():
            entry = Entry(datetime.now().strftime("%H:%M:%S"), kind, line)
            self.entries.append(entry)
            if self._fits(entry):
                self.log.appendPlainText(str(entry))

    def did(self, *words: object) -> None:
        """Add the command line that does what was done here."""
        self.note("$", command_text(*words))

    def _fits(self, entry: Entry) -> bool:
        text = str(entry).lower()
        return all(word in text for word in self.filter.text().lower().split())

    def _fill(self) -> None:
        self.log.setPlainText("\n".join(str(entry) for entry in self.entries if self._fits(entry)))
        bar = self.log.verticalScrollBar()
        bar.setValue(bar.maximum())

    # Commands.

    def _enter(self) -> None:
        text = self.line.text().strip()
        if self.run.running or not text:
            return
        if text not in self._typed[-1:]:
            self._typed = [*self._typed, text][-_MOST_TYPED:]
        self._at = len(self._typed)
        work = self._session.work
        file = work.loaded.file.resolve() if work.loaded else None
        try:
            words = words_of(text, file, work.build_folder)
        except AlloError as error:
            self.note("says", f"{error.diagnostics[0].message}\n{error.diagnostics[0].hint}".strip())
            return
        self.line.clear()
        if words[0] in RUNS_CODE and str(file) in words and not self.may_run():
            return
        self.did(*words)
        if str(file) in words and work.dirty:
            self.note("says", "There are changes that are not saved: the command reads the file")
        self.run.start(words, file.parent if file else Path.cwd())
        self._mark()

    def _press(self) -> None:
        if self.run.running:
            self.run.cancel()
        else:
            self._enter()

    def _print(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self.note(">", line.rstrip() or " ")

    def _ended(self, how: str) -> None:
        if self._rest:
            self.note(">", self._rest)
        self._rest = ""
        self.note("says", how[0].upper() + how[1:])
        self._mark()

    def _mark(self) -> None:
        running = self.run.running
        self.button.setText("Cancel" if running else "Run")
        self.button.setIcon(icon("cancel" if running else "build"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Bring back what was typed before with the arrows."""
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if by:
                self._at = min(max(self._at + by, 0), len(self._typed))
                self.line.setText(self._typed[self._at] if self._at < len(self._typed) else "")
                return True
        return super().eventFilter(watched, event)
