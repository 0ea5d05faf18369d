"""The build's stages, progress and log."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextDocumentLayout,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from allo_studio.diagnostics import Diagnostic, render_all
from allo_studio.progress import Progress
from ui.icons import icon
from ui.theme import set_mono

__all__ = ["BuildLog", "LogPage"]

_MOST_LINES = 5000


class LogPage:
    """The log of one project's builds: its text, and how far the last one is."""

    def __init__(self) -> None:
        self.text = QTextDocument()
        self.text.setDocumentLayout(QPlainTextDocumentLayout(self.text))
        self.text.setMaximumBlockCount(_MOST_LINES)
        self.state, self.fraction, self.running = "Not built yet", 0.0, False
        self._began = 0.0
        self._stage = self._target = self._message = ""
        # When each stage began, in seconds since the build did.
        self._stages: list[tuple[str, float]] = []

    def begin(self, name: str, target: str) -> None:
        """Start anew, to build a project for a target."""
        self._began, self._stage, self._message, self._target = monotonic(), "", "", target
        self.text.clear()
        self._stages = []
        self._write(f"Building {name}: {target}")
        self._tell("starting…")
        self.fraction, self.running = 0.0, True

    def progress(self, step: Progress) -> None:
        """Take a stage, its message, and how much of the whole is done."""
        if step.stage != self._stage:
            self._stage = step.stage
            self._stages.append((step.stage, self.seconds))
            self._write(step.stage)
            self._message = ""
        if step.message and step.message not in (step.stage, self._message):
            self._message = step.message
            self._write(f"  {step.message}")
        if step.log:
            self.append(step.log)
        self._tell(f"{step.stage}  {step.message}".strip())
        self.fraction = max(0.0, min(1.0, step.fraction))

    def end(self, text: str, fraction: float | None = None) -> None:
        """Note that the build has ended, and how long each stage took."""
        times = self.times()
        if times:
            self.append(times)
        self._write(text)
        self._tell(text)
        self.running = False
        self.fraction = self.fraction if fraction is None else fraction

    def times(self) -> str:
        """Return a line for each stage with its time and its part of the whole, and one for the whole."""
        ends = [*(began for _, began in self._stages[1:]), self.seconds]
        taken = [(name, end - began) for (name, began), end in zip(self._stages, ends, strict=False)]
        whole = max(self.seconds, 1e-9)
        rows = [f"  {seconds:8.2f} s  {seconds / whole:4.0%}  {name}" for name, seconds in taken if name != "done"]
        return "\n".join([*rows, f"  {self.seconds:8.2f} s        in all"]) if rows else ""

    def append(self, text: str) -> None:
        """Add lines as they are."""
        cursor = QTextCursor(self.text)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text if self.text.isEmpty() else f"\n{text}")

    @property
    def seconds(self) -> float:
        """How long ago the build began."""
        return monotonic() - self._began

    def _tell(self, text: str) -> None:
        self.state = f"{self._target}  ·  {text}"

    def _write(self, text: str) -> None:
        self.append(f"{self.seconds:7.2f} s  {text}")


class BuildLog(QWidget):
    """Shows the log of a project's builds; `cancel_requested` is the button.

    What a build tells goes to the page that was shown when it began, whichever is shown now.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.cancel = QPushButton(icon("cancel"), "Cancel")
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        set_mono(self.log)
        top = QHBoxLayout()
        top.setContentsMargins(10, 8, 10, 6)
        top.setSpacing(12)
        top.addWidget(self.stage, 2)
        top.addWidget(self.bar, 3)
        self.copy = QPushButton(icon("copy"), "Copy")
        self.copy.setToolTip("Copy the whole log")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.log.toPlainText()))
        top.addWidget(self.copy)
        top.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.log)
        self._page = self._building = LogPage()
        self.show_page(self._page)
        self.cancel.clicked.connect(self.cancel_requested)

    def show_page(self, page: LogPage) -> None:
        """Show the log of another project."""
        self._page = page
        page.text.setDefaultFont(self.log.font())
        self.log.setDocument(page.text)
        self._to_end()
        self._show()

    def begin(self, name: str, target: str) -> None:
        """Start anew, to build the project whose page is shown for a target."""
        self._building = self._page
        self._building.begin(name, target)
        self._show()

    def progress(self, step: Progress) -> None:
        """Show a stage, its message, and how much of the whole is done."""
        self._building.progress(step)
        self._show()

    def done(self, lines: list[str], said: str = "") -> None:
        """Show that the build ended well, what it made, and in place of its time what else is to be `said`."""
        for line in lines:
            self._building.append(f"{'':11}{line}")
        self._building.end(said or f"Built in {self._building.seconds:.1f} s", 1.0)
        self._show()

    def failed(self, faults: tuple[Diagnostic, ...]) -> None:
        """Show why the build failed."""
        self._building.append(render_all(faults))
        self._building.end("The build failed")
        self._show()

    def cancelled(self) -> None:
        """Show that the build was cancelled."""
        self._building.end("Cancelled", 0.0)
        self._show()

    def _show(self) -> None:
        page = self._page
        self.stage.setText(page.state)
        self.bar.setValue(round(page.fraction * 1000))
        self.cancel.setEnabled(page.running)
        if page.running or page is self._building:
            self._to_end()

    def _to_end(self) -> None:
        bar = self.log.verticalScrollBar()
        bar.setValue(bar.maximum())
