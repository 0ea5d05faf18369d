"""A command of the command line in a process of its own; what it prints comes as it is printed."""

from __future__ import annotations

import codecs
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

__all__ = ["ConsoleRun"]

# A command that was asked to stop and does not is ended after so many milliseconds.
_PATIENCE_MS = 5000
_STATUS = {0: "done", 1: "the design is at fault", 2: "not understood", 3: "a tool failed", 130: "cancelled"}


class ConsoleRun(QObject):
    """Runs one command at a time. `printed` tells text as it comes, `ended` a sentence on how it went."""

    printed = Signal(str)
    ended = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._stopped = False

    @property
    def running(self) -> bool:
        """Whether a command is running."""
        return self._process is not None

    def start(self, words: Sequence[str], folder: Path) -> None:
        """Run `allo-studio` with these words in a folder; nothing happens while another command runs."""
        if self.running:
            return
        self._stopped = False
        process = self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        # The child is in another folder, and has to find the same packages.
        places = [str(Path(__file__).resolve().parents[1]), environment.value("PYTHONPATH", "")]
        environment.insert("PYTHONPATH", os.pathsep.join(filter(None, places)))
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(folder))
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        # A letter may come in two pieces.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        process.readyReadStandardOutput.connect(lambda: self._read(process, decoder))
        process.finished.connect(lambda status, how: self._end(process, status, how))
        process.errorOccurred.connect(lambda fault: self._failed(process, fault))
        process.start(sys.executable, ["-m", "allo_studio", *words])
        process.closeWriteChannel()

    def cancel(self) -> None:
        """Ask the command to stop, and end it where it does not."""
        process = self._process
        if process is None or self._stopped:
            return
        self._stopped = True
        if process.processId() and hasattr(os, "kill") and sys.platform != "win32":
            os.kill(process.processId(), signal.SIGINT)
            QTimer.singleShot(_PATIENCE_MS, process, process.kill)
        else:
            process.kill()

    def shut(self) -> None:
        """End what runs, at once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(_PATIENCE_MS)

    def _read(self, process: QProcess, decoder: codecs.IncrementalDecoder) -> None:
        text = decoder.decode(bytes(process.readAllStandardOutput().data()))
        if process is self._process and text:
            self.printed.emit(text)

    def _end(self, process: QProcess, status: int, how: QProcess.ExitStatus) -> None:
        if process is not self._process:
            return
        self._process = None
        process.deleteLater()
        crashed = how is QProcess.ExitStatus.CrashExit
        told = "cancelled" if self._stopped else "it crashed" if crashed else _STATUS.get(status, f"status {status}")
        self.ended.emit(told)

    def _failed(self, process: QProcess, fault: QProcess.ProcessError) -> None:
        if fault is QProcess.ProcessError.FailedToStart and process is self._process:
            self._process = None
            self.ended.emit(f"it could not be started: {process.errorString()}")
