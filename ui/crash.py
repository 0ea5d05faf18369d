"""An exception that nobody expected: work is kept, the window stays, and a report can be copied."""

from __future__ import annotations

import platform
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from allo_studio import __version__
from ui.theme import px, set_mono

__all__ = ["CrashDialog", "CrashReporter", "crash_text"]

_SAID = "Something went wrong in the studio. Your project is still open and its changes have been kept beside its file."
_ASK = "Save it under another name if you are in doubt. With this text the fault can be found:"


def crash_text(error: BaseException, doing: str) -> str:
    """Return what a person can send: the versions, what was done last, and where the fault is."""
    where = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    facts = f"Allo Studio {__version__}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}"
    return f"{facts}\nlast edit: {doing or 'none'}\n\n{where}"


class CrashDialog(QDialog):
    """Shows reports; further ones are put below the first."""

    def __init__(self, parent: QWidget, text: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("A fault in the studio")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(px(760), px(420))
        said = QLabel(f"{_SAID}\n{_ASK}")
        said.setWordWrap(True)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        set_mono(self.text, 11)
        self.text.setAccessibleName("Report of the fault")
        buttons = QDialogButtonBox()
        self.copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        buttons.addButton("Go on", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.addWidget(said)
        layout.addWidget(self.text, 1)
        layout.addWidget(buttons)

    def add(self, text: str) -> None:
        """Put a further report below."""
        self.text.appendPlainText(f"\n{text}")


class CrashReporter(QObject):
    """Takes exceptions of all threads that nothing caught, while it is installed.

    `keep` keeps the work that is not saved, and `doing` says what was done last. Nothing of a fault in these is lost:
    it is only not told.
    """

    # From any thread to that of the window.
    _came = Signal(str)

    def __init__(self, window: QWidget, keep: Callable[[], object], doing: Callable[[], str]) -> None:
        super().__init__(window)
        self._window, self._keep, self._doing = window, keep, doing
        self.dialog: CrashDialog | None = None
        self._before = (sys.excepthook, threading.excepthook)
        self._came.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take what comes from now on."""
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._take
        threading.excepthook = lambda args: self._take(args.exc_type, args.exc_value, args.exc_traceback)

    def remove(self) -> None:
        """Leave it to others again."""
        sys.excepthook, threading.excepthook = self._before

    def _take(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None = None) -> None:
        if error is None or not issubclass(kind, Exception):
            self._before[0](kind, error or kind(), trace)
            return
        doing = ""
        with suppress(Exception):
            doing = self._doing()
        text = crash_text(error, doing)
        # Where there is a terminal it is there too, should the window not come to show it.
        print(text, file=sys.stderr)
        self._came.emit(text)

    def _show(self, text: str) -> None:
        with suppress(Exception):
            self._keep()
        if self.dialog is not None:
            self.dialog.add(text)
            return
        self.dialog = CrashDialog(self._window, text)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self) -> None:
        self.dialog = None
