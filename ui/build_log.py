"""The build's stages, progress and log."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from allo_studio.diagnostics import Diagnostic, render_all
from allo_studio.pipeline import Progress
from ui.icons import icon
from ui.theme import set_mono

__all__ = ["BuildLog"]

_MOST_LINES = 5000


class BuildLog(QWidget):
    """Shows what the builder tells; `cancel_requested` is the button."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = QLabel("Not built yet")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.cancel = QPushButton(icon("cancel"), "Cancel")
        self.cancel.setEnabled(False)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        set_mono(self.log)
        self.log.setMaximumBlockCount(_MOST_LINES)
        top = QHBoxLayout()
        top.setContentsMargins(10, 8, 10, 6)
        top.setSpacing(12)
        top.addWidget(self.stage, 2)
        top.addWidget(self.bar, 3)
        top.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.log)
        self._began = 0.0
        self._stage = self._target = self._message = ""
        self.cancel.clicked.connect(self.cancel_requested)

    def begin(self, name: str, target: str) -> None:
        """Start anew, to build a project for a target."""
        self._began, self._stage, self._message, self._target = monotonic(), "", "", target
        self.log.clear()
        self._write(f"Building {name}: {target}")
        self._tell("starting…")
        self.bar.setValue(0)
        self.cancel.setEnabled(True)

    def progress(self, step: Progress) -> None:
        """Show a stage, its message, and how much of the whole is done."""
        if step.stage != self._stage:
            self._stage = step.stage
            self._write(step.stage)
            self._message = ""
        if step.message and step.message not in (step.stage, self._message):
            self._message = step.message
            self._write(f"  {step.message}")
        if step.log:
            self.log.appendPlainText(step.log)
        self._tell(f"{step.stage}  {step.message}".strip())
        self.bar.setValue(round(max(0.0, min(1.0, step.fraction)) * 1000))

    def done(self, lines: list[str]) -> None:
        """Show that the build ended well, and what it made."""
        for line in lines:
            self._write(f"  {line}")
        self._end(f"Built in {monotonic() - self._began:.1f} s")
        self.bar.setValue(1000)

    def failed(self, faults: tuple[Diagnostic, ...]) -> None:
        """Show why the build failed."""
        self.log.appendPlainText(render_all(faults))
        self._end("The build failed")

    def cancelled(self) -> None:
        """Show that the build was cancelled."""
        self._end("Cancelled")
        self.bar.setValue(0)

    def _end(self, text: str) -> None:
        self._write(text)
        self._tell(text)
        self.cancel.setEnabled(False)

    def _tell(self, text: str) -> None:
        self.stage.setText(f"{self._target}  ·  {text}")

    def _write(self, text: str) -> None:
        self.log.appendPlainText(f"{monotonic() - self._began:7.2f} s  {text}")
